"""Nested branches come to the conditions that their trees say, and survive printing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima_orchestrator.circuit import Circuit
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse
from proxima_orchestrator.qasm.printer import to_qasm3

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nbit[3] c;\nbit d;\n'
CLBITS = 4


@dataclass(frozen=True)
class Comparison:
    """A condition: its text, and whether it holds for a record (bit b is classical bit b)."""

    text: str
    kind: str
    first: int
    width: int
    value: int

    def holds(self, record: int) -> bool:
        """Whether the record meets the condition."""
        held = record >> self.first & ((1 << self.width) - 1)
        return (held == self.value) != (self.kind == "!=")


Tree = list["Gate | Branch | Switch"]


@dataclass(frozen=True)
class Gate:
    """rz(number), known again by its angle."""

    number: int


@dataclass(frozen=True)
class Branch:
    """if, with what to do otherwise."""

    tests: tuple[Comparison, ...]
    then: Tree
    otherwise: Tree


@dataclass(frozen=True)
class Switch:
    """switch over the register c."""

    cases: tuple[tuple[tuple[int, ...], Tree], ...]
    default: Tree


@st.composite
def conditions(draw: st.DrawFn) -> Comparison:
    """A comparison of a bit, a negated bit, a register or a part of one."""
    match draw(st.integers(0, 4)):
        case 0:
            bit = draw(st.integers(0, 2))
            return Comparison(f"c[{bit}]", "==", bit, 1, 1)
        case 1:
            return Comparison("!d", "==", 3, 1, 0)
        case 2:
            relation, value = draw(st.sampled_from(["==", "!="])), draw(st.integers(0, 7))
            return Comparison(f"c {relation} {value}", relation, 0, 3, value)
        case 3:
            relation, value = draw(st.sampled_from(["==", "!="])), draw(st.integers(0, 3))
            return Comparison(f"{value} {relation} c[1:2]", relation, 1, 2, value)
        case _:
            bit, value = draw(st.integers(0, 2)), draw(st.integers(0, 1))
            return Comparison(f"c[{bit}] != {value}", "!=", bit, 1, value)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Tree:
    """A block of gates, branches and switches, gates numbered later."""
    found: Tree = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 3)) if depth else 0
        if kind <= 1:
            found.append(Gate(draw(st.integers(1, 10**6))))
        elif kind == 2:
            tests = tuple(draw(st.lists(conditions(), min_size=1, max_size=2)))
            # The opposite of several comparisons is none of these.
            otherwise = draw(trees(depth - 1)) if len(tests) == 1 and draw(st.booleans()) else []
            found.append(Branch(tests, draw(trees(depth - 1)), otherwise))
        else:
            values = draw(st.permutations(range(8)))[: draw(st.integers(1, 3))]
            first, rest = tuple(values[:1]), tuple(values[1:])
            cases = [(first, draw(trees(depth - 1)))] + ([(rest, draw(trees(depth - 1)))] if rest else [])
            found.append(Switch(tuple(cases), draw(trees(depth - 1)) if draw(st.booleans()) else []))
    return found


def text_of(tree: Tree) -> str:
    """The tree in OpenQASM 3."""
    parts = []
    for node in tree:
        match node:
            case Gate():
                parts.append(f"rz({node.number}) q;")
            case Branch():
                parts.append(f"if ({' && '.join(test.text for test in node.tests)}) {{ {text_of(node.then)} }}")
                if node.otherwise:
                    parts.append(f"else {{ {text_of(node.otherwise)} }}")
            case Switch():
                cases = " ".join(
                    f"case {', '.join(map(str, values))} {{ {text_of(body)} }}" for values, body in node.cases
                )
                default = f" default {{ {text_of(node.default)} }}" if node.default else ""
                parts.append(f"switch (c) {{ {cases}{default} }}")
    return " ".join(parts)


def fired(tree: Tree, record: int) -> list[int]:
    """The numbers of the gates that run when the classical bits hold this record."""
    numbers: list[int] = []
    for node in tree:
        match node:
            case Gate():
                numbers.append(node.number)
            case Branch():
                holds = all(test.holds(record) for test in node.tests)
                numbers += fired(node.then if holds else node.otherwise, record)
            case Switch():
                bodies = [body for values, body in node.cases if record & 7 in values]
                numbers += fired(bodies[0] if bodies else node.default, record)
    return numbers


def run(circuit: Circuit, record: int) -> list[float]:
    """The angles of the instructions whose conditions hold."""
    blocked = np.zeros(circuit.instruction_count, dtype=bool)
    if (held := circuit.conditions) is not None:
        mask = np.array([(1 << width) - 1 for width in held.widths.tolist()], dtype=np.int64)
        equal = (record >> held.first_clbits.astype(np.int64)) & mask == held.values.astype(np.int64)
        blocked[held.instructions[equal == held.negated.astype(bool)]] = True
    return list(circuit.parameters[~blocked].tolist())


@given(trees())
@settings(max_examples=150, deadline=None)
def test_trees_of_branches_run_what_they_say(tree: Tree) -> None:
    """For every record of the classical bits, exactly the gates of the tree run, before and after printing."""
    circuit = parse((HEADER + text_of(tree)).encode(), Limits())
    printed = parse(to_qasm3(circuit).encode(), Limits())
    for record in range(2**CLBITS):
        expected = [float(number) for number in fired(tree, record)]
        assert run(circuit, record) == expected
        assert run(printed, record) == expected
