"""low_rank goes over to the exact vector in mid-run, wherever that is, and stays within its certificate."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2
from proxima_backend_lret.adaptive import Adaptive
from proxima_backend_lret.checkpoint import pack, unpack
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.estimate import estimate
from proxima_backend_lret.pauli.simulation import PauliSimulation
from proxima_backend_lret.simulation import Plain, find_wanted, needed_qubits
from proxima_runtime.conformance.circuits import CircuitWriter

from .noisy import job, layers, random_circuit, run

_NO_LIMIT = 1 << 40
_PAULI_VECTOR = capabilities_pb2.METHOD_PAULI_VECTOR
_WIDTH = 8
_OBSERVABLES = tuple(
    observable_pb2.Observable(name=pauli, paulis=[pauli], coefficients=[1.0]) for pauli in ("ZZII", "XIYZ", "IIII")
)


def _begin(wanted: backend_pb2.Job, *, break_even: int, limit: int = _NO_LIMIT) -> Adaptive:
    program = compile_maps(wanted.circuit, keeps_records=wanted.results.probabilities, absorbs=True)
    return Adaptive(
        program,
        find_wanted(wanted, program.source),
        max_error=wanted.max_error,
        single_precision=False,
        memory_limit_bytes=limit,
        break_even=break_even,
    )


def _finish(run: Adaptive) -> Adaptive:
    while run.position < run.step_count:
        run.advance()
    return run


@pytest.mark.parametrize("max_error", [0.0, 0.05])
@pytest.mark.parametrize("break_even", [1, 4, 9])
def test_a_run_that_goes_over_keeps_its_certificate(break_even: int, max_error: float) -> None:
    """State and expectation values are as near to the exact ones as is certified, whenever it goes over."""
    asked = job(layers(4, 6, 0.004), density_matrix=True, max_error=max_error, observables=_OBSERVABLES)
    found = _finish(_begin(asked, break_even=break_even))
    history = found.rank_history
    assert history.continued_as == "pauli_vector"
    assert 0 < history.continued_after < history.operation_count
    exact = run(job(layers(4, 6, 0.004), density_matrix=True, method=_PAULI_VECTOR, observables=_OBSERVABLES))
    distance = np.abs(np.linalg.eigvalsh(found.density_matrix() - exact.density_matrix)).sum() / 2
    assert distance <= found.certified_error + 1e-12
    assert found.certified_error <= max(max_error, 1e-9)
    for value, expected in zip(found.expectation_values(), exact.values, strict=True):
        assert abs(value.value - expected) <= found.certified_error + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_records_go_over_too(seed: int) -> None:
    """Records of measurements in the middle have the weights that the exact vector gives them from the beginning."""
    circuit = random_circuit(seed, 3, strength=0.2).measure(0, 0)
    wanted = job(circuit, probabilities=True)
    asked = find_wanted(wanted, compile_maps(wanted.circuit, keeps_records=True, absorbs=True).source)
    found = dict(_finish(_begin(wanted, break_even=1)).slot_weights(asked.qubits))
    program = compile_maps(wanted.circuit, keeps_records=True, absorbs=True)
    whole = PauliSimulation(program, asked, single_precision=False, memory_limit_bytes=_NO_LIMIT)
    while whole.position < whole.step_count:
        whole.advance()
    expected = dict(whole.slot_weights(asked.qubits))
    zeros = np.zeros(1 << len(asked.qubits))
    for record in found.keys() | expected.keys():
        np.testing.assert_allclose(found.get(record, zeros), expected.get(record, zeros), atol=1e-10)


@pytest.mark.parametrize("paused_at", [1, 3, 6, 9])
def test_a_paused_run_goes_on_to_the_same_bits(paused_at: int) -> None:
    """Saved before or after it went over, a run ends with the bits of one that was not."""
    asked = job(layers(5, 6, 0.003), density_matrix=True, max_error=0.02)
    expected = _finish(_begin(asked, break_even=5))
    first = _begin(asked, break_even=5)
    for _ in range(min(paused_at, first.step_count)):
        if first.position < first.step_count:
            first.advance()
    saved = b"".join(bytes(part) for part in pack(first.save()))
    second = _begin(asked, break_even=5)
    second.restore(unpack(memoryview(saved)))
    assert second.position == first.position
    _finish(second)
    np.testing.assert_array_equal(second.density_matrix(), expected.density_matrix())
    assert second.certified_error == expected.certified_error
    assert second.rank_history == expected.rank_history


@pytest.mark.parametrize("max_error", [1e-12, 1e-11, 1e-10, 1e-9])
def test_tiny_budgets_are_kept_or_refused(max_error: float) -> None:
    """A budget near rounding is kept, by whichever way rounds less, or refused as the estimate says; it never fails."""
    asked = job(layers(8, 6, 1e-3), probabilities=True, max_error=max_error)
    if estimate(asked).violations:
        return
    assert run(asked).certified_error <= max_error


def test_a_budget_that_rounding_would_break_keeps_columns() -> None:
    """A run does not go over to the vector where the vector's rounding is over what the budget leaves."""
    circuit = CircuitWriter(qubit_count=12).gate("h", (0,)).channel("depolarizing", (0,), (1e-3,))
    for _ in range(3):
        for qubit in range(11):
            circuit.gate("cx", (qubit, qubit + 1)).gate("t", (qubit,))
    budget = 2e-11
    found = _finish(_begin(job(circuit, probabilities=True, max_error=budget), break_even=1))
    assert found.rank_history.continued_as == ""
    assert found.certified_error <= budget
    loose = _finish(_begin(job(circuit, probabilities=True, max_error=1e-6), break_even=1))
    assert loose.rank_history.continued_as == "pauli_vector"


def test_columns_go_on_where_the_vector_does_not_fit() -> None:
    """Without the memory for 4^n numbers more, a run stays with its columns."""
    asked = job(layers(9, 3, 1e-3), probabilities=True, max_error=0.01)
    found = _finish(_begin(asked, break_even=1, limit=3 << 20))
    assert found.rank_history.continued_as == ""
    assert found.rank_history.largest_rank > 1
    assert found.certified_error <= 0.01


def test_a_checkpoint_of_another_run_is_refused() -> None:
    """What it continued from is checked before it is believed."""
    asked = job(layers(5, 6, 0.003), density_matrix=True)
    found = _finish(_begin(asked, break_even=5))
    changes: tuple[dict[str, Plain], ...] = ({"after": -1}, {"records": []}, {"trace": 5.0}, {"rounding": "x"})
    for broken in changes:
        saved = dict(found.save())
        continued = saved["continued"]
        assert isinstance(continued, dict)
        saved["continued"] = {**continued, **broken}
        with pytest.raises(ValueError, match="continued"):
            _begin(asked, break_even=5).restore(saved)


def _ring() -> CircuitWriter:
    """A round of QAOA on a ring, noise on every qubit of each gate: what the ring leaves over acts on single qubits."""
    circuit = CircuitWriter(qubit_count=_WIDTH)
    for qubit in range(_WIDTH):
        circuit.gate("h", (qubit,))
    for qubit in range(_WIDTH):
        pair = (qubit, (qubit + 1) % _WIDTH)
        circuit.gate("rzz", pair, (0.7,))
        for each in pair:
            circuit.channel("depolarizing", (each,), (0.05,))
    for qubit in range(_WIDTH):
        circuit.gate("rx", (qubit,), (0.3,)).channel("depolarizing", (qubit,), (0.05,))
    return circuit


@pytest.mark.parametrize("break_even", [1, 8, 32, 100, 200])
def test_going_over_anywhere_gives_the_same(break_even: int) -> None:
    """Probabilities are those of the Pauli vector from the beginning, wherever columns are given up."""
    wanted = job(_ring(), probabilities=True)
    program = compile_maps(wanted.circuit, keeps_records=True, absorbs=True, needed=needed_qubits(wanted))
    asked = find_wanted(wanted, program.source)
    run = Adaptive(
        program, asked, max_error=0.0, single_precision=False, memory_limit_bytes=1 << 30, break_even=break_even
    )
    whole = PauliSimulation(program, asked, single_precision=False, memory_limit_bytes=1 << 30)
    for each in (run, whole):
        while each.position < each.step_count:
            each.advance()
    assert run.rank_history.continued_as == "pauli_vector"
    ((_, found),), ((_, expected),) = run.slot_weights(range(_WIDTH)), whole.slot_weights(range(_WIDTH))
    np.testing.assert_allclose(found, expected, atol=1e-12)
