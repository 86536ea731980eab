"""Gates as controls on a body, and powers of the body: exact on parameters where a closed form exists.

A non-integer power is the principal one: phases of eigenvalues in (-pi, pi], -1 being exp(i pi).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from proxima_runtime.arrays.gates import unitary

from proxima_orchestrator.gates import STANDARD_GATES
from proxima_orchestrator.qasm.errors import ExpressionError
from proxima_orchestrator.qasm.matrices import Matrix, principal_power

__all__ = ["CONTROLLED", "EIGHTHS", "Body", "body_of", "phase_body", "power"]

Exponent = int | float

# A phase of an eigenvalue is known to 1e-16; so many times that is still below 1e-10.
_MAX_NUMERIC_EXPONENT = 100_000

CONTROLLED: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        **{f"c{name}": (1, name) for name in ("x", "y", "z", "h", "s", "sdg", "sx", "p", "rx", "ry", "rz", "swap")},
        "ccx": (2, "x"),
        "ccz": (2, "z"),
        "c3x": (3, "x"),
        "c3sx": (3, "sx"),
        "c4x": (4, "x"),
    }
)
"""Number of controls and body of each standard gate that is a controlled one, `cu` apart."""

EIGHTHS: Mapping[str, int] = MappingProxyType({"id": 0, "t": 1, "s": 2, "z": 4, "sdg": -2, "tdg": -1})
"""The phase of |1> of each named diagonal gate, in units of pi / 4."""

_NAME_OF_EIGHTHS = {0: "id", 1: "t", 2: "s", 4: "z", 6: "sdg", 7: "tdg"}
_HALVES = {"x": 2, "sx": 1, "sxdg": -1}
_NAME_OF_HALVES = {0: "id", 1: "sx", 2: "x", 3: "sxdg"}
_INVOLUTIONS = {"y", "h", "swap", "ecr", "rccx"}
_ROTATIONS = {"rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx"}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Body:
    """exp(i phase) times a standard gate or a matrix on `qubit_count` qubits; 0 qubits: the phase alone.

    `name` is empty where `matrix` (shape (2^k, 2^k)) says what it is.
    """

    qubit_count: int
    name: str = ""
    parameters: tuple[float, ...] = ()
    phase: float = 0.0
    matrix: Matrix | None = None

    def unitary(self) -> Matrix:
        """Return the unitary, phase included."""
        if self.matrix is not None:
            plain = self.matrix
        else:
            plain = unitary(self.name, self.parameters) if self.qubit_count else np.eye(1, dtype=np.complex128)
        return np.asarray(np.exp(1j * self.phase) * plain, dtype=np.complex128) if self.phase else plain


def body_of(name: str, parameters: tuple[float, ...], phase: float = 0.0) -> tuple[int, Body]:
    """Return the number of controls of a standard gate, and its body; the phase is the body's."""
    if name == "cu":
        return 1, Body(qubit_count=1, name="u", parameters=parameters[:3], phase=parameters[3] + phase)
    controls, body = CONTROLLED.get(name, (0, name))
    count = STANDARD_GATES[name].qubit_count - controls
    return controls, Body(qubit_count=count, name=body, parameters=parameters, phase=phase)


def phase_body(angle: float) -> Body:
    """Return the body that is a global phase in radians."""
    return Body(qubit_count=0, phase=angle)


def power(body: Body, exponent: Exponent) -> Body:  # noqa: PLR0911, PLR0912 - one return a family of gates
    """Return the body raised to a power; raises ExpressionError without a place where rounding would decide it."""
    whole = isinstance(exponent, int)
    if exponent == 1:
        return body
    if body.qubit_count == 0:
        angle = body.phase if whole else _principal(body.phase)
        return replace(body, phase=exponent * angle)
    if body.phase and not whole:
        return _numeric(body, exponent)
    phase = exponent * body.phase if body.phase else 0.0
    name, count = body.name, body.qubit_count
    if exponent == 0:
        if count == 1:
            return Body(qubit_count=1, name="id")
        return Body(qubit_count=count, matrix=np.eye(2**count, dtype=np.complex128))
    if name in EIGHTHS:
        return _diagonal(EIGHTHS[name], exponent, phase)
    if name in _HALVES:
        return _turn(_HALVES[name] * exponent, phase)
    if name in _INVOLUTIONS and whole:
        return replace(body if exponent % 2 else power(replace(body, phase=0.0), 0), phase=phase)
    if name == "y":
        return Body(qubit_count=1, name="ry", parameters=(math.pi * exponent,), phase=phase + math.pi / 2 * exponent)
    if name == "p":
        angle = body.parameters[0] if whole else _principal(body.parameters[0])
        return replace(body, parameters=(exponent * angle,), phase=phase)
    if name in _ROTATIONS:
        angle = body.parameters[0] if whole else math.remainder(body.parameters[0], 4 * math.pi)
        if whole or abs(angle) < 2 * math.pi:
            return replace(body, parameters=(exponent * angle,), phase=phase)
    if name == "u" and exponent == -1:
        theta, phi, lam = body.parameters
        return replace(body, parameters=(-theta, -lam, -phi), phase=phase)
    return _numeric(body, exponent)


def _principal(angle: float) -> float:
    """The angle in (-pi, pi]; what is in there already stays to the last bit."""
    wrapped = math.remainder(angle, math.tau)
    return math.pi if wrapped == -math.pi else wrapped


def _diagonal(eighths: int, exponent: Exponent, phase: float) -> Body:
    """A power of diag(1, exp(i pi eighths / 4)), by name where it has one."""
    turned = eighths * exponent
    if turned == int(turned):
        turned = int(turned) % 8
        if (name := _NAME_OF_EIGHTHS.get(turned)) is not None:
            return Body(qubit_count=1, name=name, phase=phase)
        turned = turned if turned <= 4 else turned - 8
    return Body(qubit_count=1, name="p", parameters=(turned * (math.pi / 4),), phase=phase)


def _turn(halves: Exponent, phase: float) -> Body:
    """X^(halves / 2): X^t = exp(i pi t / 2) rx(pi t)."""
    if halves == int(halves):
        return Body(qubit_count=1, name=_NAME_OF_HALVES[int(halves) % 4], phase=phase)
    return Body(qubit_count=1, name="rx", parameters=(math.pi / 2 * halves,), phase=phase + math.pi / 4 * halves)


def _numeric(body: Body, exponent: Exponent) -> Body:
    if abs(exponent) > _MAX_NUMERIC_EXPONENT:
        raise ExpressionError(
            f"a power beyond {_MAX_NUMERIC_EXPONENT} of this gate has no digit that counts; use a smaller exponent"
        )
    return Body(qubit_count=body.qubit_count, matrix=principal_power(body.unitary(), exponent))
