"""Kernels are compiled when a worker starts, where something can be written, and never in a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import proxima_backend_lret
import pytest
from proxima_runtime.conformance.backend import start
from proxima_runtime.conformance.circuits import layered

from .noisy import job, layers

_PACKAGE = Path(proxima_backend_lret.__file__).parent

# Runs random circuits of everything that each method offers, in each precision, on a warm engine, and prints what was
# compiled meanwhile; then compiles something, to show that it would have been seen.
_WATCH = """
import numba
from numba.core import event
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2
from proxima_backend_lret.engine import LretEngine
from proxima_runtime.backend.engine import PausableEngine
from proxima_runtime.backend.warm_up import unreported
from proxima_runtime.conformance.cases import modes
from proxima_runtime.conformance.random_circuits import random_circuit

class Compilations(event.Listener):
    def __init__(self):
        self.names = []
    def on_start(self, found):
        self.names.append(found.data["dispatcher"].__name__)
    def on_end(self, found):
        pass

class NeverPaused:
    def pause_requested(self):
        return False

engine = LretEngine()
engine.warm_up()
seen = Compilations()
event.register("numba:compile", seen)
ran = 0
for mode in modes(capabilities_pb2.Capabilities(methods=engine.methods())):
    state = capabilities_pb2.PAUSE_SUPPORT_STATE
    for seed in range(4):
        circuit = random_circuit(mode, seed)
        letters = "XYZI"[: circuit.qubit_count].ljust(circuit.qubit_count, "Z")
        sums = [observable_pb2.Observable(name="a", paulis=[letters, "Z" * len(letters)], coefficients=[0.5, 1.0])]
        asked = mode.job(
            circuit,
            shots=50 if mode.gives(result_pb2.RESULT_KIND_COUNTS) else 0,
            probabilities=mode.gives(result_pb2.RESULT_KIND_PROBABILITIES),
            density_matrix=mode.gives(result_pb2.RESULT_KIND_DENSITY_MATRIX),
            observables=sums if mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES) else (),
            max_error=0.05 if mode.offers(capabilities_pb2.FEATURE_MAX_ERROR) and seed % 2 else 0.0,
        )
        if engine.estimate(asked).violations:
            continue
        if isinstance(engine, PausableEngine) and mode.capability.pause_support == state:
            results = engine.run_pausable(asked, unreported, NeverPaused(), None)
        else:
            results = engine.run(asked, unreported)
        ran += len(list(results))
print(ran >= 4, seen.names)
numba.njit("float64(float64)")(lambda number: number + 1)
print(bool(seen.names))
"""


def test_nothing_is_compiled_in_a_run() -> None:
    """Once a worker is warm, no job of any method, precision and instruction compiles a kernel."""
    finished = subprocess.run([sys.executable, "-c", _WATCH], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.split("\n")[:2] == ["True []", "True"]


def _without_home(folder: Path) -> dict[str, str]:
    """Return variables of a process whose home cannot be written, with a cache below `folder`."""
    home = folder / "home"
    # Nothing can be made below a file, by root neither.
    home.touch()
    return {"HOME": str(home), "XDG_CACHE_HOME": str(home), "NUMBA_CACHE_DIR": str(folder / "cache")}


def test_kernels_are_compiled_once(tmp_path: Path) -> None:
    """A second process loads from NUMBA_CACHE_DIR what the first compiled; nothing is written beside the sources."""
    script = (
        "from numba.core import event; import sys\n"
        "class Seen(event.Listener):\n"
        "    on_start = lambda self, found: print('compiles')\n"
        "    on_end = lambda self, found: None\n"
        "event.register('numba:compile', Seen())\n"
        "import proxima_backend_lret.columns.kernels\n"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **_without_home(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert [bool(text) for text in printed] == [True, False]
    assert list((tmp_path / "cache").rglob("*.nbi"))
    assert not list(_PACKAGE.rglob("*.nb?"))


def test_a_worker_starts_where_only_the_cache_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a home that cannot be written and a NUMBA_CACHE_DIR that can, the service starts and runs jobs."""
    for name, value in _without_home(tmp_path).items():
        monkeypatch.setenv(name, value)
    backend = start("proxima_backend_lret")
    try:
        assert sum(backend.run(job(layered(3, 1), shots=10)).counts.values()) == 10
        assert backend.run(job(layers(3, 2, 0.01), probabilities=True)).header.certified_error < 1e-9
    finally:
        backend.close()
    assert not list(_PACKAGE.rglob("*.nb?"))


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Where the folder that was chosen cannot be written, a worker does not start, and says which variable to set."""
    nowhere = tmp_path / "cache"
    nowhere.touch()
    finished = subprocess.run(
        [sys.executable, "-c", "import proxima_backend_lret.jit"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(nowhere)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert str(nowhere) in finished.stderr
    assert "NUMBA_CACHE_DIR" in finished.stderr
