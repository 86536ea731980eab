"""Random OpenQASM 3 programs with every instruction, and random noise models with every channel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from proxima_client.noise import (
    AmplitudeDamping,
    Channel,
    Depolarizing,
    Kraus,
    NoiseModel,
    NoiseRule,
    PauliChannel,
    PhaseDamping,
    ReadoutError,
    ThermalRelaxation,
)

from .random_circuits import CLIFFORD, STDGATES

_MODIFIERS = ("ctrl @ ", "negctrl @ ", "inv @ ", "pow(2) @ ", "pow(0.5) @ ", "ctrl @ inv @ ")


@dataclass(frozen=True, kw_only=True)
class ProgramRules:
    """What a random program may have.

    Attributes:
        qubit_count: declared qubits, 1 to 8.
        step_count: instructions before the terminal measurements.
        clifford: only gates of the Clifford group, without modifiers.
        dynamic: measurements in mid-circuit, resets and conditions.
    """

    qubit_count: int
    step_count: int
    clifford: bool
    dynamic: bool


class _Writer:
    """Writes one program line by line."""

    def __init__(self, rng: np.random.Generator, rules: ProgramRules) -> None:
        self._rng = rng
        self._rules = rules
        self._bit_count = rules.qubit_count + 1
        # Each doubles the records that a method has to keep apart.
        self._measurements_left = 4 if rules.dynamic else 0

    def program(self) -> str:
        """Return the whole text."""
        rng, width = self._rng, self._rules.qubit_count
        lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{width}] q;", f"bit[{self._bit_count}] c;"]
        for _ in range(self._rules.step_count):
            lines += self._step()
        measured = rng.permutation(width)[: int(rng.integers(1, width + 1))]
        bits = rng.permutation(self._bit_count)[: len(measured)]
        lines += [f"c[{bit}] = measure q[{qubit}];" for qubit, bit in zip(measured, bits, strict=True)]
        return "\n".join(lines) + "\n"

    def _step(self) -> list[str]:
        rng = self._rng
        kind = float(rng.random())
        if kind < 0.03:
            return ["barrier q;"]
        if kind < 0.05:
            return [f"delay[{int(rng.integers(1, 100))}ns] q[{int(rng.integers(self._rules.qubit_count))}];"]
        if self._rules.dynamic and kind < 0.25:
            return self._dynamic_step()
        return [self._gate()]

    def _dynamic_step(self) -> list[str]:
        rng, width = self._rng, self._rules.qubit_count
        kind, qubit = int(rng.integers(4)), int(rng.integers(width))
        if kind == 0 and self._measurements_left:
            self._measurements_left -= 1
            return [f"c[{int(rng.integers(self._bit_count))}] = measure q[{qubit}];"]
        if kind == 1 and self._measurements_left:
            self._measurements_left -= 1
            return [f"reset q[{qubit}];"]
        if kind == 2:
            value = int(rng.integers(2**self._bit_count))
            operator = "==" if rng.random() < 0.3 else "!="
            return [f"if (c {operator} {value}) {{ {self._gate()} }}"]
        bit = int(rng.integers(self._bit_count))
        return [f"if (c[{bit}]) {{ {self._gate()} }} else {{ {self._gate()} {self._gate()} }}"]

    def _gate(self) -> str:
        rng, rules = self._rng, self._rules
        names = [
            name
            for name, (qubits, _) in STDGATES.items()
            if qubits <= rules.qubit_count and (not rules.clifford or name in CLIFFORD)
        ]
        name = str(rng.choice(names))
        qubits, parameters = STDGATES[name]
        modifier = ""
        if not rules.clifford and rng.random() < 0.2:
            modifier = str(rng.choice(_MODIFIERS))
            added = modifier.count("ctrl")
            if qubits + added > min(4, rules.qubit_count):
                modifier, added = "inv @ ", 0
            qubits += added
        angles = ",".join(repr(float(a)) for a in rng.uniform(-2 * math.pi, 2 * math.pi, parameters))
        operands = ",".join(f"q[{int(q)}]" for q in rng.permutation(rules.qubit_count)[:qubits])
        return f"{modifier}{name}{f'({angles})' if parameters else ''} {operands};"


def random_dynamic_program(rng: np.random.Generator, rules: ProgramRules) -> str:
    """Return an OpenQASM 3 program that ends in a random terminal measurement."""
    return _Writer(rng, rules).program()


def random_noise(rng: np.random.Generator, *, pauli_only: bool) -> NoiseModel:
    """Return a noise model of one to three rules and, half of the time, a readout error.

    Args:
        rng: source of every choice.
        pauli_only: depolarizing and Pauli channels only, which a stabilizer simulator can follow.
    """
    makers = _PAULI if pauli_only else (*_PAULI, *_GENERAL)
    rules = [_rule(rng, makers[int(rng.integers(len(makers)))](rng)) for _ in range(int(rng.integers(1, 4)))]
    zero, one = (float(p) for p in rng.uniform(0, 0.2, 2))
    errors = [ReadoutError(one_given_zero=zero, zero_given_one=one)] if rng.random() < 0.5 else []
    return NoiseModel(rules=rules, readout_errors=errors)


def random_observables(rng: np.random.Generator, qubit_count: int) -> list[str]:
    """Return two sums of one to three Pauli strings."""
    return [
        " + ".join(
            f"{float(rng.uniform(-1, 1))!r}*{''.join(rng.choice(list('IXYZ'), qubit_count))}"
            for _ in range(int(rng.integers(1, 4)))
        ).replace("+ -", "- ")
        for _ in range(2)
    ]


def _rule(rng: np.random.Generator, channel: Channel) -> NoiseRule:
    joint = isinstance(channel, Depolarizing) and rng.random() < 0.5
    gates = () if rng.random() < 0.5 else ("cx", "h", "u", "ccx", "x", "swap")
    return NoiseRule(channel=channel, placement="joint" if joint else "each", gates=gates)


def _depolarizing(rng: np.random.Generator) -> Channel:
    return Depolarizing(probability=float(rng.uniform(0, 0.1)))


def _pauli(rng: np.random.Generator) -> Channel:
    x, y, z = (float(p) for p in rng.uniform(0, 0.05, 3))
    return PauliChannel(x=x, y=y, z=z)


def _amplitude_damping(rng: np.random.Generator) -> Channel:
    gamma, excited = (float(p) for p in rng.uniform(0, 0.2, 2))
    return AmplitudeDamping(gamma=gamma, excited_population=excited)


def _phase_damping(rng: np.random.Generator) -> Channel:
    return PhaseDamping(lambda_=float(rng.uniform(0, 0.2)))


def _thermal(rng: np.random.Generator) -> Channel:
    t1 = float(rng.uniform(50e-6, 100e-6))
    return ThermalRelaxation(
        t1=t1,
        t2=t1 * float(rng.uniform(0.2, 2.0)),
        duration=float(rng.uniform(0, 5e-6)),
        excited_population=float(rng.uniform(0, 0.1)),
    )


def _kraus(rng: np.random.Generator) -> Channel:
    """A random one-qubit channel near the identity: three operators out of a random isometry."""
    generator = rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6))
    generator = 0.1 * (generator - generator.conj().T)
    # The Cayley transform of an anti-Hermitian matrix is unitary.
    unitary = np.linalg.solve(np.eye(6) - generator, np.eye(6) + generator)
    return Kraus(operators=unitary[:, :2].reshape(3, 2, 2).tolist())


_Maker: TypeAlias = Callable[[np.random.Generator], Channel]
_PAULI: tuple[_Maker, ...] = (_depolarizing, _pauli)
_GENERAL: tuple[_Maker, ...] = (_amplitude_damping, _phase_damping, _thermal, _kraus)
