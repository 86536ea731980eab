"""Unitaries of the gates that neither Cirq nor qsim has by name, and of all with parameters.

Written out entry by entry, in double precision, because qsim's own parametric gates take their exponent in single
precision: an angle of 1e4 radians would be wrong in the fourth digit. Row-major; the first operand of a gate is the
least significant bit of the index. Nothing here imports a simulator.
"""

from __future__ import annotations

from cmath import exp
from collections.abc import Callable, Mapping, Sequence
from math import cos, pi, sin, sqrt
from types import MappingProxyType

Matrix = list[complex]
# A 2 x 2 matrix, row-major.
_Block = tuple[complex, complex, complex, complex]

_R = 1 / sqrt(2)


def u(theta: float, phi: float, lam: float) -> Matrix:
    """The general one-qubit gate."""
    c, s = cos(theta / 2), sin(theta / 2)
    return [c, -exp(1j * lam) * s, exp(1j * phi) * s, exp(1j * (phi + lam)) * c]


def p(lam: float) -> Matrix:
    """Phase on |1>."""
    return [1, 0, 0, exp(1j * lam)]


def rx(theta: float) -> Matrix:
    """Rotation about X."""
    c, s = cos(theta / 2), -1j * sin(theta / 2)
    return [c, s, s, c]


def ry(theta: float) -> Matrix:
    """Rotation about Y."""
    c, s = cos(theta / 2), sin(theta / 2)
    return [c, -s, s, c]


def rz(theta: float) -> Matrix:
    """Rotation about Z."""
    return [exp(-0.5j * theta), 0, 0, exp(0.5j * theta)]


def rxx(theta: float) -> Matrix:
    """exp(-i theta/2 XX)."""
    c, s = cos(theta / 2), -1j * sin(theta / 2)
    return [c, 0, 0, s, 0, c, s, 0, 0, s, c, 0, s, 0, 0, c]


def ryy(theta: float) -> Matrix:
    """exp(-i theta/2 YY)."""
    c, s = cos(theta / 2), -1j * sin(theta / 2)
    return [c, 0, 0, -s, 0, c, s, 0, 0, s, c, 0, -s, 0, 0, c]


def rzz(theta: float) -> Matrix:
    """exp(-i theta/2 ZZ)."""
    a, b = exp(-0.5j * theta), exp(0.5j * theta)
    return [a, 0, 0, 0, 0, b, 0, 0, 0, 0, b, 0, 0, 0, 0, a]


def rzx(theta: float) -> Matrix:
    """exp(-i theta/2 ZX), Z on the first operand, X on the second."""
    c, s = cos(theta / 2), -1j * sin(theta / 2)
    return [c, 0, s, 0, 0, c, 0, -s, s, 0, c, 0, 0, -s, 0, c]


def controlled(block: Sequence[complex]) -> Matrix:
    """A one-qubit matrix on the second operand under control of the first."""
    a, b, c, d = block
    return [1, 0, 0, 0, 0, a, 0, b, 0, 0, 1, 0, 0, c, 0, d]


def cu(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    """Controlled e^{i gamma} u."""
    turn = exp(1j * gamma)
    return controlled([turn * entry for entry in u(theta, phi, lam)])


def _swapped(size: int, pairs: Mapping[tuple[int, int], _Block], signs: Sequence[int] = ()) -> Matrix:
    """The identity of `size` with 2 x 2 blocks on pairs of basis states, and -1 on the states `signs`."""
    matrix: Matrix = [0] * (size * size)
    for index in range(size):
        matrix[index * size + index] = -1 if index in signs else 1
    for (low, high), (a, b, c, d) in pairs.items():
        matrix[low * size + low], matrix[low * size + high] = a, b
        matrix[high * size + low], matrix[high * size + high] = c, d
    return matrix


_FLIP: _Block = (0, 1, 1, 0)

PARAMETRIC: Mapping[str, Callable[..., Matrix]] = MappingProxyType(
    {
        "u": u,
        "p": p,
        "rx": rx,
        "ry": ry,
        "rz": rz,
        "cu": cu,
        "cp": lambda lam: controlled(p(lam)),
        "crx": lambda theta: controlled(rx(theta)),
        "cry": lambda theta: controlled(ry(theta)),
        "crz": lambda theta: controlled(rz(theta)),
        "rxx": rxx,
        "ryy": ryy,
        "rzz": rzz,
        "rzx": rzx,
    }
)
"""Gate name to matrix of its parameters."""

_SX: Matrix = [(1 + 1j) / 2, (1 - 1j) / 2, (1 - 1j) / 2, (1 + 1j) / 2]

FIXED: Mapping[str, Matrix] = MappingProxyType(
    {
        "sdg": p(-pi / 2),
        "tdg": p(-pi / 4),
        "sx": _SX,
        "sxdg": [entry.conjugate() for entry in _SX],
        "ch": controlled([_R, _R, _R, -_R]),
        "csx": controlled(_SX),
        "cs": controlled(p(pi / 2)),
        "csdg": controlled(p(-pi / 2)),
        "cy": controlled([0, -1j, 1j, 0]),
        "ecr": [_R * entry for entry in (0, 1, 0, 1j, 1, 0, -1j, 0, 0, 1j, 0, 1, -1j, 0, 1, 0)],
        "dcx": [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0],
        "rccx": _swapped(8, {(3, 7): (0, -1j, 1j, 0)}, (5,)),
        "rc3x": _swapped(16, {(3, 11): (1j, 0, 0, -1j), (7, 15): (0, 1, -1, 0)}),
        "c3sx": _swapped(16, {(7, 15): (_SX[0], _SX[1], _SX[2], _SX[3])}),
        "c3x": _swapped(16, {(7, 15): _FLIP}),
        "c4x": _swapped(32, {(15, 31): _FLIP}),
    }
)
"""Gate name to matrix."""
