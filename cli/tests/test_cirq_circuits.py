"""Cirq circuits in columns; runs where Cirq is installed."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

cirq = pytest.importorskip("cirq", reason="needs Cirq: `just tests` runs it in the environment of that backend")
sympy = pytest.importorskip("sympy")
from proxima_client.cirq_circuits import _PLAIN, convert  # noqa: E402

_PLAIN_MATRICES = {name: cirq.unitary(gate) for gate, name in _PLAIN.items()}
_PAULIS = {"x": cirq.unitary(cirq.X), "y": cirq.unitary(cirq.Y), "z": cirq.unitary(cirq.Z)}


def matrix_of(name: str, angles: list[float]) -> NDArray[np.complex128]:
    """Unitary of a gate of the contract, operands in Cirq's order (first operand most significant)."""
    if name in _PLAIN_MATRICES:
        return np.asarray(_PLAIN_MATRICES[name])
    if name == "cp":
        return np.diag([1, 1, 1, np.exp(1j * angles[0])])
    if name == "u":
        theta, phi, lam = angles
        c, s = math.cos(theta / 2), math.sin(theta / 2)
        return np.array([[c, -np.exp(1j * lam) * s], [np.exp(1j * phi) * s, np.exp(1j * (phi + lam)) * c]])
    pauli = _PAULIS[name[1]]
    if len(name) == 3:
        pauli = np.kron(pauli, pauli)
    half = angles[0] / 2
    return np.asarray(math.cos(half) * np.eye(len(pauli)) - 1j * math.sin(half) * pauli)


def unitary_of(columns: circuit_pb2.Circuit) -> NDArray[np.complex128]:
    """Unitary of the columns with qubit 0 most significant, as Cirq has it."""
    n = columns.qubit_count
    qubits = iter(np.frombuffer(columns.qubits, "<u4").tolist())
    parameters = iter(np.frombuffer(columns.parameters, "<f8").tolist())
    state = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
    for opcode in np.frombuffer(columns.opcodes, "<u2"):
        operation = columns.operations[opcode]
        operands = [next(qubits) for _ in range(operation.qubit_count)]
        matrix = matrix_of(operation.name, [next(parameters) for _ in range(operation.parameter_count)])
        k = len(operands)
        state = np.tensordot(matrix.reshape((2,) * 2 * k), state, axes=(range(k, 2 * k), operands))
        state = np.moveaxis(state, range(k), operands)
    result: NDArray[np.complex128] = state.reshape(2**n, 2**n) * np.exp(1j * columns.global_phase)
    return result


@pytest.mark.parametrize("seed", range(6))
def test_random_circuits_are_the_same_operator(seed: int) -> None:
    """Powers, shifts, rotations, decomposed and matrix gates survive, global phase included."""
    rng = np.random.default_rng(seed)
    q = cirq.LineQubit.range(4)
    gates = [
        lambda t: cirq.XPowGate(exponent=t, global_shift=0.3)(q[0]),
        lambda t: (cirq.Y**t)(q[1]),
        lambda t: cirq.rz(t)(q[2]),
        lambda t: cirq.PhasedXZGate(x_exponent=t, z_exponent=0.2, axis_phase_exponent=0.7)(q[3]),
        lambda t: (cirq.CZ**t)(q[0], q[3]),
        lambda t: (cirq.XX**t)(q[2], q[1]),
        lambda t: (cirq.CNOT**t)(q[1], q[3]),
        lambda t: (cirq.ISWAP**t)(q[0], q[2]),
        lambda t: cirq.FSimGate(t, 0.4)(q[3], q[2]),
        lambda _: cirq.CCX(q[3], q[0], q[1]),
        lambda _: cirq.MatrixGate(cirq.testing.random_unitary(4, random_state=seed))(q[1], q[2]),
        lambda _: cirq.H(q[2]),
        lambda _: cirq.global_phase_operation(1j),
        lambda t: cirq.ControlledGate(cirq.rx(t))(q[0], q[2]),
    ]
    circuit = cirq.Circuit(gates[index](rng.uniform(-2, 2)) for index in rng.integers(0, len(gates), 40))
    circuit.append(cirq.I.on_each(*q))
    assert np.allclose(unitary_of(convert(circuit)), cirq.unitary(circuit), atol=1e-7)


def test_every_plain_gate_has_the_contracts_matrix() -> None:
    """sx squared is X exactly, and cx has its control first."""
    assert np.allclose(_PLAIN_MATRICES["sx"] @ _PLAIN_MATRICES["sx"], _PAULIS["x"])
    assert np.allclose(_PLAIN_MATRICES["cx"], [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]])


def test_sorted_qubits_and_keys_in_order_of_appearance() -> None:
    """The smallest qubit is qubit 0, and a key is a run of bits whose first qubit is lowest."""
    a, b, c = cirq.NamedQubit("a"), cirq.NamedQubit("b"), cirq.NamedQubit("c")
    columns = convert(cirq.Circuit(cirq.X(c), cirq.measure(c, a, key="m"), cirq.measure(b, key="k")))
    assert np.frombuffer(columns.qubits, "<u4").tolist() == [2, 1, 2, 0] or np.frombuffer(
        columns.qubits, "<u4"
    ).tolist() == [2, 2, 0, 1]
    registers = {(register.name, register.size) for register in columns.clbit_registers}
    assert registers == {("m", 2), ("k", 1)}


def test_a_free_symbol_is_named() -> None:
    """The error names the symbol and the remedy."""
    with pytest.raises(InvalidArgument, match=r"theta.*resolve_parameters"):
        convert(cirq.Circuit(cirq.rx(sympy.Symbol("theta"))(cirq.LineQubit(0))))


@pytest.mark.parametrize(
    "operation",
    [
        cirq.depolarize(0.1)(cirq.LineQubit(0)),
        cirq.X(cirq.LineQubit(0)).with_classical_controls("m"),
        cirq.measure(cirq.LineQubit(0), key="m", invert_mask=(True,)),
    ],
    ids=["noise", "classical control", "inverted measurement"],
)
def test_what_is_not_taken_yet_is_refused_by_name(operation: object) -> None:
    """Noise, classical control and inverted measurements are named, never dropped."""
    with pytest.raises((Unimplemented, InvalidArgument)):
        convert(cirq.Circuit(cirq.measure(cirq.LineQubit(1), key="m2"), operation))
