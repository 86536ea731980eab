"""Noise models: which instructions get which channel, and which measurements a readout error.

    NoiseModel.of("depolarizing:0.01")
    NoiseModel(rules=(NoiseRule(channel=Depolarizing(probability=0.01), gates=("cx",)),))

The channels and the rules by which they attach are stated in docs/noise.md.
"""

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import InvalidArgument

__all__ = [
    "AmplitudeDamping",
    "Channel",
    "Depolarizing",
    "Kraus",
    "NoiseModel",
    "NoiseRule",
    "PauliChannel",
    "PhaseDamping",
    "Placement",
    "ReadoutError",
    "ThermalRelaxation",
    "invalid_noise",
]

Placement: TypeAlias = Literal["joint", "each", "moment"]

_MAX_KRAUS_QUBITS = 4


@dataclass(frozen=True, kw_only=True)
class Depolarizing:
    """(1-p) rho + p Tr_Q(rho) (x) I/2^k on k qubits; probability 0 to 4^k/(4^k - 1), at most 4/3."""

    probability: float

    def __post_init__(self) -> None:
        _within("probability", self.probability, 4 / 3, "4^k / (4^k - 1) on k qubits")


@dataclass(frozen=True, kw_only=True)
class PauliChannel:
    """X, Y or Z with these probabilities on one qubit; each 0 to 1, the sum at most 1. A bit flip is x alone."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0

    def __post_init__(self) -> None:
        for name in ("x", "y", "z"):
            _within(name, getattr(self, name))
        total = math.fsum((self.x, self.y, self.z))
        if total > 1 + 1e-12:
            raise invalid_noise(f"x + y + z is {total:g}; it must be at most 1")


@dataclass(frozen=True, kw_only=True)
class AmplitudeDamping:
    """Generalised amplitude damping of one qubit towards a population of |1>; both 0 to 1."""

    gamma: float
    excited_population: float = 0.0

    def __post_init__(self) -> None:
        _within("gamma", self.gamma)
        _within("excited_population", self.excited_population)


@dataclass(frozen=True, kw_only=True)
class PhaseDamping:
    """Coherences of one qubit scale by sqrt(1 - lambda_); 0 to 1."""

    lambda_: float

    def __post_init__(self) -> None:
        _within("lambda", self.lambda_)


@dataclass(frozen=True, kw_only=True)
class ThermalRelaxation:
    """Relaxation of one qubit; times in seconds, t1 and t2 positive, t2 at most 2 t1.

    `duration` None lasts as long as the delay that the channel attaches to; only in rules for the gate "delay".
    """

    t1: float
    t2: float
    duration: float | None
    excited_population: float = 0.0

    def __post_init__(self) -> None:
        for name, seconds in (("t1", self.t1), ("t2", self.t2)):
            if not 0 < seconds < math.inf:
                raise invalid_noise(f"{name} is {seconds:g} s; it must be positive")
        if self.t2 / 2 > self.t1:
            raise invalid_noise(f"t2 = {self.t2:g} s is over 2 t1 = {2 * self.t1:g} s; no qubit has that")
        if self.duration is not None and not 0 <= self.duration < math.inf:
            raise invalid_noise(f"duration is {self.duration:g} s; it must not be negative")
        _within("excited_population", self.excited_population)


@dataclass(frozen=True, kw_only=True)
class Kraus:
    """Explicit Kraus operators on 1 to 4 qubits: each a square matrix of 2^k rows, first operand least significant.

    They must be trace preserving within 1e-8 (the server checks), and are then made exactly so.
    """

    operators: Sequence[Sequence[Sequence[complex]]]

    def __post_init__(self) -> None:
        side = len(self.operators[0]) if len(self.operators) else 0
        if side not in [2**width for width in range(1, _MAX_KRAUS_QUBITS + 1)]:
            raise invalid_noise("Kraus operators must be matrices of 2, 4, 8 or 16 rows, at least one of them")
        if any(len(matrix) != side or any(len(row) != side for row in matrix) for matrix in self.operators):
            raise invalid_noise(f"every Kraus operator must be a square matrix of {side} rows, like the first")

    @property
    def qubit_count(self) -> int:
        """Qubits that it acts on."""
        return len(self.operators[0]).bit_length() - 1


Channel: TypeAlias = Depolarizing | PauliChannel | AmplitudeDamping | PhaseDamping | ThermalRelaxation | Kraus


@dataclass(frozen=True, kw_only=True)
class NoiseRule:
    """A channel and where it attaches.

    Attributes:
        channel: the channel.
        placement: "joint" on all operands at once, "each" on every operand, "moment" on every qubit after each moment.
            None: joint for depolarizing and Kraus operators, else each.
        gates: names of gates (docs/gates.md), "unitary", "delay"; empty means every gate and explicit unitary.
        qubits: declared indices; all operands must be among them. Empty means any. By moments: the qubits that get it.
        targets: declared indices of the operands that the channel acts on; empty means all operands.
        instructions: rows of the flat circuit from 0, barriers and measurements counted; empty means all.
    """

    channel: Channel
    placement: Placement | None = None
    gates: Sequence[str] = ()
    qubits: Sequence[int] = ()
    targets: Sequence[int] = ()
    instructions: Sequence[int] = ()

    def __post_init__(self) -> None:
        for name in ("qubits", "targets", "instructions"):
            _indices(name, getattr(self, name))
        if self.placed == "moment" and (self.gates or self.targets or self.instructions):
            raise invalid_noise("noise by moments takes qubits only: leave out gates, targets and instructions")
        lasts = isinstance(self.channel, ThermalRelaxation) and self.channel.duration is None
        if lasts and tuple(self.gates) != ("delay",):
            raise invalid_noise("relaxation without a duration lasts as long as a delay: its rule needs gates [delay]")

    @property
    def placed(self) -> Placement:
        """The placement in force."""
        if self.placement is not None:
            return self.placement
        return "joint" if isinstance(self.channel, Depolarizing | Kraus) else "each"


@dataclass(frozen=True, kw_only=True)
class ReadoutError:
    """P(read 1 | true 0) and P(read 0 | true 1) of measurements of these declared qubits; empty means all."""

    one_given_zero: float
    zero_given_one: float
    qubits: Sequence[int] = ()

    def __post_init__(self) -> None:
        _within("one_given_zero", self.one_given_zero)
        _within("zero_given_one", self.zero_given_one)
        _indices("qubits", self.qubits)


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """Rules in order, each adds its channel where it matches; of readout errors the last that names a qubit wins."""

    rules: Sequence[NoiseRule] = ()
    readout_errors: Sequence[ReadoutError] = ()

    @classmethod
    def of(cls, source: "NoiseModel | str | os.PathLike[str]") -> "NoiseModel":
        """Return a model from a short form such as "depolarizing:0.01" or the name of a .yaml file.

        Raises InvalidArgument (reason INVALID_REQUEST, metadata field, and line and column in a file).
        """
        if isinstance(source, NoiseModel):
            return source
        text = os.fspath(source)
        if isinstance(source, str) and not text.endswith((".yaml", ".yml")):
            from proxima_client.noise_forms import short_form  # noqa: PLC0415  # it makes models: after this class

            return short_form(text)
        from proxima_client.noise_files import read_noise  # noqa: PLC0415  # YAML only where there is a file

        return read_noise(Path(text))

    @classmethod
    def joined(cls, models: Iterable["NoiseModel"]) -> "NoiseModel":
        """Return one model with the rules and readout errors of several, in their order."""
        parts = tuple(models)
        return cls(
            rules=tuple(rule for part in parts for rule in part.rules),
            readout_errors=tuple(error for part in parts for error in part.readout_errors),
        )


def invalid_noise(message: str, **metadata: str) -> InvalidArgument:
    """Return the error of a noise model."""
    return InvalidArgument(
        message, reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": "noise", **metadata}
    )


def _within(name: str, value: object, largest: float = 1.0, shown: str = "1") -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
        raise invalid_noise(f"{name} is {value!r}; it must be a number from 0 to {shown}")


def _indices(name: str, values: Iterable[object]) -> None:
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
            raise invalid_noise(f"{name} must be indices from 0, not {value!r}")
