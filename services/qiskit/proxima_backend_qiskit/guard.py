"""Checks that a translated circuit acts as the columns say.

Instruction, operand and parameter counts are compared after every translation (`translate.append_gates`). The action is
compared for circuits of up to 8 qubits and 256 gates that use a gate which this worker has not verified for the method
yet: the circuit is run on a random product state by Aer and by `proxima_runtime.conformance.reference`, and the gates
then count as verified. So a warm worker pays one set comparison for a small circuit, a new gate some milliseconds,
once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2
from proxima_runtime.arrays.program import Program
from proxima_runtime.conformance import reference
from proxima_runtime.errors import Internal

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.gates import NATIVE
from proxima_backend_qiskit.translate import append_gates

MAX_QUBITS = 8
MAX_GATES = 256
TOLERANCE = 1e-9
# Aer drops Schmidt coefficients whose squares sum to less than 1e-16.
MPS_TOLERANCE = 1e-7
SEED = 20_240_229

_METHOD = capabilities_pb2.Method
# A stabilizer state takes only Clifford gates in front; these leave every Pauli axis in play.
_CLIFFORD_STARTS = ("h", "sx", "sdg", "x")


class Guard:
    """Remembers which gates are verified, by method; one in a worker."""

    def __init__(self, controller: aer.Controller) -> None:
        self._controller = controller
        self._verified: dict[int, frozenset[str]] = {}

    def check(self, program: Program, method: capabilities_pb2.Method) -> None:
        """Compare the action of a small circuit with unverified gates.

        Raises:
            Internal: it acts differently (ERROR_REASON_TRANSLATION_MISMATCH).
        """
        if program.qubit_count > MAX_QUBITS or len(program.opcodes) > MAX_GATES:
            return
        names = program.gate_names
        verified = self._verified.get(method, frozenset())
        if names <= verified:
            return
        steps = _steps(program)
        distance = self._distance(program, method, steps)
        tolerance = MPS_TOLERANCE if method == _METHOD.METHOD_MATRIX_PRODUCT_STATE else TOLERANCE
        if not distance <= tolerance:
            raise Internal(
                f"Aer's {_METHOD.Name(method)} and the reference differ by {distance:.3g} on a circuit of "
                f"{', '.join(sorted(names))}; nothing was returned, report this with the circuit",
                reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
                metadata={"engine": "aer", "expected": f"at most {tolerance:g}", "actual": f"{distance:.3g}"},
            )
        self._verified[method] = verified | names

    def _distance(self, program: Program, method: capabilities_pb2.Method, steps: list[reference.Step]) -> float:
        """Return the largest difference of an entry of the state, or of a probability for stabilizer states."""
        width = program.qubit_count
        start = _start(width, clifford=method == _METHOD.METHOD_STABILIZER)
        # Without phases to look at, a last turn makes relative phases visible.
        turn: list[reference.Step] = [("h", (qubit,), ()) for qubit in range(width)]
        circuit = aer.new_circuit(qubit_count=width, slot_count=0, global_phase=program.global_phase)
        for name, qubits, parameters in start:
            circuit.gate(name, qubits, parameters, [], -1, None, name)
        append_gates(program, NATIVE[method], circuit)
        state = reference.final_state(width, [*start, *steps]) * np.exp(1j * program.global_phase)
        if method == _METHOD.METHOD_STABILIZER:
            for name, qubits, parameters in turn:
                circuit.gate(name, qubits, parameters, [], -1, None, name)
            aer.save_probabilities(circuit, range(width))
            turned = np.abs(reference.final_state(width, turn, initial=state)) ** 2
            return _difference(turned, self._run(circuit, "stabilizer").probabilities)
        if method == _METHOD.METHOD_DENSITY_MATRIX:
            aer.save_density_matrix(circuit)
            return _difference(np.outer(state, state.conj()), self._run(circuit, "density_matrix").state)
        aer.save_statevector(circuit)
        return _difference(state, self._run(circuit, _METHOD.Name(method).removeprefix("METHOD_").lower()).state)

    def _run(self, circuit: aer.NativeCircuit, method: str) -> aer.Output:
        return self._controller.run(circuit, aer.RunOptions(method=method))


def _difference(expected: npt.NDArray[np.inexact], found: npt.NDArray[np.inexact] | None) -> float:
    return float("nan") if found is None else float(np.max(np.abs(found - expected)))


def _steps(program: Program) -> list[reference.Step]:
    steps: list[reference.Step] = []
    at_qubit = at_parameter = 0
    for opcode in program.opcodes:
        next_qubit = at_qubit + program.qubit_counts[opcode]
        next_parameter = at_parameter + program.parameter_counts[opcode]
        steps.append(
            (
                program.names[opcode],
                program.qubits[at_qubit:next_qubit],
                program.parameters[at_parameter:next_parameter],
            )
        )
        at_qubit, at_parameter = next_qubit, next_parameter
    return steps


def _start(width: int, *, clifford: bool) -> list[reference.Step]:
    generator = np.random.default_rng(SEED)
    if clifford:
        picks = generator.integers(len(_CLIFFORD_STARTS), size=(2, width)).tolist()
        return [(_CLIFFORD_STARTS[pick], (qubit,), ()) for row in picks for qubit, pick in enumerate(row)]
    angles = generator.uniform(-np.pi, np.pi, size=(width, 3)).tolist()
    return [("u", (qubit,), tuple(row)) for qubit, row in enumerate(angles)]
