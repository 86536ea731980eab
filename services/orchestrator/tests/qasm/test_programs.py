"""What programs off the fast path unroll to."""

import math

import numpy as np
import pytest
from proxima_orchestrator.circuit import Circuit, Kind, digest, strip_idle
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

Row = tuple[str, tuple[int, ...], tuple[int, ...], tuple[float, ...]]

TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def read(source: str) -> Circuit:
    """The circuit of a source within the default limits."""
    return parse(source.encode(), Limits())


def rows(circuit: Circuit) -> list[Row]:
    """The instructions as (name, qubits, clbits, parameters)."""
    found: list[Row] = []
    qubit = clbit = parameter = 0
    for opcode in circuit.opcodes:
        operation = circuit.operations[opcode]
        ends = qubit + operation.qubit_count, clbit + operation.clbit_count, parameter + operation.parameter_count
        found.append(
            (
                operation.name,
                tuple(circuit.qubits[qubit : ends[0]].tolist()),
                tuple(circuit.clbits[clbit : ends[1]].tolist()),
                tuple(circuit.parameters[parameter : ends[2]].tolist()),
            )
        )
        qubit, clbit, parameter = ends
    return found


def gates(circuit: Circuit) -> list[tuple[str, tuple[int, ...]]]:
    """The instructions as (name, qubits)."""
    return [(name, qubits) for name, qubits, _, _ in rows(circuit)]


def conditions(circuit: Circuit) -> list[tuple[int, int, int, int, int]]:
    """The rows of the conditions as (instruction, first clbit, width, value, negated)."""
    held = circuit.conditions
    assert held is not None
    columns = (held.instructions, held.first_clbits, held.widths, held.values, held.negated)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_defined_gates_are_unrolled() -> None:
    """A defined gate becomes the gates of its body, with its parameters put in."""
    circuit = read(TWO + "gate f(a,b) x,y { rx(a/2) x; cx y,x; ry(-b) y; }\nqreg q[3];\nf(pi,1) q[2],q[0];")
    assert rows(circuit) == [("rx", (2,), (), (math.pi / 2,)), ("cx", (0, 2), (), ()), ("ry", (0,), (), (-1.0,))]


def test_definitions_nest_and_broadcast() -> None:
    """A defined gate may use defined gates and be applied to whole registers."""
    circuit = read(TWO + "gate f a { h a; }\ngate g a,b { f b; cx a,b; }\nqreg q[2];qreg r[2];\ng q,r;")
    assert gates(circuit) == [("h", (2,)), ("cx", (0, 2)), ("h", (3,)), ("cx", (1, 3))]


def test_later_library_gates_may_be_redefined() -> None:
    """A program of OpenQASM 2 may define a gate that the original qelib1.inc lacked."""
    assert gates(read(TWO + "gate swap a,b { cz a,b; }\nqreg q[2];\nswap q[0],q[1];")) == [("cz", (0, 1))]


def test_newer_words_are_names_in_openqasm_2() -> None:
    """Words of OpenQASM 3 are ordinary names in OpenQASM 2."""
    circuit = read(TWO + "gate end box { x box; }\nqreg output[2];creg bit[2];\nif (bit==3) end output[1];")
    assert gates(circuit) == [("x", (1,))]
    assert [register.name for register in circuit.qubit_registers + circuit.clbit_registers] == ["output", "bit"]


def test_constant_loops_are_unrolled() -> None:
    """Loops over ranges and sets run with the loop variable as a constant."""
    circuit = read(THREE + "qubit[4] q; for int i in [0:2:3] { rz(i*pi) q[i]; } for uint i in {3, 1} x q[i];")
    assert rows(circuit) == [
        ("rz", (0,), (), (0.0,)),
        ("rz", (2,), (), (2 * math.pi,)),
        ("x", (3,), (), ()),
        ("x", (1,), (), ()),
    ]


def test_constants_and_variables_are_computed() -> None:
    """Constants, functions and variables assigned in loops have their values while unrolling."""
    source = (
        "const int n = 3; qubit[n] q; float f = sin(pi/6); int k = 0; for int i in [1:n] { k += i; } rx(k*f) q[n-1];"
    )
    circuit = read(THREE + source)
    assert circuit.qubits.tolist() == [2]
    np.testing.assert_allclose(circuit.parameters, [3.0])


def test_integers_divide_by_language() -> None:
    """Integer division truncates in OpenQASM 3 and is exact in OpenQASM 2."""
    assert read(THREE + "qubit q; rx(7/2) q;").parameters.tolist() == [3.0]
    assert read(TWO + "qreg q[1]; rx(7/2) q[0];").parameters.tolist() == [3.5]


def test_power_by_language() -> None:
    """`^` is a power in OpenQASM 2, `**` in OpenQASM 3, and binds tighter than a minus."""
    assert read(TWO + "qreg q[1]; rx(-2^3) q[0];").parameters.tolist() == [-8.0]
    assert read(THREE + "qubit q; rx(-2**2) q;").parameters.tolist() == [-4.0]


def test_slices_sets_and_aliases() -> None:
    """Operands may be slices, index sets, negative indices and concatenations."""
    circuit = read(THREE + "qubit[5] q; let a = q[3:-1] ++ q[0]; x a; y q[{4, 2}]; z q[-2]; h a[1]; s q[4:-2:0];")
    assert [qubits[0] for _, qubits in gates(circuit)] == [3, 4, 0, 4, 2, 3, 4, 4, 2, 0]


def test_version_2_condition_compares_a_register() -> None:
    """`if (c == n)` of OpenQASM 2 is a row over the whole register."""
    circuit = read(TWO + "qreg q[1];creg a[2];creg c[3];\nx q[0];if (c==5) x q[0];")
    assert conditions(circuit) == [(1, 2, 3, 5, 0)]


def test_version_3_conditions_are_conjunctions() -> None:
    """Conditions over bits and registers become rows; nested ifs add theirs."""
    circuit = read(THREE + "qubit q; bit[2] c; bit d; if (c[1] && !d) { x q; if (c != 2) y q; }")
    assert conditions(circuit) == [(0, 1, 1, 1, 0), (0, 2, 1, 0, 0), (1, 1, 1, 1, 0), (1, 2, 1, 0, 0), (1, 0, 2, 2, 1)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("c == 2", (0, 2, 2, 0)),
        ("2 != c", (0, 2, 2, 1)),
        ("c", (0, 2, 0, 1)),
        ("!c", (0, 2, 0, 0)),
        ("c > 2", (0, 2, 3, 0)),
        ("c >= 1", (0, 2, 0, 1)),
        ("c < 3", (0, 2, 3, 1)),
        ("c[1] == false", (1, 1, 0, 0)),
        ("c[0:1] == 1", (0, 2, 1, 0)),
        ("uint[2](c) == 3", (0, 2, 3, 0)),
        ('c == "10"', (0, 2, 2, 0)),
    ],
)
def test_relations_become_rows(condition: str, expected: tuple[int, int, int, int]) -> None:
    """Every relation that comes to equal or different becomes one row."""
    assert conditions(read(THREE + f"qubit q; bit[2] c; if ({condition}) x q;")) == [(0, *expected)]


def test_else_is_the_negation() -> None:
    """The else branch of a condition of one row runs under its negation."""
    circuit = read(THREE + "qubit q; bit[2] c; if (c == 1) x q; else y q;")
    assert conditions(circuit) == [(0, 0, 2, 1, 0), (1, 0, 2, 1, 1)]


def test_constant_conditions_are_decided() -> None:
    """Conditions on constants, and comparisons that no register value can meet, are decided while unrolling."""
    circuit = read(
        THREE + "const int n = 2; qubit q; bit[2] c; if (n > 1) x q; else y q; if (c == 4) z q; if (c < 4) h q;"
    )
    assert [name for name, _ in gates(circuit)] == ["x", "h"]
    assert circuit.conditions is None


def test_wide_registers_split_into_rows() -> None:
    """A comparison of a register wider than 64 bits becomes several rows."""
    circuit = read(TWO + f"qreg q[1];creg c[70];\nif (c=={2**69 + 3}) x q[0];")
    assert conditions(circuit) == [(0, 0, 64, 3, 0), (0, 64, 6, 32, 0)]


def test_global_phase_adds_up_and_is_an_instruction_under_a_condition() -> None:
    """gphase adds to the circuit's phase, and is an instruction where it is conditional."""
    circuit = read(THREE + "qubit q; bit c; gphase(1.5); gphase(-0.5); if (c) gphase(pi); if (c) U(1, 0, 0) q;")
    assert circuit.global_phase == 1.0
    assert [circuit.operations[opcode].kind for opcode in circuit.opcodes] == [
        Kind.GLOBAL_PHASE,
        Kind.GATE,
        Kind.GLOBAL_PHASE,
    ]
    assert circuit.parameters.tolist() == [math.pi, 1.0, 0.0, 0.0, 0.5]


def test_delay_reset_and_measure_into_a_declaration() -> None:
    """Delays are in seconds; reset and a bit declared by its measurement are instructions."""
    circuit = read(THREE + "qubit[2] q; delay[1.5us] q[1]; reset q[0]; bit c = measure q[0];")
    assert rows(circuit) == [("delay", (1,), (), (1.5e-6,)), ("reset", (0,), (), ()), ("measure", (0,), (0,), ())]


def test_hardware_qubits_are_declared_by_use() -> None:
    """A program on hardware qubits has as many qubits as its highest number says."""
    circuit = read(THREE + "x $3; cx $0, $1;")
    assert (circuit.declared_qubit_count, gates(circuit)) == (4, [("x", (3,)), ("cx", (0, 1))])


def test_idle_qubits_are_stripped() -> None:
    """Only touched qubits stay; barriers shrink, or vanish with their conditions."""
    source = "qreg q[6];creg c[1];\nbarrier q[0],q[5];barrier q;x q[4];if (c==1) cx q[4],q[2];"
    circuit = strip_idle(read(TWO + source))
    assert circuit.active_qubits.tolist() == [2, 4]
    assert (circuit.qubit_count, circuit.declared_qubit_count) == (2, 6)
    assert gates(circuit) == [("barrier", (0, 1)), ("x", (1,)), ("cx", (1, 0))]
    assert conditions(circuit) == [(2, 0, 1, 1, 0)]


def test_qubit_0_stays_when_none_is_touched() -> None:
    """A circuit without instructions keeps one qubit."""
    circuit = strip_idle(read(TWO + "qreg q[5];barrier q;"))
    assert (circuit.active_qubits.tolist(), gates(circuit)) == ([0], [("barrier", (0,))])


def test_million_declared_qubits_strip_to_the_used_ones() -> None:
    """A million declared qubits cost nothing after stripping."""
    circuit = strip_idle(read(TWO + "qreg q[1000000];barrier q;cx q[999999],q[5];"))
    assert circuit.active_qubits.tolist() == [5, 999_999]
    assert gates(circuit) == [("barrier", (0, 1)), ("cx", (1, 0))]


def test_digest_tells_circuits_apart() -> None:
    """Equal action in equal columns has an equal digest whatever the names; another parameter has another."""
    one, renamed, other = (
        read(TWO + "qreg q[1];rx(0.1) q[0];"),
        read(TWO + "qreg r[1];rx(1/10) r[0];"),
        read(TWO + "qreg q[1];rx(0.2) q[0];"),
    )
    assert digest(one) == digest(renamed) != digest(other)
    assert len(digest(one)) == 64
