"""Noise models from YAML files; the schema is in docs/noise.md.

Times have a unit, keys are known and there once, and every fault is told with its line and column.
"""

import os
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from proxima_runtime.errors import InvalidArgument

from proxima_client.noise import (
    AmplitudeDamping,
    Channel,
    Depolarizing,
    Kraus,
    NoiseModel,
    NoiseRule,
    PauliChannel,
    PhaseDamping,
    Placement,
    ReadoutError,
    ThermalRelaxation,
    invalid_noise,
)
from proxima_client.yaml_tree import MAX_BYTES, MappingNode, Node, Place, ScalarNode, YamlError, read_tree
from proxima_client.yaml_values import complex_number, index, indices, items, mapping, needed, number, seconds_of, word

__all__ = ["parse_noise", "read_noise"]

T = TypeVar("T")

_PAIR = re.compile(r"(\d{1,9})-(\d{1,9})")
_PLACEMENTS: tuple[Placement, ...] = ("joint", "each", "moment")
_RULE_KEYS = ("gates", "qubits", "targets", "instructions", "placement")


def read_noise(path: Path) -> NoiseModel:
    """Read a noise model from a regular file of at most 1 MiB; no more than that is read of any file.

    Raises InvalidArgument (reason INVALID_REQUEST) that names the file, and line and column in it.
    """
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise invalid_noise(f"{path} is no regular file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise invalid_noise(f"{path} cannot be read: {error.strerror}; check the name of the noise file") from error
    return parse_noise(data, name=str(path))


def parse_noise(data: bytes, *, name: str) -> NoiseModel:
    """Return the noise model of a YAML text that errors call `name`.

    Raises InvalidArgument (reason INVALID_REQUEST, metadata line and column).
    """
    try:
        return _model(mapping(read_tree(data), "a noise file"))
    except YamlError as error:
        line, column = error.place.line, error.place.column
        raise invalid_noise(
            f"{name}, line {line}, column {column}: {error}", line=str(line), column=str(column)
        ) from error


def _model(root: MappingNode) -> NoiseModel:
    root.check_keys(("rules", "readout", "device"), "a noise file")
    rules = [_rule(mapping(item, "a rule")) for item in items(root.entries.get("rules"), "rules")]
    errors = [_readout(mapping(item, "a readout error")) for item in items(root.entries.get("readout"), "readout")]
    device = root.entries.get("device")
    if device is not None:
        of_device = _device(mapping(device, "device"))
        rules += of_device.rules
        errors = [*of_device.readout_errors, *errors]
    if not rules and not errors:
        raise YamlError("there is no noise here; give rules, readout or device", root.place)
    return NoiseModel(rules=tuple(rules), readout_errors=tuple(errors))


def _rule(node: MappingNode) -> NoiseRule:
    kind = word(needed(node, "channel", "a rule"))
    shape = _CHANNELS.get(kind)
    if shape is None:
        raise YamlError(
            f"there is no channel {kind[:60]!r}; there are {', '.join(_CHANNELS)}", node.entries["channel"].place
        )
    keys, make = shape
    node.check_keys(("channel", *keys, *_RULE_KEYS), f"a rule with {kind}")
    channel = _placed(node.place, lambda: make(node))
    placement = _placement(node.entries.get("placement"))
    return _placed(
        node.place,
        lambda: NoiseRule(
            channel=channel,
            placement=placement,
            gates=tuple(word(item) for item in items(node.entries.get("gates"), "gates")),
            qubits=indices(node, "qubits"),
            targets=indices(node, "targets"),
            instructions=indices(node, "instructions"),
        ),
    )


def _placement(node: Node | None) -> Placement | None:
    if node is None:
        return None
    for placement in _PLACEMENTS:
        if word(node) == placement:
            return placement
    raise YamlError(f"placement is {word(node)[:60]!r}; it must be {', '.join(_PLACEMENTS)}", node.place)


def _readout(node: MappingNode) -> ReadoutError:
    node.check_keys(("one_given_zero", "zero_given_one", "qubits"), "a readout error")
    one, zero = (number(needed(node, key, "a readout error")) for key in ("one_given_zero", "zero_given_one"))
    return _placed(
        node.place, lambda: ReadoutError(one_given_zero=one, zero_given_one=zero, qubits=indices(node, "qubits"))
    )


def _device(node: MappingNode) -> NoiseModel:
    """Return thermal relaxation on each operand for as long as its gate lasts, and readout errors by qubit."""
    node.check_keys(("qubits", "durations"), "device")
    rules: list[NoiseRule] = []
    errors: list[ReadoutError] = []
    times: dict[int, MappingNode] = {}
    for key, entry in mapping(needed(node, "qubits", "device"), "device.qubits").entries.items():
        qubit = index(key, entry.place)
        table = mapping(entry, f"qubit {qubit}")
        table.check_keys(("t1", "t2", "excited_population", "readout"), f"qubit {qubit}")
        if "readout" in table.entries:
            error = mapping(table.entries["readout"], "readout")
            error.check_keys(("one_given_zero", "zero_given_one"), "the readout of a qubit")
            given = [number(needed(error, name, "readout")) for name in ("one_given_zero", "zero_given_one")]
            errors.append(_placed(error.place, _readout_of(given[0], given[1], qubit)))
        if "t1" in table.entries or "t2" in table.entries:
            times[qubit] = table
            rules.append(NoiseRule(channel=_relaxation(table, None), gates=("delay",), targets=(qubit,)))
    durations = node.entries.get("durations")
    if durations is not None:
        for gate, entry in mapping(durations, "device.durations").entries.items():
            rules += _gate_rules(gate, entry, times)
    return NoiseModel(rules=tuple(rules), readout_errors=tuple(errors))


def _readout_of(one: float, zero: float, qubit: int) -> Callable[[], ReadoutError]:
    return lambda: ReadoutError(one_given_zero=one, zero_given_one=zero, qubits=(qubit,))


def _gate_rules(gate: str, node: Node, times: Mapping[int, MappingNode]) -> list[NoiseRule]:
    if isinstance(node, ScalarNode):
        seconds = seconds_of(node)
        return [
            NoiseRule(channel=_relaxation(table, seconds), gates=(gate,), targets=(qubit,))
            for qubit, table in times.items()
            if seconds
        ]
    rules = []
    table = mapping(node, f"the durations of {gate}")
    for key, entry in table.entries.items():
        pair = _PAIR.fullmatch(key)
        if pair is not None:
            qubits = tuple(sorted({int(part) for part in pair.groups()}))
        else:
            qubits = (index(key, table.key_places[key]),)
        if pair and len(qubits) == 1:
            raise YamlError(f"{key!r} names one qubit twice", table.key_places[key])
        seconds = seconds_of(entry)
        rules += [
            NoiseRule(channel=_relaxation(times[qubit], seconds), gates=(gate,), qubits=qubits, targets=(qubit,))
            for qubit in qubits
            if seconds and qubit in times
        ]
    return rules


def _relaxation(node: MappingNode, duration: float | None) -> ThermalRelaxation:
    t1, t2 = (seconds_of(needed(node, key, "relaxation")) for key in ("t1", "t2"))
    population = number(node.entries["excited_population"]) if "excited_population" in node.entries else 0.0
    return _placed(
        node.place,
        lambda: ThermalRelaxation(t1=t1, t2=t2, duration=duration, excited_population=population),
    )


def _thermal(node: MappingNode) -> ThermalRelaxation:
    duration = needed(node, "duration", "a rule with thermal_relaxation")
    lasts = isinstance(duration, ScalarNode) and duration.text == "delay"
    return _relaxation(node, None if lasts else seconds_of(duration))


def _kraus(node: MappingNode) -> Kraus:
    matrices = items(needed(node, "operators", "a rule with kraus"), "operators")
    return Kraus(
        operators=tuple(
            tuple(tuple(complex_number(entry) for entry in items(row, "a row")) for row in items(matrix, "an operator"))
            for matrix in matrices
        )
    )


def _value(node: MappingNode, key: str, default: float | None = None) -> float:
    if default is not None and key not in node.entries:
        return default
    return number(needed(node, key, f"a rule with {word(node.entries['channel'])}"))


_CHANNELS: Mapping[str, tuple[tuple[str, ...], Callable[[MappingNode], Channel]]] = {
    "depolarizing": (("probability",), lambda node: Depolarizing(probability=_value(node, "probability"))),
    "bit_flip": (("probability",), lambda node: PauliChannel(x=_value(node, "probability"))),
    "phase_flip": (("probability",), lambda node: PauliChannel(z=_value(node, "probability"))),
    "bit_phase_flip": (("probability",), lambda node: PauliChannel(y=_value(node, "probability"))),
    "pauli_channel": (
        ("x", "y", "z"),
        lambda node: PauliChannel(x=_value(node, "x", 0.0), y=_value(node, "y", 0.0), z=_value(node, "z", 0.0)),
    ),
    "amplitude_damping": (
        ("gamma", "excited_population"),
        lambda node: AmplitudeDamping(
            gamma=_value(node, "gamma"), excited_population=_value(node, "excited_population", 0.0)
        ),
    ),
    "phase_damping": (("lambda",), lambda node: PhaseDamping(lambda_=_value(node, "lambda"))),
    "thermal_relaxation": (("t1", "t2", "duration", "excited_population"), _thermal),
    "kraus": (("operators",), _kraus),
}


def _placed(place: Place, make: Callable[[], T]) -> T:
    """Return what `make` returns; what it objects to is told with the place."""
    try:
        return make()
    except InvalidArgument as error:
        raise YamlError(error.message, place) from error
