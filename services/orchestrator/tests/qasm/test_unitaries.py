"""What every gate name means, against closed forms and against the gate bodies of the languages."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_orchestrator.circuit import Circuit, Kind
from proxima_orchestrator.gates import LIBRARIES, STANDARD_GATES, is_clifford
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse
from proxima_orchestrator.qasm.printer import DEFINITIONS, to_qasm3

Matrix = NDArray[np.complex128]

PI = math.pi
ANGLES = (0.7, -1.3, 2.1, 0.4)
I2 = np.eye(2, dtype=complex)
X = np.array([[0, 1], [1, 0]], dtype=complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1, -1]).astype(complex)
H = np.asarray((X + Z) / math.sqrt(2), dtype=np.complex128)
SX = np.asarray(np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2, dtype=np.complex128)
SWAP = np.eye(4)[[0, 2, 1, 3]].astype(complex)


def u(theta: float, phi: float, lam: float) -> Matrix:
    """The gate u of docs/gates.md."""
    c, s = math.cos(theta / 2), math.sin(theta / 2)
    return np.array([[c, -np.exp(1j * lam) * s], [np.exp(1j * phi) * s, np.exp(1j * (phi + lam)) * c]])


def p(lam: float) -> Matrix:
    """The phase gate."""
    return np.diag([1, np.exp(1j * lam)])


def controlled(matrix: Matrix) -> Matrix:
    """The first operand, least significant, controls the others."""
    size = len(matrix)
    result = np.eye(2 * size, dtype=complex)
    result[1::2, 1::2] = matrix
    return result


def rotation(pauli: Matrix, angle: float) -> Matrix:
    """exp(-i angle pauli / 2)."""
    return np.asarray(math.cos(angle / 2) * np.eye(len(pauli)) - 1j * math.sin(angle / 2) * pauli, dtype=np.complex128)


CLOSED_FORMS: dict[str, Callable[..., Matrix]] = {
    "id": lambda: I2,
    "x": lambda: X,
    "y": lambda: Y,
    "z": lambda: Z,
    "h": lambda: H,
    "s": lambda: p(PI / 2),
    "sdg": lambda: p(-PI / 2),
    "t": lambda: p(PI / 4),
    "tdg": lambda: p(-PI / 4),
    "sx": lambda: SX,
    "sxdg": lambda: SX.conj().T,
    "p": p,
    "rx": lambda t: rotation(X, t),
    "ry": lambda t: rotation(Y, t),
    "rz": lambda t: rotation(Z, t),
    "u": u,
    "cx": lambda: controlled(X),
    "cy": lambda: controlled(Y),
    "cz": lambda: controlled(Z),
    "ch": lambda: controlled(H),
    "cs": lambda: controlled(p(PI / 2)),
    "csdg": lambda: controlled(p(-PI / 2)),
    "csx": lambda: controlled(SX),
    "cp": lambda t: controlled(p(t)),
    "crx": lambda t: controlled(rotation(X, t)),
    "cry": lambda t: controlled(rotation(Y, t)),
    "crz": lambda t: controlled(rotation(Z, t)),
    "cu": lambda t, f, m, g: controlled(np.exp(1j * g) * u(t, f, m)),
    "swap": lambda: SWAP,
    "iswap": lambda: SWAP * np.array([[1, 1, 1, 1], [1, 1, 1j, 1], [1, 1j, 1, 1], [1, 1, 1, 1]]),
    "dcx": lambda: np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=complex),
    "ecr": lambda: np.asarray((np.kron(I2, X) - np.kron(X, Y)) / math.sqrt(2), dtype=np.complex128),
    "rxx": lambda t: rotation(np.kron(X, X), t),
    "ryy": lambda t: rotation(np.kron(Y, Y), t),
    "rzz": lambda t: rotation(np.kron(Z, Z), t),
    "rzx": lambda t: rotation(np.kron(X, Z), t),
    "ccx": lambda: controlled(controlled(X)),
    "ccz": lambda: controlled(controlled(Z)),
    "cswap": lambda: controlled(SWAP),
    "c3x": lambda: controlled(controlled(controlled(X))),
    "c3sx": lambda: controlled(controlled(controlled(SX))),
    "c4x": lambda: controlled(controlled(controlled(controlled(X)))),
}

RELATIVE = {
    "rccx": "u2(0,pi) c; u1(pi/4) c; cx b,c; u1(-pi/4) c; cx a,c; u1(pi/4) c; cx b,c; u1(-pi/4) c; u2(0,pi) c;",
    "rc3x": (
        "u2(0,pi) d; u1(pi/4) d; cx c,d; u1(-pi/4) d; u2(0,pi) d; cx a,d; u1(pi/4) d; cx b,d; u1(-pi/4) d; cx a,d; "
        "u1(pi/4) d; cx b,d; u1(-pi/4) d; u2(0,pi) d; u1(pi/4) d; cx c,d; u1(-pi/4) d; u2(0,pi) d;"
    ),
}

QELIB1_BODIES = {
    "u2(0.7,-1.3)": "U(pi/2,0.7,-1.3) a;",
    "u3(0.7,-1.3,2.1)": "U(0.7,-1.3,2.1) a;",
    "u1(0.7)": "U(0,0,0.7) a;",
    "u0(0.7)": "U(0,0,0) a;",
    "rz(0.7)": "u1(0.7) a;",
    "rx(0.7)": "u3(0.7,-pi/2,pi/2) a;",
    "sx": "sdg a; h a; sdg a;",
    "ch": "h b; sdg b; cx a,b; h b; t b; cx a,b; t b; h b; s b; x b; s a;",
    "crx(0.7)": "u1(pi/2) b; cx a,b; u3(-0.35,0,0) b; cx a,b; u3(0.35,-pi/2,0) b;",
    "crz(0.7)": "rz(0.35) b; cx a,b; rz(-0.35) b; cx a,b;",
    "cu1(0.7)": "u1(0.35) a; cx a,b; u1(-0.35) b; cx a,b; u1(0.35) b;",
    "cu3(0.7,-1.3,2.1)": (
        "u1((2.1-1.3)/2) a; u1((2.1+1.3)/2) b; cx a,b; u3(-0.7/2,0,-(-1.3+2.1)/2) b; cx a,b; u3(0.7/2,-1.3,0) b;"
    ),
    "cu(0.7,-1.3,2.1,0.4)": (
        "p(0.4) a; p((2.1-1.3)/2) a; p((2.1+1.3)/2) b; cx a,b; u(-0.7/2,0,-(-1.3+2.1)/2) b; cx a,b; u(0.7/2,-1.3,0) b;"
    ),
    "csx": "h b; cu1(pi/2) a,b; h b;",
    "cswap": "cx c,b; ccx a,b,c; cx c,b;",
    "rxx(0.7)": "u3(pi/2,0.7,0) a; h b; cx a,b; u1(-0.7) b; cx a,b; h b; u2(-pi,pi-0.7) a;",
    "rzz(0.7)": "cx a,b; u1(0.7) b; cx a,b;",
    "c3sqrtx": (
        "h d; cu1(pi/8) a,d; h d; cx a,b; h d; cu1(-pi/8) b,d; h d; cx a,b; h d; cu1(pi/8) b,d; h d; cx b,c; "
        "h d; cu1(-pi/8) c,d; h d; cx a,c; h d; cu1(pi/8) c,d; h d; cx b,c; h d; cu1(-pi/8) c,d; h d; cx a,c; "
        "h d; cu1(pi/8) c,d; h d;"
    ),
    **RELATIVE,
}


def apply(matrix: Matrix, qubits: list[int], unitary: Matrix, n: int) -> Matrix:
    """Multiply an operator on some qubits, first one least significant, onto a unitary of n qubits."""
    k = len(qubits)
    tensor = unitary.reshape((2,) * n + (-1,))
    axes = [n - 1 - qubit for qubit in reversed(qubits)]
    moved = np.moveaxis(tensor, axes, range(k))
    result = (matrix @ moved.reshape(2**k, -1)).reshape(moved.shape)
    return np.asarray(np.moveaxis(result, range(k), axes).reshape(2**n, -1))


def unitary_of(circuit: Circuit) -> Matrix:
    """The unitary of a circuit of gates that have closed forms, explicit unitaries and barriers."""
    n = circuit.qubit_count
    unitary: Matrix = np.eye(2**n, dtype=complex) * np.exp(1j * circuit.global_phase)
    qubit = parameter = 0
    for opcode in circuit.opcodes:
        operation = circuit.operations[opcode]
        assert operation.kind in (Kind.GATE, Kind.UNITARY, Kind.BARRIER)
        values = circuit.parameters[parameter : parameter + operation.parameter_count].tolist()
        qubits = circuit.qubits[qubit : qubit + operation.qubit_count].tolist()
        if operation.kind is not Kind.BARRIER:
            matrix = operation.matrix if operation.matrix is not None else closed_form(operation.name)(*values)
            unitary = apply(matrix, qubits, unitary, n)
        qubit += operation.qubit_count
        parameter += operation.parameter_count
    return unitary


def closed_form(name: str) -> Callable[..., Matrix]:
    """The unitary of a standard gate as a function of its parameters."""
    if name in RELATIVE:
        count = STANDARD_GATES[name].qubit_count
        return lambda: unitary_of(version_2(RELATIVE[name], count, "abcde"))
    return CLOSED_FORMS[name]


def version_2(body: str, count: int, letters: str = "") -> Circuit:
    """The circuit of an OpenQASM 2 body, letters standing for the qubits of register q."""
    for index, letter in enumerate(letters[:count]):
        body = body.replace(f" {letter},", f" q[{index}],").replace(f",{letter};", f",q[{index}];")
        body = body.replace(f" {letter};", f" q[{index}];").replace(f",{letter},", f",q[{index}],")
    return parse(f'OPENQASM 2.0;include "qelib1.inc";qreg q[{count}];{body}'.encode(), Limits())


def version_3(body: str, count: int) -> Circuit:
    """The circuit of an OpenQASM 3 body on register q."""
    return parse(f'OPENQASM 3.0;include "stdgates.inc";qubit[{count}] q;{body}'.encode(), Limits())


def call(name: str, parameter_count: int, qubit_count: int) -> str:
    """One application of a gate to the first angles and qubits."""
    parameters = f"({','.join(map(repr, ANGLES[:parameter_count]))})" if parameter_count else ""
    return f"{name}{parameters} {','.join(f'q[{index}]' for index in range(qubit_count))};"


def distance_up_to_phase(left: Matrix, right: Matrix) -> float:
    """The largest difference of entries once the global phases agree."""
    overlap = np.vdot(left, right)
    return float(np.abs(left * overlap / abs(overlap) - right).max())


def u3_spec(theta: float, phi: float, lam: float) -> Matrix:
    """U as the OpenQASM 3 specification writes it."""
    e = np.exp
    doubled = [
        [1 + e(1j * theta), -1j * e(1j * lam) * (1 - e(1j * theta))],
        [1j * e(1j * phi) * (1 - e(1j * theta)), e(1j * (phi + lam)) * (1 + e(1j * theta))],
    ]
    return np.asarray(np.array(doubled) / 2, dtype=np.complex128)


# The bodies of stdgates.inc in the specification, `ctrl @` as controlled() and `gphase(a)` as a factor exp(i a).
STDGATES_BODIES: dict[str, Callable[..., Matrix]] = {
    "U": u3_spec,
    "p": lambda a: np.diag([1, np.exp(1j * a)]),
    "x": lambda: u3_spec(PI, 0, PI) * np.exp(-1j * PI / 2),
    "y": lambda: u3_spec(PI, PI / 2, PI / 2) * np.exp(-1j * PI / 2),
    "h": lambda: u3_spec(PI / 2, 0, PI) * np.exp(-1j * PI / 4),
    "rx": lambda a: u3_spec(a, -PI / 2, PI / 2) * np.exp(-1j * a / 2),
    "ry": lambda a: u3_spec(a, 0, 0) * np.exp(-1j * a / 2),
    "rz": lambda a: u3_spec(0, 0, a) * np.exp(-1j * a / 2),
    "cu": lambda a, b, c, d: controlled(u3_spec(a, b, c)) @ np.kron(I2, p(d - a / 2)),
    "u1": lambda a: u3_spec(0, 0, a),
    "u2": lambda a, b: u3_spec(PI / 2, a, b) * np.exp(-1j * (a + b + PI / 2) / 2),
    "u3": lambda a, b, c: u3_spec(a, b, c) * np.exp(-1j * (a + b + c) / 2),
    "phase": lambda a: u3_spec(0, 0, a),
    "cphase": lambda a: controlled(u3_spec(0, 0, a)),
    "CX": lambda: controlled(X),
}


@pytest.mark.parametrize("name", sorted(STDGATES_BODIES))
def test_openqasm_3_gate_equals_its_body(name: str) -> None:
    """A gate of OpenQASM 3 has the unitary of its definition in the specification, global phase included."""
    body = STDGATES_BODIES[name]
    count = body.__code__.co_argcount
    matrix = body(*ANGLES[:count])
    qubits = int(math.log2(len(matrix)))
    np.testing.assert_allclose(unitary_of(version_3(call(name, count, qubits), qubits)), matrix, atol=1e-12)


@pytest.mark.parametrize("application", sorted(QELIB1_BODIES))
def test_openqasm_2_gate_equals_its_body(application: str) -> None:
    """A gate of qelib1.inc has the unitary of its body there, up to the global phase that OpenQASM 2 leaves open."""
    name = application.partition("(")[0]
    count = LIBRARIES["qelib1.inc"][name].standard.qubit_count
    letters = ",".join("abcde"[:count])
    direct = unitary_of(version_2(f"{application} {letters};", count, "abcde"))
    body = unitary_of(version_2(QELIB1_BODIES[application], count, "abcde"))
    assert distance_up_to_phase(direct, body) < 1e-12


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_printed_definition_equals_the_standard_gate(name: str) -> None:
    """The body that the printer writes for a gate has exactly its unitary."""
    gate = STANDARD_GATES[name]
    count, body = DEFINITIONS[name]
    letters = ", ".join("abcde"[:count])
    parameter = "(t)" if gate.parameter_count else ""
    needed = "".join(
        f"gate {other} {', '.join('abcde'[: DEFINITIONS[other][0]])} {{ {DEFINITIONS[other][1]} }}"
        for other in ("c3x", "c3sx")
        if name == "c4x"
    )
    source = f"{needed}gate {name}{parameter} {letters} {{ {body} }} {call(name, gate.parameter_count, count)}"
    expected = closed_form(name)(*ANGLES[: gate.parameter_count])
    np.testing.assert_allclose(unitary_of(version_3(source, count)), expected, atol=1e-12)


def test_every_standard_gate_has_a_closed_form() -> None:
    """No gate of the vocabulary is left without a reference."""
    assert set(STANDARD_GATES) == set(CLOSED_FORMS) | set(RELATIVE)


@pytest.mark.parametrize("name", sorted(set(STANDARD_GATES) - {"c4x", "c3x", "c3sx", "rc3x"}))
def test_clifford_rule_agrees_with_conjugation(name: str) -> None:
    """A gate counts as Clifford exactly where it takes Pauli operators to Pauli operators."""
    gate = STANDARD_GATES[name]
    choices = (0.0, PI / 4, PI / 2, -PI / 2, PI, 3 * PI / 2, 2 * PI, 3 * PI)
    rng = np.random.default_rng(7)
    rows = [tuple(rng.choice(choices, gate.parameter_count)) for _ in range(60 if gate.parameter_count else 1)]
    for row in rows:
        matrix = closed_form(name)(*row)
        assert is_clifford(name, row) == conjugates_paulis(matrix), row


def conjugates_paulis(matrix: Matrix) -> bool:
    """Whether every X and Z on one qubit is taken to a Pauli string."""
    n = int(math.log2(len(matrix)))
    for qubit in range(n):
        for pauli in (X, Z):
            image = matrix @ apply(pauli, [qubit], np.eye(2**n, dtype=complex), n) @ matrix.conj().T
            entries = np.abs(image)
            if not np.all(np.isclose(entries, 0, atol=1e-9) | np.isclose(entries, 1, atol=1e-9)):
                return False
            if not is_pauli(image, n):
                return False
    return True


def is_pauli(matrix: Matrix, n: int) -> bool:
    """Whether a matrix of entries of modulus 0 and 1 is a Pauli string up to a phase."""
    flip = int(np.argmax(np.abs(matrix[:, 0])))
    values = np.array([matrix[column ^ flip, column] for column in range(2**n)])
    if not np.allclose(np.abs(values), 1, atol=1e-9):
        return False
    signs = values / values[0]
    return all(
        np.allclose(signs[column], np.prod([signs[1 << bit] for bit in range(n) if column >> bit & 1]), atol=1e-9)
        for column in range(2**n)
    ) and all(np.isclose(abs(signs[1 << bit].real), 1, atol=1e-9) for bit in range(n))


def test_printed_circuit_keeps_its_unitary() -> None:
    """Text printed from a circuit with every kind of gate reads back as the same unitary."""
    gates = [g for g in LIBRARIES["qelib1.inc"].values() if g.standard.qubit_count <= 4]
    source = "".join(call(gate.name, gate.parameter_count, gate.standard.qubit_count) for gate in gates)
    circuit = version_2(source, 4)
    printed = parse(to_qasm3(circuit).encode(), Limits())
    np.testing.assert_allclose(unitary_of(printed), unitary_of(circuit), atol=1e-10)
