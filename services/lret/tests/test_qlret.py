"""Upstream LRET as a second engine: found without importing it, guarded both ways, unavailable with a reason.

What runs it is skipped where it is not installed; what it would be given, and what is made of its answers, is tested
everywhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.engine import LretEngine
from proxima_backend_lret.qlret.check import check_gates, program_of
from proxima_backend_lret.qlret.circuit import write_document
from proxima_backend_lret.qlret.estimate import estimate
from proxima_backend_lret.qlret.gates import NAMES
from proxima_backend_lret.qlret.native import call
from proxima_backend_lret.qlret.offer import find_absence
from proxima_runtime.backend.engine import ItemResult
from proxima_runtime.conformance import reference
from proxima_runtime.conformance.agreement import check_counts, expectation
from proxima_runtime.conformance.cases import random_step
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.conformance.peak import measured_peak_bytes
from proxima_runtime.errors import Internal, InvalidArgument

from .noisy import VECTOR, job, silent


def qlret_job(circuit: CircuitWriter, **changes: object) -> backend_pb2.Job:
    """Return a job for the engine."""
    asked = job(circuit, method=VECTOR, **changes)  # type: ignore[arg-type]
    asked.engine = "qlret"
    return asked


def installed(folder: Path, *, native: str = "", extension: bool = False, version: str = "Version: 1.0.0\n") -> Path:
    """Lay out a package of upstream's name: `native` is the source of its native module, if it is to have one."""
    package = folder / "qlret"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('discovery has imported the package')\n")
    if native:
        (package / "__init__.py").write_text("")
        (package / "_qlret_native.py").write_text(native)
    if extension:
        (package / f"_qlret_native{EXTENSION_SUFFIXES[0]}").touch()
    described = folder / "qlret-1.0.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: qlret\n{version}")
    return folder


def with_package(folder: Path, script: str) -> str:
    """Run a script in a process that finds the packages of a folder first, and return what it prints."""
    search = os.pathsep.join((str(folder), os.environ.get("PYTHONPATH", "")))
    finished = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


REASON = (
    "import sys; from proxima_backend_lret.engine import LretEngine; e = LretEngine(); "
    "print(*(f'{u.engine}: {u.reason}; {u.remedy}' for u in e.unavailable_engines()), "
    "{m.engine for m in e.methods()}, 'qlret' in e.package_versions(), 'qlret' in sys.modules)"
)


@pytest.mark.skipif(find_spec("qlret") is not None, reason="qlret is installed here")
def test_a_missing_package_is_the_reason(tmp_path: Path) -> None:
    """Where the package is not importable the engine is unavailable, with that reason, and no method names it."""
    printed = with_package(tmp_path, REASON)
    said = "qlret: package qlret is not importable; install it in the backend's environment"
    assert printed == f"{said} {{'lret'}} False False"


def test_a_package_without_its_bindings_is_the_reason(tmp_path: Path) -> None:
    """A package without the native module is unavailable with that reason; its command line program will not do."""
    printed = with_package(installed(tmp_path), REASON)
    assert printed.startswith("qlret: package qlret has no module _qlret_native")
    assert printed.endswith("{'lret'} False False")


def test_a_package_without_a_version_is_the_reason(tmp_path: Path) -> None:
    """A package whose metadata has no version is unavailable: results could not say what computed them."""
    printed = with_package(installed(tmp_path, extension=True, version=""), REASON)
    assert printed.startswith("qlret: package qlret is importable and has no version")
    assert printed.endswith("{'lret'} False False")


def test_discovery_imports_nothing(tmp_path: Path) -> None:
    """A complete package is offered without having been imported."""
    printed = with_package(installed(tmp_path, extension=True), REASON)
    assert "'qlret'" in printed
    assert printed.endswith("True False")


def test_a_package_that_does_not_load_leaves_the_own_engine_at_work(tmp_path: Path) -> None:
    """Where the native module does not load, jobs on it are refused with the reason, and lret's own engine runs."""
    script = (
        "from proxima_backend_lret.engine import LretEngine, _warm_up_job\n"
        "from proxima_runtime.backend.warm_up import unreported\n"
        "engine = LretEngine()\n"
        "engine.warm_up()\n"
        "asked = _warm_up_job()\n"
        "assert list(engine.run(asked, unreported))\n"
        "asked.engine = 'qlret'\n"
        "try:\n"
        "    list(engine.run(asked, unreported))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    printed = with_package(installed(tmp_path, native="raise ImportError('libfrob.so: cannot open')\n"), script)
    assert printed.startswith("FailedPrecondition qlret is installed")
    assert "libfrob.so" in printed


def test_the_document_names_gates_and_wires() -> None:
    """A circuit becomes upstream's names with our wires; a Pauli string's last letter is wire 0; I is left out."""
    program = program_of(3, (("cx", (2, 0), ()), ("p", (1,), (0.1,))))
    document = json.loads(write_document(program, paulis=("XIZ", "III"), shots=5))
    assert document["circuit"] == {
        "num_qubits": 3,
        "operations": [
            {"name": "CNOT", "wires": [2, 0], "params": []},
            {"name": "U1", "wires": [1], "params": [0.1]},
        ],
        "observables": [
            {"type": "TENSOR", "operators": ["Z", "X"], "wires": [0, 2]},
            {"type": "TENSOR", "operators": [], "wires": []},
        ],
    }
    assert document["config"]["shots"] == 5


@pytest.mark.parametrize("wires", [(0, 2), (-1, 0), (1, 1)])
def test_wires_are_checked_before_they_reach_upstream(wires: tuple[int, int]) -> None:
    """A wire that is out of range or given twice is refused with its place: upstream would crash on it."""
    with pytest.raises(InvalidArgument, match="gate 1, cx") as caught:
        write_document(program_of(2, (("h", (0,), ()), ("cx", wires, ()))))
    assert caught.value.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT


class Answering:
    """A native module that gives one answer, whatever it is asked."""

    def __init__(self, **answer: object) -> None:
        self._answer = json.dumps(answer)

    def run_circuit_json(self, json_str: str, export_state: bool) -> str:
        """Return the answer."""
        return self._answer


GOOD: dict[str, object] = {"status": "success", "final_rank": 1, "expectation_values": [0.5], "samples": [0, 3]}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"status": "error", "message": "Unsupported gate: FROB"}, "FROB"),
        ({"final_rank": 2}, "rank 2"),
        ({"expectation_values": []}, "0 expectation values"),
        ({"expectation_values": [float("nan")]}, "finite"),
        ({"samples": [1]}, "1 samples"),
        ({"samples": [1, 4]}, "of 2 qubits"),
    ],
)
def test_answers_are_checked(changes: dict[str, object], named: str) -> None:
    """An error, a mixed state, a missing or impossible number is a failure of the engine by name, never a result."""
    assert call(Answering(**GOOD), "", qubit_count=2, value_count=1, shots=2).samples == [0, 3]
    with pytest.raises(Internal, match=named) as caught:
        call(Answering(**(GOOD | changes)), "", qubit_count=2, value_count=1, shots=2)
    assert caught.value.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED


def test_upstream_out_of_memory_is_out_of_memory() -> None:
    """C++'s failure to allocate is the memory error that the runtime knows."""
    with pytest.raises(MemoryError):
        call(Answering(status="error", message="std::bad_alloc"), "", qubit_count=2)


def test_a_gate_that_is_another_is_found() -> None:
    """A module whose gates do not act as docs/gates.md says is not used."""
    state = {"L_real": [1.0] + [0.0] * 7, "L_imag": [0.0] * 8}
    with pytest.raises(Internal, match="is not the gate") as caught:
        check_gates(Answering(status="success", final_rank=1, state=state))
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH


def test_memory_grows_with_the_dense_matrices() -> None:
    """Counts take one dense matrix, expectation values two: the largest that fits is a qubit less at the most."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).gate("h", (0,)).measure_all()
    counts, values = qlret_job(circuit, shots=10), qlret_job(circuit)
    values.results.observables.append(observable_pb2.Observable(name="z", paulis=["ZZ"], coefficients=[1.0]))
    for asked, largest in ((counts, 13), (values, 12)):
        asked.memory_limit_bytes = 3 << 29
        assert estimate(asked).largest_fitting_qubit_count == largest
        asked.circuit.qubit_count = largest + 1
        assert estimate(asked).peak_memory_bytes > 3 << 29


def test_segments_are_refused() -> None:
    """A plan with circuit segments is a violation."""
    asked = qlret_job(layered(2, 2), shots=1)
    asked.segmentation.segment_starts.append(1)
    assert len(estimate(asked).violations) == 1


_ABSENCE = find_absence()
needs_qlret = pytest.mark.skipif(_ABSENCE is not None, reason=_ABSENCE.reason if _ABSENCE else "")


def random_steps(width: int, count: int, seed: int) -> list[reference.Step]:
    """Return random gates of upstream's on random operands."""
    generator = np.random.default_rng((seed, width))
    return [random_step(str(name), width, generator) for name in generator.choice(sorted(NAMES), size=count)]


def written(width: int, steps: list[reference.Step], reads: dict[int, int]) -> CircuitWriter:
    """Return a circuit of these steps that reads qubit `reads[c]` into bit c."""
    circuit = CircuitWriter(qubit_count=width, clbit_count=max(reads, default=-1) + 1).gates(steps)
    for clbit, qubit in reads.items():
        circuit.measure(qubit, clbit)
    return circuit


@needs_qlret
@pytest.mark.parametrize("width", [2, 3, 5, 8])
def test_expectation_values_are_those_of_the_reference(width: int) -> None:
    """Random circuits of all of its gates give the reference's expectation values within 1e-12."""
    steps = random_steps(width, 40, seed=width)
    state = reference.final_state(width, steps)
    generator = np.random.default_rng(width)
    paulis = ["".join(generator.choice(list("IXYZ"), size=width)) for _ in range(6)]
    sums = observable_pb2.Observable(name="sum", paulis=paulis, coefficients=generator.normal(size=6).tolist())
    (item,) = LretEngine().run(qlret_job(written(width, steps, {}), observables=(sums,)), silent)
    assert isinstance(item, ItemResult)
    expected = expectation(sums, np.outer(state, state.conj()))
    assert item.expectation_values[0].value == pytest.approx(expected, abs=1e-12)
    assert not item.warnings


@needs_qlret
def test_counts_are_of_the_bits_that_were_asked_for() -> None:
    """Qubits that are read out of order, twice or not at all give counts of the exact law, which say who drew them."""
    width, reads = 4, {0: 3, 1: 1, 4: 3, 9: 0}
    steps = random_steps(width, 30, seed=5)
    weights: dict[int, float] = {}
    for state, weight in enumerate((np.abs(reference.final_state(width, steps)) ** 2).tolist()):
        record = sum(((state >> qubit) & 1) << clbit for clbit, qubit in reads.items())
        weights[record] = weights.get(record, 0.0) + weight
    (item,) = LretEngine().run(qlret_job(written(width, steps, reads), shots=20_000), silent)
    assert isinstance(item, ItemResult)
    outcomes, times = item.arrays
    rows = np.frombuffer(outcomes.data, dtype="<u2").tolist()
    check_counts(dict(zip(rows, np.frombuffer(times.data, dtype="<u8").tolist(), strict=True)), weights)
    assert item.sampler == "qlret"
    assert "cannot be reproduced" in item.warnings[0]


@needs_qlret
@pytest.mark.parametrize(("width", "paulis"), [(12, ()), (11, ("Z" * 11, "X" * 11))])
def test_the_estimate_is_within_a_tenth(width: int, paulis: tuple[str, ...]) -> None:
    """The estimated memory is within 10 % of the measured peak of a fresh worker."""
    asked = qlret_job(layered(width, 2), shots=1000)
    if paulis:
        asked.results.observables.append(observable_pb2.Observable(name="a", paulis=paulis, coefficients=[1.0, 1.0]))
    measured = measured_peak_bytes("proxima_backend_lret.engine:LretEngine", asked)
    assert estimate(asked).peak_memory_bytes == pytest.approx(measured, rel=0.1)


@needs_qlret
def test_it_keeps_to_one_thread() -> None:
    """Upstream starts no threads, whatever OMP_NUM_THREADS says."""
    script = (
        "import os; from proxima_backend_lret.qlret.native import load, call; from proxima_backend_lret.qlret.check "
        "import program_of; from proxima_backend_lret.qlret.circuit import write_document as w; import numpy\n"
        "native = load(); before = len(os.listdir('/proc/self/task'))\n"
        "call(native, w(program_of(13, [('h', (q,), ()) for q in range(13)] * 20)), qubit_count=13)\n"
        "print(before == len(os.listdir('/proc/self/task')))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "OMP_NUM_THREADS": "4"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert finished.stdout.strip() == "True"
