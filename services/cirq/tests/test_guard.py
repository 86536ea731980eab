"""The guard notices a translation that acts differently."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from proxima.errors.v1 import errors_pb2
from proxima_backend_cirq import native, qsim
from proxima_backend_cirq.guard import Guard
from proxima_backend_cirq.probes import Probe
from proxima_backend_cirq.qsim_circuits import NOISY, append_instructions, new_noisy_circuit
from proxima_backend_cirq.simulate import Target
from proxima_runtime.arrays.instructions import Listing, list_instructions
from proxima_runtime.arrays.program import Program, decode
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.errors import Internal

from .any_circuits import random_kraus, random_unitary
from .runs import METHOD

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


def _lists() -> list[Listing]:
    """Circuits that have each sort of instruction first."""
    kraus = random_kraus(2, 3, np.random.default_rng(4))
    unitary = random_unitary(3, np.random.default_rng(5))
    circuits = (
        CircuitWriter(qubit_count=3).gate("cswap", (2, 0, 1)),
        CircuitWriter(qubit_count=3).unitary(unitary, (2, 0, 1)),
        CircuitWriter(qubit_count=2).kraus(kraus, (1, 0)),
        CircuitWriter(qubit_count=2).channel("depolarizing", (1, 0), (0.2,)),
        CircuitWriter(qubit_count=1).reset(0),
        CircuitWriter(qubit_count=1, clbit_count=1).measure(0, 0).gate("h", (0,)),
    )
    return [list_instructions(circuit.message()) for circuit in circuits]


_TARGETS = [
    Target(engine=engine, method=method, single_precision=single_precision, seed=1, thread_count=1)
    for engine, method, single_precision in (
        ("qsim", METHOD.METHOD_TRAJECTORIES, True),
        ("cirq", METHOD.METHOD_TRAJECTORIES, False),
        ("cirq", METHOD.METHOD_DENSITY_MATRIX, False),
        ("cirq", METHOD.METHOD_DENSITY_MATRIX, True),
    )
]


@pytest.mark.parametrize("target", _TARGETS, ids=lambda target: f"{target.engine}-{target.method}")
def test_each_sort_of_instruction_passes_its_probe(target: Target) -> None:
    """Every engine does to a random state what each instruction says, and verified sorts are not probed again."""
    guard = Guard()
    for listing in _lists():
        guard.check_listing(listing, target.key, target.acted)
    for listing in _lists():
        guard.check_listing(listing, target.key, _never)


@pytest.mark.parametrize("place", range(6))
def test_a_wrong_instruction_is_a_mismatch(place: int) -> None:
    """An engine that does anything else with an instruction is TRANSLATION_MISMATCH."""
    listing, target = _lists()[place], _TARGETS[1]

    def crooked(probe: Probe) -> npt.NDArray[np.complex128]:
        return np.asarray(target.acted(probe)[::-1, ::-1])

    with pytest.raises(Internal) as caught:
        Guard().check_listing(listing, target.key, crooked)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH


def test_qsim_gets_no_condition() -> None:
    """A condition that reached qsim's translation would be TRANSLATION_MISMATCH, never dropped."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).measure(0, 0).gate("x", (0,))
    circuit.only_if(Comparison(first_clbit=0, width=1, value=1))
    listing = list_instructions(circuit.message())
    with pytest.raises(Internal) as caught:
        append_instructions(listing, new_noisy_circuit(1), NOISY, measure_terminal=True)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH


def _never(probe: Probe) -> npt.NDArray[np.complex128]:
    raise AssertionError("this sort was verified already")
