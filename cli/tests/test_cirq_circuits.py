"""Cirq circuits in columns; runs where Cirq is installed."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import InvalidArgument, Unimplemented

cirq = pytest.importorskip("cirq", reason="needs Cirq: `just tests` runs it in the environment of that backend")
sympy = pytest.importorskip("sympy")
from proxima_client.cirq_circuits import convert  # noqa: E402
from proxima_client.cirq_gates import PLAIN  # noqa: E402
from proxima_client.operators import first_operand_lowest  # noqa: E402

from .classical import angle_rows, conditions, final_record, rows_of  # noqa: E402

_PLAIN_MATRICES = {name: cirq.unitary(gate) for gate, name in PLAIN.items()}
_CONTROLLED = {"ch": lambda: cirq.H, "crx": cirq.rx, "cry": cirq.ry, "crz": cirq.rz}
_PAULIS = {"x": cirq.unitary(cirq.X), "y": cirq.unitary(cirq.Y), "z": cirq.unitary(cirq.Z)}


def matrix_of(name: str, angles: list[float]) -> NDArray[np.complex128]:
    """Unitary of a gate of the contract, operands in Cirq's order (first operand most significant)."""
    if name in _PLAIN_MATRICES:
        return np.asarray(_PLAIN_MATRICES[name])
    if name in _CONTROLLED:
        return np.asarray(cirq.unitary(cirq.ControlledGate(_CONTROLLED[name](*angles))))
    if name == "p":
        return np.diag([1, np.exp(1j * angles[0])])
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
        k = len(operands)
        angles = [next(parameters) for _ in range(operation.parameter_count)]
        if operation.kind == circuit_pb2.Operation.KIND_UNITARY:
            # Turning the order of the operands around is its own opposite.
            matrix = first_operand_lowest(np.frombuffer(operation.matrix, "<c16").reshape(2**k, 2**k))
        elif operation.name == "cu":
            theta, phi, lam, gamma = angles
            matrix = np.eye(4, dtype=complex)
            matrix[2:, 2:] = np.exp(1j * gamma) * matrix_of("u", [theta, phi, lam])
        else:
            matrix = matrix_of(operation.name, angles)
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
    ("operation", "text"),
    [
        (cirq.X(cirq.LineQubit(0)).with_classical_controls("absent"), "nothing measures"),
        (cirq.X(cirq.LineQubit(0)).with_classical_controls(sympy.Symbol("m") > 1), "equal or different"),
        (
            cirq.measure(*cirq.LineQubit.range(2, 4), key="n", confusion_map={(0, 1): np.full((4, 4), 0.25)}),
            "several qubits at once",
        ),
        (
            cirq.CircuitOperation(
                cirq.FrozenCircuit(cirq.measure(cirq.LineQubit(2), key="r")),
                use_repetition_ids=False,
                repeat_until=cirq.KeyCondition(cirq.MeasurementKey("r")),
            ),
            "repeats until",
        ),
        (cirq.KrausChannel([np.eye(2)], key="k")(cirq.LineQubit(0)), "measurement of this kind"),
    ],
    ids=["unknown key", "relation", "joint confusion", "repeat until", "keyed channel"],
)
def test_what_is_not_taken_is_refused_by_name(operation: Any, text: str) -> None:
    """What has no form in the contract is named, never dropped."""
    with pytest.raises(Unimplemented, match=text):
        convert(cirq.Circuit(cirq.measure(cirq.LineQubit(1), key="m"), operation))


CHANNELS = [
    (cirq.depolarize(0.1), "depolarizing", (0.1 * 4 / 3,)),
    (cirq.depolarize(0.1, 2), "depolarizing", (0.1 * 16 / 15,)),
    (cirq.depolarize(1.0), "depolarizing", (4 / 3,)),
    (cirq.bit_flip(0.1), "pauli_channel", (0.1, 0.0, 0.0)),
    (cirq.phase_flip(0.2), "pauli_channel", (0.0, 0.0, 0.2)),
    (cirq.asymmetric_depolarize(0.1, 0.2, 0.3), "pauli_channel", (0.1, 0.2, 0.3)),
    (cirq.amplitude_damp(0.3), "amplitude_damping", (0.3, 0.0)),
    (cirq.generalized_amplitude_damp(0.25, 0.3), "amplitude_damping", (0.3, 0.75)),
    (cirq.phase_damp(0.4), "phase_damping", (0.4,)),
]


@pytest.mark.parametrize(("gate", "name", "parameters"), CHANNELS, ids=[str(row[0]) for row in CHANNELS])
def test_named_channels_keep_their_definition(gate: Any, name: str, parameters: tuple[float, ...]) -> None:
    """A channel that the contract names goes by name, its parameter converted, and is the same channel."""
    qubits = cirq.LineQubit.range(gate.num_qubits())
    columns = convert(cirq.Circuit(gate(*qubits)))
    (operation,) = columns.operations
    found = np.frombuffer(columns.parameters, "<f8")
    assert (operation.name, operation.kind) == (name, circuit_pb2.Operation.KIND_CHANNEL)
    assert np.allclose(found, parameters, rtol=1e-15)
    expected = _transfer(np.array(cirq.kraus(gate)))
    assert np.allclose(_transfer(_kraus(name, found, len(qubits))), expected, atol=1e-12)


def _transfer(operators: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """The sum of K (x) conj(K)."""
    return np.asarray(sum(np.kron(operator, operator.conj()) for operator in operators))


def _kraus(name: str, values: NDArray[np.float64], count: int) -> NDArray[np.complex128]:
    """Kraus operators of a named channel, from docs/noise.md."""
    if name == "depolarizing":
        paulis = [np.eye(1)]
        for _ in range(count):
            paulis = [np.kron(left, right) for left in paulis for right in (np.eye(2), *_PAULIS.values())]
        weights = np.full(4**count, values[0] / 4**count)
        weights[0] = 1 - values[0] * (4**count - 1) / 4**count
        return np.array([np.sqrt(max(weight, 0)) * pauli for weight, pauli in zip(weights, paulis, strict=True)])
    if name == "pauli_channel":
        chances = [1 - values.sum(), *values]
        matrices = [np.eye(2), *_PAULIS.values()]
        return np.array([np.sqrt(chance) * matrix for chance, matrix in zip(chances, matrices, strict=True)])
    gamma, excited = values if name == "amplitude_damping" else (0.0, 0.0)
    keep = np.sqrt(1 - gamma)
    lam = values[0] if name == "phase_damping" else 0.0
    damp = [
        np.sqrt(1 - excited) * np.array([[1, 0], [0, keep]]),
        np.sqrt(1 - excited) * np.array([[0, np.sqrt(gamma)], [0, 0]]),
        np.sqrt(excited) * np.array([[keep, 0], [0, 1]]),
        np.sqrt(excited) * np.array([[0, 0], [np.sqrt(gamma), 0]]),
    ]
    dephase = [np.diag([1, np.sqrt(1 - lam)]), np.diag([0, np.sqrt(lam)])]
    return np.array([first @ second for first in damp for second in dephase], dtype=np.complex128)


EXPLICIT_CHANNELS = [
    cirq.KrausChannel([np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * np.diag([1, 1j])]),
    cirq.MixedUnitaryChannel([(0.7, cirq.unitary(cirq.CNOT)), (0.3, cirq.unitary(cirq.SWAP))]),
    cirq.asymmetric_depolarize(error_probabilities={"XI": 0.2, "IZ": 0.3, "II": 0.5}),
    cirq.X.with_probability(0.3),
]


@pytest.mark.parametrize("gate", EXPLICIT_CHANNELS, ids=range(len(EXPLICIT_CHANNELS)))
def test_other_channels_become_kraus_operators(gate: Any) -> None:
    """Any other channel is its Kraus operators, the first qubit turned from most to least significant."""
    columns = convert(cirq.Circuit(gate(*cirq.LineQubit.range(gate.num_qubits()))))
    (operation,) = columns.operations
    side = 2 ** gate.num_qubits()
    operators = first_operand_lowest(np.frombuffer(operation.matrix, "<c16").reshape(-1, side, side))
    assert np.allclose(_transfer(operators), _transfer(np.array(cirq.kraus(gate))), atol=1e-12)


EXPLICIT = [
    (cirq.MatrixGate(cirq.testing.random_unitary(2, random_state=1)), "unitary"),
    (cirq.MatrixGate(cirq.testing.random_unitary(16, random_state=2)), "unitary"),
    (cirq.FSimGate(0.3, 0.4), "unitary"),
    (cirq.ISWAP**0.3, "unitary"),
    (cirq.X.controlled(control_values=[0]), "unitary"),
    (cirq.H.controlled(2), "unitary"),
    (cirq.ControlledGate(cirq.rx(0.3)), "crx"),
    (cirq.ControlledGate(cirq.H), "ch"),
    (cirq.X.controlled(2), "ccx"),
    (cirq.X.controlled(3), "c3x"),
    (cirq.ControlledGate(cirq.X**0.3), "cu"),
    (cirq.PhasedXZGate(x_exponent=0.1, z_exponent=0.2, axis_phase_exponent=0.3), "u"),
]


@pytest.mark.parametrize(("gate", "name"), EXPLICIT, ids=[str(index) for index in range(len(EXPLICIT))])
def test_a_gate_is_one_instruction(gate: Any, name: str) -> None:
    """Matrices, gates of two qubits and controlled gates are one instruction: by name or as a matrix."""
    circuit = cirq.Circuit(gate(*reversed(cirq.LineQubit.range(gate.num_qubits()))))
    columns = convert(circuit)
    (operation,) = columns.operations
    is_unitary = operation.kind == circuit_pb2.Operation.KIND_UNITARY
    assert ("unitary" if is_unitary else operation.name) == name
    if name != "c3x":
        assert np.allclose(unitary_of(columns), cirq.unitary(circuit), atol=1e-7)


def test_angles_of_rotations_are_kept_to_the_last_bit() -> None:
    """cirq.rx and its kin keep their angle, not a multiple of pi that rounds."""
    angle = math.nextafter(0.3, 1)
    q = cirq.LineQubit(0)
    columns = convert(cirq.Circuit(cirq.rx(angle)(q), cirq.ry(angle)(q), cirq.rz(angle)(q)))
    assert np.frombuffer(columns.parameters, "<f8").tolist() == [angle] * 3
    assert columns.global_phase == 0.0


def test_same_angles_as_openqasm() -> None:
    """The circuit of docs/examples/angles.qasm, built from Cirq's gates, has the rows of that file to the last bit."""
    fixed = {"h": cirq.H, "s": cirq.S, "t": cirq.T, "cx": cirq.CNOT, "cz": cirq.CZ, "swap": cirq.SWAP, "ccx": cirq.CCX}
    turned = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}
    qubits = cirq.LineQubit.range(3)
    circuit = cirq.Circuit()
    rows = angle_rows()
    for name, angles, operands in rows:
        gate = turned[name.removeprefix("c")](*angles) if angles else fixed[name]
        gate = cirq.ControlledGate(gate) if angles and name.startswith("c") else gate
        circuit.append(cirq.Moment(gate(*(qubits[index] for index in operands))))
    columns = convert(circuit)
    assert rows_of(columns) == rows
    assert columns.global_phase == 0.0


def test_controls_become_conditions() -> None:
    """A key counts where it is not 0; comparisons turn Cirq's order of bits around; several controls are all needed."""
    a, b, c = cirq.LineQubit.range(3)
    x = cirq.X(c)
    columns = convert(
        cirq.Circuit(
            cirq.measure(a, b, key="m"),
            cirq.measure(c, key="k"),
            x.with_classical_controls("m"),
            x.with_classical_controls(sympy.Eq(sympy.Symbol("m"), 1)),
            x.with_classical_controls("k", sympy.Ne(sympy.Symbol("m"), 2)),
            x.with_classical_controls(cirq.BitMaskKeyCondition("m", bitmask=2, target_value=2, equal_target=True)),
        )
    )
    starts = {register.name: register.start for register in columns.clbit_registers}
    m, k = starts["m"], starts["k"]
    assert [sorted(rows) for rows in conditions(columns).values()] == [
        [(m, 2, 0, 1)],
        [(m, 2, 2, 0)],
        sorted([(k, 1, 1, 0), (m, 2, 1, 1)]),
        [(m, 1, 1, 0)],
    ]


@pytest.mark.parametrize("seed", range(12))
def test_random_control_records_what_cirq_records(seed: int) -> None:
    """Random programs of permutations, resets, measurements and controls end in the bits that Cirq finds."""
    rng = np.random.default_rng(seed)
    qubits = cirq.LineQubit.range(4)
    circuit = cirq.Circuit(cirq.X.on_each(*qubits), cirq.X(qubits[int(rng.integers(4))]))
    keys: list[tuple[str, int]] = []
    for step in range(24):
        a, b, c = (qubits[index] for index in rng.permutation(4)[:3].tolist())
        chosen = [cirq.X(a), cirq.CNOT(a, b), cirq.SWAP(a, b), cirq.CCX(a, b, c), cirq.reset(a)]
        operation = chosen[int(rng.integers(5))]
        if keys and rng.random() < 0.6:
            key, size = keys[int(rng.integers(len(keys)))]
            value = int(rng.integers(2**size))
            symbol = sympy.Symbol(key)
            controls = [key, sympy.Eq(symbol, value), sympy.Ne(symbol, value)]
            operation = operation.with_classical_controls(controls[int(rng.integers(3))])
        circuit.append(operation)
        if rng.random() < 0.3:
            mask = (bool(rng.integers(2)), False)
            circuit.append(cirq.measure(a, b, key=f"m{step}", invert_mask=mask))
            keys.append((f"m{step}", 2))
    circuit.append(cirq.measure(*qubits, key="end"))
    columns = convert(circuit)
    measured = cirq.Simulator(seed=1).simulate(circuit).measurements
    record = final_record(columns)[::-1]
    found = {entry.name: record[entry.start : entry.start + entry.size] for entry in columns.clbit_registers}
    assert found == {key: "".join(map(str, bits)) for key, bits in measured.items()}


def test_subcircuits_and_confusion_maps_are_taken() -> None:
    """Repetitions are written out with their keys, and a confusion of one qubit is its readout error."""
    q = cirq.LineQubit(0)
    confused = cirq.measure(q, key="m", confusion_map={(0,): np.array([[0.9, 0.1], [0.2, 0.8]])}, invert_mask=(True,))
    inner = cirq.FrozenCircuit(cirq.X(q), confused)
    columns = convert(cirq.Circuit(cirq.CircuitOperation(inner, repetitions=2, use_repetition_ids=True)))
    assert [register.name for register in columns.clbit_registers] == ["0:m", "1:m"]
    readout = np.frombuffer(columns.operations[1].readout, "<f8").reshape(2, 2)
    assert readout.tolist() == [[0.1, 0.9], [0.8, 0.2]]
