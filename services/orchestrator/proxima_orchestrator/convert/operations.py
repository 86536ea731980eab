"""Entries of a circuit's operation table: shapes, unitaries, channels and readout errors, checked one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.noise import NAMED_CHANNELS, channel_fault

from proxima_orchestrator.circuit import Kind, Operation
from proxima_orchestrator.convert.columns import array, column
from proxima_orchestrator.convert.errors import malformed
from proxima_orchestrator.gates import STANDARD_GATES
from proxima_orchestrator.noise.channels import trace_preserving

_MAX_BITS = 1_000_000
_MAX_PARAMETERS = 256
_MAX_GATE_QUBITS = 64
_MAX_MATRIX_QUBITS = 4
_UNITARY_TOLERANCE = 1e-8
_READOUT_TOLERANCE = 1e-9
# A deviation of rounding alone is not worth a word.
_WORTH_SAYING = 1e-12


def operation_to_message(operation: Operation) -> circuit_pb2.Operation:
    """Return the message of an entry."""
    return circuit_pb2.Operation(
        kind=f"KIND_{operation.kind.name}",
        name=operation.name,
        qubit_count=operation.qubit_count,
        clbit_count=operation.clbit_count,
        parameter_count=operation.parameter_count,
        matrix=b"" if operation.matrix is None else column(operation.matrix, "<c16"),
        readout=b"" if operation.readout is None else column(operation.readout, "<f8"),
    )


def operation_from_message(index: int, message: circuit_pb2.Operation, notices: list[str]) -> Operation:
    """Return an entry of a message from outside; Kraus operators are made trace preserving, and that is noted.

    Raises:
        InvalidArgument: MALFORMED_CIRCUIT; names the field.
    """
    field = f"operations[{index}]"
    try:
        kind = Kind(message.kind)
    except ValueError as error:
        raise malformed(f"{field}.kind", f"{message.kind} is no kind of operation") from error
    _check_shape(field, kind, message)
    return Operation(
        kind=kind,
        name=message.name,
        qubit_count=message.qubit_count,
        clbit_count=message.clbit_count,
        parameter_count=message.parameter_count,
        matrix=_matrix(field, kind, message, notices),
        readout=_readout(field, kind, message.readout),
    )


def _check_shape(field: str, kind: Kind, message: circuit_pb2.Operation) -> None:
    found = (message.qubit_count, message.clbit_count, message.parameter_count)
    qubit_count, _, parameter_count = found
    match kind:
        case Kind.MEASURE:
            expected = (1, 1, 0)
        case Kind.RESET:
            expected = (1, 0, 0)
        case Kind.GLOBAL_PHASE:
            expected = (0, 0, 1)
        case Kind.DELAY:
            expected = (qubit_count, 0, 1)
        case Kind.BARRIER | Kind.UNITARY:
            expected = (qubit_count, 0, 0)
        case Kind.GATE:
            # A name beyond the vocabulary is left to the capability filter: a backend may have gates of its own.
            gate = STANDARD_GATES.get(message.name)
            expected = (
                (qubit_count, 0, parameter_count) if gate is None else (gate.qubit_count, 0, gate.parameter_count)
            )
        case Kind.CHANNEL:
            expected = (qubit_count, 0, 0 if message.matrix else _channel_parameters(field, message.name))
    if found != expected:
        raise malformed(
            field, f"declares {found} qubits, classical bits and parameters, {message.name[:80]!r} takes {expected}"
        )
    fewest, most = {
        Kind.UNITARY: (1, _MAX_MATRIX_QUBITS),
        Kind.CHANNEL: (1, _MAX_MATRIX_QUBITS),
        Kind.GATE: (1, _MAX_GATE_QUBITS),
    }.get(kind, (0, _MAX_BITS))
    if not fewest <= qubit_count <= most or not 0 <= parameter_count <= _MAX_PARAMETERS:
        raise malformed(
            f"{field}.qubit_count",
            f"is {qubit_count}; it must be {fewest} to {most}, with at most {_MAX_PARAMETERS} parameters",
        )


def _channel_parameters(field: str, name: str) -> int:
    shape = NAMED_CHANNELS.get(name)
    if shape is None:
        raise malformed(
            f"{field}.name",
            f"{name[:80]!r} is no channel; name one of {', '.join(NAMED_CHANNELS)}, or give Kraus operators",
        )
    return len(shape.parameters)


def _matrix(
    field: str, kind: Kind, message: circuit_pb2.Operation, notices: list[str]
) -> NDArray[np.complex128] | None:
    if not message.matrix and kind is not Kind.UNITARY:
        return None
    if kind not in (Kind.UNITARY, Kind.CHANNEL):
        raise malformed(f"{field}.matrix", "belongs to UNITARY or CHANNEL; leave it empty")
    side = 2**message.qubit_count
    entries = array(f"{field}.matrix", message.matrix, "<c16")
    most = 1 if kind is Kind.UNITARY else side**2
    count, rest = divmod(entries.size, side**2)
    if rest or not 1 <= count <= most:
        raise malformed(
            f"{field}.matrix",
            f"has {entries.size} entries; {message.qubit_count} qubit(s) take matrices of {side} x {side}, "
            + ("one" if most == 1 else f"1 to {most} of them (more can always be written as so many)"),
        )
    if not np.isfinite(entries).all():
        raise malformed(f"{field}.matrix", "has an entry that is not finite")
    if kind is Kind.UNITARY:
        matrix: NDArray[np.complex128] = entries.reshape(side, side)
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = float(np.abs(matrix @ matrix.conj().T - np.eye(side)).max())
        if not deviation <= _UNITARY_TOLERANCE:
            raise malformed(
                f"{field}.matrix",
                f"is not unitary: the largest entry of |U U^dagger - I| is {deviation:.3g}, it may be at most "
                f"{_UNITARY_TOLERANCE:g}; normalise the matrix",
            )
        return matrix
    try:
        operators, deviation = trace_preserving(entries.reshape(-1, side, side))
    except ValueError as error:
        raise malformed(f"{field}.matrix", str(error)) from error
    if deviation > _WORTH_SAYING:
        notices.append(
            f"the Kraus operators in circuit.{field} were made trace preserving: the largest entry of "
            f"|sum K^dagger K - I| was {deviation:.3g}"
        )
    return operators


def _readout(field: str, kind: Kind, data: bytes) -> NDArray[np.float64] | None:
    if not data:
        return None
    if kind is not Kind.MEASURE:
        raise malformed(f"{field}.readout", "belongs to MEASURE; leave it empty")
    matrix: NDArray[np.float64] = array(f"{field}.readout", data, "<f8")
    if matrix.size != 4:
        raise malformed(f"{field}.readout", f"has {matrix.size} entries, not 4")
    matrix = matrix.reshape(2, 2)
    legal = bool(((matrix >= 0) & (matrix <= 1)).all())
    if not legal or not np.allclose(matrix.sum(axis=1), 1, rtol=0, atol=_READOUT_TOLERANCE):
        raise malformed(
            f"{field}.readout", "must be P(read | true), probabilities whose rows (one a true value) sum to 1"
        )
    return matrix


def check_parameters(
    operations: Sequence[Operation], opcodes: NDArray[np.uint16], parameters: NDArray[np.float64]
) -> None:
    """Check the parameters that have a legal range: those of named channels, and durations.

    Raises:
        InvalidArgument: MALFORMED_CIRCUIT; names the instruction.
    """
    ranged = [
        index
        for index, operation in enumerate(operations)
        if operation.kind is Kind.DELAY or (operation.kind is Kind.CHANNEL and operation.matrix is None)
    ]
    if not ranged:
        return
    widths = np.array([operation.parameter_count for operation in operations], dtype=np.int64)
    ends = np.cumsum(widths[opcodes])
    for index in ranged:
        operation = operations[index]
        rows = np.flatnonzero(opcodes == index)
        values = parameters[(ends[rows] - operation.parameter_count)[:, None] + np.arange(operation.parameter_count)]
        distinct, first = np.unique(values, axis=0, return_index=True)
        for value, position in zip(distinct.tolist(), first.tolist(), strict=True):
            fault = _fault(operation, tuple(value))
            if fault is not None:
                raise malformed("parameters", f"instruction {rows[position]} ({operation.name[:80]}): {fault}")


def _fault(operation: Operation, values: tuple[float, ...]) -> str | None:
    if operation.kind is Kind.DELAY:
        return None if values[0] >= 0 else f"the duration is {values[0]:g} s; it must not be negative"
    return channel_fault(operation.name, values, operation.qubit_count)
