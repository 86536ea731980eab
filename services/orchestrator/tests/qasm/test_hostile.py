"""Whatever arrives, the parser answers with a circuit or with a CircuitError that names place and remedy."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from proxima_orchestrator.qasm.errors import (
    CircuitError,
    CircuitSyntaxError,
    ExpressionError,
    GateRecursionError,
    IncludeError,
    LimitError,
    NameNotFoundError,
    OperandError,
    RedeclarationError,
    UnsupportedFeatureError,
)
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

LIMITS = Limits(instructions=100_000, operands=400_000)

TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
SEEDS = (
    TWO + "qreg q[2];creg c[2];gate g(a) x,y { rx(a/2) x; cx x,y; }\ng(pi/3) q[0],q[1];if(c==1) x q[0];measure q->c;",
    THREE + "qubit[4] q; bit[4] c; let a = q[0:1] ++ q[3]; h a; for int i in [0:2] { cx q[i], q[i+1]; } c = measure q;",
    THREE
    + "qubit[4] q; bit[2] c; gate g(a) x,y { ctrl @ rx(a) x,y; inv @ s y; pow(a) @ h x; }\nnegctrl(2) @ g(0.5) q;"
    + "ctrl @ inv @ g(1/3) q[0],q[1],q[2]; switch (c) { case 1,2 { pow(2) @ t q[0]; } default { reset q; } }",
    THREE
    + "const int n = 2; qubit[n] q; bit[n] c; c[0] = measure q[0]; if (c[0]) { x q[0]; } else { y q[1]; } delay[1s] q;",
)


def attempt(source: bytes) -> None:
    """Parse, and check that what is raised is complete."""
    refusal: CircuitError | None = None
    try:
        parse(source, LIMITS)
    except CircuitError as error:
        refusal = error
    assert refusal is None or (refusal.message and refusal.reason.startswith("ERROR_REASON_"))


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_random_bytes_raise_nothing_else(source: bytes) -> None:
    """Random bytes are refused with a CircuitError."""
    attempt(source)


@given(
    st.sampled_from(["2.0", "3.0"]), st.text(alphabet="qcxgate{}()[];:,=+-*/^!&<>@#$\"' \n0123456789.epi", max_size=200)
)
@settings(max_examples=300, deadline=None)
def test_random_statements_raise_nothing_else(version: str, body: str) -> None:
    """Random text after a header is read or refused with a CircuitError."""
    attempt(f"OPENQASM {version};{body}".encode())


@given(st.sampled_from(SEEDS), st.integers(0, 200), st.integers(0, 12), st.text(max_size=6))
@settings(max_examples=600, deadline=None)
@example(SEEDS[0], 60, 3, "1_0")
def test_mutated_programs_raise_nothing_else(seed: str, start: int, length: int, text: str) -> None:
    """A program with a piece replaced is read or refused with a CircuitError."""
    attempt((seed[:start] + text + seed[start + length :]).encode("utf-8", "replace"))


exponents = st.sampled_from(["1/2", "-1", "0", "3", "1e300", "-1e308", "1e-300", "pi", "10**200", "c", "1/0", "99999"])
words = st.one_of(
    st.sampled_from(["ctrl @ ", "ctrl(2) @ ", "ctrl(0) @ ", "negctrl @ ", "inv @ "]),
    exponents.map(lambda exponent: f"pow({exponent}) @ "),
)
called = st.sampled_from(
    ["x", "h", "swap", "ccx", "U(0.1,0.2,0.3)", "rx(1e300)", "p(pi)", "f(0.3)", "gphase(0.4)", "cu(1,2,3,4)"]
)


@given(
    st.lists(words, max_size=5), called, st.lists(words, max_size=2), st.integers(0, 8), st.sampled_from(["", "if(c)"])
)
@settings(max_examples=300, deadline=None)
def test_random_modifiers_raise_nothing_else(
    outer: list[str], gate: str, inner: list[str], count: int, condition: str
) -> None:
    """Whatever modifiers a gate has, it is read with finite numbers or refused with a CircuitError."""
    operands = ",".join(f"q[{index}]" for index in range(count))
    definition = f"gate f(a) s,t {{ {''.join(inner)}rx(a) s; h t; {''.join(inner)}cx s,t; }}" if inner else ""
    source = f"{THREE}qubit[9] q; bit c; {definition} {condition} {''.join(outer)}{gate} {operands};"
    try:
        circuit = parse(source.encode(), LIMITS)
    except CircuitError as error:
        assert error.line and error.message  # noqa: PT017, PT018
        return
    matrices = [operation.matrix for operation in circuit.operations if operation.matrix is not None]
    assert all(np.isfinite(matrix).all() for matrix in (*matrices, circuit.parameters))


PLACES = [
    (TWO + "qreg q[2];\nx q[0]\ny q[1];", CircuitSyntaxError, 5, 1, "expected ';'"),
    (TWO + "qreg q[2];\nhh q[0];", NameNotFoundError, 4, 1, "did you mean 'h'"),
    ("OPENQASM 3.0;\nqubit q;\n  h q;", NameNotFoundError, 3, 3, 'include "stdgates.inc"'),
    (TWO + "qreg q[2];\ncx q[0];", OperandError, 4, 1, "acts on 2"),
    (TWO + "qreg q[2];\nrx q[0];", OperandError, 4, 1, "takes 1"),
    (TWO + "qreg q[2];\ncx q[1],q[1];", OperandError, 4, 1, "twice"),
    (TWO + "qreg q[2];\nx q[2];", OperandError, 4, 5, "0 to 1"),
    (TWO + "qreg q[2];\nx r[0];", NameNotFoundError, 4, 3, "'r' is not declared"),
    (TWO + "qreg q[2];\nqreg q[3];", RedeclarationError, 4, 6, "already declared"),
    (TWO + "qreg q[2];\nrx(1/0) q[0];", ExpressionError, 4, 4, "division by zero"),
    (TWO + "qreg q[2];\nrx(nan) q[0];", ExpressionError, 4, 4, "finite"),
    (TWO + "qreg q[2];\nrx(1e999) q[0];", ExpressionError, 4, 1, "finite"),
    (TWO + "gate a x { a x; }", GateRecursionError, 3, 12, "uses itself"),
    (TWO + 'include "/etc/passwd";', IncludeError, 3, 1, "refused"),
    (TWO + "opaque o a;\nqreg q[1];\no q[0];", UnsupportedFeatureError, 5, 1, "opaque"),
    (TWO + "qubit[2] q;", CircuitSyntaxError, 3, 1, "belongs to OpenQASM 3"),
    (TWO + "opaque o a;\nqreg q[1];creg c[1];\nif(c==1) o q[0];", UnsupportedFeatureError, 5, 10, "opaque"),
    (THREE + "qubit q;\nctrl @ x q, q;", OperandError, 4, 1, "twice"),
    (THREE + "qubit q;\nctrl @ x q;", OperandError, 4, 1, "after 1 control"),
    (THREE + "qubit[2] q;\nctrl(0) @ x q[0];", ExpressionError, 4, 1, "at least 1"),
    (THREE + "qubit[2] q;\nctrl(257) @ x q[0];", LimitError, 4, 1, "256"),
    (THREE + "qubit q;\npow(1/0) @ x q;", ExpressionError, 4, 1, "division by zero"),
    (THREE + "qubit q;\npow(1e308) @ rx(1e9) q;", ExpressionError, 4, 1, "finite"),
    (THREE + "qubit[2] q;\nnegctrl @ pow(-1e308) @ p(pi) q[0],q[1];", ExpressionError, 4, 1, "smaller exponents"),
    (THREE + "qubit q;\npow(0.5) @ pow(1e308) @ rx(1e10) q;", ExpressionError, 4, 1, "smaller exponents"),
    (
        THREE + "gate g a { gphase(1); }\nqubit q;\npow(1e300) @ pow(1e300) @ g q;",
        ExpressionError,
        5,
        1,
        "finite",
    ),
    (THREE + "qubit[2] q;\npow(1000000) @ U(0.1,0.2,0.3) q[0];", ExpressionError, 4, 1, "beyond 100000"),
    (THREE + "qubit q; bit c;\npow(c) @ x q;", UnsupportedFeatureError, 4, 5, "measurement"),
    (THREE + "qubit q;\ngate g a { ctrl @ x a; }", OperandError, 4, 12, "after 1 control"),
    (THREE + "qubit q;\ngate g a { h a; x a; }\npow(1000000) @ g q;", LimitError, 5, 1, "2000000 instructions"),
    (THREE + "qubit q;\ngphase(1) q;", OperandError, 4, 1, "controls"),
    (
        THREE + "gate g a,b,c,d,e { h a; cx a,b; h c; }\nqubit[5] q;\npow(0.5) @ g q[0],q[1],q[2],q[3],q[4];",
        UnsupportedFeatureError,
        5,
        1,
        "5 qubits",
    ),
    (
        THREE + "qubit[5] q;\nctrl(3) @ pow(0.5) @ swap q[0],q[1],q[2],q[3],q[4];",
        UnsupportedFeatureError,
        4,
        1,
        "define the gate",
    ),
    (THREE + "bit[2] c; qubit q;\nswitch (c) { case 1 {} case 1 { x q; } }", ExpressionError, 4, 29, "two cases"),
    (
        THREE + "bit c; qubit q;\nswitch (c) { case 1 { c = measure q; } case 0 { x q; } }",
        UnsupportedFeatureError,
        4,
        49,
        "own condition",
    ),
    (THREE + "bit[2] c; qubit q;\nif (d == 1) x q;", NameNotFoundError, 4, 5, "'d' is not declared"),
    (THREE + "bit[2] c; qubit q;\nif (c[2]) x q;", OperandError, 4, 7, "0 to 1"),
    (THREE + "bit[2] c; qubit q;\nif (c >= 2) x q;", UnsupportedFeatureError, 4, 5, "== or !="),
    (THREE + "bit[2] c; qubit q;\nwhile (c != 0) { c[0] = measure q; }", UnsupportedFeatureError, 4, 1, "for loop"),
    (THREE + "bit[2] c; qubit q;\nc = 1;", UnsupportedFeatureError, 4, 1, "assignment"),
    (THREE + "qubit q;\ndelay[3dt] q;", UnsupportedFeatureError, 4, 7, "ns"),
    (THREE + "qubit q;\nwhile (true) { x q; }", UnsupportedFeatureError, 4, 1, "while"),
    (THREE + "def f(qubit q) { x q; }", UnsupportedFeatureError, 3, 1, "subroutines"),
    (THREE + "input float a;", UnsupportedFeatureError, 3, 1, "input"),
    (THREE + "bit[2] c; qubit q;\nif (c[0] || c[1]) x q;", UnsupportedFeatureError, 4, 5, "not supported"),
    (THREE + "bit c; qubit q;\nif (c) { c = measure q; x q; }", UnsupportedFeatureError, 4, 25, "own condition"),
    (THREE + "qubit q;\nfor int i in [0:1000000000] { x q; }", LimitError, 4, 15, "limit"),
    (THREE + "qubit q;\nfor int i in [0:9999] for int j in [0:9999] x q;", LimitError, 4, 1, "limit"),
    (TWO + "qreg q[1000001];", LimitError, 3, 6, "limit"),
    (THREE + "qubit q;\nrx(2**10**9) q;", ExpressionError, 4, 4, "power"),
    (THREE + "qubit q;\nrx(1 << 100000000) q;", ExpressionError, 4, 4, "shift"),
    (THREE + "qubit q;\nrx(" + "(" * 5000 + "1" + ")" * 5000 + ") q;", LimitError, 4, 103, "nest"),
    (THREE + "qubit q;\nrx(" + "-" * 5000 + "1) q;", LimitError, 4, 1, "nests"),
    ("", CircuitSyntaxError, 1, 1, "empty"),
    ("qreg q[1];", CircuitSyntaxError, 1, 1, "header"),
    ("OPENQASM 4.0;", CircuitSyntaxError, 1, 10, "2.0, 3.0 and 3.1"),
    (TWO + "qreg q[1];\x00", CircuitSyntaxError, 3, 11, "binary"),
    (TWO + "qreg q[1]; /* open", CircuitSyntaxError, 3, 12, "never ends"),
]


@pytest.mark.parametrize(("source", "kind", "line", "column", "part"), PLACES, ids=range(len(PLACES)))
def test_error_names_place_and_remedy(source: str, kind: type[CircuitError], line: int, column: int, part: str) -> None:
    """Each kind of error names its line, its column and what to do."""
    with pytest.raises(kind) as caught:
        parse(source.encode(), LIMITS)
    error = caught.value
    assert (error.line, error.column) == (line, column), error
    assert part in error.message
    assert error.__cause__ is None


def test_bytes_that_are_not_utf8_are_placed() -> None:
    """A byte that is not UTF-8 is named with its place."""
    with pytest.raises(CircuitSyntaxError, match="0xff") as caught:
        parse(b"OPENQASM 2.0;\nqreg \xff[1];", LIMITS)
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_doubling_definitions_are_counted_not_expanded() -> None:
    """Definitions that double sixty times are refused before they are expanded."""
    chain = "".join(f"gate g{i} a {{ g{i - 1} a; g{i - 1} a; }}" for i in range(1, 60))
    with pytest.raises(LimitError, match="instructions"):
        parse((TWO + "gate g0 a { x a; }" + chain + "qreg q[1]; g59 q[0];").encode(), LIMITS)


def test_doubling_definitions_without_instructions_are_bounded() -> None:
    """Definitions that double and come to no instruction at all are refused too."""
    chain = "".join(f"gate g{i}(t) a {{ g{i - 1}(t) a; g{i - 1}(t/2) a; }}" for i in range(1, 60))
    with pytest.raises(LimitError, match="too many steps"):
        parse((THREE + "gate g0(t) a { gphase(t); }" + chain + "qubit q; g59(1.0) q;").encode(), LIMITS)


def test_deep_definitions_are_refused() -> None:
    """A chain of definitions deeper than the limit is refused where it passes it."""
    chain = "".join(f"gate g{i} a {{ g{i - 1} a; }}" for i in range(1, 5000))
    with pytest.raises(LimitError, match="nest deeper than 100"):
        parse((TWO + "gate g0 a { x a; }" + chain).encode(), LIMITS)


def test_source_beyond_the_size_limit_is_refused() -> None:
    """A source of more bytes than the limit is refused with both numbers."""
    with pytest.raises(LimitError, match="the limit is 1000"):
        parse(b"//" + b"x" * 2000, Limits(source_bytes=1000))


def test_long_sum_does_not_overflow_the_stack() -> None:
    """A sum of twenty thousand terms has a value."""
    circuit = parse((THREE + "qubit q; rx(" + "1+" * 20_000 + "1) q;").encode(), LIMITS)
    assert circuit.parameters.tolist() == [20_001.0]


@pytest.mark.parametrize(
    "piece", ["qubit" + " " * 60_000 + "!", "rx(" + "1" * 60_000 + "!) q", "x" * 60_000, "rx(" + " " * 60_000 + ") q"]
)
def test_long_runs_of_one_character_are_refused_with_a_short_message(piece: str) -> None:
    """A statement with a very long run of one character ends in an error whose message stays short."""
    with pytest.raises(CircuitError) as caught:
        parse(f"{THREE}qubit q;{piece};".encode(), LIMITS)
    assert len(caught.value.message) < 700


def test_loop_bounds_that_change_are_not_counted_ahead() -> None:
    """A loop whose bound is assigned in the outer loop's body is unrolled with the bounds that it has."""
    source = "qubit q; int k = 90000; for int i in [0:3] { k = 0; for int j in [0:k] { x q; } }"
    assert parse((THREE + source).encode(), LIMITS).instruction_count == 4
