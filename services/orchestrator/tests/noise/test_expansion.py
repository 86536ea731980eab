"""Where rules put their channels."""

from __future__ import annotations

import numpy as np
import pytest
from proxima_orchestrator.circuit import Circuit, Kind, Operation, SymbolicParameters
from proxima_orchestrator.noise.attachment import Rows
from proxima_orchestrator.noise.channels import Channel
from proxima_orchestrator.noise.errors import NoiseError
from proxima_orchestrator.noise.expansion import expand
from proxima_orchestrator.noise.model import NoiseModel, Placement, ReadoutError, Rule
from proxima_orchestrator.qasm.errors import LimitError
from proxima_orchestrator.qasm.limits import Limits

from .conftest import CircuitOf, Listed, Noisy

DEPOLARIZING = Channel(name="depolarizing", parameters=(0.01,))
DAMPING = Channel(name="amplitude_damping", parameters=(0.02, 0.0))
JOINT = Rule(channel=DEPOLARIZING, placement=Placement.JOINT)
EACH = Rule(channel=DEPOLARIZING, placement=Placement.EACH)
MIXED = (
    "qubit[3] q; bit[3] c; h q[0]; id q[1]; barrier q; cx q[0], q[1]; delay[5us] q[2]; reset q[2]; "
    "ccx q[0], q[1], q[2]; "
)


def test_joint_noise_follows_each_gate_on_its_qubits(noisy: Noisy, listed: Listed) -> None:
    """Gates and the identity get one channel on all of their operands; barriers, delays, resets, measurements none."""
    assert listed(noisy(MIXED + "c = measure q;", JOINT).circuit) == [
        "h 0",
        "*depolarizing(0.01) 0",
        "id 1",
        "*depolarizing(0.01) 1",
        "barrier 0 1 2",
        "cx 0 1",
        "*depolarizing(0.01) 0 1",
        "delay(5e-06) 2",
        "reset 2",
        "ccx 0 1 2",
        "*depolarizing(0.01) 0 1 2",
        "measure 0",
        "measure 1",
        "measure 2",
    ]


def test_each_places_the_channel_on_every_operand(noisy: Noisy, listed: Listed) -> None:
    """Noise on each qubit is one channel an operand, in the order of the operands."""
    found = noisy("qubit[2] q; cx q[1], q[0];", EACH)
    assert listed(found.circuit) == ["cx 1 0", "*depolarizing(0.01) 1", "*depolarizing(0.01) 0"]
    assert (found.instruction_count, found.noisy_instruction_count, found.channel_count) == (1, 1, 2)


def test_every_rule_that_matches_adds_its_channel_in_order(noisy: Noisy, listed: Listed) -> None:
    """Two rules on one gate give two channels after it, in the order of the rules."""
    damping = Rule(channel=DAMPING, placement=Placement.EACH, gate_names=frozenset({"cx"}))
    for rules, names in (((JOINT, damping), "dab"), ((damping, JOINT), "abd")):
        after = listed(noisy("qubit[2] q; cx q[0], q[1];", *rules).circuit)[1:]
        expected = {"d": "*depolarizing(0.01) 0 1", "a": "*amplitude_damping(0.02,0) 0"}
        expected["b"] = expected["a"].replace(" 0", " 1")
        assert after == [expected[name] for name in names]


@pytest.mark.parametrize(
    ("rule", "noise"),
    [
        ({"gate_names": frozenset({"h"})}, ["0"]),
        ({"qubits": frozenset({0})}, ["0"]),
        ({"qubits": frozenset({0, 1})}, ["0", "0 1"]),
        ({"target_qubits": frozenset({1})}, ["1", "1"]),
        ({"qubits": frozenset({1, 2}), "target_qubits": frozenset({1})}, ["1"]),
        ({"instructions": (1,)}, ["0 1"]),
        ({"instructions": (0, 2, 99)}, ["0", "2 1"]),
        ({"gate_names": frozenset({"cx"}), "instructions": (0, 2)}, ["2 1"]),
        ({"qubits": frozenset({7})}, []),
    ],
)
def test_rules_select_by_gate_qubits_operand_and_instruction(
    noisy: Noisy, listed: Listed, rule: dict[str, frozenset[str] | frozenset[int] | tuple[int, ...]], noise: list[str]
) -> None:
    """A rule applies where gate name, all operands, the target and the row agree, and acts on its targets only."""
    chosen = Rule(channel=DEPOLARIZING, placement=Placement.JOINT, **rule)  # type: ignore[arg-type]
    found = noisy("qubit[3] q; h q[0]; cx q[0], q[1]; cx q[2], q[1];", chosen)
    assert [line.split(" ", 1)[1] for line in listed(found.circuit) if line.startswith("*")] == noise
    assert found.rules[0].channel_count == found.rules[0].instruction_count == len(noise)


def test_delays_get_noise_when_they_are_named(noisy: Noisy, listed: Listed) -> None:
    """A rule that names delays attaches to them, and can last as long as each of them does."""
    relaxation = Channel(name="thermal_relaxation", parameters=(1e-4, 1e-4, 0.0, 0.0))
    rule = Rule(channel=relaxation, placement=Placement.EACH, gate_names=frozenset({"delay"}), duration_of_delay=True)
    found = noisy("qubit[2] q; x q[0]; delay[5us] q[0]; delay[1ms] q[1];", rule)
    assert [line for line in listed(found.circuit) if line.startswith("*")] == [
        "*thermal_relaxation(0.0001,0.0001,5e-06,0) 0",
        "*thermal_relaxation(0.0001,0.0001,0.001,0) 1",
    ]
    assert (found.instruction_count, found.noisy_instruction_count) == (3, 2)


def test_a_conditional_gate_gets_conditional_noise(noisy: Noisy, listed: Listed) -> None:
    """The channel of a gate under an `if` carries the conditions of the gate, all of them."""
    body = "qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0]; if (c[0]) { if (c[1] == 0) { x q[1]; } } z q[1];"
    circuit = noisy(body, JOINT).circuit
    assert listed(circuit)[3:] == ["x 1", "*depolarizing(0.01) 1", "z 1", "*depolarizing(0.01) 1"]
    held = circuit.conditions
    assert held is not None
    assert held.instructions.tolist() == [3, 3, 4, 4]
    rows = list(zip(held.first_clbits.tolist(), held.values.tolist(), held.negated.tolist(), strict=True))
    assert rows[:2] == rows[2:]


def test_kraus_operators_go_where_they_fit(noisy: Noisy) -> None:
    """Explicit operators become an entry of the table with their matrix; on a gate of another size they are refused."""
    kraus = np.eye(4, dtype=np.complex128)[None]
    rule = Rule(channel=Channel(name="kraus", kraus=kraus), placement=Placement.JOINT, gate_names=frozenset({"cx"}))
    circuit = noisy("qubit[2] q; h q[0]; cx q[0], q[1];", rule).circuit
    (channel,) = [item for item in circuit.operations if item.kind is Kind.CHANNEL]
    assert channel.matrix is not None
    assert channel.matrix.shape == (1, 4, 4)
    with pytest.raises(NoiseError, match=r"jointly on the 1 qubit of h.*2 qubits"):
        noisy("qubit[2] q; h q[0];", Rule(channel=rule.channel, placement=Placement.JOINT))
    with pytest.raises(NoiseError, match="each qubit of h"):
        noisy("qubit[2] q; h q[0];", Rule(channel=rule.channel, placement=Placement.EACH))


def test_a_channel_that_does_not_fit_is_refused_by_name(noisy: Noisy) -> None:
    """A damping jointly on two qubits, a probability over the bound of two, and five qubits name gate and rule."""
    for channel, body, named in (
        (DAMPING, "cx q[0], q[1];", "cx"),
        (Channel(name="depolarizing", parameters=(1.2,)), "h q[0]; cx q[0], q[1];", "1.0666"),
        (DEPOLARIZING, "ctrl(4) @ x q[0], q[1], q[2], q[3], q[4];", "at most 4 qubits"),
    ):
        with pytest.raises(NoiseError, match=named) as caught:
            noisy(f"qubit[5] q; {body}", EACH, Rule(channel=channel, placement=Placement.JOINT))
        assert caught.value.rule == 1


def test_readout_errors_change_measurements(noisy: Noisy) -> None:
    """Each measurement gets the matrix of the last error that names its qubit, rows are the true value."""
    found = noisy(
        "qubit[3] q; bit[3] c; x q[0]; c = measure q;",
        ReadoutError(one_given_zero=0.1, zero_given_one=0.2),
        ReadoutError(one_given_zero=0.3, zero_given_one=0.4, qubits=frozenset({1, 9})),
        ReadoutError(one_given_zero=0.0, zero_given_one=0.0, qubits=frozenset({2})),
    )
    readouts = [found.circuit.operations[opcode].readout for opcode in found.circuit.opcodes[1:].tolist()]
    assert readouts[2] is None
    assert np.array_equal(np.array(readouts[:2]), [[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.4, 0.6]]])
    assert (found.readout.measurement_count, found.readout.noisy_count, found.readout.unmatched) == (3, 2, ())


def test_a_measurement_keeps_the_readout_error_it_came_with(circuit_of: CircuitOf) -> None:
    """The circuit's own readout error is not replaced, and the expansion says how many were kept."""
    own = np.array([[0.5, 0.5], [0.0, 1.0]])
    circuit = circuit_of("qubit[1] q; bit[1] c; c = measure q;")
    table = (Operation(kind=Kind.MEASURE, name="measure", qubit_count=1, clbit_count=1, readout=own),)
    changed = Circuit(
        qubit_count=1,
        clbit_count=1,
        operations=table,
        opcodes=circuit.opcodes,
        qubits=circuit.qubits,
        clbits=circuit.clbits,
        parameters=circuit.parameters,
        active_qubits=circuit.active_qubits,
        declared_qubit_count=1,
    )
    model = NoiseModel(readout_errors=(ReadoutError(one_given_zero=0.1, zero_given_one=0.1),))
    found = expand(changed, model, limits=Limits())
    assert found.circuit.operations[0].readout is own
    assert (found.readout.kept_count, found.readout.noisy_count) == (1, 1)


def test_symbols_follow_their_parameters(circuit_of: CircuitOf) -> None:
    """The position of a symbolic parameter moves with its gate past the parameters of channels."""
    circuit = circuit_of("qubit[1] q; rx(1) q[0]; ry(2) q[0];")
    symbols = SymbolicParameters(
        symbols=("t",),
        positions=np.array([1], dtype=np.uint32),
        symbol_indices=np.zeros(1, dtype=np.uint32),
        scales=np.ones(1),
        offsets=np.zeros(1),
    )
    fields = {name: getattr(circuit, name) for name in circuit.__slots__}
    found = expand(Circuit(**{**fields, "symbolic_parameters": symbols}), NoiseModel(rules=(JOINT,)), limits=Limits())
    moved = found.circuit.symbolic_parameters
    assert moved is not None
    assert found.circuit.parameters[moved.positions].tolist() == [2.0]


def test_the_limits_hold_for_the_circuit_with_its_noise(circuit_of: CircuitOf) -> None:
    """More instructions or operands than allowed are refused before they are made."""
    circuit = circuit_of("qubit[2] q; cx q[0], q[1]; cx q[0], q[1];")
    for limits, named in ((Limits(instructions=5), "instructions"), (Limits(operands=7), "operands")):
        with pytest.raises(LimitError, match=named):
            expand(circuit, NoiseModel(rules=(EACH,)), limits=limits)


def test_rules_that_look_at_too_much_are_refused(circuit_of: CircuitOf) -> None:
    """What all rules of a model look at is bounded, whether or not they match in the end."""
    rows = Rows(circuit_of("qubit[2] q; cx q[0], q[1]; cx q[0], q[1];"), max_work=7)
    rows.attach(EACH, 0)
    with pytest.raises(LimitError, match="too long"):
        rows.attach(EACH, 1)


def test_a_large_device_and_circuit_expand_in_columns(circuit_of: CircuitOf) -> None:
    """635 rules of a device of 127 qubits on 100,000 gates add each channel once, and one entry to the table."""
    body = "qubit[127] q; for int i in [0:999] { for int j in [0:49] { sx q[2*j]; cx q[2*j], q[2*j+1]; } }"
    circuit = circuit_of(body)
    rules = [
        Rule(
            channel=Channel(name="thermal_relaxation", parameters=(1e-4, 1e-4, 1e-7, 0.0)),
            placement=Placement.EACH,
            gate_names=frozenset({name}),
            target_qubits=frozenset({qubit}),
        )
        for name in ("sx", "x", "rz", "cx", "ecr")
        for qubit in range(127)
    ]
    found = expand(circuit, NoiseModel(rules=tuple(rules)), limits=Limits())
    assert found.channel_count == 150_000
    assert len(found.circuit.operations) == 3
