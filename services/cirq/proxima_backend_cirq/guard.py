"""Checks that a translated circuit acts as the columns say.

Instruction, operand and parameter counts are compared after every translation (`qsim.append_gates`,
`native.operations`). The action is compared for circuits of up to 8 qubits and 256 gates that use a gate which this
worker has not verified for the engine and method yet: the circuit is run on a random product state by the engine and by
`proxima_runtime.conformance.reference`, and the gates then count as verified. So a warm worker pays one set comparison
for a small circuit, a new gate some milliseconds, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.arrays.program import Program
from proxima_runtime.conformance import reference
from proxima_runtime.errors import Internal

MAX_QUBITS = 8
MAX_GATES = 256
SEED = 20_240_229

# A program to its final state, vector or density matrix, without the global phase.
Evolve = Callable[[Program], npt.NDArray[np.complexfloating]]


class Guard:
    """Remembers which gates are verified, by engine, method and precision; one in a worker."""

    def __init__(self) -> None:
        self._verified: dict[tuple[str, int, bool], frozenset[str]] = {}

    def check(self, program: Program, key: tuple[str, int, bool], evolve: Evolve) -> None:
        """Compare the action of a small circuit with unverified gates.

        Args:
            program: the circuit.
            key: engine, value of `Method`, single precision.
            evolve: runs a program on that engine.

        Raises:
            Internal: it acts differently (ERROR_REASON_TRANSLATION_MISMATCH).
        """
        if program.qubit_count > MAX_QUBITS or len(program.opcodes) > MAX_GATES:
            return
        names, verified = program.gate_names, self._verified.get(key, frozenset())
        if names <= verified:
            return
        engine, _, single_precision = key
        started = _with_random_start(program)
        expected = reference.final_state(program.qubit_count, _steps(started))
        found = evolve(started)
        if found.ndim == 2:
            expected = np.outer(expected, expected.conj())
        distance = float(np.max(np.abs(found - expected)))
        tolerance = 1e-4 if single_precision else 1e-9
        if not distance <= tolerance:
            raise Internal(
                f"{engine} and the reference differ by {distance:.3g} on a circuit of {', '.join(sorted(names))}; "
                "nothing was returned, report this with the circuit",
                reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
                metadata={"engine": engine, "expected": f"at most {tolerance:g}", "actual": f"{distance:.3g}"},
            )
        self._verified[key] = verified | names


def _with_random_start(program: Program) -> Program:
    """Put a random rotation of every qubit in front."""
    width = program.qubit_count
    angles = np.random.default_rng(SEED).uniform(-np.pi, np.pi, size=3 * width).tolist()
    return replace(
        program,
        names=(*program.names, "u"),
        qubit_counts=(*program.qubit_counts, 1),
        parameter_counts=(*program.parameter_counts, 3),
        opcodes=[len(program.names)] * width + program.opcodes,
        qubits=[*range(width), *program.qubits],
        parameters=angles + program.parameters,
        row_count=program.row_count + width,
    )


def _steps(program: Program) -> list[reference.Step]:
    steps: list[reference.Step] = []
    at_qubit = at_parameter = 0
    for opcode in program.opcodes:
        next_qubit = at_qubit + program.qubit_counts[opcode]
        next_parameter = at_parameter + program.parameter_counts[opcode]
        operands, parameters = program.qubits[at_qubit:next_qubit], program.parameters[at_parameter:next_parameter]
        steps.append((program.names[opcode], operands, parameters))
        at_qubit, at_parameter = next_qubit, next_parameter
    return steps
