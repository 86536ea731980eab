"""A circuit message decoded: gates in program order, and what its terminal measurements record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.errors import FailedPrecondition

_KIND = circuit_pb2.Operation
_ACCEPTED = (_KIND.KIND_GATE, _KIND.KIND_MEASURE, _KIND.KIND_BARRIER)


@dataclass(frozen=True, kw_only=True)
class Program:
    """The gates of a circuit and its terminal measurements, in the qubits of the columns.

    Attributes:
        qubit_count: qubits, 1 or more; indices below are in [0, qubit_count).
        clbit_count: declared classical bits.
        active_qubits: declared index of each qubit.
        global_phase: radians.
        names: gate name of each opcode; empty for opcodes that are not gates.
        qubit_counts: operands of each opcode.
        parameter_counts: parameters of each opcode.
        opcodes: one a gate, in program order; measurements and barriers are left out.
        qubits: operands of the gates, concatenated.
        parameters: parameters of the gates in radians, concatenated.
        measured: qubit that each written classical bit records, by ascending classical bit. A bit that is written twice
            records the last.
        row_count: instructions of the message, with measurements and barriers.
        set_aside_count: measurements and barriers among them.
    """

    qubit_count: int
    clbit_count: int
    active_qubits: tuple[int, ...]
    global_phase: float
    names: tuple[str, ...]
    qubit_counts: tuple[int, ...]
    parameter_counts: tuple[int, ...]
    opcodes: list[int]
    qubits: list[int]
    parameters: list[float]
    measured: Mapping[int, int]
    row_count: int
    set_aside_count: int

    @property
    def gate_names(self) -> frozenset[str]:
        """Names of the gates in use."""
        return frozenset(self.names[opcode] for opcode in set(self.opcodes))


def decode(circuit: circuit_pb2.Circuit) -> Program:
    """Decode a circuit whose columns the runtime has checked.

    Raises:
        FailedPrecondition: it uses what this backend does not run (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    operations = circuit.operations
    for operation in operations:
        if operation.kind not in _ACCEPTED:
            raise _unsupported(_KIND.Kind.Name(operation.kind), operation.name)
    if circuit.HasField("conditions") or circuit.HasField("symbolic_parameters"):
        raise _unsupported("classical conditions and symbolic parameters", "")
    opcodes = np.frombuffer(circuit.opcodes, dtype="<u2")
    qubits = np.frombuffer(circuit.qubits, dtype="<u4")
    measured: dict[int, int] = {}
    gates, operands, set_aside = opcodes, qubits, 0
    if any(operation.kind != _KIND.KIND_GATE for operation in operations):
        kinds = np.array([operation.kind for operation in operations], dtype=np.uint8)[opcodes]
        widths = np.array([operation.qubit_count for operation in operations], dtype=np.int64)[opcodes]
        is_gate, is_measure = kinds == _KIND.KIND_GATE, kinds == _KIND.KIND_MEASURE
        of_gate = np.repeat(is_gate, widths)
        gates, operands = opcodes[is_gate], qubits[of_gate]
        set_aside = len(opcodes) - len(gates)
        of_measure = np.repeat(is_measure, widths)
        sources = qubits[of_measure]
        _check_terminal(
            sources=sources,
            measure_rows=np.flatnonzero(is_measure),
            operands=operands,
            gate_rows=np.repeat(np.flatnonzero(is_gate), widths[is_gate]),
            width=circuit.qubit_count,
        )
        # A later write to a classical bit replaces an earlier one.
        recorded = dict(zip(np.frombuffer(circuit.clbits, dtype="<u4").tolist(), sources.tolist(), strict=True))
        measured = dict(sorted(recorded.items()))
    return Program(
        qubit_count=circuit.qubit_count,
        clbit_count=circuit.clbit_count,
        active_qubits=tuple(circuit.active_qubits) or tuple(range(circuit.qubit_count)),
        global_phase=circuit.global_phase,
        names=tuple(operation.name if operation.kind == _KIND.KIND_GATE else "" for operation in operations),
        qubit_counts=tuple(operation.qubit_count for operation in operations),
        parameter_counts=tuple(operation.parameter_count for operation in operations),
        opcodes=gates.tolist(),
        qubits=operands.tolist(),
        parameters=np.frombuffer(circuit.parameters, dtype="<f8").tolist(),
        measured=MappingProxyType(measured),
        row_count=len(opcodes),
        set_aside_count=set_aside,
    )


def _check_terminal(
    *,
    sources: npt.NDArray[np.uint32],
    measure_rows: npt.NDArray[np.int64],
    operands: npt.NDArray[np.uint32],
    gate_rows: npt.NDArray[np.int64],
    width: int,
) -> None:
    """Refuse a gate after the measurement of one of its qubits; rows are instruction indices in ascending order."""
    last_gate = np.full(width, -1, dtype=np.int64)
    # For a repeated index numpy keeps the last value assigned, which is the latest row.
    last_gate[operands] = gate_rows
    if np.any(last_gate[sources] > measure_rows):
        raise _unsupported("mid-circuit measurement", "")


def _unsupported(feature: str, name: str) -> FailedPrecondition:
    called = f" ({name})" if name else ""
    return FailedPrecondition(
        f"this backend does not run {feature}{called}; choose a backend whose capabilities list it",
        reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
        metadata={"feature": feature},
    )
