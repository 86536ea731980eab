"""Trajectories: operators drawn for each column, records, and what many of them average to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.columns import reference
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.simulation import Saved, Wanted
from proxima_backend_lret.trajectories.batches import WORKING_BYTES, column_bytes, column_count, copied_columns, split
from proxima_backend_lret.trajectories.columns import apply, apply_where, draw_rows
from proxima_backend_lret.trajectories.instruments import instrument
from proxima_backend_lret.trajectories.numbers import Numbers
from proxima_backend_lret.trajectories.records import counted, packed
from proxima_backend_lret.trajectories.simulation import Trajectories
from proxima_runtime.arrays.readout import read
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_kraus
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted

from tests.compiled import circuits

_READOUT = np.array([[0.9, 0.1], [0.25, 0.75]])
_OBSERVABLES = (
    observable_pb2.Observable(name="ZZI", paulis=["ZZI"], coefficients=[1.0]),
    observable_pb2.Observable(name="sum", paulis=["XYI", "IIZ", "III"], coefficients=[0.5, -1.0, 0.25]),
)


def _circuit() -> CircuitWriter:
    """Return a circuit with every kind of random instruction."""
    circuit = CircuitWriter(qubit_count=3, clbit_count=4).gate("h", (0,)).gate("ry", (2,), (0.7,))
    circuit.channel("amplitude_damping", (0,), (0.4, 0.1)).gate("cx", (0, 1)).channel("depolarizing", (0, 1), (0.2,))
    circuit.kraus(random_kraus(2, 3, 5), (2, 0)).measure(1, 3, readout=_READOUT)
    circuit.gate("rx", (2,), (1.1,)).only_if(Comparison(first_clbit=3, width=1, value=1))
    circuit.reset(0).only_if(Comparison(first_clbit=2, width=2, value=0))
    circuit.gate("ch", (2, 1)).channel("phase_damping", (1,), (0.6,)).kraus(random_kraus(3, 2, 6), (0, 1, 2))
    return circuit.measure(0, 0).measure(1, 1, readout=_READOUT).measure(1, 2)


def _started(
    circuit: CircuitWriter,
    shots: Sequence[int],
    *,
    observables: Sequence[observable_pb2.Observable] = _OBSERVABLES,
    single_precision: bool = False,
    columns: int | None = None,
    limit: int | None = None,
    seed: int = 3,
) -> Trajectories:
    program = compile_maps(circuit.message(), keeps_records=True, absorbs=True)
    measured = {clbit: reading.qubit for clbit, reading in program.source.terminal.items()}
    readout = read(measured, program.source.clbit_count) if program.source.written_clbits else None
    wanted = Wanted(
        weights=True,
        readout=readout,
        qubits=() if readout is None else readout.slot_qubits,
        observables=tuple(observables),
        density_matrix=False,
        statevector=False,
    )
    bytes_each = column_bytes(circuit.qubit_count, single_precision=single_precision)
    return Trajectories(
        program,
        wanted,
        batches=[(size, np.random.SeedSequence((seed, index))) for index, size in enumerate(shots)],
        single_precision=single_precision,
        memory_limit_bytes=limit
        if columns is None
        else WORKING_BYTES + (columns + copied_columns(columns)) * bytes_each,
    )


def _finish(run: Trajectories) -> Trajectories:
    while run.position < run.step_count:
        run.advance()
    return run


def _records(run: Trajectories) -> dict[int, int]:
    rows, times = run.outcomes()
    return {int.from_bytes(row.tobytes(), "little"): int(time) for row, time in zip(rows, times, strict=True)}


def _assert_sampled(found: dict[int, int], circuit: CircuitWriter) -> None:
    """Hold counts to exact probabilities: a chi-square statistic below its quantile of 1e-6, rare outcomes pooled."""
    shots = sum(found.values())
    probabilities = exact.record_probabilities(circuit.qubit_count, circuit.rows)
    statistic, degrees, rest, rest_seen = 0.0, 0, 0.0, 0
    for record, probability in probabilities.items():
        if probability * shots < 10:
            rest, rest_seen = rest + probability, rest_seen + found.get(record, 0)
            continue
        statistic += (found.get(record, 0) - probability * shots) ** 2 / (probability * shots)
        degrees += 1
    assert sum(found.get(record, 0) for record in probabilities) == shots
    assert rest_seen <= rest * shots + 6 * np.sqrt(rest * shots) + 12
    # Wilson and Hilferty's quantile.
    spread = 2 / (9 * degrees)
    assert statistic <= degrees * (1 - spread + 4.75 * np.sqrt(spread)) ** 3


@pytest.mark.parametrize("single_precision", [False, True])
def test_counts(*, single_precision: bool) -> None:
    """Channels, resets, measurements, conditions and readout errors are sampled with their exact probabilities."""
    run = _finish(_started(_circuit(), [20000], single_precision=single_precision))
    _assert_sampled(_records(run), _circuit())


@given(circuit=circuits(largest=3, size=12), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_counts_of_any_circuit(circuit: CircuitWriter, seed: int) -> None:
    """Circuits of all instructions are sampled with their exact probabilities."""
    if not circuit.measured:
        circuit.measure(0, 0)
    run = _finish(_started(circuit, [1000], observables=(), seed=seed))
    _assert_sampled(_records(run), circuit)


@pytest.mark.parametrize("single_precision", [False, True])
def test_expectation_values(*, single_precision: bool) -> None:
    """Expectation values are within five of their standard errors of the exact ones."""
    circuit = _circuit()
    found = _finish(_started(circuit, [4000], single_precision=single_precision)).expectation_values()
    state = exact.final_density_matrix(3, circuit.rows)
    for entry, observable in zip(found, _OBSERVABLES, strict=True):
        value = sum(
            coefficient * exact.expectation(pauli, state)
            for pauli, coefficient in zip(observable.paulis, observable.coefficients, strict=True)
        )
        assert 0 < entry.standard_error < 0.03
        assert abs(entry.value - value) < 5 * entry.standard_error


def test_unmeasured() -> None:
    """A circuit without a measurement gives values of its observables."""
    circuit = CircuitWriter(qubit_count=3).gate("x", (2,)).gate("x", (1,))
    first, second = _finish(_started(circuit, [10])).expectation_values()
    assert first.value == pytest.approx(1.0)
    assert first.standard_error == pytest.approx(0.0)
    assert second.value == pytest.approx(-0.75)


def test_columns_at_once_do_not_matter() -> None:
    """Shots depend on the seed and their place in the plan, not on how many run at once."""
    whole = _finish(_started(_circuit(), [30, 11]))
    for columns in (1, 3, 16):
        parts = _finish(_started(_circuit(), [30, 11], columns=columns))
        assert parts.step_count > whole.step_count
        assert _records(parts) == _records(whole)
        values = [entry.value for entry in parts.expectation_values()]
        assert values == pytest.approx([entry.value for entry in whole.expectation_values()], abs=1e-12)


def test_seeds() -> None:
    """Another seed gives other shots, and so does another batch of the plan."""
    assert _records(_finish(_started(_circuit(), [200], seed=3))) == _records(_finish(_started(_circuit(), [200])))
    assert _records(_finish(_started(_circuit(), [200], seed=4))) != _records(_finish(_started(_circuit(), [200])))
    assert _records(_finish(_started(_circuit(), [100, 100]))) != _records(_finish(_started(_circuit(), [200])))


def test_resume() -> None:
    """A run that was saved at any operation and restored ends with the bits of one that was not."""
    shots = [10, 9]
    whole = _finish(_started(_circuit(), shots, columns=6)).save()
    for stop in range(_started(_circuit(), shots, columns=6).step_count + 1):
        first, second = (_started(_circuit(), shots, columns=6) for _ in range(2))
        for _ in range(stop):
            first.advance()
        saved = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in first.save().items()}
        second.restore(saved)
        resumed = _finish(second).save()
        assert resumed.keys() == whole.keys()
        for name, value in whole.items():
            np.testing.assert_array_equal(np.asarray(resumed[name]), np.asarray(value))


def test_restore_refuses() -> None:
    """A checkpoint with another position, shape or type is refused."""
    run = _started(_circuit(), [10])
    good = dict(run.save())
    refused: tuple[Saved, ...] = (
        {},
        {**good, "position": -1},
        {**good, "position": 1.0},
        {**good, "planes": np.zeros((2, 8, 9))},
        {**good, "planes": np.full((2, 8, 10), np.nan)},
        {**good, "bits": np.zeros((4, 10))},
        {name: value for name, value in good.items() if name != "values"},
    )
    for saved in refused:
        with pytest.raises(ValueError, match=r"position|not finite|are not"):
            run.restore(saved)


@pytest.mark.parametrize("fitting", [0, 1, 2, 3, 9, 40, 10**6])
def test_columns_fit(fitting: int) -> None:
    """As many columns run at once as fit with their copies, and not one more unless it has no use."""
    column = column_bytes(16, single_precision=True)
    most = column_count(16, single_precision=True, memory_limit_bytes=None)
    found = column_count(16, single_precision=True, memory_limit_bytes=WORKING_BYTES + fitting * column)
    assert found == max((count for count in range(1, most + 1) if count + copied_columns(count) <= fitting), default=0)


def test_too_few_shots() -> None:
    """Expectation values of one trajectory have no standard error, and are refused."""
    with pytest.raises(FailedPrecondition, match="at least 2 shots"):
        _started(_circuit(), [1])


def test_memory_limit() -> None:
    """A state that does not fit is refused before it is allocated."""
    with pytest.raises(ResourceExhausted, match="a trajectory of 3 qubits needs"):
        _started(_circuit(), [10], limit=WORKING_BYTES)


@st.composite
def _columns(draw: st.DrawFn) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.complex128], tuple[int, ...]]:
    # From ten qubits on few columns are worked on one by one.
    width = draw(st.sampled_from((1, 2, 3, 4, 5, 10)))
    qubits = tuple(draw(st.permutations(range(width)))[: draw(st.integers(1, min(width, 3)))])
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    planes = generator.normal(size=(2, 1 << width, draw(st.sampled_from((1, 2, 5, 7, 8, 20, 40))))).astype(
        draw(st.sampled_from((np.float32, np.float64)))
    )
    return planes, random_kraus(len(qubits), draw(st.integers(1, 4)), draw(st.integers(0, 99))), qubits


@given(_columns(), st.data())
@settings(deadline=None, max_examples=150)
def test_operators(
    case: tuple[npt.NDArray[np.floating], npt.NDArray[np.complex128], tuple[int, ...]], data: st.DataObject
) -> None:
    """Each column is what its operator makes of it, chosen by its own number and weights, up to its norm."""
    planes, operators, qubits = case
    count = planes.shape[2]
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    # Numbers close to 0 choose the first operator without a look at the state.
    points: npt.NDArray[np.float64] = np.asarray(generator.random(count)) * float(
        data.draw(st.sampled_from((1.0, 0.05)))
    )
    where = np.flatnonzero(generator.random(count) < data.draw(st.sampled_from((0.5, 1.1))))
    before = planes.astype(np.float64)
    picked = apply_where(planes, instrument(operators), qubits, points, where)
    assert len(picked) == len(where)
    images = []
    for operator in operators:
        image = before.copy()
        reference.apply(image, rank=count, qubits=qubits, matrix=operator)
        images.append(reference.as_columns(image, rank=count))
    weights = np.array([np.sum(np.abs(image) ** 2, axis=0) for image in images])
    edges = np.cumsum(weights, axis=0) / weights.sum(axis=0)
    found = reference.as_columns(planes, rank=count)
    tolerance = 1e-4 if planes.dtype == np.float32 else 1e-11
    for place, column in enumerate(where.tolist()):
        chosen = int(picked[place])
        assert edges[chosen, column] >= points[column] - tolerance
        assert chosen == 0 or edges[chosen - 1, column] <= points[column] + tolerance
        expected, actual = images[chosen][:, column], found[:, column]
        np.testing.assert_allclose(
            actual / np.linalg.norm(actual), expected / np.linalg.norm(expected), rtol=0, atol=tolerance
        )
    rest = np.setdiff1d(np.arange(count), where)
    np.testing.assert_array_equal(planes[:, :, rest], before[:, :, rest].astype(planes.dtype))


def test_norm_is_kept() -> None:
    """A thousand weak dampings that nothing is drawn of leave a state of norm near 1."""
    planes = np.zeros((2, 2, 20), dtype=np.float32)
    planes[0] = np.sqrt(0.5)
    damping = np.array([[[1, 0], [0, np.sqrt(0.99)]], [[0, 0.1], [0, 0]]], dtype=np.complex128)
    for _ in range(1000):
        apply(planes, instrument(damping), (0,), np.zeros(20))
    np.testing.assert_allclose(np.sum(planes.astype(np.float64) ** 2, axis=(0, 1)), 0.5, atol=0.01)


@pytest.mark.parametrize("width", [0, 1, 4, 9])
def test_draw_rows(width: int) -> None:
    """A basis state is that in whose part of the summed weights the number falls, and none that has no weight."""
    generator = np.random.default_rng(width)
    planes = generator.normal(size=(2, 1 << width, 300))
    planes[:, generator.random((1 << width, 300)) < 0.4] = 0
    planes[:, 0, :] += 1e-9
    points = generator.random(300)
    points[:3] = 0, np.nextafter(1, 0), 0.5
    weights = np.sum(planes**2, axis=0)
    edges = np.cumsum(weights, axis=0) / weights.sum(axis=0)
    found = draw_rows(planes, points)
    columns = np.arange(300)
    assert np.all(weights[found, columns] > 0)
    np.testing.assert_array_less(points, edges[found, columns] + 1e-12)
    np.testing.assert_array_less(np.where(found > 0, edges[found - 1, columns], 0), points + 1e-12)


def test_numbers() -> None:
    """Numbers of shots are the same from wherever they are drawn, and differ between draws."""
    numbers = Numbers(np.random.SeedSequence(7))
    whole = numbers.draw(3, first_shot=0, shots=50)
    for first, shots in ((0, 1), (1, 5), (13, 30), (48, 2)):
        np.testing.assert_array_equal(
            numbers.draw(3, first_shot=first, shots=shots), whole[first : first + shots], strict=True
        )
    assert not np.any(whole == numbers.draw(4, first_shot=0, shots=50))
    assert len(np.unique(whole)) == 50


def test_split() -> None:
    """Batches of the plan are cut, never joined."""
    found = [(batch.seed_index, batch.first_shot, batch.start, batch.shots) for batch in split([5, 0, 4], 3)]
    assert found == [(0, 0, 0, 3), (0, 3, 3, 2), (2, 0, 5, 3), (2, 3, 8, 1)]


def test_packed_and_counted() -> None:
    """Bit b is bit b % 8 of byte b // 8, and rows ascend as numbers."""
    bits = np.zeros((10, 4), dtype=np.uint8)
    bits[9, 1] = bits[0, 2] = bits[3, 2] = bits[0, 3] = bits[3, 3] = 1
    rows, times = counted(packed(bits))
    assert rows.tolist() == [[0, 0], [9, 0], [0, 2]]
    assert times.tolist() == [1, 2, 1]
