"""A circuit as OpenQASM 3 text, for reproducers: reading it back gives the same action, global phase included."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from proxima_orchestrator.circuit import Circuit, Kind, Operation, Register
from proxima_orchestrator.gates import LIBRARIES
from proxima_orchestrator.qasm.matrices import angles

__all__ = ["DEFINITIONS", "to_qasm3"]

_ABC = "abcde"

# Bodies of the gates that stdgates.inc lacks, on qubits a, b, ... and the angle t; exact with their global phase.
_RELATIVE_4 = (
    "h d; t d; cx c, d; tdg d; h d; cx a, d; t d; cx b, d; tdg d; cx a, d; t d; cx b, d; tdg d; h d; "
    "t d; cx c, d; tdg d; h d;"
)


def _phased_parity(angle: str) -> str:
    """Controlled-controlled-controlled phase on a, b, c, d as phases of parities; 8 `angle` is the phase."""
    first = f"p({angle}) a; p({angle}) b; p({angle}) c; p({angle}) d;"
    pairs = (
        f"cx a, b; p(-{angle}) b; cx a, b; cx b, c; p(-{angle}) c; cx a, c; p({angle}) c; "
        f"cx b, c; p(-{angle}) c; cx a, c;"
    )
    triples = (
        f"cx c, d; p(-{angle}) d; cx b, d; p({angle}) d; cx c, d; p(-{angle}) d; cx a, d; p({angle}) d; "
        f"cx c, d; p(-{angle}) d; cx b, d; p({angle}) d; cx c, d; p(-{angle}) d; cx a, d;"
    )
    return f"h d; {first} {pairs} {triples} h d;"


DEFINITIONS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "sxdg": (1, "rx(-pi/2) a; gphase(-pi/4);"),
        "cs": (2, "cp(pi/2) a, b;"),
        "csdg": (2, "cp(-pi/2) a, b;"),
        "csx": (2, "h b; cp(pi/2) a, b; h b;"),
        "rxx": (2, "h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b;"),
        "ryy": (2, "rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b;"),
        "rzz": (2, "cx a, b; rz(t) b; cx a, b;"),
        "rzx": (2, "h b; cx a, b; rz(t) b; cx a, b; h b;"),
        "iswap": (2, "s a; s b; h a; cx a, b; cx b, a; h b;"),
        "dcx": (2, "cx a, b; cx b, a;"),
        "ecr": (2, "h b; cx a, b; rz(pi/4) b; cx a, b; h b; x a; h b; cx a, b; rz(-pi/4) b; cx a, b; h b;"),
        "ccz": (3, "h c; ccx a, b, c; h c;"),
        "rccx": (3, "h c; t c; cx b, c; tdg c; cx a, c; t c; cx b, c; tdg c; h c;"),
        "rc3x": (4, _RELATIVE_4),
        "c3x": (4, _phased_parity("pi/8")),
        "c3sx": (4, _phased_parity("pi/16")),
        "c4x": (
            5,
            "h e; cp(pi/2) d, e; h e; c3x a, b, c, d; h e; cp(-pi/2) d, e; h e; c3x a, b, c, d; c3sx a, b, c, e;",
        ),
    }
)
"""Qubit count and body in OpenQASM 3 of each standard gate that `stdgates.inc` lacks."""

_NEEDS = {"c4x": ("c3x", "c3sx")}


def to_qasm3(circuit: Circuit) -> str:
    """Return the circuit as an OpenQASM 3 program over its declared qubits.

    Gates outside `stdgates.inc` are defined in the text, and an explicit unitary on one qubit is written as `U` and a
    phase. Raises ValueError for what OpenQASM 3 cannot say: other matrices, channels, readout errors and symbols.
    """
    if circuit.symbolic_parameters is not None:
        raise ValueError("a circuit with symbolic parameters has no OpenQASM 3 text; bind the symbols first")
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";']
    used = {operation.name for operation in circuit.operations if operation.kind is Kind.GATE}
    needed = [name for name in DEFINITIONS if name in used or any(name in _NEEDS.get(user, ()) for user in used)]
    for name in needed:
        count, body = DEFINITIONS[name]
        parameter = "(t)" if "(t)" in body else ""
        lines.append(f"gate {name}{parameter} {', '.join(_ABC[:count])} {{ {body} }}")
    lines.extend(_declarations("qubit", circuit.qubit_registers, circuit.declared_qubit_count))
    lines.extend(_declarations("bit", circuit.clbit_registers, circuit.clbit_count))
    qubit_names = _bit_names(circuit.qubit_registers, circuit.declared_qubit_count, "q")
    clbit_names = _bit_names(circuit.clbit_registers, circuit.clbit_count, "c")
    lines.extend(_statements(circuit, qubit_names, clbit_names))
    if circuit.global_phase:
        lines.append(f"gphase({circuit.global_phase!r});")
    return "\n".join(lines) + "\n"


def _declarations(kind: str, registers: tuple[Register, ...], count: int) -> Iterator[str]:
    if not registers and count:
        registers = (Register(name="q" if kind == "qubit" else "c", start=0, size=count),)
    for register in registers:
        yield f"{kind}[{register.size}] {register.name};"


def _bit_names(registers: tuple[Register, ...], count: int, default: str) -> list[str]:
    if not registers:
        return [f"{default}[{index}]" for index in range(count)]
    return [f"{register.name}[{index}]" for register in registers for index in range(register.size)]


def _statements(circuit: Circuit, qubit_names: list[str], clbit_names: list[str]) -> Iterator[str]:
    qubits = [qubit_names[declared] for declared in circuit.active_qubits[circuit.qubits].tolist()]
    clbits = [clbit_names[index] for index in circuit.clbits.tolist()]
    parameters = circuit.parameters.tolist()
    guards = _guards(circuit, clbit_names)
    qubit = clbit = parameter = 0
    for row, opcode in enumerate(circuit.opcodes.tolist()):
        operation = circuit.operations[opcode]
        text = _statement(
            operation,
            qubits[qubit : qubit + operation.qubit_count],
            clbits[clbit : clbit + operation.clbit_count],
            parameters[parameter : parameter + operation.parameter_count],
        )
        yield f"if ({guards[row]}) {{ {text} }}" if row in guards else text
        qubit += operation.qubit_count
        clbit += operation.clbit_count
        parameter += operation.parameter_count


def _statement(  # noqa: PLR0911 - one return a kind of operation
    operation: Operation, qubits: list[str], clbits: list[str], parameters: list[float]
) -> str:
    values = ", ".join(map(repr, parameters))
    operands = ", ".join(qubits)
    if operation.kind is Kind.GATE:
        if operation.name == "u":
            # U of OpenQASM 3 has the phase theta / 2 beyond u.
            return f"U({values}) {operands}; gphase({-parameters[0] / 2!r});"
        if operation.name in LIBRARIES["stdgates.inc"] or operation.name in DEFINITIONS:
            return f"{operation.name}{f'({values})' if parameters else ''} {operands};"
    if operation.kind is Kind.UNITARY and operation.matrix is not None and operation.qubit_count == 1:
        *values_of_u, phase = angles(operation.matrix)
        return f"U({', '.join(map(repr, values_of_u))}) {operands}; gphase({phase - values_of_u[0] / 2!r});"
    if operation.kind is Kind.MEASURE and operation.readout is None:
        return f"{clbits[0]} = measure {operands};"
    if operation.kind is Kind.RESET or operation.kind is Kind.BARRIER:
        return f"{operation.kind.name.lower()} {operands};"
    if operation.kind is Kind.DELAY:
        return f"delay[{parameters[0]!r}s] {operands};"
    if operation.kind is Kind.GLOBAL_PHASE:
        return f"gphase({values});"
    raise ValueError(f"{operation.kind.name} '{operation.name}' has no OpenQASM 3 text")


def _guards(circuit: Circuit, clbit_names: list[str]) -> dict[int, str]:
    """The condition of each conditional instruction; bits are named one by one, for a row may span registers."""
    guards: dict[int, str] = {}
    if (conditions := circuit.conditions) is None:
        return guards
    spans = {register.start: (register.name, register.size) for register in circuit.clbit_registers}
    columns = (
        conditions.instructions,
        conditions.first_clbits,
        conditions.widths,
        conditions.values,
        conditions.negated,
    )
    for row, first, width, value, negated in zip(*(column.tolist() for column in columns), strict=True):
        relation = "!=" if negated else "=="
        if width == 1:
            text = f"{clbit_names[first]} {relation} {value}"
        elif spans.get(first, ("", 0))[1] == width:
            text = f"{spans[first][0]} {relation} {value}"
        elif (part := _part_of_register(circuit, first, width)) is not None:
            text = f"{part} {relation} {value}"
        elif negated:
            raise ValueError("a negated condition across registers has no OpenQASM 3 text")
        else:
            bits = range(first, first + width)
            text = " && ".join(f"{clbit_names[bit]} == {value >> bit - first & 1}" for bit in bits)
        guards[row] = f"{guards[row]} && {text}" if row in guards else text
    return guards


def _part_of_register(circuit: Circuit, first: int, width: int) -> str | None:
    """The slice of a register that these bits are, or None."""
    registers = circuit.clbit_registers or (Register(name="c", start=0, size=circuit.clbit_count),)
    for register in registers:
        start = first - register.start
        if start >= 0 and start + width <= register.size:
            return f"{register.name}[{start}:{start + width - 1}]"
    return None
