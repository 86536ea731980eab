"""A circuit in upstream's JSON.

Upstream checks no wire: one out of range is ignored or kills the process. So all are checked here, although the
runtime has done so before. Its qubit 0 is the least significant bit of a basis state, as it is here, and the wires of a
gate are in the order of our operands, the control first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from proxima_runtime.arrays.program import Program
from proxima_runtime.backend.malformed import malformed

from proxima_backend_lret.qlret.gates import NAMES


def write_document(program: Program, *, paulis: Sequence[str] = (), shots: int = 0) -> str:
    """Return the document for `run_circuit_json`.

    Args:
        program: gates of `NAMES` alone.
        paulis: strings whose expectation values are wanted, highest qubit first.
        shots: samples of all qubits; 0 for none.

    Raises:
        InvalidArgument: a wire is out of range or given twice (ERROR_REASON_MALFORMED_CIRCUIT).
    """
    head = json.dumps({"epsilon": 0.0, "initial_rank": 1, "export_state": False, "shots": shots or None})
    observables = ",".join(map(_observable, paulis))
    return (
        f'{{"config":{head},"circuit":{{"num_qubits":{program.qubit_count},'
        f'"operations":[{",".join(_operations(program))}],"observables":[{observables}]}}}}'
    )


def _operations(program: Program) -> Iterator[str]:
    at_qubit = at_parameter = 0
    for row, opcode in enumerate(program.opcodes):
        width, arity = program.qubit_counts[opcode], program.parameter_counts[opcode]
        wires = program.qubits[at_qubit : at_qubit + width]
        parameters = program.parameters[at_parameter : at_parameter + arity]
        at_qubit, at_parameter = at_qubit + width, at_parameter + arity
        name = program.names[opcode]
        if len(wires) != width or len(set(wires)) != width or not 0 <= min(wires) <= max(wires) < program.qubit_count:
            raise malformed(
                "qubits",
                f"has {wires} for gate {row}, {name}; expected {width} different ones below {program.qubit_count}",
            )
        # allow_nan: what is not finite would be no JSON.
        yield json.dumps({"name": NAMES[name], "wires": wires, "params": parameters}, allow_nan=False)


def _observable(pauli: str) -> str:
    letters = [(wire, letter) for wire, letter in enumerate(reversed(pauli)) if letter != "I"]
    wires = [wire for wire, _ in letters]
    return json.dumps({"type": "TENSOR", "operators": [letter for _, letter in letters], "wires": wires})
