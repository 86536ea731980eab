"""Instructions of a circuit as Cirq operations.

Our matrices have the first operand least significant, Cirq's most, so operands are handed over reversed wherever a
matrix goes with them. `qubits[q]` is qubit q throughout.
"""

from __future__ import annotations

from collections.abc import Sequence

import cirq
import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing

from proxima_backend_cirq.failures import mismatch
from proxima_backend_cirq.native import operation_maker
from proxima_backend_cirq.superoperator import Superoperator

Complex = npt.NDArray[np.complex128]

_KIND = circuit_pb2.Operation

RESET: Complex = np.array([[[1, 0], [0, 0]], [[0, 1], [0, 0]]], dtype=np.complex128)
"""Kraus operators of a reset: the first where the qubit was in |0>."""

PROJECTORS: Complex = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]], dtype=np.complex128)
"""Projectors of a measurement: the first onto |0>."""


def translate(listing: Listing, qubits: Sequence[cirq.Qid]) -> list[cirq.Operation | None]:
    """Return one operation an instruction that always acts alike: gates, unitaries and channels; None for the rest.

    Raises:
        Internal: an instruction has no translation (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    known: dict[tuple[int, tuple[int, ...]], cirq.Operation] = {}
    makers = {
        step.name: operation_maker(step.name, qubits) for step in listing.instructions if step.kind == _KIND.KIND_GATE
    }
    found: list[cirq.Operation | None] = []
    for step in listing.instructions:
        if step.kind in (_KIND.KIND_GATE, _KIND.KIND_UNITARY, _KIND.KIND_CHANNEL):
            # The listing has one matrix object for equal operations, so instructions that repeat are made once.
            key = id(step.matrix), step.qubits
            operation = known.get(key)
            if operation is None:
                operation = makers[step.name](step.qubits, step.parameters) if step.kind == _KIND.KIND_GATE else None
                operation = known[key] = operation or _matrix_operation(step, qubits)
            found.append(operation)
        else:
            found.append(None)
    silent = (_KIND.KIND_MEASURE, _KIND.KIND_RESET, _KIND.KIND_DELAY, _KIND.KIND_GLOBAL_PHASE)
    expected = sum(step.kind not in silent for step in listing.instructions)
    actual = sum(operation is not None for operation in found)
    if actual != expected or len(found) != len(listing.instructions):
        raise mismatch("cirq", what="operations", expected=str(expected), actual=str(actual))
    return found


def kraus_operation(operators: Complex, operands: Sequence[int], qubits: Sequence[cirq.Qid]) -> cirq.Operation:
    """Return sum K rho K^dagger as an operation; the operators need not preserve the trace.

    Args:
        operators: complex128, shape (m, 2^k, 2^k).
        operands: the first is the least significant bit of a row index.
        qubits: Cirq's qubits.
    """
    return Superoperator(operators).on(*(qubits[operand] for operand in reversed(operands)))


def operator_operation(operator: Complex, operands: Sequence[int], qubits: Sequence[cirq.Qid]) -> cirq.Operation:
    """Return one operator, complex128, shape (2^k, 2^k), unitary or not, as an operation on pure states."""
    gate = cirq.MatrixGate(operator, unitary_check=False)
    return gate.on(*(qubits[operand] for operand in reversed(operands)))


def _matrix_operation(step: Instruction, qubits: Sequence[cirq.Qid]) -> cirq.Operation:
    if step.matrix is None:
        raise mismatch("cirq", what=f"for instruction {step.row}", expected="a matrix", actual="nothing")
    make = kraus_operation if step.kind == _KIND.KIND_CHANNEL else operator_operation
    return make(step.matrix, step.qubits, qubits)
