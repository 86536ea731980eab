"""Noise models: values, short forms, YAML files, messages."""

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import noise_pb2
from proxima_client import (
    AmplitudeDamping,
    Depolarizing,
    Kraus,
    NoiseModel,
    NoiseRule,
    PauliChannel,
    PhaseDamping,
    ProximaError,
    ReadoutError,
    ThermalRelaxation,
)
from proxima_client.noise_files import parse_noise
from proxima_client.noise_messages import noise_to_message
from proxima_client.yaml_tree import YamlError, read_tree

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "noise"


def model_of(text: str) -> NoiseModel:
    """The model of a YAML text."""
    return parse_noise(text.encode(), name="noise.yaml")


@pytest.mark.parametrize(
    ("text", "channel", "placement"),
    [
        ("depolarizing:0.01", Depolarizing(probability=0.01), "joint"),
        ("depolarizing-each:1e-3", Depolarizing(probability=1e-3), "each"),
        ("depolarizing-moment:.5", Depolarizing(probability=0.5), "moment"),
        ("bit-flip:0.1", PauliChannel(x=0.1), "each"),
        ("phase-flip:0.1", PauliChannel(z=0.1), "each"),
        ("bit-phase-flip:0.1", PauliChannel(y=0.1), "each"),
        ("amplitude-damping:0.1", AmplitudeDamping(gamma=0.1), "each"),
        ("amplitude-damping:0.1,0.2", AmplitudeDamping(gamma=0.1, excited_population=0.2), "each"),
        ("phase-damping:1", PhaseDamping(lambda_=1.0), "each"),
    ],
)
def test_short_forms(text: str, channel: object, placement: str) -> None:
    """A short form is one rule for every gate, with the placement that its name says."""
    (rule,) = NoiseModel.of(text).rules
    assert (rule.channel, rule.placed, rule.gates) == (channel, placement, ())


def test_readout_has_a_short_form() -> None:
    """One number is both errors, two are P(1|0) and P(0|1)."""
    assert NoiseModel.of("readout:0.02").readout_errors == (ReadoutError(one_given_zero=0.02, zero_given_one=0.02),)
    assert NoiseModel.of("readout:0.01,0.03").readout_errors == (
        ReadoutError(one_given_zero=0.01, zero_given_one=0.03),
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("depolarising:0.01", "Did you mean depolarizing:p?"),
        ("depolarizing", "depolarizing:p"),
        ("depolarizing:", "numbers such as"),
        ("depolarizing:0.1,0.2", "expected depolarizing:p"),
        ("depolarizing:1.34", "probability is 1.34"),
        ("depolarizing:-0.1", "probability is -0.1"),
        ("depolarizing:nan", "numbers such as"),
        ("phase-damping:1.1", "lambda is 1.1"),
        ("", "short form"),
        ("none.yaml", "none.yaml cannot be read"),
    ],
)
def test_what_is_no_noise_is_refused(text: str, named: str) -> None:
    """An unknown name, a missing number and a number out of range are told apart."""
    with pytest.raises(ProximaError) as caught:
        NoiseModel.of(text)
    assert named in caught.value.message
    assert caught.value.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
    assert caught.value.metadata["field"] == "noise"


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: PauliChannel(x=0.5, y=0.5, z=0.1), "x + y + z"),
        (lambda: AmplitudeDamping(gamma=0.1, excited_population=2), "excited_population"),
        (lambda: ThermalRelaxation(t1=1e-6, t2=2.1e-6, duration=0), "over 2 t1"),
        (lambda: ThermalRelaxation(t1=-1e-6, t2=1e-6, duration=0), "t1"),
        (lambda: ThermalRelaxation(t1=1e-6, t2=1e-6, duration=-1e-9), "duration"),
        (lambda: Kraus(operators=[]), "at least one"),
        (lambda: Kraus(operators=[[[1, 0], [0]]]), "square"),
        (lambda: Kraus(operators=[[[1]]]), "2, 4, 8 or 16"),
        (lambda: NoiseRule(channel=Depolarizing(probability=0), qubits=(-1,)), "qubits"),
        (lambda: NoiseRule(channel=Depolarizing(probability=0), placement="moment", gates=("x",)), "moments"),
        (lambda: NoiseRule(channel=ThermalRelaxation(t1=1, t2=1, duration=None)), "delay"),
        (lambda: ReadoutError(one_given_zero=0.1, zero_given_one=1.1), "zero_given_one"),
    ],
)
def test_values_check_themselves(make: object, named: str) -> None:
    """A value that is out of range names itself where it is made."""
    assert callable(make)
    with pytest.raises(ProximaError) as caught:
        make()
    assert named in caught.value.message


def test_a_file_has_rules_readout_and_a_device() -> None:
    """Every key of the schema ends in the model, with times in seconds."""
    model = model_of(
        """
rules:
  - channel: depolarizing
    probability: 0.01
    gates: [cx, cz]
    qubits: [0, 1]
  - {channel: bit_flip, probability: 0.1, instructions: [2, 5]}
  - {channel: pauli_channel, x: 0.1, z: 0.2, targets: [1]}
  - {channel: thermal_relaxation, t1: 50 us, t2: 70us, duration: 35 ns, placement: each}
  - {channel: thermal_relaxation, t1: 50 us, t2: 70us, duration: delay, gates: [delay]}
  - {channel: depolarizing, probability: 1e-4, placement: moment}
  - channel: kraus
    gates: [x]
    operators:
      - [[0.6, 0], [0, 0.6]]
      - [[0, -0.8i], [0.8i, 0]]
readout:
  - {one_given_zero: 0.01, zero_given_one: 0.02}
"""
    )
    first, flip, pauli, relaxation, waiting, moment, kraus = model.rules
    assert (first.gates, first.qubits, first.placed) == (("cx", "cz"), (0, 1), "joint")
    assert (flip.channel, flip.instructions) == (PauliChannel(x=0.1), (2, 5))
    assert (pauli.channel, pauli.targets) == (PauliChannel(x=0.1, z=0.2), (1,))
    assert relaxation.channel == ThermalRelaxation(t1=50e-6, t2=70e-6, duration=35e-9)
    assert waiting.channel == ThermalRelaxation(t1=50e-6, t2=70e-6, duration=None)
    assert moment.placed == "moment"
    assert kraus.channel == Kraus(operators=(((0.6, 0), (0, 0.6)), ((0, -0.8j), (0.8j, 0))))
    assert model.readout_errors == (ReadoutError(one_given_zero=0.01, zero_given_one=0.02),)


def test_a_device_is_relaxation_on_each_operand() -> None:
    """Each gate relaxes each of its operands for its own duration; a delay for as long as it lasts."""
    model = model_of(
        """
device:
  qubits:
    0: {t1: 100 us, t2: 80 us, readout: {one_given_zero: 0.01, zero_given_one: 0.03}}
    1: {t1: 120 us, t2: 90 us, excited_population: 0.01}
  durations:
    sx: 35 ns
    rz: 0 ns
    cx: {0-1: 300 ns}
"""
    )
    shown = [
        (rule.gates[0], tuple(rule.qubits), rule.targets[0], rule.channel.duration)
        for rule in model.rules
        if isinstance(rule.channel, ThermalRelaxation)
    ]
    assert shown == [
        *(("delay", (), 0, None), ("delay", (), 1, None), ("sx", (), 0, 35e-9), ("sx", (), 1, 35e-9)),
        *(("cx", (0, 1), 0, 300e-9), ("cx", (0, 1), 1, 300e-9)),
    ]
    assert model.readout_errors == (ReadoutError(one_given_zero=0.01, zero_given_one=0.03, qubits=(0,)),)


FAULTS = [
    ("rules:\n  - {channel: depolarizing, probabilty: 0.1}", 2, 29, "did you mean 'probability'?"),
    ("rulez: []", 1, 1, "did you mean 'rules'?"),
    ("rules:\n  - {channel: depolarizing, gamma: 0.1}", 2, 29, "takes channel, probability"),
    ("rules:\n  - {channel: depol, probability: 0.1}", 2, 15, "no channel 'depol'"),
    ("rules:\n  - {probability: 0.1}", 2, 5, "needs the key 'channel'"),
    ("rules:\n  - {channel: bit_flip}", 2, 5, "needs the key 'probability'"),
    ("rules:\n  - {channel: bit_flip, probability: 1.5}", 2, 5, "x is 1.5"),
    ("rules:\n  - {channel: bit_flip, probability: high}", 2, 38, "must be a number"),
    ("rules:\n  - {channel: bit_flip, probability: .nan}", 2, 38, "must be a number"),
    ("rules:\n  - {channel: bit_flip, probability: 0.1, qubits: 0}", 2, 51, "must be a list"),
    ("rules:\n  - {channel: bit_flip, probability: 0.1, qubits: [a]}", 2, 52, "index"),
    ("rules:\n  - {channel: bit_flip, probability: 0.1, placement: all}", 2, 54, "joint, each, moment"),
    ("rules:\n  - {channel: thermal_relaxation, t1: 50, t2: 1 us, duration: 0 s}", 2, 39, "with a unit"),
    ("rules:\n  - {channel: thermal_relaxation, t1: 50 m, t2: 1 us, duration: 0 s}", 2, 39, "with a unit"),
    ("rules:\n  - {channel: thermal_relaxation, t1: 1 us, t2: 3 us, duration: 0 s}", 2, 5, "over 2 t1"),
    ("rules:\n  - {channel: thermal_relaxation, t1: -1 us, t2: 3 us, duration: 0 s}", 2, 5, "positive"),
    ("rules:\n  - {channel: thermal_relaxation, t1: 1 us, t2: 1 us, duration: -1 ns}", 2, 5, "negative"),
    ("rules:\n  - {channel: kraus, operators: [[[1, 0], [0, 2+x]]]}", 2, 47, "complex number"),
    ("rules:\n  - {channel: kraus, operators: [[[1, 0], [0]]]}", 2, 5, "square"),
    ("readout:\n  - {one_given_zero: 0.1}", 2, 5, "zero_given_one"),
    ("device:\n  qubits: {0: {t1: 1 us}}", 2, 15, "needs the key 't2'"),
    ("device:\n  qubits: {a: {t1: 1 us, t2: 1 us}}", 2, 15, "index"),
    ("device:\n  qubits: {0: {t1: 1 us, t2: 1 us}}\n  durations: {cx: {0-0: 1 ns}}", 3, 20, "twice"),
    ("rules: []", 1, 1, "no noise here"),
    ("", 1, 1, "empty"),
    ("- 1", 1, 1, "must be a mapping"),
    ("rules: []\nrules: []", 2, 1, "here twice, first in line 1"),
    ("rules: &a []\nreadout: *a", 1, 8, "anchors"),
    ("rules: *a", 1, 8, "aliases"),
    ("rules: !!python/object/apply:os.system [x]", 1, 8, "tags"),
    ("rules: []\n---\nrules: []", 2, 1, "second document"),
    ("rules: @x", 1, 8, "not YAML"),
    ("rules: \x07", 1, 1, "not YAML"),
    ("a: " + "[" * 30, 1, 23, "nested over 20"),
]


@pytest.mark.parametrize(("text", "line", "column", "named"), FAULTS)
def test_faults_of_a_file_have_a_place(text: str, line: int, column: int, named: str) -> None:
    """Whatever is wrong with a file is told with file, line, column and the remedy."""
    with pytest.raises(ProximaError) as caught:
        model_of(text)
    error = caught.value
    assert named in error.message
    assert error.message.startswith(f"noise.yaml, line {line}, column {column}: ")
    assert (error.metadata["line"], error.metadata["column"]) == (str(line), str(column))


def test_a_text_that_is_not_utf8_names_the_line() -> None:
    """Bytes that are no UTF-8 are refused with their line."""
    with pytest.raises(ProximaError, match=r"line 2.*UTF-8"):
        parse_noise(b"rules:\n  \xff\xfe", name="noise.yaml")


def test_a_bomb_of_aliases_stays_small() -> None:
    """Nine levels of aliases of aliases end at the first anchor."""
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 10))
    with pytest.raises(ProximaError, match="anchors"):
        model_of(f"l0: &l0 x\n{levels}")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """A file of 100 MB is refused with the limit after its first MiB."""
    path = tmp_path / "noise.yaml"
    path.touch()
    os.truncate(path, 100_000_000)
    tracemalloc.start()
    with pytest.raises(ProximaError, match="1 MiB"):
        NoiseModel.of(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20


@pytest.mark.parametrize("name", ["/dev/zero", "/dev"])
def test_a_device_is_no_noise_file(name: str) -> None:
    """Devices and folders are refused by name."""
    with pytest.raises(ProximaError, match=name):
        NoiseModel.of(Path(name))


@given(st.binary(max_size=200) | st.text(alphabet="-[]{}:,&*!|>'\" \n#ab01?", max_size=60).map(str.encode))
def test_any_text_is_a_tree_or_a_located_error(data: bytes) -> None:
    """Whatever the bytes, nothing but a tree or an error with a place comes out."""
    place = None
    try:
        read_tree(data)
    except YamlError as error:
        place = error.place
    assert place is None or (place.line >= 1 and place.column >= 1)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_of_the_documentation_are_read(path: Path) -> None:
    """Every example file is a noise model with something in it."""
    model = NoiseModel.of(path)
    assert model.rules or model.readout_errors


def test_models_are_joined_in_order() -> None:
    """Several models are one with all rules, in the order given."""
    joined = NoiseModel.joined(
        [NoiseModel.of("bit-flip:0.1"), NoiseModel.of("readout:0.2"), NoiseModel.of("phase-flip:0.3")]
    )
    assert [rule.channel for rule in joined.rules] == [PauliChannel(x=0.1), PauliChannel(z=0.3)]
    assert len(joined.readout_errors) == 1


def test_messages_say_what_the_model_says() -> None:
    """Each channel and each field of a rule has its field in the message; operators are packed row by row."""
    rules = (
        NoiseRule(
            channel=Depolarizing(probability=0.1), gates=("cx",), qubits=(1, 0), targets=(0,), instructions=(3, 1)
        ),
        NoiseRule(channel=PauliChannel(x=0.1, y=0.2, z=0.3)),
        NoiseRule(channel=AmplitudeDamping(gamma=0.1, excited_population=0.2)),
        NoiseRule(channel=PhaseDamping(lambda_=0.4), placement="moment"),
        NoiseRule(channel=ThermalRelaxation(t1=1.0, t2=2.0, duration=None), gates=("delay",)),
        NoiseRule(channel=Kraus(operators=[[[1, 0], [0, 1j]]])),
    )
    message = noise_to_message(
        NoiseModel(rules=rules, readout_errors=(ReadoutError(one_given_zero=0.1, zero_given_one=0),))
    )
    first, pauli, amplitude, phase, relaxation, kraus = message.rules
    assert (list(first.gate_names), list(first.qubits), list(first.target_qubits)) == (["cx"], [0, 1], [0])
    assert (list(first.instructions), first.placement) == ([1, 3], noise_pb2.NoiseRule.PLACEMENT_JOINT)
    assert (pauli.channel.pauli.x, pauli.channel.pauli.y, pauli.channel.pauli.z) == (0.1, 0.2, 0.3)
    assert amplitude.channel.amplitude_damping.excited_population == 0.2
    assert phase.placement == noise_pb2.NoiseRule.PLACEMENT_MOMENT
    assert getattr(phase.channel.phase_damping, "lambda") == 0.4
    assert relaxation.duration_of_delay
    assert relaxation.channel.thermal_relaxation.duration_seconds == 0
    assert kraus.channel.kraus.qubit_count == 1
    assert len(kraus.channel.kraus.operators) == 4 * 16
    assert message.readout_errors[0].one_given_zero == 0.1
