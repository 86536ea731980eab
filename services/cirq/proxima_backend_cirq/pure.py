"""One pure state inside of Cirq, and the operators that a random instruction may apply to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cirq
import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Instruction

from proxima_backend_cirq.translate import PROJECTORS, RESET, operator_operation

State = npt.NDArray[np.complexfloating]
Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

_KIND = circuit_pb2.Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One way for a random instruction to go.

    Attributes:
        probability: of this way, given the state.
        operator: complex128, shape (2^k, 2^k); what acts, up to the norm; None where that is nothing.
        record: all classical bits afterwards, bit b for classical bit b.
    """

    probability: float
    operator: Complex | None
    record: int


class PureState:
    """A `cirq.StateVectorSimulationState` of n qubits; holds two state vectors."""

    def __init__(self, qubit_count: int, *, single_precision: bool) -> None:
        self._width = qubit_count
        self.qubits: Sequence[cirq.Qid] = cirq.LineQubit.range(qubit_count)
        # Cirq's first qubit is its most significant.
        self._state = cirq.StateVectorSimulationState(
            qubits=self.qubits[::-1],
            initial_state=0,
            dtype=np.complex64 if single_precision else np.complex128,
            prng=np.random.RandomState(0),
        )
        self._known: dict[int, tuple[Real | None, list[Complex | None]]] = {}

    def act(self, operation: cirq.Operation) -> None:
        """Apply a unitary operation."""
        cirq.act_on(operation, self._state)

    def apply(self, operator: Complex | None, operands: Sequence[int]) -> None:
        """Apply an operator that need not be unitary and normalise; None does nothing."""
        if operator is None:
            return
        cirq.act_on(operator_operation(operator, operands, self.qubits), self._state)
        tensor = self._state.target_tensor
        tensor /= tensor.dtype.type(np.linalg.norm(tensor))

    def vector(self) -> State:
        """Return the state, shape (2^n,), qubit 0 least significant; a view where Cirq's memory allows it."""
        return np.ascontiguousarray(self._state.target_tensor).reshape(-1)

    def save(self) -> State:
        """Return a copy to `restore`."""
        return np.array(self._state.target_tensor)

    def restore(self, saved: State) -> None:
        """Go back to a saved state."""
        np.copyto(self._state.target_tensor, saved)

    def choices(self, step: Instruction, record: int) -> list[Choice]:
        """Return the ways in which a channel, reset or measurement can go, with probabilities that sum to 1."""
        if step.kind == _KIND.KIND_MEASURE:
            return self._readings(step, record)
        operators = RESET if step.kind == _KIND.KIND_RESET else step.matrix
        if operators is None:
            raise ValueError(f"instruction {step.row} is not random")
        fixed, acting = self._facts(operators)
        weights = self._weights(operators, step.qubits) if fixed is None else fixed
        return [
            Choice(probability=float(weight), operator=operator, record=record)
            for weight, operator in zip(weights, acting, strict=True)
        ]

    def _readings(self, step: Instruction, record: int) -> list[Choice]:
        weights = self._weights(PROJECTORS, step.qubits)
        readout = np.eye(2) if step.readout is None else step.readout
        cleared = record & ~(1 << step.clbit)
        return [
            Choice(
                probability=float(weights[true] * readout[true, read]),
                operator=PROJECTORS[true],
                record=cleared | (read << step.clbit),
            )
            for true in (0, 1)
            for read in (0, 1)
        ]

    def _facts(self, operators: Complex) -> tuple[Real | None, list[Complex | None]]:
        """Return the probabilities that are the same in every state, and the operators that do something."""
        key = id(operators)
        if key not in self._known:
            identity = np.eye(operators.shape[1])
            acting = [
                None if np.array_equal(operator, operator[0, 0] * identity) else operator for operator in operators
            ]
            self._known[key] = fixed_probabilities(operators), acting
        return self._known[key]

    def _weights(self, operators: Complex, operands: Sequence[int]) -> Real:
        """Return Tr(K rho K^dagger) of each operator, float64, normalised."""
        reduced = self._reduced(operands)
        found = np.einsum("mij,jk,mik->m", operators, reduced, operators.conj()).real
        found = np.maximum(found, 0.0)
        return np.asarray(found / found.sum())

    def _reduced(self, operands: Sequence[int]) -> Complex:
        """Return the density matrix of some qubits, shape (2^k, 2^k), the first least significant."""
        axes = [self._width - 1 - operand for operand in reversed(operands)]
        tensor = np.moveaxis(self._state.target_tensor, axes, range(len(axes)))
        rows = tensor.reshape(1 << len(axes), -1)
        return np.asarray(rows @ rows.conj().T, dtype=np.complex128)


def fixed_probabilities(operators: Complex) -> Real | None:
    """Return the probability of each Kraus operator where it is the same in every state, else None.

    It is where K^dagger K is a multiple of the identity: mixtures of unitaries, such as Pauli channels.
    """
    grams = np.einsum("mij,mik->mjk", operators.conj(), operators)
    weights = np.trace(grams, axis1=1, axis2=2).real / operators.shape[1]
    if np.max(np.abs(grams - weights[:, None, None] * np.eye(operators.shape[1]))) > 1e-12:
        return None
    return np.asarray(weights / weights.sum(), dtype=np.float64)
