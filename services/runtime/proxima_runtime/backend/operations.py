"""Whether the entries of a circuit's operation table, and the numbers that they limit, are legal."""

from __future__ import annotations

from collections.abc import Sequence

from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.backend.columns import all_finite
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.backend.malformed import malformed, require
from proxima_runtime.backend.operators import TOLERANCE, identity_deviation
from proxima_runtime.noise import MAX_CHANNEL_QUBITS, NAMED_CHANNELS, channel_fault

MAX_QUBITS = 1_000_000
MAX_UNITARY_QUBITS = MAX_CHANNEL_QUBITS
_READOUT_TOLERANCE = 1e-9

_Operation = circuit_pb2.Operation


def check_operation(operation: circuit_pb2.Operation, field: str) -> None:
    """Check one entry of the table.

    Raises:
        InvalidArgument: ERROR_REASON_MALFORMED_CIRCUIT.
    """
    qubits, clbits, parameters = operation.qubit_count, operation.clbit_count, operation.parameter_count
    require(0 <= qubits <= MAX_QUBITS, f"{field}.qubit_count", f"is {qubits}, expected 0 to {MAX_QUBITS}")
    require(0 <= parameters <= MAX_QUBITS, f"{field}.parameter_count", f"is {parameters}")
    expected_clbits = 1 if operation.kind == _Operation.KIND_MEASURE else 0
    require(clbits == expected_clbits, f"{field}.clbit_count", f"is {clbits}, expected {expected_clbits}")
    require(
        not operation.readout or operation.kind == _Operation.KIND_MEASURE,
        f"{field}.readout",
        "is for measurements only",
    )
    has_matrix = operation.kind in (_Operation.KIND_UNITARY, _Operation.KIND_CHANNEL)
    require(not operation.matrix or has_matrix, f"{field}.matrix", "is for unitaries and channels only")
    match operation.kind:
        case _Operation.KIND_GATE:
            require(bool(operation.name), f"{field}.name", "is empty")
            shape = STANDARD_GATES.get(operation.name)
            if shape is not None:
                _check_shape(operation, field, *shape)
        case _Operation.KIND_UNITARY:
            _check_matrix(operation, field, may_be_several=False)
            _check_shape(operation, field, qubits, 0)
        case _Operation.KIND_CHANNEL:
            require(bool(operation.matrix or operation.name), f"{field}.name", "is empty, and there is no matrix")
            if operation.matrix:
                _check_matrix(operation, field, may_be_several=True)
                _check_shape(operation, field, qubits, 0)
            elif operation.name in NAMED_CHANNELS:
                _check_shape(operation, field, qubits, len(NAMED_CHANNELS[operation.name].parameters))
                largest = NAMED_CHANNELS[operation.name].max_qubit_count
                legal = 1 <= qubits <= largest
                require(legal, f"{field}.qubit_count", f"is {qubits}, {operation.name} acts on 1 to {largest}")
        case _Operation.KIND_MEASURE:
            _check_shape(operation, field, 1, 0)
            _check_readout(operation.readout, f"{field}.readout")
        case _Operation.KIND_RESET:
            _check_shape(operation, field, 1, 0)
        case _Operation.KIND_BARRIER:
            _check_shape(operation, field, qubits, 0)
        case _Operation.KIND_DELAY:
            _check_shape(operation, field, qubits, 1)
        case _Operation.KIND_GLOBAL_PHASE:
            _check_shape(operation, field, 0, 1)
        case _:
            require(False, f"{field}.kind", f"is {operation.kind}, which is no kind of operation")


def check_values(
    circuit: circuit_pb2.Circuit, table: Sequence[circuit_pb2.Operation], used: Sequence[circuit_pb2.Operation]
) -> None:
    """Refuse negative delays and parameters of named channels outside of docs/noise.md, and name the instruction."""
    # The value of a symbol is not known here.
    if not any(map(_has_range, used)) or circuit.symbolic_parameters.positions:
        return
    limited = [_has_range(entry) for entry in table]
    legal: set[tuple[int, bytes]] = set()
    sizes = [8 * entry.parameter_count for entry in table]
    column = circuit.parameters
    position = 0
    for row, code in enumerate(memoryview(circuit.opcodes).cast("H")):
        start, position = position, position + sizes[code]
        key = code, column[start:position]
        if limited[code] and key not in legal:
            fault = _fault(table[code], memoryview(key[1]).cast("d").tolist())
            if fault is not None:
                raise malformed("parameters", f"of instruction {row} are illegal: {fault}")
            legal.add(key)


def _check_shape(operation: circuit_pb2.Operation, field: str, qubits: int, parameters: int) -> None:
    name = operation.name or _Operation.Kind.Name(operation.kind)
    require(
        operation.qubit_count == qubits,
        f"{field}.qubit_count",
        f"is {operation.qubit_count}, but {name} acts on {qubits}",
    )
    require(
        operation.parameter_count == parameters,
        f"{field}.parameter_count",
        f"is {operation.parameter_count}, but {name} takes {parameters}",
    )


def _check_matrix(operation: circuit_pb2.Operation, field: str, *, may_be_several: bool) -> None:
    qubits, size = operation.qubit_count, len(operation.matrix)
    require(
        1 <= qubits <= MAX_UNITARY_QUBITS, f"{field}.qubit_count", f"is {qubits}, expected 1 to {MAX_UNITARY_QUBITS}"
    )
    one = 16 * 4**qubits
    most = 4**qubits if may_be_several else 1
    right = size in range(one, one * most + 1, one)
    require(right, f"{field}.matrix", f"has {size} bytes, {qubits} qubits need {one} a matrix, at most {most} of them")
    require(all_finite(operation.matrix), f"{field}.matrix", "has a number that is not finite")
    deviation = identity_deviation(operation.matrix, 2**qubits)
    if not deviation <= TOLERANCE:
        what = "trace preserving: the sum of K^dagger K" if may_be_several else "unitary: U^dagger U"
        raise malformed(f"{field}.matrix", f"is not {what} differs from 1 by {deviation:.3g}, at most {TOLERANCE:g}")


def _check_readout(readout: bytes, field: str) -> None:
    if not readout:
        return
    require(len(readout) == 32, field, f"has {len(readout)} bytes, expected 32")
    table = memoryview(readout).cast("d").tolist()
    legal = all(0 <= value <= 1 for value in table) and all(
        abs(table[row] + table[row + 1] - 1) <= _READOUT_TOLERANCE for row in (0, 2)
    )
    require(legal, field, "is no table of probabilities with rows that sum to 1")


def _has_range(operation: circuit_pb2.Operation) -> bool:
    """Not every number is legal as its parameters."""
    is_named = operation.kind == _Operation.KIND_CHANNEL and not operation.matrix
    return operation.kind == _Operation.KIND_DELAY or (is_named and operation.name in NAMED_CHANNELS)


def _fault(operation: circuit_pb2.Operation, values: Sequence[float]) -> str | None:
    if operation.kind == _Operation.KIND_DELAY:
        return f"a delay of {values[0]!r} s, expected 0 or more" if values[0] < 0 else None
    fault = channel_fault(operation.name, values, operation.qubit_count)
    return f"the channel {operation.name}: {fault}" if fault is not None else None
