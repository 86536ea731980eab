"""Checks that a translated circuit acts as the columns say.

Instruction, operand and parameter counts are compared after every translation (`qsim.append_gates`,
`native.operations`, `translate.translate`, `qsim_circuits.append_instructions`). The action is compared for what this
worker has not verified for the engine and method yet. A circuit of gates, up to 8 qubits and 256 gates, is run on a
random product state by the engine and by `proxima_runtime.conformance.reference`. Of a circuit with other instructions
one of each sort is run by itself (`probes.py`). So a warm worker pays one set comparison, a new sort some milliseconds,
once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.program import Program
from proxima_runtime.conformance import reference
from proxima_runtime.errors import Internal

from proxima_backend_cirq.probes import Complex, Probe, new_probe

MAX_QUBITS = 8
MAX_GATES = 256
SEED = 20_240_229

# A program to its final state, vector or density matrix, without the global phase.
Evolve = Callable[[Program], npt.NDArray[np.complexfloating]]
# A probe to the density matrix that the engine makes of it.
Acted = Callable[[Probe], Complex]

_GATE = circuit_pb2.Operation.KIND_GATE
_DELAY = circuit_pb2.Operation.KIND_DELAY


class Guard:
    """Remembers which gates are verified, by engine, method and precision; one in a worker."""

    def __init__(self) -> None:
        self._verified: dict[tuple[str, int, bool], frozenset[str]] = {}
        self._sorts: dict[tuple[str, int, bool], set[tuple[int, str, int]]] = {}

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
        started = _with_random_start(program)
        expected = reference.final_state(program.qubit_count, _steps(started))
        found = evolve(started)
        if found.ndim == 2:
            expected = np.outer(expected, expected.conj())
        _compare(found, expected, key, ", ".join(sorted(names)))
        self._verified[key] = verified | names

    def check_listing(self, listing: Listing, key: tuple[str, int, bool], acted: Acted) -> None:
        """Compare the action of one instruction of each sort that is not verified yet, on one qubit more.

        Args:
            listing: the circuit.
            key: engine, value of `Method`, single precision.
            acted: runs a probe on that engine.

        Raises:
            Internal: it acts differently (ERROR_REASON_TRANSLATION_MISMATCH).
        """
        verified = self._sorts.setdefault(key, set())
        for step in listing.instructions:
            sort = step.kind, step.name if step.kind == _GATE else "", len(step.qubits)
            if sort in verified or not step.qubits or step.kind == _DELAY:
                continue
            probe = new_probe(step, seed=SEED)
            _compare(acted(probe), probe.expected, key, step.name)
            verified.add(sort)


def _compare(
    found: npt.NDArray[np.complexfloating],
    expected: npt.NDArray[np.complexfloating],
    key: tuple[str, int, bool],
    names: str,
) -> None:
    engine, _, single_precision = key
    distance = float(np.max(np.abs(found - expected)))
    tolerance = 1e-4 if single_precision else 1e-9
    if not distance <= tolerance:
        raise Internal(
            f"{engine} and the reference differ by {distance:.3g} on a circuit of {names}; "
            "nothing was returned, report this with the circuit",
            reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
            metadata={"engine": engine, "expected": f"at most {tolerance:g}", "actual": f"{distance:.3g}"},
        )


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
