"""The conformance suite passes a right backend and notices what is wrong with others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.exact_backend.defect import RESULT_DEFECTS, VARIABLE
from tests.exact_backend.defects import DEFECTS

# Defect to the tests that must notice it. In CI one of each kind.
NOTICED: Mapping[str, str] = {
    "weaker-depolarizing": "transfer_matrix and depolarizing",
    "depolarizing-each": "transfer_matrix and joint",
    "no-weak-noise": "transfer_matrix and weak",
    "reversed-channel-operands": "transfer_matrix and kraus",
    "reversed-unitary-operands": "explicit_unitary",
    "swapped-population": "transfer_matrix and amplitude",
    "t2-capped-at-t1": "transfer_matrix and thermal",
    "transposed-readout": "test_readout",
    "without-negation": "test_circuit",
    "first-condition-only": "test_circuit and conjunction",
    "one-bit-conditions": "test_circuit and several",
    "lost-reset": "test_circuit and reset",
    "dephasing-reset": "test_circuit and reset",
    "lost-unitary": "explicit_unitary",
    "unconditional-noise": "test_circuit and noise",
    "states-with-readout": "test_observables or test_circuit",
    "halved-standard-error": "calibrated",
    "exact-values-without-order": "test_observables",
    "no-readout-note": "test_readout",
}
IN_CI = ("reversed-channel-operands", "without-negation", "halved-standard-error", "no-readout-note")


def run(tests: str, *, defect: str = "") -> tuple[int, str]:
    """Run tests of the suite against the exact backend; return pytest's exit status and what it printed."""
    here = str(Path(__file__).parent)
    path = os.pathsep.join((here, os.environ.get("PYTHONPATH", "")))
    module = ["-m", "proxima_runtime.conformance", "--backend-module", "exact_backend"]
    finished = subprocess.run(
        [sys.executable, *module, "-q", "-x", "-k", tests, "-p", "no:cacheprovider"],
        env={**os.environ, "PYTHONPATH": path, VARIABLE: defect},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout


def test_a_right_backend_passes() -> None:
    """An exact backend of every feature passes, by the method that is not sampled."""
    status, output = run("not trajectories and not lifecycle")
    assert status == 0, output


def test_every_defect_is_tried() -> None:
    """No defect is left out."""
    assert set(NOTICED) == {*DEFECTS, *RESULT_DEFECTS}


@pytest.mark.parametrize("defect", [entry for entry in NOTICED if entry in IN_CI])
def test_a_defect_is_noticed(defect: str) -> None:
    """A backend with a defect fails."""
    status, output = run(NOTICED[defect], defect=defect)
    assert status == pytest.ExitCode.TESTS_FAILED, output


@pytest.mark.slow
@pytest.mark.parametrize("defect", [entry for entry in NOTICED if entry not in IN_CI])
def test_other_defects_are_noticed(defect: str) -> None:
    """A backend with a defect fails, tried one by one."""
    status, output = run(NOTICED[defect], defect=defect)
    assert status == pytest.ExitCode.TESTS_FAILED, output


@pytest.mark.slow
@pytest.mark.parametrize("defect", sorted(DEFECTS))
def test_trajectories_show_most_defects(defect: str) -> None:
    """Of sampled results alone, the suite notices every defect but that of noise too weak to sample."""
    status, output = run(f"({NOTICED[defect]}) and trajectories", defect=defect)
    assert (status == pytest.ExitCode.TESTS_FAILED) == (defect != "no-weak-noise"), output


@pytest.mark.slow
def test_right_trajectories_pass() -> None:
    """The exact backend's trajectories pass, too."""
    status, output = run("trajectories")
    assert status == 0, output
