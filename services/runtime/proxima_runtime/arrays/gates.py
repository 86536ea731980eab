"""Unitaries of the standard gates (docs/gates.md), written out entry by entry in double precision.

Row-major; the first operand of a gate is the least significant bit of the index. `FIXED` and `PARAMETRIC` hold flat
lists for simulators that take numbers; `unitary` returns an array.
"""

from __future__ import annotations

from cmath import exp
from collections.abc import Callable, Mapping, Sequence
from math import cos, isqrt, pi, sin, sqrt
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

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


def _square(matrix: Matrix) -> npt.NDArray[np.complex128]:
    side = isqrt(len(matrix))
    array = np.array(matrix, dtype=np.complex128).reshape(side, side)
    array.flags.writeable = False
    return array


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

_X: Matrix = [0, 1, 1, 0]
_Z: Matrix = [1, 0, 0, -1]
_H: Matrix = [_R, _R, _R, -_R]
_SX: Matrix = [(1 + 1j) / 2, (1 - 1j) / 2, (1 - 1j) / 2, (1 + 1j) / 2]

FIXED: Mapping[str, Matrix] = MappingProxyType(
    {
        "id": [1, 0, 0, 1],
        "x": _X,
        "y": [0, -1j, 1j, 0],
        "z": _Z,
        "h": _H,
        "s": [1, 0, 0, 1j],
        "sdg": [1, 0, 0, -1j],
        "t": p(pi / 4),
        "tdg": p(-pi / 4),
        "sx": _SX,
        "sxdg": [entry.conjugate() for entry in _SX],
        "ch": controlled(_H),
        "cx": controlled(_X),
        "cz": controlled(_Z),
        "csx": controlled(_SX),
        "cs": controlled([1, 0, 0, 1j]),
        "csdg": controlled([1, 0, 0, -1j]),
        "cy": controlled([0, -1j, 1j, 0]),
        "swap": _swapped(4, {(1, 2): _FLIP}),
        "iswap": _swapped(4, {(1, 2): (0, 1j, 1j, 0)}),
        "ecr": [_R * entry for entry in (0, 1, 0, 1j, 1, 0, -1j, 0, 0, 1j, 0, 1, -1j, 0, 1, 0)],
        "dcx": [1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0],
        "ccx": _swapped(8, {(3, 7): _FLIP}),
        "ccz": _swapped(8, {}, (7,)),
        "cswap": _swapped(8, {(3, 5): _FLIP}),
        "rccx": _swapped(8, {(3, 7): (0, -1j, 1j, 0)}, (5,)),
        "rc3x": _swapped(16, {(3, 11): (1j, 0, 0, -1j), (7, 15): (0, 1, -1, 0)}),
        "c3sx": _swapped(16, {(7, 15): (_SX[0], _SX[1], _SX[2], _SX[3])}),
        "c3x": _swapped(16, {(7, 15): _FLIP}),
        "c4x": _swapped(32, {(15, 31): _FLIP}),
    }
)
"""Gate name to matrix."""

_ARRAYS: Mapping[str, npt.NDArray[np.complex128]] = MappingProxyType(
    {name: _square(matrix) for name, matrix in FIXED.items()}
)


def unitary(name: str, parameters: Sequence[float] = ()) -> npt.NDArray[np.complex128]:
    """Return the unitary of a standard gate, complex128, shape (2^k, 2^k), read-only.

    Args:
        name: name of the gate.
        parameters: in the order of docs/gates.md, angles in radians.

    Raises:
        KeyError: the name is outside the vocabulary.
        TypeError: the number of parameters is wrong.
    """
    if name in PARAMETRIC:
        return _square(PARAMETRIC[name](*parameters))
    if parameters:
        raise TypeError(f"{name} takes no parameters, {len(parameters)} were given")
    return _ARRAYS[name]
