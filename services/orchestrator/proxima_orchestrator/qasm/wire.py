"""What the parser's child process and its parent say to each other: length-prefixed little-endian binary.

Request: the limits, then the source. Response: one byte that says circuit or error, then its fields; integers are
int64, strings and columns are their length in bytes followed by the bytes. Decoded columns are read-only views of the
response.
"""

import struct
from dataclasses import astuple, fields

import numpy as np
from numpy.typing import DTypeLike, NDArray

from proxima_orchestrator.circuit import Circuit, ClassicalConditions, Kind, Operation, Register
from proxima_orchestrator.qasm.errors import CircuitError, error_of
from proxima_orchestrator.qasm.limits import Limits

__all__ = ["LENGTH", "decode_request", "decode_response", "encode_circuit", "encode_error", "encode_request"]

LENGTH = struct.Struct("<Q")
_INTEGER = struct.Struct("<q")
_REAL = struct.Struct("<d")
_LIMITS = struct.Struct("<" + "".join("d" if field.type in (float, "float") else "q" for field in fields(Limits)))
_CIRCUIT, _ERROR = b"\x00", b"\x01"


class _Writer:
    def __init__(self, kind: bytes) -> None:
        self._parts: list[bytes] = [kind]

    def integers(self, *values: int) -> None:
        self._parts.extend(_INTEGER.pack(value) for value in values)

    def real(self, value: float) -> None:
        self._parts.append(_REAL.pack(value))

    def blob(self, data: bytes) -> None:
        self._parts.append(LENGTH.pack(len(data)))
        self._parts.append(data)

    def text(self, value: str) -> None:
        self.blob(value.encode())

    def column(self, values: NDArray[np.generic]) -> None:
        self.blob(values.tobytes())

    def finish(self) -> bytes:
        return b"".join(self._parts)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 1

    def integer(self) -> int:
        (value,) = _INTEGER.unpack_from(self._data, self._position)
        self._position += _INTEGER.size
        return int(value)

    def real(self) -> float:
        (value,) = _REAL.unpack_from(self._data, self._position)
        self._position += _REAL.size
        return float(value)

    def _span(self) -> tuple[int, int]:
        (size,) = LENGTH.unpack_from(self._data, self._position)
        start = self._position + LENGTH.size
        self._position = start + size
        return start, size

    def text(self) -> str:
        start, size = self._span()
        return self._data[start : start + size].decode()

    def column(self, dtype: DTypeLike) -> NDArray[np.generic]:
        start, size = self._span()
        kind = np.dtype(dtype)
        return np.frombuffer(self._data, dtype=kind, count=size // kind.itemsize, offset=start)


def encode_request(source: bytes, limits: Limits) -> bytes:
    """Return a request, length first."""
    return LENGTH.pack(_LIMITS.size + len(source)) + _LIMITS.pack(*astuple(limits)) + source


def decode_request(data: bytes) -> tuple[bytes, Limits]:
    """Return the source and the limits of a request without its length."""
    values = _LIMITS.unpack_from(data)
    return data[_LIMITS.size :], Limits(**dict(zip((field.name for field in fields(Limits)), values, strict=True)))


def encode_error(error: CircuitError) -> bytes:
    """Return a response that describes an error."""
    writer = _Writer(_ERROR)
    writer.text(type(error).__name__)
    writer.text(error.message)
    writer.integers(error.line, error.column, len(error.details))
    for key, value in error.details.items():
        writer.text(key)
        writer.text(value)
    return writer.finish()


def encode_circuit(circuit: Circuit) -> bytes:
    """Return a response that holds a parsed circuit, which has unitaries, but neither channels nor symbols."""
    writer = _Writer(_CIRCUIT)
    writer.integers(circuit.qubit_count, circuit.clbit_count, circuit.declared_qubit_count, len(circuit.operations))
    for operation in circuit.operations:
        writer.integers(operation.kind, operation.qubit_count, operation.clbit_count, operation.parameter_count)
        writer.text(operation.name)
        writer.blob(b"" if operation.matrix is None else operation.matrix.tobytes())
    for registers in (circuit.qubit_registers, circuit.clbit_registers):
        writer.integers(len(registers))
        for register in registers:
            writer.text(register.name)
            writer.integers(register.start, register.size)
    writer.real(circuit.global_phase)
    for column in (circuit.opcodes, circuit.qubits, circuit.clbits, circuit.parameters, circuit.active_qubits):
        writer.column(column)
    conditions = circuit.conditions
    writer.integers(0 if conditions is None else 1)
    if conditions is not None:
        writer.column(conditions.instructions)
        writer.column(conditions.first_clbits)
        writer.column(conditions.widths)
        writer.column(conditions.values)
        writer.column(conditions.negated)
    return writer.finish()


def decode_response(data: bytes) -> Circuit:
    """Return the circuit of a response; raises the CircuitError that it describes."""
    reader = _Reader(data)
    if data[:1] == _ERROR:
        name, message = reader.text(), reader.text()
        line, column, count = reader.integer(), reader.integer(), reader.integer()
        details = {reader.text(): reader.text() for _ in range(count)}
        raise error_of(name, message, line=line, column=column, details=details)
    qubit_count, clbit_count, declared, operation_count = (reader.integer() for _ in range(4))
    operations = tuple(_operation(reader) for _ in range(operation_count))
    qubit_registers, clbit_registers = _registers(reader), _registers(reader)
    return Circuit(
        qubit_count=qubit_count,
        clbit_count=clbit_count,
        declared_qubit_count=declared,
        operations=operations,
        qubit_registers=qubit_registers,
        clbit_registers=clbit_registers,
        global_phase=reader.real(),
        opcodes=reader.column(np.uint16).view(np.uint16),
        qubits=reader.column(np.uint32).view(np.uint32),
        clbits=reader.column(np.uint32).view(np.uint32),
        parameters=reader.column(np.float64).view(np.float64),
        active_qubits=reader.column(np.int32).view(np.int32),
        conditions=_conditions(reader) if reader.integer() else None,
    )


def _operation(reader: _Reader) -> Operation:
    kind, qubits, clbits, parameters = (reader.integer() for _ in range(4))
    name, entries = reader.text(), reader.column(np.complex128).view(np.complex128)
    return Operation(
        kind=Kind(kind),
        qubit_count=qubits,
        clbit_count=clbits,
        parameter_count=parameters,
        name=name,
        matrix=entries.reshape(2**qubits, 2**qubits) if entries.size else None,
    )


def _registers(reader: _Reader) -> tuple[Register, ...]:
    return tuple(
        Register(name=reader.text(), start=reader.integer(), size=reader.integer()) for _ in range(reader.integer())
    )


def _conditions(reader: _Reader) -> ClassicalConditions:
    return ClassicalConditions(
        instructions=reader.column(np.uint32).view(np.uint32),
        first_clbits=reader.column(np.uint32).view(np.uint32),
        widths=reader.column(np.uint32).view(np.uint32),
        values=reader.column(np.uint64).view(np.uint64),
        negated=reader.column(np.uint8).view(np.uint8),
    )
