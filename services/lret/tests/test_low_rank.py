"""A low-rank run: it can be stopped and gone on with, says how its rank went, and what it cannot do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.columns.reference import as_columns
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.low_rank import reference
from proxima_backend_lret.low_rank.history import MAX_POINTS
from proxima_backend_lret.low_rank.simulation import LowRank
from proxima_backend_lret.simulation import Saved, Wanted
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted

from .noisy import layers, random_circuit

NO_LIMIT = 1 << 40


def _program(circuit: CircuitWriter) -> Program:
    return compile_maps(circuit.message(), keeps_records=True, needed=None, absorbs=True)


def _begin(
    program: Program,
    *,
    max_error: float = 0.0,
    single_precision: bool = False,
    memory_limit_bytes: int = NO_LIMIT,
    observables: tuple[observable_pb2.Observable, ...] = (),
) -> LowRank:
    qubits = tuple(range(program.qubit_count))
    wanted = Wanted(
        weights=True, readout=None, qubits=qubits, observables=observables, density_matrix=True, statevector=False
    )
    return LowRank(
        program,
        wanted,
        max_error=max_error,
        single_precision=single_precision,
        memory_limit_bytes=memory_limit_bytes,
    )


def _finish(run: LowRank) -> LowRank:
    while run.position < run.step_count:
        run.advance()
    return run


def _copied(saved: Saved) -> dict[str, object]:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in saved.items()}


def _bits(run: LowRank) -> list[tuple[int, bytes, bytes]]:
    return [
        (state.record, np.ascontiguousarray(state.planes[:, :, : state.rank]).tobytes(), state.weights.tobytes())
        for state in run.evolution.states
    ]


@pytest.mark.parametrize("single_precision", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_resumed_run_ends_with_the_same_bits(seed: int, single_precision: bool) -> None:
    """Stopped after any step and gone on with elsewhere, a run ends as if it had not been stopped."""
    program = _program(random_circuit(seed, 4, count=40))
    whole = _begin(program, max_error=0.05, single_precision=single_precision)
    saved = [_copied(whole.save())]
    while whole.position < whole.step_count:
        whole.advance()
        saved.append(_copied(whole.save()))
    for position in range(0, whole.step_count, 5):
        resumed = _begin(program, max_error=0.05, single_precision=single_precision)
        resumed.restore(saved[position])  # type: ignore[arg-type]
        assert resumed.position == position
        _finish(resumed)
        assert _bits(resumed) == _bits(whole)
        assert resumed.certified_error == whole.certified_error
        assert resumed.rank_history == whole.rank_history


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("position", 10_000),
        ("position", -1),
        ("position", True),
        ("noise_steps", 10_000),
        ("records", []),
        ("records", ["0", "1"]),
        ("records", [3]),
        ("records", ["zero"]),
        ("capacities", [1]),
        ("capacities", [1 << 40]),
        ("settled", [0]),
        ("excesses", [-1]),
        ("state_weights", [float("nan")]),
        ("rounding", "much"),
        ("history_ranks", [1, 2]),
        ("planes0", np.zeros((2, 8, 3), dtype=np.float32)),
        ("planes0", np.zeros((2, 4, 3))),
        ("planes0", np.zeros(48)),
        ("weights0", np.zeros(1)),
    ],
)
def test_a_state_of_another_run_is_refused(name: str, value: object) -> None:
    """What does not describe a state of the run is refused, before anything large is allocated."""
    program = _program(layers(3, 3, 0.01))
    run = _begin(program, memory_limit_bytes=1 << 24)
    for _ in range(3):
        run.advance()
    saved = _copied(run.save())
    assert run.rank > 1
    saved[name] = value
    with pytest.raises((ValueError, ResourceExhausted)):
        _begin(program, memory_limit_bytes=1 << 24).restore(saved)  # type: ignore[arg-type]


def test_the_history_of_ranks_is_thinned() -> None:
    """However many operations there are, at most 64 points tell how the rank went, the last one at the end."""
    circuit = CircuitWriter(qubit_count=4)
    for index in range(300):
        circuit.gate("cx", (index % 4, (index + 1) % 4)).channel("depolarizing", (index % 4,), (0.002,))
    run = _finish(_begin(_program(circuit), max_error=0.2))
    history = run.rank_history
    assert run.step_count > 2 * MAX_POINTS
    assert MAX_POINTS // 4 <= len(history.points) <= MAX_POINTS
    operations = [point.operation for point in history.points]
    assert operations == sorted(set(operations))
    assert operations[-1] == run.step_count == history.operation_count
    assert history.points[-1].rank == run.rank
    assert history.largest_rank >= max(point.rank for point in history.points)


def test_a_step_that_does_not_fit_leaves_the_run_where_it_was() -> None:
    """Refused for lack of memory, the run still holds the exact state at its position, so another method can go on."""
    program = _program(layers(8, 6, 0.01))
    run = _begin(program, memory_limit_bytes=(1 << 20) + 30 * 16 * 256)
    with pytest.raises(ResourceExhausted, match="rank") as caught:
        _finish(run)
    assert int(caught.value.metadata["needed_bytes"]) > (1 << 20) + 30 * 16 * 256
    free = _begin(program)
    while free.position < run.position:
        free.advance()
    np.testing.assert_allclose(run.density_matrix(), free.density_matrix(), atol=1e-14)
    ((_, vector),) = run.promote()
    (state,) = free.evolution.states
    np.testing.assert_allclose(vector, reference.pauli_vector(state.planes, rank=state.rank), atol=1e-13)


def test_columns_that_another_method_takes_over_are_not_compressed() -> None:
    """Past the columns that pay a state is left as it is, which a saved run remembers, until the limit is lifted."""
    program = _program(layers(6, 6, 0.02))
    run = _begin(program, max_error=0.05)
    run.compress_at_most(10)
    while run.rank <= 10 * 2:
        run.advance()
    resumed = _begin(program, max_error=0.05)
    resumed.restore(_copied(run.save()))  # type: ignore[arg-type]
    for again in (run, resumed):
        again.advance()
        before = again.rank
        assert before > 20
        again.compress_at_most(None)
        again.advance()
        assert again.rank < before
    assert _bits(resumed) == _bits(run)


def test_promotion_adds_up_to_the_exact_state() -> None:
    """The Pauli vectors of the records give the exact expectation values of the state before filling."""
    circuit = random_circuit(7, 3, count=40)
    run = _finish(_begin(_program(circuit)))
    truth = exact.final_density_matrix(3, circuit.rows)
    total = np.sum([vector for _, vector in run.promote()], axis=0)
    values, vectors = np.linalg.eigh(truth)
    columns = vectors * np.sqrt(np.maximum(values, 0))
    planes = np.stack([columns.real, columns.imag])
    np.testing.assert_allclose(total, reference.pauli_vector(planes, rank=8), atol=1e-12)


def test_weights_are_those_of_the_columns() -> None:
    """Joint probabilities of any qubits, in any order, are sums of the diagonal of L L^dagger."""
    run = _finish(_begin(_program(layers(4, 3, 0.02)), max_error=0.01))
    (state,) = run.evolution.states
    diagonal: npt.NDArray[np.float64] = (np.abs(as_columns(state.planes, rank=state.rank)) ** 2).sum(axis=1)
    for qubits in [(0, 1, 2, 3), (2,), (3, 0), (1, 3, 2)]:
        ((record, found),) = run.slot_weights(qubits)
        expected = np.zeros(1 << len(qubits))
        for row, weight in enumerate(diagonal):
            expected[sum((row >> qubit & 1) << place for place, qubit in enumerate(qubits))] += weight
        assert record == 0
        np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize("max_error", [0.0, 0.1])
def test_expectation_values_are_those_of_the_filled_state(max_error: float) -> None:
    """Every string's value is Tr(P sigma) of the density matrix that is returned."""
    generator = np.random.default_rng(2)
    paulis = ["".join(generator.choice(list("IXYZ"), 4)) for _ in range(12)] + ["IIII", "YYYX"]
    observables = tuple(observable_pb2.Observable(name=p, paulis=[p], coefficients=[1.0]) for p in paulis)
    run = _finish(_begin(_program(layers(4, 3, 0.02)), max_error=max_error, observables=observables))
    matrix = run.density_matrix().astype(np.complex128)
    for pauli, value in zip(paulis, run.expectation_values(), strict=True):
        assert value.value == pytest.approx(exact.expectation(pauli, matrix), abs=1e-13)


def test_a_budget_that_rounding_alone_takes_is_refused() -> None:
    """Single precision for a small budget is refused with the remedy, before the run begins."""
    with pytest.raises(FailedPrecondition, match="double precision"):
        _begin(_program(layers(4, 3, 0.02)), max_error=1e-4, single_precision=True)


def test_single_columns_keep_to_their_budget() -> None:
    """In single precision compressions count for more, and what is certified stays within the budget and true."""
    circuit = layers(6, 6, 2e-3)
    run = _finish(_begin(_program(circuit), max_error=0.02, single_precision=True))
    assert run.density_matrix().dtype == np.complex64
    truth = exact.final_density_matrix(6, circuit.rows)
    distance = np.abs(np.linalg.eigvalsh(truth - run.density_matrix().astype(np.complex128))).sum() / 2
    assert distance <= run.certified_error <= 0.02
