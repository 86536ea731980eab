"""Expansion of random models on random circuits against the definition, an instruction and a rule at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.circuit import Circuit, ClassicalConditions, Kind, Operation
from proxima_orchestrator.noise.channels import Channel
from proxima_orchestrator.noise.expansion import expand
from proxima_orchestrator.noise.model import NoiseModel, Placement, Rule
from proxima_orchestrator.qasm.limits import Limits

TABLE = (
    Operation(kind=Kind.GATE, name="x", qubit_count=1),
    Operation(kind=Kind.GATE, name="rx", qubit_count=1, parameter_count=1),
    Operation(kind=Kind.GATE, name="cx", qubit_count=2),
    Operation(kind=Kind.GATE, name="ccx", qubit_count=3),
    Operation(kind=Kind.UNITARY, name="mine", qubit_count=2, matrix=np.eye(4, dtype=np.complex128)),
    Operation(kind=Kind.MEASURE, name="measure", qubit_count=1, clbit_count=1),
    Operation(kind=Kind.DELAY, name="delay", qubit_count=1, parameter_count=1),
    Operation(kind=Kind.BARRIER, name="barrier", qubit_count=4),
)
QUBITS = 4
# Declared indices of the circuit's qubits: the rules speak of these.
DECLARED = (0, 2, 3, 5)

steps = st.tuples(st.integers(0, len(TABLE) - 1), st.permutations(range(QUBITS)), st.booleans())
names = st.frozensets(st.sampled_from(["x", "rx", "cx", "ccx", "mine", "unitary", "delay", "other"]), max_size=3)
indices = st.frozensets(st.integers(0, 6), max_size=4)
rules = st.builds(
    Rule,
    channel=st.builds(Channel, name=st.just("depolarizing"), parameters=st.tuples(st.floats(0, 1))),
    placement=st.sampled_from([Placement.JOINT, Placement.EACH]),
    gate_names=names,
    qubits=indices,
    target_qubits=indices,
    instructions=st.lists(st.integers(0, 12), unique=True, max_size=5).map(sorted).map(tuple),
)

Row = tuple[str, tuple[int, ...], tuple[float, ...], bool]


def build(chosen: list[tuple[int, list[int], bool]]) -> Circuit:
    """A circuit of the steps (opcode, order of the qubits, under a condition)."""
    qubits = [order[: TABLE[opcode].qubit_count] for opcode, order, _ in chosen]
    conditional = [row for row, (_, _, under) in enumerate(chosen) if under]
    return Circuit(
        qubit_count=QUBITS,
        clbit_count=1,
        operations=TABLE,
        opcodes=np.array([opcode for opcode, _, _ in chosen], dtype=np.uint16),
        qubits=np.array([qubit for operands in qubits for qubit in operands], dtype=np.uint32),
        clbits=np.zeros(sum(TABLE[opcode].clbit_count for opcode, _, _ in chosen), dtype=np.uint32),
        parameters=np.arange(sum(TABLE[opcode].parameter_count for opcode, _, _ in chosen), dtype=np.float64),
        conditions=ClassicalConditions(
            instructions=np.array(conditional, dtype=np.uint32),
            first_clbits=np.zeros(len(conditional), dtype=np.uint32),
            widths=np.ones(len(conditional), dtype=np.uint32),
            values=np.ones(len(conditional), dtype=np.uint64),
            negated=np.zeros(len(conditional), dtype=np.uint8),
        )
        if conditional
        else None,
        active_qubits=np.array(DECLARED, dtype=np.int32),
        declared_qubit_count=7,
    )


def rows_of(circuit: Circuit) -> list[Row]:
    """The instructions as (name, declared qubits, parameters, under a condition)."""
    conditional = set() if circuit.conditions is None else set(circuit.conditions.instructions.tolist())
    found: list[Row] = []
    qubit = parameter = 0
    for row, opcode in enumerate(circuit.opcodes.tolist()):
        operation = circuit.operations[opcode]
        operands = circuit.qubits[qubit : qubit + operation.qubit_count].tolist()
        values = circuit.parameters[parameter : parameter + operation.parameter_count].tolist()
        qubit += operation.qubit_count
        parameter += operation.parameter_count
        named = tuple(DECLARED[operand] for operand in operands)
        found.append((operation.name, named, tuple(values), row in conditional))
    return found


def by_definition(circuit: Circuit, model: NoiseModel) -> list[Row]:
    """Every instruction followed by what the rules add, as docs/noise.md says it."""
    found: list[Row] = []
    for row, (name, qubits, values, under) in enumerate(rows_of(circuit)):
        found.append((name, qubits, values, under))
        kind = TABLE[int(circuit.opcodes[row])].kind
        for rule in model.rules:
            if kind in (Kind.GATE, Kind.UNITARY):
                named = not rule.gate_names or name in rule.gate_names
                named |= kind is Kind.UNITARY and "unitary" in rule.gate_names
            else:
                named = kind is Kind.DELAY and "delay" in rule.gate_names
            if not named or (rule.instructions and row not in rule.instructions):
                continue
            if rule.qubits and not set(qubits) <= rule.qubits:
                continue
            targets = tuple(qubit for qubit in qubits if not rule.target_qubits or qubit in rule.target_qubits)
            parts = [(qubit,) for qubit in targets] if rule.placement is Placement.EACH else [targets] * bool(targets)
            found.extend(("depolarizing", part, rule.channel.parameters, under) for part in parts)
    return found


@given(st.lists(steps, max_size=12), st.lists(rules, max_size=4))
def test_expansion_is_the_definition(chosen: list[tuple[int, list[int], bool]], listed: list[Rule]) -> None:
    """On random circuits and models the columns hold what the definition gives, conditions and parameters included."""
    circuit, model = build(chosen), NoiseModel(rules=tuple(listed))
    found = expand(circuit, model, limits=Limits())
    expected = by_definition(circuit, model)
    assert rows_of(found.circuit) == expected
    assert found.channel_count == len(expected) - circuit.instruction_count
    assert sum(item.channel_count for item in found.rules) == found.channel_count
