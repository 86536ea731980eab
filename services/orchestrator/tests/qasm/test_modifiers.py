"""Gate modifiers against matrices, and what they come to."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from proxima_orchestrator.circuit import Circuit, Kind, Operation, digest
from proxima_orchestrator.gates import LIBRARIES, STANDARD_GATES
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse
from proxima_orchestrator.qasm.printer import to_qasm3
from proxima_orchestrator.qasm.wire import decode_response, encode_circuit

from .test_unitaries import STDGATES_BODIES, Matrix, closed_form, u3_spec, unitary_of

GATES = sorted({"U", *LIBRARIES["stdgates.inc"]} - {"CX", "phase", "cphase", "u1"})
Modifier = tuple[str, float]


def read(body: str, count: int) -> Circuit:
    """The circuit of an OpenQASM 3 body on register q."""
    return parse(f'OPENQASM 3.0;include "stdgates.inc";qubit[{count}] q;{body}'.encode(), Limits())


def operands(count: int, start: int = 0) -> str:
    """q[start], q[start + 1], ..."""
    return ",".join(f"q[{index}]" for index in range(start, start + count))


def names(circuit: Circuit) -> list[str]:
    """The names of the instructions."""
    return [circuit.operations[opcode].name for opcode in circuit.opcodes]


def plain(name: str, angles: tuple[float, ...]) -> Matrix:
    """The unitary of a gate of stdgates.inc or of U, by closed forms."""
    return np.asarray(STDGATES_BODIES[name](*angles) if name in STDGATES_BODIES else closed_form(name)(*angles))


def parameter_count(name: str) -> int:
    """How many angles a gate of stdgates.inc or U takes."""
    return 3 if name == "U" else LIBRARIES["stdgates.inc"][name].parameter_count


def modified(matrix: Matrix, modifier: Modifier) -> Matrix:
    """A matrix under one modifier, by eigenvectors and blocks."""
    kind, value = modifier
    if kind == "inv":
        return np.asarray(matrix.conj().T)
    if kind == "pow":
        if value == int(value):
            return np.asarray(np.linalg.matrix_power(matrix, int(value)))
        phases, vectors = np.linalg.eig(matrix)
        turned = np.angle(phases)
        turned = np.where(turned < -math.pi + 1e-9, math.pi, turned)
        return np.asarray(vectors @ np.diag(np.exp(1j * value * turned)) @ np.linalg.inv(vectors))
    for _ in range(int(value)):
        larger = np.eye(2 * len(matrix), dtype=complex)
        bit = 1 if kind == "ctrl" else 0
        larger[bit::2, bit::2] = matrix
        matrix = larger
    return matrix


def near_the_cut(matrix: Matrix) -> bool:
    """Whether an eigenvalue is so close to -1 that rounding decides its phase; -1 itself counts as near."""
    return bool((np.abs(np.abs(np.angle(np.linalg.eigvals(matrix))) - math.pi) < 1e-6).any())


def text(modifier: Modifier) -> str:
    """A modifier in OpenQASM 3."""
    kind, value = modifier
    return {"inv": "inv @ ", "pow": f"pow({value!r}) @ "}.get(kind, f"{kind}({int(value)}) @ ")


modifiers = st.lists(
    st.one_of(
        st.just(("inv", 0.0)),
        st.tuples(st.just("pow"), st.sampled_from([-2.0, -1.0, 0.0, 2.0, 3.0, 0.5, -0.5, 0.25, 1 / 3, 1.7])),
        st.tuples(st.sampled_from(["ctrl", "negctrl"]), st.sampled_from([1.0, 1.0, 2.0])),
    ),
    min_size=1,
    max_size=4,
)
angles = st.one_of(st.floats(-7, 7), st.sampled_from([0.0, math.pi, -math.pi / 2, math.tau]))


@given(st.sampled_from(GATES), st.lists(angles, min_size=4, max_size=4), modifiers)
@settings(max_examples=400, deadline=None)
def test_modified_gate_has_the_modified_matrix(name: str, values: list[float], chosen: list[Modifier]) -> None:
    """Any modifiers on any gate of the library give the matrix that their definitions give, global phase included."""
    given_angles = tuple(values[: parameter_count(name)])
    matrix = plain(name, given_angles)
    for modifier in reversed(chosen):
        cut = modifier[0] == "pow" and modifier[1] != int(modifier[1])
        # -1 itself is exact only where the gate has it exactly: the gates without angles.
        assume(not (cut and near_the_cut(matrix) and (given_angles or len(chosen) > 1)))
        matrix = modified(matrix, modifier)
    count = len(matrix).bit_length() - 1
    assume(count <= 7)
    call = f"({','.join(map(repr, given_angles))})" if given_angles else ""
    source = "".join(map(text, chosen)) + f"{name}{call} {operands(count)};"
    reading = pytest.raises(Exception, match="define the gate") if _is_refused(name, chosen, count) else None
    if reading is not None:
        with reading:
            read(source, count)
        return
    np.testing.assert_allclose(unitary_of(read(source, count)), matrix, atol=1e-9)


def _is_refused(name: str, chosen: list[Modifier], count: int) -> bool:
    """Beyond 4 qubits, two-qubit bodies without a written-out form: here a root of swap, an even power of it."""
    if name not in ("swap", "cswap") or count <= 4:
        return False
    powers = [value for kind, value in chosen if kind == "pow"]
    return any(value != int(value) or value % 2 == 0 for value in powers)


EXPECTED = [
    ("ctrl @ x", 2, "cx", ()),
    ("ctrl(2) @ x", 3, "ccx", ()),
    ("ctrl @ ctrl @ x", 3, "ccx", ()),
    ("ctrl(3) @ x", 4, "c3x", ()),
    ("ctrl @ ccx", 4, "c3x", ()),
    ("ctrl(4) @ x", 5, "c4x", ()),
    ("ctrl @ z", 2, "cz", ()),
    ("ctrl @ cz", 3, "ccz", ()),
    ("ctrl @ y", 2, "cy", ()),
    ("ctrl @ h", 2, "ch", ()),
    ("ctrl @ s", 2, "cs", ()),
    ("ctrl @ inv @ s", 2, "csdg", ()),
    ("inv @ ctrl @ s", 2, "csdg", ()),
    ("ctrl @ sx", 2, "csx", ()),
    ("ctrl(3) @ sx", 4, "c3sx", ()),
    ("ctrl @ swap", 3, "cswap", ()),
    ("ctrl @ p(0.3)", 2, "cp", (0.3,)),
    ("ctrl @ rx(0.3)", 2, "crx", (0.3,)),
    ("ctrl @ rz(0.3)", 2, "crz", (0.3,)),
    ("ctrl @ t", 2, "cp", (math.pi / 4,)),
    ("ctrl @ U(0.1,0.2,0.3)", 2, "cu", (0.1, 0.2, 0.3, 0.05)),
    ("ctrl @ inv @ sx", 2, "cu", None),
    ("inv @ s", 1, "sdg", ()),
    ("inv @ t", 1, "tdg", ()),
    ("inv @ sx", 1, "sxdg", ()),
    ("inv @ h", 1, "h", ()),
    ("inv @ rx(0.3)", 1, "rx", (-0.3,)),
    ("inv @ U(0.1,0.2,0.3)", 1, "u", (-0.1, -0.3, -0.2)),
    ("inv @ cu(0.1,0.2,0.3,0.4)", 2, "cu", (-0.1, -0.3, -0.2, -0.4)),
    ("pow(1/2) @ x", 1, "sx", ()),
    ("pow(-(1/2)) @ x", 1, "sxdg", ()),
    ("inv @ pow(0.5) @ x", 1, "sxdg", ()),
    ("pow(0.5) @ z", 1, "s", ()),
    ("pow(1/4) @ z", 1, "t", ()),
    ("pow(2) @ t", 1, "s", ()),
    ("pow(3) @ s", 1, "sdg", ()),
    ("pow(2) @ x", 1, "id", ()),
    ("pow(2) @ rz(0.25)", 1, "rz", (0.5,)),
    ("pow(0.5) @ rx(0.5)", 1, "rx", (0.25,)),
    ("negctrl @ x", 2, "negctrl @ x", ()),
    ("ctrl(2) @ h", 3, "ctrl(2) @ h", ()),
    ("ctrl @ negctrl(2) @ pow(0.5) @ h", 4, "ctrl @ negctrl(2) @ pow(0.5) @ h", ()),
    ("ctrl @ gphase(0.3)", 1, "p", (0.3,)),
    ("ctrl(2) @ gphase(0.3)", 2, "cp", (0.3,)),
]


@pytest.mark.parametrize(("call", "count", "name", "values"), EXPECTED, ids=[row[0] for row in EXPECTED])
def test_modified_gate_is_one_instruction(call: str, count: int, name: str, values: tuple[float, ...] | None) -> None:
    """A modified gate is the standard gate that matches, with angles to the last bit, else one explicit unitary."""
    circuit = read(f"{call} {operands(count)};", count)
    assert names(circuit) == [name]
    assert values is None or tuple(circuit.parameters.tolist()) == values
    assert circuit.operations[0].kind is (Kind.GATE if name in STANDARD_GATES else Kind.UNITARY)


def test_controls_see_the_phase_of_a_gate() -> None:
    """A phase that is global without a control is a phase of the control with one."""
    circuit = read("gate g a { rz(0.4) a; gphase(0.2); } ctrl @ g q[0],q[1];", 2)
    assert names(circuit) == ["crz", "p"]
    np.testing.assert_allclose(unitary_of(circuit), np.diag([1, 1, 1, np.exp(0.4j)]), atol=1e-12)


def test_equal_unitaries_share_one_operation() -> None:
    """The table holds one entry for equal modified gates, and another for other angles."""
    circuit = read("negctrl @ rx(0.1) q[0],q[1]; negctrl @ rx(0.1) q[1],q[0]; negctrl @ rx(0.2) q[0],q[1];", 2)
    assert circuit.opcodes.tolist() == [0, 0, 1]
    assert len(circuit.operations) == 2


@given(angles, angles, angles, angles)
@settings(max_examples=50, deadline=None)
def test_printed_one_qubit_unitary_reads_back(theta: float, phi: float, lam: float, phase: float) -> None:
    """An explicit unitary on one qubit is printed as U and a phase, and reads back as the same matrix."""
    source = read("U(0.1,0.2,0.3) q[0];", 1)
    matrix = np.exp(1j * phase) * u3_spec(theta, phi, lam)
    operation = Operation(kind=Kind.UNITARY, name="mine", qubit_count=1, matrix=matrix)
    circuit = replace(source, operations=(operation,), parameters=np.zeros(0), global_phase=0.0)
    printed = parse(to_qasm3(circuit).encode(), Limits())
    np.testing.assert_allclose(unitary_of(printed), matrix, atol=1e-12)


def test_unitaries_come_back_from_the_child_process() -> None:
    """The response of a parser's child keeps the matrices."""
    circuit = read("negctrl @ x q[0],q[1]; ctrl(2) @ h q[0],q[1],q[2]; cx q[0],q[1];", 3)
    assert digest(decode_response(encode_circuit(circuit))) == digest(circuit)


BODY = (
    "gate f(a) x, y { U(a, 0.3, -0.2) x; negctrl @ h x, y; barrier x, y; ctrl @ gphase(a/2) y; gphase(0.1); }"
    "gate g(a) x, y { inv @ f(a) y, x; rx(a) x; pow(2) @ f(0.4) x, y; ctrl @ rz(a) y, x; }"
)


@given(angles, st.sampled_from([("inv", 0.0), ("ctrl", 1.0), ("negctrl", 2.0), ("pow", -3.0), ("pow", 0.4)]))
@settings(max_examples=60, deadline=None)
def test_modified_definition_has_the_modified_matrix(angle: float, modifier: Modifier) -> None:
    """Modifiers on a defined gate act on all of its body, phases and nested modifiers included."""
    matrix = unitary_of(read(f"{BODY} g({angle!r}) q[0],q[1];", 2))
    assume(not (modifier == ("pow", 0.4) and near_the_cut(matrix)))
    expected = modified(matrix, modifier)
    count = len(expected).bit_length() - 1
    circuit = read(f"{BODY} {text(modifier)}g({angle!r}) {operands(count)};", count)
    np.testing.assert_allclose(unitary_of(circuit), expected, atol=1e-9)


def test_modified_definitions_are_unrolled_first() -> None:
    """Inverses and controls go on the instructions of a body, so that noise on them has its place."""
    source = "gate g a, b { h a; cx a, b; t b; }"
    assert names(read(f"{source} inv @ g q[0],q[1];", 2)) == ["tdg", "cx", "h"]
    assert names(read(f"{source} ctrl @ g q[0],q[1],q[2];", 3)) == ["ch", "ccx", "cp"]
    assert names(read(f"{source} pow(2) @ g q[0],q[1];", 2)) == ["h", "cx", "t"] * 2
    assert names(read(f"{source} pow(0) @ g q[0],q[1];", 2)) == []


@pytest.mark.parametrize("count", [6, 8, 11])
@pytest.mark.parametrize("call", ["x", "y", "s", "h", "rz(0.7)", "ry(0.3)", "U(0.1,0.2,0.3)", "swap"])
def test_many_controls_are_written_out_exactly(call: str, count: int) -> None:
    """Under many controls, open ones too, a gate acts on a random state as it should, up to rounding and no phase."""
    targets = 2 if call == "swap" else 1
    controls = count - targets
    rng = np.random.default_rng(count)
    state = rng.normal(size=2**count) + 1j * rng.normal(size=2**count)
    base = unitary_of(read(f"{call} {operands(targets)};", targets))
    pattern = 2 ** (controls - 1) - 1
    expected = state.copy()
    expected[pattern :: 2**controls] = base @ state[pattern :: 2**controls]
    circuit = read(f"ctrl({controls - 1}) @ negctrl @ {call} {operands(count)};", count)
    np.testing.assert_allclose(_act(circuit, state), expected, atol=1e-9)


def _act(circuit: Circuit, state: Matrix) -> Matrix:
    """The state after a circuit of standard gates."""
    n, qubit, parameter = circuit.qubit_count, 0, 0
    tensor = (state * np.exp(1j * circuit.global_phase)).reshape((2,) * n)
    for opcode in circuit.opcodes:
        operation = circuit.operations[opcode]
        qubits = circuit.qubits[qubit : qubit + operation.qubit_count].tolist()
        values = circuit.parameters[parameter : parameter + operation.parameter_count].tolist()
        matrix = closed_form(operation.name)(*values)
        axes = [n - 1 - index for index in reversed(qubits)]
        moved = np.moveaxis(tensor, axes, range(len(axes)))
        product = (matrix @ moved.reshape(len(matrix), -1)).reshape(moved.shape)
        tensor = np.moveaxis(product, range(len(axes)), axes)
        qubit += operation.qubit_count
        parameter += operation.parameter_count
    return np.asarray(tensor.reshape(-1))


def test_many_controls_cost_quadratically_many_gates() -> None:
    """A phase under n controls takes about 8 n^2 gates, not 2^n."""
    assert read(f"ctrl(60) @ x {operands(61)};", 61).instruction_count < 10 * 60**2


def test_modifiers_broadcast_and_obey_conditions() -> None:
    """Controls may be registers, and a condition holds for all that a modified gate comes to."""
    circuit = read("qubit[2] r; bit c; if (c) ctrl @ U(0.1,0,0) q, r; if (c) ctrl @ gphase(0.5) q[0];", 2)
    assert names(circuit) == ["cu", "cu", "p"]
    assert circuit.qubits.tolist() == [0, 2, 1, 3, 0]
    assert circuit.conditions is not None
    assert circuit.conditions.instructions.tolist() == [0, 1, 2]


def test_matrices_are_bounded() -> None:
    """A program of ever new unitaries is refused when their matrices take too much."""
    source = "for int i in [1:100] { negctrl(3) @ rx(i) q[0],q[1],q[2],q[3]; }"
    program = f'OPENQASM 3.0;include "stdgates.inc";qubit[4] q;{source}'.encode()
    with pytest.raises(Exception, match="bytes of matrices"):
        parse(program, Limits(matrix_bytes=99 * 4096))
    assert parse(program, Limits(matrix_bytes=100 * 4096)).instruction_count == 100
