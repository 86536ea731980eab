"""The guard notices a translation that acts differently."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from proxima.errors.v1 import errors_pb2
from proxima_backend_cirq import native, qsim
from proxima_backend_cirq.guard import Guard
from proxima_runtime.arrays.program import Program, decode
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.errors import Internal

_KEY = ("qsim", 1, True)


def _evolve(program: Program) -> npt.NDArray[np.complexfloating]:
    circuit = qsim.new_circuit(program.qubit_count)
    qsim.append_gates(program, circuit)
    return qsim.final_state(circuit, seed=1, thread_count=1)[0]


def _crooked(program: Program) -> npt.NDArray[np.complexfloating]:
    state = _evolve(program)
    return np.asarray(state[np.arange(len(state)) ^ 1])


def test_wrong_action_is_a_mismatch() -> None:
    """A circuit that acts differently ends with TRANSLATION_MISMATCH that has the difference."""
    with pytest.raises(Internal) as caught:
        Guard().check(decode(layered(3, 1).message()), _KEY, _crooked)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH
    assert set(caught.value.metadata) == {"engine", "expected", "actual"}


def test_verified_gates_are_not_verified_again() -> None:
    """Gates that were verified for an engine are taken as they are; for another engine they are not."""
    guard, program = Guard(), decode(layered(3, 1).message())
    guard.check(program, _KEY, _evolve)
    guard.check(program, _KEY, _crooked)
    with pytest.raises(Internal):
        guard.check(program, ("cirq", 1, True), _crooked)


def test_large_circuits_are_not_run_twice() -> None:
    """Above the guard's size only counts are compared."""
    Guard().check(decode(layered(9, 1).message()), _KEY, _crooked)


def test_counts_that_disagree_are_a_mismatch() -> None:
    """A program whose columns were not used up is TRANSLATION_MISMATCH, in both translations."""
    program = replace(decode(CircuitWriter(qubit_count=2).gate("cx", (0, 1)).message()), row_count=2)
    with pytest.raises(Internal) as first:
        qsim.append_gates(program, qsim.new_circuit(2))
    with pytest.raises(Internal) as second:
        native.final_state(
            program, density_matrix=False, single_precision=True, report=lambda *, done_count, total_count, unit: None
        )
    reasons = {first.value.reason, second.value.reason}
    assert reasons == {errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH}
