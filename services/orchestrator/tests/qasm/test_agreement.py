"""The two paths of the parser, and the printer, agree."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima_orchestrator.circuit import Circuit, digest
from proxima_orchestrator.gates import LIBRARIES
from proxima_orchestrator.qasm.flat import parse_flat
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse
from proxima_orchestrator.qasm.printer import to_qasm3
from proxima_orchestrator.qasm.source import blank_comments, decode, read_header
from proxima_orchestrator.qasm.unroll import unroll

LIMITS = Limits()

numbers = st.one_of(
    st.floats(-100, 100, allow_nan=False).map(lambda value: repr(value + 0.0)),
    st.sampled_from(
        ["pi", "-pi/2", "pi*0.25", "3*pi/4", "2*pi", "0", "-0", "1e-3", ".5", "1.", "-2*pi/3", "1/2.5", " 7 "]
    ),
)
spaces = st.sampled_from(["", " ", "\n", "\t"])
ends = st.sampled_from([";", ";\n", " ;", "; // a comment\n", ";/* a\ncomment */"])


def guard(draw: st.DrawFn, version: int, size: int) -> str:
    """A condition on a register in OpenQASM 2, or nothing."""
    if version == 3 or draw(st.integers(0, 3)):
        return ""
    name, bits = draw(st.sampled_from([("c", size), ("d", 3)]))
    space = draw(spaces)
    return f"if{space}({name}{space}=={space}{draw(st.integers(0, 2**bits - 1))}){space}"


@st.composite
def flat_programs(draw: st.DrawFn, versions: tuple[int, ...] = (2, 3)) -> str:
    """A flat program on registers q and r of equal size, and clbits c and d."""
    version = draw(st.sampled_from(versions))
    size = draw(st.integers(1, 4))
    library = "qelib1.inc" if version == 2 else "stdgates.inc"
    if version == 2:
        lines = [f"qreg q[{size}];qreg r[{size}];creg c[{size}];creg d[3];"]
    else:
        lines = [f"qubit[{size}] q;qubit[{size}] r;bit[{size}] c;bit[3] d;"]
    bits = [f"{name}[{index}]" for name in "qr" for index in range(size)]
    gates = [gate for gate in LIBRARIES[library].values() if gate.standard.qubit_count <= len(bits)]
    for _ in range(draw(st.integers(0, 12))):
        space, end = draw(spaces), draw(ends)
        kind = draw(st.integers(0, 5))
        if kind == 0:
            index = draw(st.integers(0, size - 1))
            pair = draw(
                st.sampled_from([("q", "c"), ("r", "c"), (f"q[{index}]", "d[0]"), (f"r[{index}]", f"c[{index}]")])
            )
            arrow = version == 2 or draw(st.booleans())
            lines.append(
                f"measure {pair[0]} ->{space}{pair[1]}{end}" if arrow else f"{pair[1]}{space}= measure {pair[0]}{end}"
            )
        elif kind == 1:
            word = draw(st.sampled_from(["barrier", "reset"]))
            lines.append(f"{guard(draw, version, size) if word == 'reset' else ''}{word} ")
            lines.append(f"{draw(st.sampled_from(['q', 'r', *bits]))}{end}")
        else:
            gate = draw(st.sampled_from(gates))
            count = gate.standard.qubit_count
            operands = draw(st.permutations(bits))[:count]
            if count <= 2 and draw(st.booleans()):
                operands = ["q", "r"][:count]
            values = ",".join(draw(numbers) for _ in range(gate.parameter_count))
            head = f"{gate.name}{space}({values}){space}" if values else f"{gate.name} {space}"
            lines.append(f"{guard(draw, version, size)}{head}{f'{space},'.join(operands)}{end}")
    return f'OPENQASM {version}.0;\ninclude "{library}";\n' + "".join(lines)


def both(text: str) -> tuple[Circuit, Circuit]:
    """The circuits of the fast and of the slow path."""
    header = read_header(blank_comments(decode(text.encode(), LIMITS)))
    return parse_flat(header, LIMITS), unroll(header, LIMITS)


@given(flat_programs())
@settings(max_examples=200, deadline=None)
def test_fast_and_slow_path_give_identical_columns(text: str) -> None:
    """A flat program comes out the same from both paths, to the last bit."""
    fast, slow = both(text)
    assert fast.operations == slow.operations
    assert (fast.qubit_registers, fast.clbit_registers) == (slow.qubit_registers, slow.clbit_registers)
    assert digest(fast) == digest(slow)


@given(flat_programs(versions=(3,)))
@settings(max_examples=100, deadline=None)
def test_printed_circuit_reads_back(text: str) -> None:
    """Text printed from a circuit reads back with the same instructions and the same global phase."""
    circuit = parse(text.encode(), LIMITS)
    again = parse(to_qasm3(circuit).encode(), LIMITS)
    for column in ("opcodes", "qubits", "clbits", "parameters"):
        np.testing.assert_array_equal(getattr(circuit, column), getattr(again, column))
    assert circuit.operations == again.operations
    assert math.isclose(circuit.global_phase, again.global_phase, abs_tol=1e-9)


def test_printed_conditions_read_back() -> None:
    """Conditions survive printing and reading."""
    text = """OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] c; bit[2] d;
    c[0] = measure q[0]; if (c == 2) x q[1]; if (c != 1) h q[0];
    if (c[1] && d == 0) { gphase(0.5); delay[5ns] q[2]; }"""
    circuit = parse(text.encode(), LIMITS)
    assert digest(parse(to_qasm3(circuit).encode(), LIMITS)) == digest(circuit)
