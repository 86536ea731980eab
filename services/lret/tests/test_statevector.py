"""State vectors of compiled circuits, against plain matrices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.compiling.compile import compile_unitary
from proxima_backend_lret.simulation import Saved, Wanted
from proxima_backend_lret.statevector.arrangement import exchange
from proxima_backend_lret.statevector.schedule import LANES, Exchange, schedule
from proxima_backend_lret.statevector.simulation import StateVector
from proxima_runtime.arrays.observables import expectation
from proxima_runtime.conformance import reference
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.random_circuits import random_unitary
from proxima_runtime.errors import ResourceExhausted

_OBSERVABLE = observable_pb2.Observable(
    name="H", paulis=["IZIIIYIIIIIX", "ZZIIIIIIIIIZ", "I" * 12, "YXXIIIIIIZYZ"], coefficients=[0.5, -1.0, 0.25, 2.0]
)


def _circuit(width: int, seed: int, gates: int = 120) -> CircuitWriter:
    """Return random gates on random qubits."""
    generator = np.random.default_rng(seed)
    circuit = CircuitWriter(qubit_count=width, global_phase=0.7)
    for _ in range(gates):
        operands = generator.permutation(width)[:2].tolist()
        circuit.gate("u", operands[:1], generator.uniform(0, 6, size=3).tolist())
        if width > 1:
            circuit.gate(str(generator.choice(["cx", "iswap", "ch"])), operands)
    return circuit


def _started(circuit: CircuitWriter, *, single_precision: bool = False) -> StateVector:
    program = compile_unitary(circuit.message(), absorbs=True)
    wanted = Wanted(
        weights=False,
        readout=None,
        qubits=(),
        observables=(_OBSERVABLE,),
        density_matrix=False,
        statevector=True,
    )
    return StateVector(program, wanted, single_precision=single_precision, memory_limit_bytes=None)


def _run(circuit: CircuitWriter, *, single_precision: bool = False) -> StateVector:
    found = _started(circuit, single_precision=single_precision)
    while found.position < found.step_count:
        found.advance()
    return found


def _expected(circuit: CircuitWriter) -> npt.NDArray[np.complex128]:
    return np.asarray(reference.final_state(circuit.qubit_count, circuit.steps) * np.exp(1j * circuit.global_phase))


@pytest.mark.parametrize("width", [1, 2, 5, 10, 11, 12, 13])
@pytest.mark.parametrize(("single_precision", "tolerance"), [(False, 1e-13), (True, 1e-5)])
def test_state(width: int, *, single_precision: bool, tolerance: float) -> None:
    """The state has its qubits in order and its global phase, with lanes and without, in both precisions."""
    circuit = _circuit(width, width)
    found = _run(circuit, single_precision=single_precision).statevector()
    assert found.dtype == (np.complex64 if single_precision else np.complex128)
    np.testing.assert_allclose(found, _expected(circuit), atol=tolerance, rtol=0)


def test_wide_unitaries() -> None:
    """Explicit unitaries on three qubits run wherever their qubits are."""
    circuit = _circuit(12, 1, gates=20)
    expected = _expected(circuit)
    for seed in range(4):
        qubits = np.random.default_rng(seed).permutation(12)[:3].tolist()
        matrix = random_unitary(3, seed)
        circuit.unitary(matrix, qubits)
        axes = [11 - qubit for qubit in reversed(qubits)]
        product = np.tensordot(matrix.reshape((2,) * 6), expected.reshape((2,) * 12), axes=(range(3, 6), axes))
        expected = np.moveaxis(product, range(3), axes).reshape(-1)
    np.testing.assert_allclose(_run(circuit).statevector(), expected, atol=1e-13, rtol=0)


@pytest.mark.parametrize("qubits", [(0,), (11,), (3, 0, 7), tuple(range(12)), tuple(reversed(range(12)))])
def test_weights(qubits: tuple[int, ...]) -> None:
    """Probabilities of some qubits have them in the order asked for, the first least significant."""
    circuit = _circuit(12, 3)
    ((record, found),) = _run(circuit).slot_weights(qubits)
    axes = [11 - qubit for qubit in reversed(qubits)]
    rest = [axis for axis in range(12) if axis not in axes]
    weights = np.abs(_expected(circuit).reshape((2,) * 12)) ** 2
    expected = weights.transpose(axes + rest).reshape(1 << len(qubits), -1).sum(axis=1)
    assert record == 0
    np.testing.assert_allclose(found, expected, atol=1e-14, rtol=0)


@pytest.mark.parametrize(("single_precision", "tolerance"), [(False, 1e-13), (True, 1e-5)])
def test_expectation_values(*, single_precision: bool, tolerance: float) -> None:
    """Expectation values are those of the state, wherever its qubits ended."""
    circuit = _circuit(12, 4)
    (found,) = _run(circuit, single_precision=single_precision).expectation_values()
    assert found.value == pytest.approx(expectation(_OBSERVABLE, _expected(circuit)), abs=tolerance)


def test_resume() -> None:
    """A run that was saved at any operation and restored ends with the bits of one that was not."""
    circuit = _circuit(12, 5, gates=25)
    whole = _run(circuit).statevector()
    for stop in range(0, _started(circuit).step_count + 1, 3):
        first, second = _started(circuit), _started(circuit)
        for _ in range(stop):
            first.advance()
        second.restore(first.save())
        while second.position < second.step_count:
            second.advance()
        np.testing.assert_array_equal(second.statevector(), whole)


def test_restore_refuses() -> None:
    """A state of another shape, type or position is refused."""
    run = _started(_circuit(12, 6))
    planes = np.zeros((2, 1 << 12))
    refused: tuple[Saved, ...] = (
        {},
        {"planes": planes, "position": -1},
        {"planes": planes, "position": True},
        {"planes": planes, "position": 10**9},
        {"planes": planes[:, :-1], "position": 0},
        {"planes": np.full_like(planes, np.nan), "position": 0},
        {"planes": planes, "position": 0},
        {"planes": planes.astype(np.float32), "position": 0},
    )
    for saved in refused:
        with pytest.raises(ValueError, match=r"position|planes"):
            run.restore(saved)


def test_memory_limit() -> None:
    """A state over the memory limit is refused before it is allocated, and the error says what it needs."""
    program = compile_unitary(CircuitWriter(qubit_count=60).gate("h", (0,)).message(), absorbs=True)
    wanted = Wanted(weights=False, readout=None, qubits=(), observables=(), density_matrix=False, statevector=True)
    with pytest.raises(ResourceExhausted, match="60 qubits needs 16 EiB"):
        StateVector(program, wanted, single_precision=False, memory_limit_bytes=1 << 40)


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_schedule(data: st.DataObject) -> None:
    """Every step runs once, after those before it on its qubits, and never on a lane."""
    width = data.draw(st.integers(LANES + 2, 20))
    pairs = st.permutations(range(width)).map(lambda order: tuple(order[:2]))
    steps = data.draw(st.lists(st.one_of(pairs, st.tuples(st.integers(0, width - 1))), max_size=60))
    found = schedule(steps, qubit_count=width)
    positions = list(found.positions)
    ran: list[int] = []
    for action in found.actions:
        if action >= 0:
            assert all(positions[qubit] >= found.lane_count for qubit in steps[action])
            ran.append(action)
            continue
        swaps = found.exchanges[-1 - action]
        for lane, other in zip(swaps.lanes, swaps.others, strict=True):
            assert lane < found.lane_count <= other
            out, into = positions.index(lane), positions.index(other)
            positions[out], positions[into] = other, lane
    assert sorted(ran) == list(range(len(steps)))
    for qubit in range(width):
        on_qubit = [step for step in ran if qubit in steps[step]]
        assert on_qubit == sorted(on_qubit)


def test_schedule_of_parts_that_never_meet() -> None:
    """Where one part of the qubits runs far ahead, few of the steps of the other wait for it."""
    left = [(index % 5, (index + 1) % 5) for index in range(3000)]
    right = [(5 + index % 9, 5 + (index + 1) % 9) for index in range(3000)]
    # All of the right part begins before the left, which so are the lanes at first.
    steps = [*right[:9], *(step for pair in zip(left, right[9:], strict=False) for step in pair), *left[2991:]]
    found = schedule(steps, qubit_count=14)
    ran = [action for action in found.actions if action >= 0]
    late = np.maximum.accumulate(ran) - np.array(ran)
    assert sorted(ran) == list(range(6000))
    assert late.max() < 1000


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lane", range(LANES))
def test_exchange(dtype: npt.DTypeLike, lane: int) -> None:
    """A lane and another position swap the bits of the index."""
    index = np.arange(1 << 11)
    planes = np.stack([index, -index]).astype(dtype)
    exchange(planes, Exchange(lanes=(lane,), others=(7,)))
    moved = index & ~((1 << lane) | (1 << 7)) | (((index >> lane) & 1) << 7) | (((index >> 7) & 1) << lane)
    np.testing.assert_array_equal(planes, np.stack([moved, -moved]))
