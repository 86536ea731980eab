"""A noise model: which instructions get which channel, and which measurements a readout error."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from proxima_orchestrator.noise.channels import Channel

__all__ = ["DELAY", "UNITARY", "NoiseModel", "NoiseSummary", "Placement", "ReadoutError", "Rule", "RuleMatch"]

DELAY = "delay"
"""The gate name by which a rule names delays."""

UNITARY = "unitary"
"""The gate name by which a rule names explicit unitaries."""


class Placement(enum.IntEnum):
    """On which qubits of a matched instruction a channel acts; the numbers are those of `NoiseRule.Placement`."""

    JOINT = 1
    EACH = 2
    MOMENT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A channel and where it attaches; indices are of declared qubits and of rows of the flat circuit without noise.

    Attributes:
        channel: the channel.
        placement: jointly, on each operand, or on every qubit after each moment.
        gate_names: names of the gates it applies to; empty means every gate and explicit unitary.
        qubits: all operands must be among them; empty means any. By moments: the qubits that get the channel.
        target_qubits: operands that the channel acts on; empty means all.
        instructions: rows it applies to, ascending; empty means all.
        duration_of_delay: the channel is thermal relaxation that lasts as long as the delay.
    """

    channel: Channel
    placement: Placement
    gate_names: frozenset[str] = frozenset()
    qubits: frozenset[int] = frozenset()
    target_qubits: frozenset[int] = frozenset()
    instructions: tuple[int, ...] = ()
    duration_of_delay: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadoutError:
    """Classical error of reading: P(read 1 | true 0) and P(read 0 | true 1) of these qubits; empty means all."""

    one_given_zero: float
    zero_given_one: float
    qubits: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseModel:
    """Rules in order, each adds its channel where it matches; of readout errors the last that names a qubit wins.

    `notices` says what was changed of the model as it came, a sentence each.
    """

    rules: tuple[Rule, ...] = ()
    readout_errors: tuple[ReadoutError, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleMatch:
    """What one rule did: instructions that it matched (0 for a rule by moments) and channels that it added."""

    instruction_count: int
    channel_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseSummary:
    """Where a noise model attached, counted over the flat circuit that the source unrolls to.

    Attributes:
        instruction_count: gates and explicit unitaries, and delays where a rule matched them.
        noisy_instruction_count: how many of them have at least one channel after them on an operand.
        channel_count: channels added.
        measurement_count: measurements.
        noisy_measurement_count: how many of them have a readout error.
        rules: one entry a rule, in order.
        noiseless_digest: SHA-256 of the columns without the noise, as 64 hexadecimal digits.
    """

    instruction_count: int
    noisy_instruction_count: int
    channel_count: int
    measurement_count: int
    noisy_measurement_count: int
    rules: tuple[RuleMatch, ...]
    noiseless_digest: str
