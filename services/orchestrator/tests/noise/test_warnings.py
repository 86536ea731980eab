"""What is said about a noise model that does less than it may seem."""

from __future__ import annotations

from proxima_orchestrator.noise.channels import Channel
from proxima_orchestrator.noise.expansion import expand
from proxima_orchestrator.noise.model import NoiseModel, Placement, ReadoutError, Rule
from proxima_orchestrator.noise.warnings import noise_warnings
from proxima_orchestrator.qasm.limits import Limits

from .conftest import CircuitOf

FLIP = Channel(name="pauli_channel", parameters=(0.1, 0.0, 0.0))


def rule(*gates: str, targets: tuple[int, ...] = (), delay: bool = False) -> Rule:
    """A rule on each operand."""
    return Rule(
        channel=FLIP,
        placement=Placement.EACH,
        gate_names=frozenset(gates),
        target_qubits=frozenset(targets),
        duration_of_delay=delay,
    )


def said(circuit_of: CircuitOf, model: NoiseModel) -> tuple[str, ...]:
    """The warnings of a model on a Bell circuit that measures qubit 0."""
    circuit = circuit_of("qubit[2] q; bit[1] c; h q[0]; cx q[0], q[1]; c[0] = measure q[0];")
    return noise_warnings(model, circuit, expand(circuit, model, limits=Limits()))


def test_a_rule_that_matches_nothing_is_named_with_the_count_0(circuit_of: CircuitOf) -> None:
    """The sentence has the rule's number, what it is for, what the circuit has, and the name that was meant."""
    (text,) = said(circuit_of, NoiseModel(rules=(rule("h"), rule("cnot"))))
    assert text.startswith("noise rule 2 (pauli_channel 0.1 0 0, gates cnot) matches 0 instructions")
    assert "the circuit has cx, h" in text
    assert "'cnot' is no name of a gate" in text


def test_a_model_that_matches_says_nothing(circuit_of: CircuitOf) -> None:
    """Where every rule and readout error has an effect there is no warning; what was normalised is passed on."""
    errors = (ReadoutError(one_given_zero=0.1, zero_given_one=0.1),)
    assert said(circuit_of, NoiseModel(rules=(rule("h"), rule()), readout_errors=errors)) == ()
    assert said(circuit_of, NoiseModel(rules=(rule(),), notices=("normalised",))) == ("normalised",)


def test_a_table_of_a_device_is_told_by_gate(circuit_of: CircuitOf) -> None:
    """Rules of one gate on many qubits count together; rules that last as long as a delay are no surprise."""
    table = [rule(gate, targets=(qubit,)) for gate in ("h", "ecr") for qubit in range(50)]
    (text,) = said(circuit_of, NoiseModel(rules=(*table, rule("delay", targets=(0,), delay=True))))
    assert text.startswith("50 noise rules (the first is pauli_channel 0.1 0 0, gates ecr, on qubits 0) match 0")


def test_many_silent_rules_are_summed_up(circuit_of: CircuitOf) -> None:
    """Three are listed, the rest is counted."""
    *_, last = said(circuit_of, NoiseModel(rules=tuple(rule("z") for _ in range(10))))
    assert last == "7 more of the 10 noise rules match 0 instructions"


def test_readout_errors_without_a_measurement_are_said(circuit_of: CircuitOf) -> None:
    """An error of a qubit that is not measured, and one that a later one replaces, decide nothing."""
    errors = (
        ReadoutError(one_given_zero=0.1, zero_given_one=0.1),
        ReadoutError(one_given_zero=0.2, zero_given_one=0.2),
        ReadoutError(one_given_zero=0.3, zero_given_one=0.3, qubits=frozenset({1})),
    )
    found = said(circuit_of, NoiseModel(readout_errors=errors))
    assert [text.split(" (")[0] for text in found] == ["readout error 1", "readout error 3"]
