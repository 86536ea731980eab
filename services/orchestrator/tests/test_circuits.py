"""Characteristics of circuits, and circuit messages from outside."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_orchestrator.capabilities import Feature
from proxima_orchestrator.characteristics import characterise, depth
from proxima_orchestrator.circuit import Circuit, digest, strip_idle
from proxima_orchestrator.convert.circuit import circuit_from_message, circuit_to_message
from proxima_orchestrator.convert.plan import over_active_qubits
from proxima_orchestrator.planning import Observable, ResultRequest
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse
from proxima_runtime.backend.circuits import check_circuit
from proxima_runtime.errors import InvalidArgument


def parsed(body: str, *, header: str = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[4];\ncreg c[4];\n') -> Circuit:
    """The circuit of a program over four qubits and bits, without idle qubits."""
    return strip_idle(parse((header + body).encode(), Limits()))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("h q[0];", 1),
        ("h q; cx q[0],q[1]; cx q[2],q[3]; cx q[1],q[2];", 3),
        ("h q[0]; barrier q; h q[1];", 1),
        ("ccx q[0],q[1],q[2]; h q[2]; h q[0];", 2),
        ("measure q[0] -> c[0]; measure q[1] -> c[0];", 2),
        ("measure q[0] -> c[0]; if (c==1) x q[1];", 2),
    ],
)
def test_depth_is_the_longest_chain(body: str, expected: int) -> None:
    """Depth counts instructions that share qubits or classical bits, and no barriers."""
    assert depth(parsed(body)) == expected


STEPS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), st.permutations(range(4))).map(lambda step: step[1][: step[0]]),
    max_size=40,
)


@given(STEPS)
def test_depth_equals_a_plain_count(steps: list[list[int]]) -> None:
    """Depth equals what levels kept one by one give."""
    names = {1: "h", 2: "cx", 3: "ccx"}
    body = "".join(f"{names[len(qubits)]} {','.join(f'q[{qubit}]' for qubit in qubits)};" for qubits in steps)
    level = dict.fromkeys(range(4), 0)
    for qubits in steps:
        top = max(level[qubit] for qubit in qubits) + 1
        level.update(dict.fromkeys(qubits, top))
    assert depth(parsed(body)) == max(level.values())


@pytest.mark.parametrize(
    ("body", "features"),
    [
        ("h q[0]; cx q[0],q[1]; rz(pi/2) q[0]; measure q -> c;", set()),
        ("t q[0];", {Feature.NON_CLIFFORD}),
        ("rz(0.3) q[0];", {Feature.NON_CLIFFORD}),
        ("reset q[0];", {Feature.RESET}),
        ("measure q[0] -> c[0]; h q[0];", {Feature.MID_CIRCUIT_MEASUREMENT}),
        ("measure q[0] -> c[0]; barrier q; measure q[0] -> c[1];", set()),
        ("if (c==1) measure q[0] -> c[1];", {Feature.CLASSICAL_CONDITION, Feature.MID_CIRCUIT_MEASUREMENT}),
        (
            "measure q[0] -> c[0]; if (c==1) x q[1];",
            {Feature.CLASSICAL_CONDITION, Feature.MID_CIRCUIT_MEASUREMENT},
        ),
        ("if (c==0) x q[1];", {Feature.CLASSICAL_CONDITION}),
    ],
)
def test_features_are_those_that_the_circuit_needs(body: str, features: set[Feature]) -> None:
    """A circuit needs exactly the features that its instructions bring."""
    found = characterise(parsed(body))
    assert found.features == features
    assert found.has_mid_circuit_measurement == (Feature.MID_CIRCUIT_MEASUREMENT in features)
    assert found.is_clifford == (Feature.NON_CLIFFORD not in features)


THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\n'


@pytest.mark.parametrize(
    ("body", "features"),
    [
        ("c[0] = measure q[0]; delay[5ns] q[0];", {Feature.DELAY}),
        ("c[0] = measure q[0]; if (c[0]) { barrier q; }", set()),
        ("if (c[0]) gphase(0.5);", {Feature.CLASSICAL_CONDITION, Feature.GLOBAL_PHASE_INSTRUCTION}),
        ("negctrl @ x q[0], q[1];", {Feature.UNITARY}),
        ("negctrl @ negctrl @ z q[0], q[1], q[2];", {Feature.UNITARY, Feature.NON_CLIFFORD}),
        ("negctrl @ rx(pi) q[0], q[1];", {Feature.UNITARY}),
        ("negctrl @ rx(pi/2) q[0], q[1];", {Feature.UNITARY, Feature.NON_CLIFFORD}),
        ("pow(0.5) @ swap q[0], q[1];", {Feature.UNITARY, Feature.NON_CLIFFORD}),
    ],
)
def test_features_of_openqasm_3(body: str, features: set[Feature]) -> None:
    """Delays after a measurement and conditions on barriers need nothing; unitaries are Clifford where they are."""
    found = characterise(parsed(body, header=THREE))
    assert found.features == features
    assert found.is_clifford == (Feature.NON_CLIFFORD not in features)


STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from(["", "if (c[0]) ", "if (c != 5) ", "if (!c[2]) "]),
        st.sampled_from(
            [
                "c[0] = measure q[0];",
                "c[1] = measure q[0];",
                "c[2] = measure q[1];",
                "x q[0];",
                "negctrl @ x q[1], q[2];",
                "reset q[1];",
                "barrier q[0], q[1];",
                "delay[3ns] q[0];",
                "gphase(0.5);",
            ]
        ),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(STATEMENTS)
def test_backends_see_the_same_features(statements: list[tuple[str, str]]) -> None:
    """What the plan says of mid-circuit measurement and conditions is what the runtime of a backend finds."""
    circuit = parsed("".join(map("".join, statements)), header=THREE)
    found = characterise(circuit)
    use = check_circuit(circuit_to_message(circuit))
    assert use.has_mid_circuit_measurement == found.has_mid_circuit_measurement
    assert use.has_conditions == (Feature.CLASSICAL_CONDITION in found.features)
    assert use.uses(circuit_pb2.Operation.KIND_UNITARY) == (Feature.UNITARY in found.features)


def test_counts_leave_barriers_and_idle_qubits_out() -> None:
    """Counts are over the flat circuit without barriers and idle qubits."""
    found = characterise(parsed("h q[1]; t q[1]; tdg q[3]; cx q[1],q[3]; barrier q; measure q[3] -> c[0];"))
    assert (found.declared_qubit_count, found.active_qubit_count) == (4, 2)
    assert found.instruction_count == 5
    assert dict(found.operation_counts) == {"h": 1, "t": 1, "tdg": 1, "cx": 1, "measure": 1}
    assert (found.t_count, found.multi_qubit_gate_count, found.measurement_count) == (2, 1, 1)
    assert found.gates == {"h", "t", "tdg", "cx"}


PROGRAM = "h q[0]; u3(0.1,0.2,0.3) q[2]; cx q[0],q[2]; barrier q; measure q[2] -> c[1]; if (c==2) x q[0];"


def test_messages_and_columns_are_the_same_circuit() -> None:
    """A circuit sent as a message comes back with the same digest, idle qubits stripped or not."""
    header = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[4];\ncreg c[4];\n'
    whole = parse((header + PROGRAM).encode(), Limits())
    for circuit in (whole, strip_idle(whole)):
        message = circuit_pb2.Circuit.FromString(circuit_to_message(circuit).SerializeToString())
        assert digest(circuit_from_message(message)) == digest(circuit)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("qubit_count", 0, "qubit_count"),
        ("qubit_count", 1_000_001, "qubit_count"),
        ("clbit_count", -1, "clbit_count"),
        ("opcodes", b"\x00", "opcodes"),
        ("opcodes", b"\xff\xff" * 5, "opcodes"),
        ("qubits", b"", "qubits"),
        ("qubits", b"\xff" * 4 * 7, "qubits"),
        ("qubits", b"\x00" * 4 * 7, "qubits"),
        ("clbits", b"\xff" * 4, "clbits"),
        ("parameters", np.full(3, np.nan).tobytes(), "parameters"),
        ("active_qubits", [1, 0], "active_qubits"),
        ("active_qubits", [0, 9], "active_qubits"),
        ("declared_qubit_count", 1, "declared_qubit_count"),
    ],
)
def test_columns_that_disagree_are_named(field: str, value: object, named: str) -> None:
    """A column that is out of range or of the wrong length is MALFORMED_CIRCUIT and names the field."""
    message = circuit_to_message(parsed(PROGRAM))
    if field == "active_qubits":
        del message.active_qubits[:]
        message.active_qubits.extend(value)  # type: ignore[arg-type]
    else:
        setattr(message, field, value)
    with pytest.raises(InvalidArgument) as caught:
        circuit_from_message(message)
    assert caught.value.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT
    assert caught.value.metadata["field"].startswith(named)


def noisy() -> circuit_pb2.Circuit:
    """A circuit of channels, a unitary and a readout error, one of them conditional."""
    relaxation = (1e-4, 1.5e-4, 1e-6, 0.1)
    measure = circuit_pb2.Operation(kind="KIND_MEASURE", qubit_count=1, clbit_count=1, readout=np.eye(2).tobytes())
    message = message_of(
        channel("thermal_relaxation", 1, 4),
        explicit("CHANNEL", 1, np.eye(2)),
        explicit("UNITARY", 2, np.eye(4)),
        measure,
        channel("depolarizing", 2, 1),
        parameters=(*relaxation, 0.2),
    )
    message.conditions.instructions = np.array([2], dtype="<u4").tobytes()
    message.conditions.first_clbits = np.array([0], dtype="<u4").tobytes()
    message.conditions.widths = np.array([1], dtype="<u4").tobytes()
    message.conditions.values = np.array([1], dtype="<u8").tobytes()
    message.conditions.negated = b"\x01"
    return message


@settings(max_examples=300)
@given(st.data())
def test_damaged_messages_never_break_anything(data: st.DataObject) -> None:
    """Whatever bytes of a message are changed, it is a circuit, or MALFORMED_CIRCUIT, or no message."""
    raw = bytearray(data.draw(st.sampled_from([circuit_to_message(parsed(PROGRAM)), noisy()])).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        circuit = circuit_from_message(circuit_pb2.Circuit.FromString(bytes(raw)))
    except DecodeError:
        return
    except InvalidArgument as error:
        assert error.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT  # noqa: PT017
        return
    characterise(strip_idle(circuit))


def message_of(*operations: circuit_pb2.Operation, parameters: tuple[float, ...] = ()) -> circuit_pb2.Circuit:
    """A circuit that applies each operation once, to the first qubits and bits."""
    return circuit_pb2.Circuit(
        qubit_count=5,
        clbit_count=1,
        declared_qubit_count=5,
        operations=operations,
        opcodes=np.arange(len(operations), dtype="<u2").tobytes(),
        qubits=b"".join(np.arange(operation.qubit_count, dtype="<u4").tobytes() for operation in operations),
        clbits=b"".join(np.zeros(operation.clbit_count, dtype="<u4").tobytes() for operation in operations),
        parameters=np.array(parameters, dtype="<f8").tobytes(),
    )


def channel(name: str, qubits: int, parameters: int) -> circuit_pb2.Operation:
    """A named channel."""
    kind = circuit_pb2.Operation.KIND_CHANNEL
    return circuit_pb2.Operation(kind=kind, name=name, qubit_count=qubits, parameter_count=parameters)


def explicit(kind: str, qubits: int, *matrices: object) -> circuit_pb2.Operation:
    """A unitary or Kraus operators."""
    data = np.asarray(matrices, dtype="<c16").tobytes()
    return circuit_pb2.Operation(kind=f"KIND_{kind}", name="mine", qubit_count=qubits, matrix=data)


LEGAL = [
    ("depolarizing", 1, (4 / 3,)),
    ("depolarizing", 4, (256 / 255,)),
    ("pauli_channel", 1, (0.1, 0.2, 0.7)),
    ("amplitude_damping", 1, (1.0, 0.3)),
    ("phase_damping", 1, (0.0,)),
    ("thermal_relaxation", 1, (1e-5, 2e-5, 0.0, 0.5)),
]


@pytest.mark.parametrize(("name", "qubits", "values"), LEGAL)
def test_channels_within_their_ranges_are_taken(name: str, qubits: int, values: tuple[float, ...]) -> None:
    """The largest and smallest legal values of a channel are legal."""
    message = message_of(channel(name, qubits, len(values)), parameters=values)
    circuit = circuit_from_message(message)
    assert circuit_to_message(circuit).parameters == message.parameters
    assert characterise(strip_idle(circuit)).features >= {Feature.CHANNEL}


ILLEGAL = [
    (channel("depolarizing", 1, 1), (1.4,), "parameters", r"instruction 0 \(depolarizing\).*4\^k"),
    (channel("depolarizing", 2, 1), (1.2,), "parameters", r"4\^2"),
    (channel("depolarizing", 5, 1), (0.1,), "operations[0].qubit_count", "1 to 4"),
    (channel("pauli_channel", 1, 3), (0.5, 0.5, 0.1), "parameters", "at most 1"),
    (channel("pauli_channel", 2, 3), (0.1, 0.1, 0.1), "parameters", "1 qubit"),
    (channel("amplitude_damping", 1, 2), (0.5, -0.1), "parameters", "excited_population"),
    (channel("phase_damping", 1, 1), (1.1,), "parameters", "lambda"),
    (channel("thermal_relaxation", 1, 4), (1e-5, 3e-5, 1e-6, 0.0), "parameters", "T2"),
    (channel("thermal_relaxation", 1, 4), (1e-5, 1e-5, -1e-6, 0.0), "parameters", "negative"),
    (channel("bitflip", 1, 1), (0.1,), "operations[0].name", "depolarizing"),
    (channel("depolarizing", 1, 2), (0.1, 0.1), "operations[0]", "takes"),
    (explicit("UNITARY", 1, [[1, 0], [0, 1.001]]), (), "operations[0].matrix", "not unitary"),
    (explicit("UNITARY", 1, [[1e200, 0], [0, 1e200]]), (), "operations[0].matrix", "not unitary"),
    (explicit("UNITARY", 1, [[np.nan, 0], [0, 1]]), (), "operations[0].matrix", "finite"),
    (explicit("UNITARY", 2, [[1, 0], [0, 1]]), (), "operations[0].matrix", "4 x 4"),
    (explicit("UNITARY", 1, np.eye(2), np.eye(2)), (), "operations[0].matrix", "one"),
    (explicit("UNITARY", 0, [[1]]), (), "operations[0].qubit_count", "1 to 4"),
    (explicit("UNITARY", 5, np.eye(32)), (), "operations[0].qubit_count", "1 to 4"),
    (explicit("CHANNEL", 1, np.eye(2), np.eye(2)), (), "operations[0].matrix", "trace preserving"),
    (explicit("CHANNEL", 1, *[np.eye(2)] * 5), (), "operations[0].matrix", "1 to 4"),
    (explicit("GATE", 1, np.eye(2)), (), "operations[0].matrix", "UNITARY or CHANNEL"),
    (
        circuit_pb2.Operation(kind="KIND_DELAY", name="delay", qubit_count=1, parameter_count=1),
        (-1.0,),
        "parameters",
        "duration",
    ),
    (
        circuit_pb2.Operation(
            kind="KIND_MEASURE", qubit_count=1, clbit_count=1, readout=np.array([0.9, 0.2, 0.1, 0.9]).tobytes()
        ),
        (),
        "operations[0].readout",
        "sum to 1",
    ),
    (
        circuit_pb2.Operation(kind="KIND_RESET", qubit_count=1, readout=np.eye(2).tobytes()),
        (),
        "operations[0].readout",
        "MEASURE",
    ),
]


@pytest.mark.parametrize(("operation", "parameters", "field", "text"), ILLEGAL, ids=range(len(ILLEGAL)))
def test_illegal_operations_are_named(
    operation: circuit_pb2.Operation, parameters: tuple[float, ...], field: str, text: str
) -> None:
    """What is no channel, no unitary or no readout error is refused with its field and what it should be."""
    with pytest.raises(InvalidArgument, match=text) as caught:
        circuit_from_message(message_of(operation, parameters=parameters))
    assert caught.value.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT
    assert caught.value.metadata["field"] == field


def test_conditions_on_undeclared_bits_are_named() -> None:
    """A condition beyond the declared classical bits names its field."""
    message = circuit_to_message(parsed(PROGRAM))
    message.conditions.first_clbits = np.array([3], dtype="<u4").tobytes()
    with pytest.raises(InvalidArgument, match="within the 4 classical bits") as caught:
        circuit_from_message(message)
    assert caught.value.metadata["field"] == "conditions.widths"


def test_kraus_operators_are_made_trace_preserving_and_that_is_said() -> None:
    """A deviation up to 1e-8 is taken out of the Kraus operators, and a notice gives it."""
    exact = [np.diag([1, np.sqrt(0.7)]), np.array([[0, np.sqrt(0.3)], [0, 0]])]
    circuit = circuit_from_message(message_of(explicit("CHANNEL", 1, *(entry * (1 + 3e-9) for entry in exact))))
    operators = circuit.operations[0].matrix
    assert operators is not None
    np.testing.assert_allclose(operators, exact, atol=1e-15)
    assert len(circuit.notices) == 1
    assert "6e-09" in circuit.notices[0]
    assert circuit_from_message(message_of(explicit("CHANNEL", 1, *exact))).notices == ()


def test_observables_lose_their_idle_qubits() -> None:
    """I and Z on an idle qubit count 1, X and Y there make the term vanish."""
    circuit = parsed("h q[1]; h q[2];")
    asked = ResultRequest(observables=(Observable(name="", paulis=("ZXYI", "XIIZ"), coefficients=(2.0, 3.0)),))
    (found,) = over_active_qubits(asked, circuit).observables
    assert (found.paulis, found.coefficients) == (("XY", "II"), (2.0, 0.0))
    wrong = ResultRequest(observables=(Observable(name="", paulis=("Z",), coefficients=(1.0,)),))
    with pytest.raises(InvalidArgument, match="declares 4"):
        over_active_qubits(wrong, circuit)
