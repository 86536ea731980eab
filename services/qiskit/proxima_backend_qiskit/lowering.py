"""From listed instructions of any kind to Aer's own circuit.

A conditional instruction is jumped over where its conditions do not hold. A channel is a superoperator for density
matrices; for pure states Kraus operators, of which Aer draws one a shot by its weight in the present state; for Pauli
channels it may also be the place of an error that Aer draws before the shot, which costs nothing where it draws the
identity and is the only kind that a tableau takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.channels import pauli_probabilities, superoperator
from proxima_runtime.arrays.instructions import Condition, Instruction
from proxima_runtime.errors import Internal

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.gates import native_name, spell

_KIND = circuit_pb2.Operation
_NOTHING: list[str] = []
_IDLE = frozenset((_KIND.KIND_BARRIER, _KIND.KIND_DELAY))


class ChannelForm(Enum):
    """How channels are given to Aer."""

    SUPEROPERATOR = "superoperator"
    KRAUS = "kraus"
    DRAWN_PAULI = "drawn_pauli"
    """Pauli channels as errors drawn before the shot, other channels as Kraus operators."""


class Lowering:
    """Appends instructions to circuits of Aer.

    Attributes:
        appended_count: instructions appended so far, those that do nothing included.
    """

    def __init__(self, *, native: frozenset[str], channel_form: ChannelForm, slots: Sequence[int] = ()) -> None:
        """Lower to the gates `native`; `slots` are the classical bits of Aer's memory, in order."""
        self.appended_count = 0
        self._native = native
        self._form = channel_form
        self._slot_of = {clbit: slot for slot, clbit in enumerate(slots)}
        self._superoperators: dict[int, aer.Complex] = {}
        self._errors: dict[tuple[str, tuple[float, ...], int], aer.PauliError | None] = {}

    @property
    def errors(self) -> Sequence[aer.PauliError]:
        """What the error places in the circuits refer to."""
        return tuple(error for error in self._errors.values() if error is not None)

    def append(self, instruction: Instruction, circuit: aer.NativeCircuit) -> None:
        """Append an instruction with its conditions; a measurement writes the slot of its classical bit."""
        if not instruction.conditions:
            self.append_always(instruction, circuit)
            return
        if instruction.kind == _KIND.KIND_GLOBAL_PHASE or instruction.kind in _IDLE:
            # A phase of one record is no phase between records.
            self.appended_count += 1
            return
        every, label = range(circuit.num_qubits), f"after{instruction.row}"
        circuit.jump(every, [label], -1, self._fails(instruction.conditions))
        self.append_always(instruction, circuit)
        circuit.mark(every, [label])

    def append_always(self, instruction: Instruction, circuit: aer.NativeCircuit) -> None:
        """Append an instruction as if it had no conditions.

        Raises:
            Internal: this module does not know its kind (ERROR_REASON_TRANSLATION_MISMATCH).
        """
        qubits = instruction.qubits
        match instruction.kind:
            case _KIND.KIND_GATE:
                self._append_gate(instruction, circuit)
            case _KIND.KIND_UNITARY:
                aer.append_unitary(circuit, qubits, _matrix(instruction))
            case _KIND.KIND_CHANNEL:
                self._append_channel(instruction, circuit)
            case _KIND.KIND_RESET:
                circuit.reset(qubits, -1)
            case _KIND.KIND_MEASURE:
                slot = self._slot_of[instruction.clbit]
                circuit.measure(qubits, [slot], ())
                if instruction.readout is not None:
                    circuit.roerror([slot], instruction.readout.tolist())
            case _KIND.KIND_GLOBAL_PHASE:
                circuit.global_phase_angle += instruction.parameters[0]
            case _ if instruction.kind not in _IDLE:
                raise _unknown(instruction)
        self.appended_count += 1

    def _append_gate(self, instruction: Instruction, circuit: aer.NativeCircuit) -> None:
        name = native_name(instruction.name, self._native)
        if name is not None:
            circuit.gate(name, instruction.qubits, instruction.parameters, _NOTHING, -1, None, name)
            return
        for part, qubits, parameters in spell(
            instruction.name, instruction.qubits, instruction.parameters, self._native
        ):
            circuit.gate(part, qubits, parameters, _NOTHING, -1, None, part)

    def _append_channel(self, instruction: Instruction, circuit: aer.NativeCircuit) -> None:
        operators = _matrix(instruction)
        if self._form is ChannelForm.SUPEROPERATOR:
            # The listing has equal channels as one array and keeps it alive.
            matrix = self._superoperators.get(id(operators))
            if matrix is None:
                # Column-major vec(rho) has conj(K) (x) K where row-major has K (x) conj(K).
                matrix = self._superoperators[id(operators)] = superoperator(operators).conj()
            aer.append_superoperator(circuit, instruction.qubits, matrix)
            return
        error = self._error(instruction) if self._form is ChannelForm.DRAWN_PAULI else None
        if error is not None:
            circuit.set_qerror_loc(instruction.qubits, error.label, -1, None)
        else:
            aer.append_kraus(circuit, instruction.qubits, tuple(operators))

    def _error(self, instruction: Instruction) -> aer.PauliError | None:
        """Return the error of a Pauli channel, or None where it is none; explicit operators have no parameters."""
        if not instruction.parameters:
            return None
        qubit_count = len(instruction.qubits)
        key = instruction.name, instruction.parameters, qubit_count
        if key not in self._errors:
            probabilities = pauli_probabilities(*key)
            self._errors[key] = (
                None
                if probabilities is None
                else aer.PauliError(
                    label=f"error{len(self._errors)}", qubit_count=qubit_count, probabilities=probabilities
                )
            )
        return self._errors[key]

    def _fails(self, conditions: Sequence[Condition]) -> aer.Expression:
        """Return the expression that some condition does not hold."""
        first, *rest = (
            aer.equals(
                [self._slot_of[bit] for bit in range(condition.first_clbit, condition.first_clbit + condition.width)],
                condition.value,
                negated=not condition.negated,
            )
            for condition in conditions
        )
        for other in rest:
            first = aer.either(first, other)
        return first


def check_count(lowering: Lowering, expected: int) -> None:
    """Check that a lowering has appended every instruction.

    Raises:
        Internal: it has not (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    if lowering.appended_count != expected:
        raise Internal(
            f"the translated circuit has {lowering.appended_count} instructions, the listing has {expected}; report "
            "this with the circuit",
            reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
            metadata={"engine": "aer", "expected": str(expected), "actual": str(lowering.appended_count)},
        )


def _matrix(instruction: Instruction) -> aer.Complex:
    if instruction.matrix is None:
        raise _unknown(instruction)
    return instruction.matrix


def _unknown(instruction: Instruction) -> Internal:
    kind = _KIND.Kind.Name(_KIND.Kind.ValueType(instruction.kind))
    return Internal(
        f"instruction {instruction.row} ({kind} {instruction.name}) has no translation to Aer; report this with the "
        "circuit",
        reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
        metadata={"engine": "aer", "expected": kind, "actual": "none"},
    )
