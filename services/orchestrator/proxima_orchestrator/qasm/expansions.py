"""Gates expanded into blocks of instructions on local qubits: defined gates, and gates with modifiers."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from proxima_runtime.arrays.gates import unitary

from proxima_orchestrator.circuit import Kind, Operation
from proxima_orchestrator.qasm.columns import Columns, too_large
from proxima_orchestrator.qasm.controls import MAX_UNITARY_QUBITS, instructions, standard_operation
from proxima_orchestrator.qasm.errors import CircuitError, ExpressionError, LimitError, unsupported
from proxima_orchestrator.qasm.expressions import as_float
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.matrices import Matrix, apply
from proxima_orchestrator.qasm.modifiers import NONE, Modifiers, read_modifiers
from proxima_orchestrator.qasm.names import Gate, LibraryGate, Names, UserGate
from proxima_orchestrator.qasm.powers import Body, body_of, phase_body, power
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["Expansions", "Template"]

_CACHED_INSTRUCTIONS = 200_000
_WORK_FACTOR = 10

_Key = tuple[UserGate, tuple[float, ...], tuple[bool, ...], bool]


@dataclass(kw_only=True, slots=True)
class Template:
    """What a gate does on its own qubits 0, 1, ..., controls first: columns and a global phase in radians."""

    opcodes: "array[int]" = field(default_factory=lambda: array("H"))
    qubits: "array[int]" = field(default_factory=lambda: array("I"))
    parameters: "array[float]" = field(default_factory=lambda: array("d"))
    phase: float = 0.0

    def on(self, qubits: Sequence[int]) -> "array[int]":
        """Return the qubit column with local qubits replaced by these."""
        return array("I", map(qubits.__getitem__, self.qubits))


class Expansions:
    """Expands defined gates and gates with modifiers, keeping the latest expansions for reuse.

    The body of a defined gate is unrolled first: an inverse is the inverses of its instructions in reverse order, a
    control goes on each of them, an integer power repeats them. Any other power takes the body as one unitary.
    """

    def __init__(self, names: Names, columns: Columns, limits: Limits) -> None:
        self._names = names
        self._columns = columns
        self._limits = limits
        self._kept: dict[_Key, Template] = {}
        self._kept_size = 0
        self._work = 0

    def expand(self, gate: UserGate, parameters: tuple[float, ...], repetitions: int) -> Template:
        """Return what the gate does with these parameters, having checked that so many applications are within limits.

        Raises CircuitErrors, those about the gate's body with their place there.
        """
        self._columns.require(gate.instruction_count * repetitions, gate.operand_count * repetitions)
        if (kept := self._kept.get((gate, parameters, (), False))) is not None:
            return kept
        self._spend(gate.work)
        return self._template(gate, parameters, (), inverse=False)

    def modified(self, gate: Gate, name: str, parameters: tuple[float, ...], modifiers: Modifiers) -> Template:
        """Return what a gate with modifiers does, controls first; raises CircuitErrors."""
        if isinstance(gate, UserGate):
            self._spend(gate.work)
            return self._modified_user_gate(gate, parameters, modifiers)
        assert isinstance(gate, LibraryGate)  # noqa: S101 - check_call refuses opaque gates
        phase = gate.phase(parameters) if gate.phase else 0.0
        given = gate.parameters(parameters) if gate.parameters else parameters
        controls, body = body_of(gate.standard.name, given, phase)
        count = len(modifiers.controls) + gate.standard.qubit_count
        return self._finish(body, modifiers.controls + (True,) * controls, modifiers, name, range(count))

    def phase(self, angle: float, modifiers: Modifiers) -> Template:
        """Return what gphase with modifiers does on its controls; raises CircuitErrors."""
        return self._finish(phase_body(angle), modifiers.controls, modifiers, "gphase", range(len(modifiers.controls)))

    def _finish(
        self, body: Body, controls: Sequence[bool], modifiers: Modifiers, name: str, operands: Sequence[int]
    ) -> Template:
        """The powers of the modifiers on a body, under all controls, on the operands; `name` is for messages."""
        for exponent in modifiers.powers:
            try:
                body = power(body, exponent)
            except OverflowError:
                raise _infinite() from None
            if not all(map(math.isfinite, (body.phase, *body.parameters))):
                raise _infinite()
        rows, phase = instructions(body, tuple(controls), modifiers.label(name))
        self._require(len(rows))
        template = Template(phase=as_float(phase))
        for row in rows:
            template.opcodes.append(self._columns.opcode(row.operation))
            template.qubits.extend(operands[position] for position in row.positions)
            template.parameters.extend(map(as_float, row.parameters))
        return template

    def _modified_user_gate(self, gate: UserGate, parameters: tuple[float, ...], modifiers: Modifiers) -> Template:
        if all(exponent in (1, -1) for exponent in modifiers.powers):
            inverse = modifiers.powers.count(-1) % 2 == 1
            return self._template(gate, parameters, modifiers.controls, inverse=inverse)
        plain = self._template(gate, parameters, (), inverse=False)
        controls = modifiers.controls
        if (one := self._one_row(plain)) is not None:
            inner, body, operands = one
            shifted = (*range(len(controls)), *(len(controls) + operand for operand in operands))
            return self._finish(body, controls + (True,) * inner, modifiers, gate.name, shifted)
        if all(isinstance(exponent, int) for exponent in modifiers.powers):
            return self._repeated(gate, parameters, modifiers)
        count = len(gate.qubits)
        if count > MAX_UNITARY_QUBITS:
            raise unsupported(
                f"a power that is no integer of '{gate.name}', which is defined on {count} qubits",
                f"at most {MAX_UNITARY_QUBITS} qubits have one; put pow on the gates of its body where they commute",
            )
        body = Body(qubit_count=count, matrix=self._unitary(plain, count))
        return self._finish(body, controls, modifiers, gate.name, range(len(controls) + count))

    def _repeated(self, gate: UserGate, parameters: tuple[float, ...], modifiers: Modifiers) -> Template:
        times = 1
        for exponent in modifiers.powers:
            times *= int(exponent)
        once = self._template(gate, parameters, modifiers.controls, inverse=times < 0)
        times = abs(times)
        self._require(len(once.opcodes) * times)
        repetitions = times if once.opcodes else 0
        try:
            phase = as_float(once.phase * times)
        except OverflowError:
            raise _infinite() from None
        return Template(
            opcodes=once.opcodes * repetitions,
            qubits=once.qubits * repetitions,
            parameters=once.parameters * repetitions,
            phase=phase,
        )

    def _one_row(self, template: Template) -> tuple[int, Body, Sequence[int]] | None:
        """Controls, body and operands of a template that is one instruction, or None."""
        if len(template.opcodes) != 1:
            return None
        operation = self._columns.operation(template.opcodes[0])
        operands = template.qubits.tolist()
        if operation.kind is Kind.UNITARY:
            return 0, Body(qubit_count=len(operands), matrix=operation.matrix, phase=template.phase), operands
        if operation.kind is not Kind.GATE:
            return None
        controls, body = body_of(operation.name, tuple(template.parameters))
        if template.phase and controls:
            return None
        return controls, replace(body, phase=body.phase + template.phase), operands

    def _unitary(self, template: Template, qubit_count: int) -> Matrix:
        result: Matrix = np.eye(2**qubit_count, dtype=np.complex128) * np.exp(1j * template.phase)
        qubit = parameter = 0
        for opcode in template.opcodes:
            operation = self._columns.operation(opcode)
            qubits = template.qubits[qubit : qubit + operation.qubit_count].tolist()
            parameters = template.parameters[parameter : parameter + operation.parameter_count].tolist()
            qubit += operation.qubit_count
            parameter += operation.parameter_count
            if operation.kind is Kind.BARRIER:
                continue
            matrix = operation.matrix if operation.matrix is not None else unitary(operation.name, parameters)
            result = apply(matrix, qubits, result)
        return result

    def _spend(self, work: int) -> None:
        """Raise LimitError where definitions would take too long to expand; `work` is what one expansion takes."""
        self._work += work
        if self._work > _WORK_FACTOR * self._limits.instructions:
            raise LimitError(
                "expanding the gate definitions takes too many steps; flatten them",
                details={"limit": "instructions", "maximum": str(self._limits.instructions)},
            )

    def _require(self, count: int) -> None:
        """Raise LimitError unless so many instructions are within the limit, whatever is there already."""
        if count > self._limits.instructions:
            raise too_large(
                "instructions",
                self._limits.instructions,
                f"a gate expands to {count if count < 10**15 else 'far more'} instructions",
                "use smaller powers or shorter bodies",
            )

    def _template(
        self, gate: UserGate, parameters: tuple[float, ...], controls: tuple[bool, ...], *, inverse: bool
    ) -> Template:
        key = (gate, parameters, controls, inverse)
        if (kept := self._kept.get(key)) is not None:
            return kept
        template = Template()
        around = Modifiers(controls=controls, powers=(-1,) if inverse else ())
        local = {qubit: index for index, qubit in enumerate(gate.qubits, start=len(controls))}
        with self._names.gate_body(gate.origin, dict(zip(gate.parameters, parameters, strict=True))):
            for statement in reversed(gate.body) if inverse else gate.body:
                try:
                    self._append(template, statement, local, around)
                except CircuitError as error:
                    raise self._names.at(error, statement) from None
        size = len(template.opcodes) + 16
        if self._kept_size + size > _CACHED_INSTRUCTIONS:
            self._kept.clear()
            self._kept_size = 0
        self._kept[key] = template
        self._kept_size += size
        return template

    def _append(self, template: Template, statement: ast.Statement, local: dict[str, int], around: Modifiers) -> None:
        match statement:
            case ast.GateCall():
                name = name_of(statement.name)
                gate = self._names.gate(name, statement.name)
                given = tuple(self._parameter(argument) for argument in statement.arguments)
                qubits = _positions(statement.qubits, local)
                modifiers = read_modifiers(self._names, statement.modifiers).under(around)
                if modifiers != NONE:
                    inner = self.modified(gate, name, given, modifiers)
                    self._extend(template, inner, [*range(len(around.controls)), *qubits])
                elif isinstance(gate, UserGate):
                    self._extend(template, self._template(gate, given, (), inverse=False), qubits)
                elif isinstance(gate, LibraryGate):
                    template.opcodes.append(self._columns.opcode(standard_operation(gate.standard.name)))
                    template.qubits.extend(qubits)
                    template.parameters.extend(gate.parameters(given) if gate.parameters else given)
                    template.phase += gate.phase(given) if gate.phase else 0.0
            case ast.GlobalPhase():
                modifiers = read_modifiers(self._names, statement.modifiers).under(around)
                inner = self.phase(self._parameter(statement.argument), modifiers)
                self._extend(template, inner, [*range(len(around.controls)), *_positions(statement.qubits, local)])
            case ast.Barrier():
                qubits = _positions(statement.operands, local) or list(local.values())
                operation = Operation(kind=Kind.BARRIER, name="barrier", qubit_count=len(qubits))
                template.opcodes.append(self._columns.opcode(operation))
                template.qubits.extend(qubits)

    def _extend(self, template: Template, inner: Template, qubits: Sequence[int]) -> None:
        self._require(len(template.opcodes) + len(inner.opcodes))
        template.opcodes.extend(inner.opcodes)
        template.qubits.extend(inner.on(qubits))
        template.parameters.extend(inner.parameters)
        template.phase += inner.phase

    def _parameter(self, node: ast.Expression) -> float:
        try:
            return as_float(self._names.evaluate(node))
        except CircuitError as error:
            raise self._names.at(error, node) from None


def _infinite() -> ExpressionError:
    return ExpressionError("a power of this gate is not finite; use smaller exponents")


def _positions(operands: Sequence[ast.Operand], local: dict[str, int]) -> list[int]:
    return [local[name_of(operand)] for operand in operands if isinstance(operand, ast.Identifier)]
