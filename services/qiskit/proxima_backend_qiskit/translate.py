"""From columns to Aer's own circuit."""

from __future__ import annotations

from proxima.errors.v1 import errors_pb2
from proxima_runtime.arrays.program import Program
from proxima_runtime.errors import Internal

from proxima_backend_qiskit.aer import NativeCircuit
from proxima_backend_qiskit.gates import native_name, spell

_NOTHING: list[str] = []


def append_gates(program: Program, native: frozenset[str], circuit: NativeCircuit) -> None:
    """Append the gates of `program` to `circuit`, spelled in `native`.

    Raises:
        Internal: not every instruction and operand of the columns was used exactly once
            (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    aer_names = tuple(native_name(name, native) for name in program.names)
    names, widths, arities = program.names, program.qubit_counts, program.parameter_counts
    qubits, parameters = program.qubits, program.parameters
    gate = circuit.gate
    at_qubit = at_parameter = gate_count = 0
    for opcode in program.opcodes:
        name = aer_names[opcode]
        next_qubit = at_qubit + widths[opcode]
        next_parameter = at_parameter + arities[opcode]
        operands = qubits[at_qubit:next_qubit]
        angles = parameters[at_parameter:next_parameter]
        if name is not None:
            gate(name, operands, angles, _NOTHING, -1, None, name)
        else:
            for part, part_operands, part_angles in spell(names[opcode], operands, angles, native):
                gate(part, part_operands, part_angles, _NOTHING, -1, None, part)
        at_qubit, at_parameter = next_qubit, next_parameter
        gate_count += 1
    expected = (program.row_count - program.set_aside_count, len(qubits), len(parameters))
    if (gate_count, at_qubit, at_parameter) != expected:
        raise Internal(
            f"the translated circuit has (gates, operands, parameters) {(gate_count, at_qubit, at_parameter)}, "
            f"the columns have {expected}; report this with the circuit",
            reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
            metadata={"engine": "aer", "expected": str(expected), "actual": str((gate_count, at_qubit, at_parameter))},
        )
