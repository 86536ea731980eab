"""Moments, and noise after each of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.circuit import Circuit, Kind, Operation
from proxima_orchestrator.noise.channels import Channel
from proxima_orchestrator.noise.expansion import expand
from proxima_orchestrator.noise.model import NoiseModel, Placement, ReadoutError, Rule
from proxima_orchestrator.noise.moments import moments
from proxima_orchestrator.qasm.errors import LimitError
from proxima_orchestrator.qasm.limits import Limits

from .conftest import CircuitOf, Listed, Noisy

MOMENT = Rule(channel=Channel(name="depolarizing", parameters=(0.01,)), placement=Placement.MOMENT)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("h q[0]; h q[1]; cx q[0], q[1]; h q[2];", [1, 1, 2, 1]),
        ("h q[0]; barrier q; h q[1];", [1, 1, 2]),
        ("h q[0]; barrier q[0], q[1]; h q[1]; h q[2];", [1, 1, 2, 1]),
        ("h q[0]; c[0] = measure q[0]; if (c[0]) x q[2]; h q[1];", [1, 2, 3, 1]),
        ("delay[1us] q[0]; reset q[0]; x q[0];", [1, 2, 3]),
    ],
)
def test_instructions_stand_in_the_earliest_moment(circuit_of: CircuitOf, body: str, expected: list[int]) -> None:
    """Qubits and classical bits order instructions, barriers align, and nothing waits without a reason."""
    assert moments(circuit_of(f"qubit[3] q; bit[3] c; {body}")).tolist() == expected


def test_idle_qubits_get_noise_too(noisy: Noisy, listed: Listed) -> None:
    """After each moment every declared qubit gets the channel once, also those that no gate touches."""
    found = noisy("qubit[3] q; h q[0]; cx q[0], q[1];", MOMENT)
    assert listed(found.circuit) == [
        "*depolarizing(0.01) 1",
        "*depolarizing(0.01) 2",
        "*depolarizing(0.01) 2",
        "h 0",
        "*depolarizing(0.01) 0",
        "cx 0 1",
        "*depolarizing(0.01) 0",
        "*depolarizing(0.01) 1",
    ]
    assert (found.channel_count, found.noisy_instruction_count) == (6, 2)


def test_nothing_follows_a_last_measurement(noisy: Noisy, listed: Listed) -> None:
    """A qubit that is only measured from some place on gets noise up to there and none after."""
    body = "qubit[2] q; bit[2] c; h q[0]; c[0] = measure q[0]; h q[1]; h q[1]; h q[1]; c[1] = measure q[1];"
    found = listed(noisy(body, MOMENT).circuit)
    assert found[:3] == ["h 0", "*depolarizing(0.01) 0", "measure 0"]
    assert found[3:] == ["h 1", "*depolarizing(0.01) 1"] * 3 + ["measure 1"]


def test_a_measured_qubit_that_goes_on_gets_the_noise_of_the_wait(noisy: Noisy, listed: Listed) -> None:
    """Moments with a gate somewhere are waits on the others; a moment of measurements alone adds none."""
    body = "qubit[2] q; bit[2] c; h q[0]; h q[1]; c = measure q; x q[0]; x q[0]; x q[1]; c[1] = measure q[1];"
    found = listed(noisy(body, MOMENT).circuit)
    assert found == [
        *("h 0", "*depolarizing(0.01) 0", "h 1", "*depolarizing(0.01) 1", "measure 0", "measure 1"),
        *("x 0", "*depolarizing(0.01) 0", "x 0", "*depolarizing(0.01) 0", "x 1", "*depolarizing(0.01) 1", "measure 1"),
    ]


def test_noise_by_moments_keeps_to_its_qubits(noisy: Noisy, listed: Listed) -> None:
    """The qubits of a rule by moments are those that get the channel."""
    rule = Rule(channel=MOMENT.channel, placement=Placement.MOMENT, qubits=frozenset({1}))
    assert listed(noisy("qubit[2] q; h q[0];", rule).circuit) == ["*depolarizing(0.01) 1", "h 0"]


def test_rules_take_turns_moment_after_moment(noisy: Noisy, listed: Listed) -> None:
    """Two rules by moments alternate on a waiting qubit, after what the gate itself got."""
    damping = Rule(channel=Channel(name="phase_damping", parameters=(0.1,)), placement=Placement.MOMENT)
    each = Rule(channel=Channel(name="amplitude_damping", parameters=(0.1, 0.0)), placement=Placement.EACH)
    found = listed(noisy("qubit[2] q; x q[0]; x q[0]; cx q[0], q[1];", MOMENT, damping, each).circuit)
    assert found[:4] == ["*depolarizing(0.01) 1", "*phase_damping(0.1) 1"] * 2
    assert found[4:8] == ["x 0", "*amplitude_damping(0.1,0) 0", "*depolarizing(0.01) 0", "*phase_damping(0.1) 0"]


def test_noise_of_moments_does_not_wait_for_a_condition(noisy: Noisy) -> None:
    """Time passes whether or not a conditional gate fires: its moment's noise has no condition."""
    found = noisy("qubit[1] q; bit[1] c; c[0] = measure q[0]; if (c[0]) x q[0];", MOMENT)
    held = found.circuit.conditions
    assert held is not None
    assert held.instructions.tolist() == [1]
    assert found.channel_count == 1


def test_much_noise_from_a_short_program_is_refused(circuit_of: CircuitOf) -> None:
    """A million declared qubits times a few moments is counted before it is made."""
    with pytest.raises(LimitError, match="with its noise"):
        expand(
            circuit_of("qubit[1000000] q; for int i in [0:20] { h q[0]; }"),
            NoiseModel(rules=(MOMENT,)),
            limits=Limits(),
        )


KINDS = (
    Operation(kind=Kind.GATE, name="h", qubit_count=1),
    Operation(kind=Kind.GATE, name="cx", qubit_count=2),
    Operation(kind=Kind.MEASURE, name="measure", qubit_count=1, clbit_count=1),
    Operation(kind=Kind.RESET, name="reset", qubit_count=1),
    Operation(kind=Kind.BARRIER, name="barrier", qubit_count=3),
    Operation(kind=Kind.CHANNEL, name="own", qubit_count=1),
)
STEPS = st.lists(st.tuples(st.integers(0, len(KINDS) - 1), st.permutations(range(4))), max_size=25)


def build(steps: list[tuple[int, list[int]]]) -> Circuit:
    """A circuit on 4 qubits from opcodes and orders of the qubits."""
    used = [(opcode, qubits[: KINDS[opcode].qubit_count]) for opcode, qubits in steps]
    return Circuit(
        qubit_count=4,
        clbit_count=4,
        operations=KINDS,
        opcodes=np.array([opcode for opcode, _ in used], dtype=np.uint16),
        qubits=np.array([qubit for _, qubits in used for qubit in qubits], dtype=np.uint32),
        clbits=np.array([qubits[0] for opcode, qubits in used if opcode == 2], dtype=np.uint32),
        parameters=np.zeros(0),
        active_qubits=np.arange(4, dtype=np.int32),
        declared_qubit_count=4,
    )


def by_moments(circuit: Circuit) -> list[list[str]]:
    """What happens to each qubit in turn, by playing moment after moment: the definition, without a shortcut."""
    level = moments(circuit).tolist()
    ends = np.cumsum(circuit.qubit_counts()).tolist()
    rows = [
        (row, KINDS[opcode], circuit.qubits[end - KINDS[opcode].qubit_count : end].tolist())
        for row, (opcode, end) in enumerate(zip(circuit.opcodes.tolist(), ends, strict=True))
    ]
    tracks: list[list[str]] = [[] for _ in range(4)]
    for moment in range(max(level, default=0) + 1):
        here = [item for item in rows if level[item[0]] == moment]
        for row, operation, qubits in here:
            for qubit in qubits:
                tracks[qubit].append(f"{operation.name} {row}")
        if any(operation.kind is Kind.GATE for _, operation, _ in here):
            for track in tracks:
                track.append("noise")
    for track in tracks:
        acting = [index for index, item in enumerate(track) if item.split()[0] in ("h", "cx", "reset", "own")]
        after = range(max(acting, default=-1) + 1, len(track))
        measured = next((index for index in after if track[index].startswith("measure")), len(track))
        track[:] = [item for index, item in enumerate(track) if index <= measured or item != "noise"]
    return [[item for item in track if not item.startswith("barrier")] for track in tracks]


@given(STEPS)
def test_each_qubit_sees_what_playing_the_moments_gives(steps: list[tuple[int, list[int]]]) -> None:
    """On random circuits each qubit has the same sequence of instructions and noise as the definition says."""
    circuit = build(steps)
    model = NoiseModel(rules=(MOMENT,), readout_errors=(ReadoutError(one_given_zero=0.1, zero_given_one=0.0),))
    found = expand(circuit, model, limits=Limits()).circuit
    tracks: list[list[str]] = [[] for _ in range(4)]
    position, row = 0, -1
    for opcode in found.opcodes.tolist():
        operation = found.operations[opcode]
        qubits = found.qubits[position : position + operation.qubit_count].tolist()
        position += operation.qubit_count
        is_noise = operation.name == "depolarizing"
        row += not is_noise
        for qubit in qubits:
            if operation.kind is not Kind.BARRIER:
                tracks[qubit].append("noise" if is_noise else f"{operation.name} {row}")
    assert by_moments(circuit) == tracks
