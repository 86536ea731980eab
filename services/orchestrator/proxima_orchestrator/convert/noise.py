"""Noise models from messages, checked field by field, and their summaries as messages."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import noise_pb2
from proxima_runtime.noise import MAX_CHANNEL_QUBITS, parameter_fault

from proxima_orchestrator.convert.errors import invalid
from proxima_orchestrator.noise.channels import KRAUS, Channel, trace_preserving
from proxima_orchestrator.noise.model import DELAY, NoiseModel, NoiseSummary, Placement, ReadoutError, Rule

_FIELD = "spec.noise"
_MAX_RULES = 10_000
_MAX_NAMES = 1_000
_MAX_INDICES = 1_000_000
_MAX_NAME = 100
_MAX_KRAUS = 4**MAX_CHANNEL_QUBITS
# A deviation below this is the rounding of the operators themselves.
_ROUNDING = 1e-12


def noise_from_message(message: noise_pb2.NoiseModel) -> NoiseModel:
    """Return a noise model.

    Raises:
        InvalidArgument: INVALID_REQUEST; a field is out of range or contradicts another. Names the field.
    """
    for name, count in (("rules", len(message.rules)), ("readout_errors", len(message.readout_errors))):
        if count > _MAX_RULES:
            raise invalid(f"{_FIELD}.{name}", f"has {count} entries, at most {_MAX_RULES} are allowed")
    indices = sum(len(rule.qubits) + len(rule.target_qubits) + len(rule.instructions) for rule in message.rules)
    if indices > _MAX_INDICES:
        raise invalid(f"{_FIELD}.rules", f"name {indices} qubits and instructions, at most {_MAX_INDICES} are allowed")
    rules, notices = [], []
    for index, entry in enumerate(message.rules):
        rule, deviation = _rule(f"{_FIELD}.rules[{index}]", entry)
        rules.append(rule)
        if deviation > _ROUNDING:
            notices.append(
                f"the Kraus operators of noise rule {index + 1} were normalised: the largest entry of "
                f"|sum K^dagger K - I| was {deviation:.2g}"
            )
    return NoiseModel(
        rules=tuple(rules),
        readout_errors=tuple(
            _readout(f"{_FIELD}.readout_errors[{index}]", entry) for index, entry in enumerate(message.readout_errors)
        ),
        notices=tuple(notices),
    )


def _rule(field: str, message: noise_pb2.NoiseRule) -> tuple[Rule, float]:
    try:
        placement = Placement(message.placement)
    except ValueError as error:
        names = ", ".join(item.name for item in Placement)
        raise invalid(f"{field}.placement", f"{message.placement} is not one of {names}") from error
    if len(message.gate_names) > _MAX_NAMES or any(not 0 < len(name) <= _MAX_NAME for name in message.gate_names):
        raise invalid(f"{field}.gate_names", f"must be at most {_MAX_NAMES} names of 1 to {_MAX_NAME} characters")
    channel, deviation = _channel(f"{field}.channel", message.channel)
    instructions = tuple(message.instructions)
    if any(later <= earlier for earlier, later in zip((-1, *instructions), instructions, strict=False)):
        raise invalid(f"{field}.instructions", "must be strictly ascending indices of instructions, from 0")
    rule = Rule(
        channel=channel,
        placement=placement,
        gate_names=frozenset(message.gate_names),
        qubits=_indices(f"{field}.qubits", message.qubits),
        target_qubits=_indices(f"{field}.target_qubits", message.target_qubits),
        instructions=instructions,
        duration_of_delay=message.duration_of_delay,
    )
    _check_combination(field, rule)
    return rule, deviation


def _check_combination(field: str, rule: Rule) -> None:
    if rule.placement is Placement.MOMENT and (rule.gate_names or rule.target_qubits or rule.instructions):
        raise invalid(field, "noise by moments takes `qubits` only: leave out gates, targets and instructions")
    if not rule.duration_of_delay:
        return
    if rule.gate_names != {DELAY} or rule.channel.name != "thermal_relaxation" or rule.channel.parameters[2]:
        raise invalid(
            f"{field}.duration_of_delay", "goes with gate_names [delay] and thermal relaxation of duration 0 only"
        )


def _channel(field: str, message: noise_pb2.Channel) -> tuple[Channel, float]:
    kind = message.WhichOneof("kind")
    if kind == "kraus":
        return _kraus(f"{field}.kraus", message.kraus)
    if kind == "depolarizing":
        channel = Channel(name=kind, parameters=(message.depolarizing.probability,))
    elif kind == "pauli":
        channel = Channel(name="pauli_channel", parameters=(message.pauli.x, message.pauli.y, message.pauli.z))
    elif kind == "amplitude_damping":
        damping = message.amplitude_damping
        channel = Channel(name=kind, parameters=(damping.gamma, damping.excited_population))
    elif kind == "phase_damping":
        channel = Channel(name=kind, parameters=(getattr(message.phase_damping, "lambda"),))
    elif kind == "thermal_relaxation":
        times = message.thermal_relaxation
        channel = Channel(
            name=kind,
            parameters=(times.t1_seconds, times.t2_seconds, times.duration_seconds, times.excited_population),
        )
    else:
        raise invalid(field, "is missing; give depolarizing, pauli, amplitude_damping, phase_damping, ... or kraus")
    fault = parameter_fault(channel.name, channel.parameters)
    if fault is not None:
        raise invalid(f"{field}.{kind}", fault)
    return channel, 0.0


def _kraus(field: str, message: noise_pb2.Kraus) -> tuple[Channel, float]:
    if not 1 <= message.qubit_count <= MAX_CHANNEL_QUBITS:
        raise invalid(f"{field}.qubit_count", f"must be 1 to {MAX_CHANNEL_QUBITS}, not {message.qubit_count}")
    side = 2**message.qubit_count
    count, rest = divmod(len(message.operators), side * side * 16)
    if rest or not 1 <= count <= _MAX_KRAUS:
        raise invalid(
            f"{field}.operators",
            f"has {len(message.operators)} bytes; expected 1 to {_MAX_KRAUS} complex matrices of {side} x {side}, "
            f"{side * side * 16} bytes each",
        )
    operators = np.frombuffer(message.operators, dtype="<c16").reshape(count, side, side)
    try:
        kraus, deviation = trace_preserving(operators)
    except ValueError as error:
        raise invalid(f"{field}.operators", str(error)) from error
    return Channel(name=KRAUS, kraus=kraus), deviation


def _readout(field: str, message: noise_pb2.ReadoutError) -> ReadoutError:
    for name in ("one_given_zero", "zero_given_one"):
        value: float = getattr(message, name)
        if not 0 <= value <= 1:
            raise invalid(f"{field}.{name}", f"is {value:g}; it must be 0 to 1")
    return ReadoutError(
        one_given_zero=message.one_given_zero,
        zero_given_one=message.zero_given_one,
        qubits=_indices(f"{field}.qubits", message.qubits),
    )


def _indices(field: str, values: Iterable[int]) -> frozenset[int]:
    found = frozenset(values)
    if any(value < 0 for value in found) or len(found) > _MAX_INDICES:
        raise invalid(field, f"must be at most {_MAX_INDICES} indices of qubits, from 0")
    return found


def noise_to_message(value: NoiseSummary) -> executions_pb2.NoiseSummary:
    """Return the message of what a noise model did."""
    return executions_pb2.NoiseSummary(
        instruction_count=value.instruction_count,
        noisy_instruction_count=value.noisy_instruction_count,
        channel_count=value.channel_count,
        measurement_count=value.measurement_count,
        noisy_measurement_count=value.noisy_measurement_count,
        rules=[
            executions_pb2.NoiseRuleMatch(instruction_count=item.instruction_count, channel_count=item.channel_count)
            for item in value.rules
        ],
        noiseless_digest=value.noiseless_digest,
    )
