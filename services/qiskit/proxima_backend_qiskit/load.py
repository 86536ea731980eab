"""What the instructions of a circuit weigh on Aer, apart from its state: bytes and work. Imports no simulator."""

from __future__ import annotations

from dataclasses import dataclass

from proxima.simulation.v1 import capabilities_pb2, circuit_pb2
from proxima_runtime.backend.columns import counts_of

BYTES_PER_GATE = 2100
"""Aer's instruction and our decoded columns: 1660 to 2080 measured, by parameter count."""

DRAWN_PAULI_QUBITS = 9
"""From this size on, Aer draws Pauli errors before a shot; below, weighing Kraus operators takes less time."""

PAULI_CHANNELS = frozenset(("depolarizing", "pauli_channel", "phase_damping"))
"""Channels that are mixtures of Pauli operators whatever their parameters."""

# A listed instruction in Python: 250 measured.
_BYTES_PER_LISTED = 250
_BYTES_PER_KRAUS_OPERATOR = 100
_KRAUS_OPERATORS = 4
# Passes over the state: a Kraus operator's weight and its application; a drawn error is the identity mostly.
_KRAUS_PASSES, _DRAWN_PASSES = 3.0, 0.5

_METHOD = capabilities_pb2.Method
_KIND = circuit_pb2.Operation
_PLAIN = frozenset((_KIND.KIND_GATE, _KIND.KIND_MEASURE, _KIND.KIND_BARRIER))


@dataclass(frozen=True, kw_only=True)
class Load:
    """What all instructions of a circuit weigh.

    Attributes:
        row_bytes: bytes of instructions and matrices, in Aer and here.
        work: passes over the state, a gate being 1.
        has_readout: some measurement has a readout error.
    """

    row_bytes: int
    work: float
    has_readout: bool


def load_of(circuit: circuit_pb2.Circuit, method: capabilities_pb2.Method) -> Load:
    """Weigh the instructions of a circuit."""
    bytes_total, work = 0, 0.0
    has_readout = any(operation.readout for operation in circuit.operations)
    is_listed = (
        has_readout
        or circuit.HasField("conditions")
        or any(operation.kind not in _PLAIN for operation in circuit.operations)
    )
    for opcode, count in counts_of(circuit.opcodes):
        operation = circuit.operations[opcode]
        size, passes = _weigh(operation, method, circuit.qubit_count)
        bytes_total += count * (BYTES_PER_GATE + size + is_listed * _BYTES_PER_LISTED)
        work += count * passes
    return Load(row_bytes=bytes_total, work=work, has_readout=has_readout)


def _weigh(operation: circuit_pb2.Operation, method: capabilities_pb2.Method, width: int) -> tuple[int, float]:
    """Return bytes and passes of one instruction."""
    side = 1 << operation.qubit_count if operation.qubit_count < 8 else 0
    if operation.kind == _KIND.KIND_UNITARY:
        return 16 * side * side, side / 2
    if operation.kind != _KIND.KIND_CHANNEL:
        return 0, 1.0
    if method == _METHOD.METHOD_DENSITY_MATRIX:
        return int(16 * side**4), side * side / 4
    is_pauli = not operation.matrix and operation.name in PAULI_CHANNELS
    if is_pauli and (method == _METHOD.METHOD_STABILIZER or width >= DRAWN_PAULI_QUBITS):
        return 0, _DRAWN_PASSES
    if operation.matrix:
        operators = len(operation.matrix) // (16 * side * side)
    else:
        operators = side * side if is_pauli else _KRAUS_OPERATORS
    return operators * (16 * side * side + _BYTES_PER_KRAUS_OPERATOR), _KRAUS_PASSES * side / 2
