"""The reference of the conformance suite, checked by a second formula: Kraus operators and Choi matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.channels import kraus, superoperator
from proxima_runtime.arrays.instructions import Instruction, list_instructions
from proxima_runtime.conformance import exact, reference
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.reference import Complex
from tests.random_circuits import WIDTH, circuits
from tests.test_channels import channels

_KIND = circuit_pb2.Operation


@settings(max_examples=150, deadline=None)
@given(channels())
def test_channels_equal_their_kraus_operators(channel: tuple[str, tuple[float, ...], int]) -> None:
    """The transfer matrix of each definition is that of the Kraus operators."""
    name, parameters, count = channel
    operands = tuple(range(count))
    found = exact.transfer_matrix(lambda state: exact.channel(name, parameters, operands, state), count)
    np.testing.assert_allclose(found, superoperator(kraus(name, parameters, count)), atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(channels())
def test_choi_matrices_are_positive(channel: tuple[str, tuple[float, ...], int]) -> None:
    """The Choi matrix of each definition is positive and its partial trace the identity."""
    name, parameters, count = channel
    side = 2**count
    operands = tuple(range(count))
    matrix = exact.transfer_matrix(lambda state: exact.channel(name, parameters, operands, state), count)
    choi = matrix.reshape(side, side, side, side).transpose(0, 2, 1, 3).reshape(side * side, side * side)
    assert np.linalg.eigvalsh(choi).min() > -1e-12
    traced = np.einsum("abad->bd", choi.reshape(side, side, side, side))
    np.testing.assert_allclose(traced, np.eye(side), atol=1e-12)


def _step(instruction: Instruction, record: int, state: Complex) -> list[tuple[int, Complex]]:
    """Run one instruction by matrices alone: Kraus operators for everything that is not unitary."""
    if not instruction.runs(record) or instruction.kind == _KIND.KIND_DELAY:
        return [(record, state)]
    if instruction.kind == _KIND.KIND_MEASURE:
        table = np.eye(2) if instruction.readout is None else instruction.readout
        rest = record & ~(1 << instruction.clbit)
        return [
            (rest | (read << instruction.clbit), _act([weight**0.5 * np.diag(keep)], instruction.qubits, state))
            for true, keep in enumerate(([1, 0], [0, 1]))
            for read, weight in enumerate(table[true])
        ]
    if instruction.kind == _KIND.KIND_RESET:
        return [(record, _act([np.diag([1, 0]), np.array([[0, 1], [0, 0]])], instruction.qubits, state))]
    matrices = instruction.matrix
    assert matrices is not None
    return [(record, _act(list(matrices) if matrices.ndim == 3 else [matrices], instruction.qubits, state))]


def _act(operators: list[Complex], qubits: tuple[int, ...], state: Complex) -> Complex:
    total = np.zeros_like(state)
    for operator in operators:
        whole = reference.apply(operator.astype(np.complex128), qubits, np.eye(len(state), dtype=np.complex128))
        total += whole @ state @ whole.conj().T
    return total


@settings(max_examples=200, deadline=None)
@given(circuits())
def test_circuits_equal_their_kraus_operators(circuit: CircuitWriter) -> None:
    """Records and their states are those of the decoded instructions, each as Kraus operators on the whole space."""
    records = {0: np.diag(np.eye(2**WIDTH)[0]).astype(np.complex128)}
    for instruction in list_instructions(circuit.message()).instructions:
        after: dict[int, Complex] = {}
        for record, state in records.items():
            for written, branch in _step(instruction, record, state):
                after[written] = after.get(written, np.zeros_like(branch)) + branch
        records = after
    expected = exact.evolve(WIDTH, circuit.rows)
    for record, state in records.items():
        np.testing.assert_allclose(state, expected.get(record, np.zeros_like(state)), atol=1e-12)


def test_readout_alters_the_bit_and_not_the_state() -> None:
    """A qubit in |1> read as 0 in 1 of 4 cases keeps its state, and the flip that reads the bit acts on the record."""
    readout = np.array([[1.0, 0.0], [0.25, 0.75]])
    circuit = CircuitWriter(qubit_count=2, clbit_count=1).gate("x", (0,)).measure(0, 0, readout=readout)
    circuit.gate("x", (1,)).only_if(exact.Comparison(first_clbit=0, width=1, value=1))
    state = exact.final_density_matrix(2, circuit.rows)
    np.testing.assert_allclose(np.diag(state), [0, 0.25, 0, 0.75], atol=1e-15)
    assert dict(exact.record_probabilities(2, circuit.rows)) == pytest.approx({0: 0.25, 1: 0.75})


@given(st.sampled_from(["IXYZ", "ZZII", "YXXY", "IIII"]), st.integers(0, 100))
def test_expectation_is_the_dense_trace(pauli: str, seed: int) -> None:
    """A Pauli string's first letter acts on the highest qubit."""
    generator = np.random.default_rng(seed)
    state = generator.normal(size=16) + 1j * generator.normal(size=16)
    state /= np.linalg.norm(state)
    names = {"I": "id", "X": "x", "Y": "y", "Z": "z"}
    turned = state
    for qubit, letter in enumerate(reversed(pauli)):
        turned = reference.apply(reference.unitary(names[letter]), (qubit,), turned)
    found = exact.expectation(pauli, np.outer(state, state.conj()))
    assert found == pytest.approx(np.vdot(state, turned).real, abs=1e-12)
