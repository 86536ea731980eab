"""Unitaries of one standard gate at many parameters, at the speed of arrays (docs/gates.md).

The formulas are those of `gates`, the numbers equal its own within rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from proxima_runtime.arrays.gates import unitary

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

# Entries (row, column, values) that are not zero; the values have one number a gate.
_Entries = Sequence[tuple[int, int, Complex | Real | complex]]


def unitaries(name: str, parameters: Real) -> Complex:
    """Return the unitaries of a standard gate, complex128, shape (m, 2^k, 2^k).

    Args:
        name: name of the gate.
        parameters: float64, shape (m, p), in the order of docs/gates.md, angles in radians; p = 0 is legal.

    Raises:
        KeyError: the name is outside the vocabulary.
        TypeError: the number of parameters is wrong.
    """
    count, arity = parameters.shape
    if name not in _PARAMETRIC or not count:
        matrix = unitary(name, (0.0,) * arity)
        return np.repeat(matrix[None], count, axis=0)
    side, expected, entries = _PARAMETRIC[name]
    if arity != expected:
        raise TypeError(f"{name} takes {expected} parameters, {arity} were given")
    found = np.zeros((count, side, side), dtype=np.complex128)
    for row, column, values in entries(*parameters.T):
        found[:, row, column] = values
    return found


def _turn(angle: Real) -> Complex:
    """Return exp(i angle)."""
    found = np.empty(angle.shape, dtype=np.complex128)
    found.real, found.imag = np.cos(angle), np.sin(angle)
    return found


def _u(theta: Real, phi: Real, lam: Real) -> _Entries:
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    return [(0, 0, c), (0, 1, -_turn(lam) * s), (1, 0, _turn(phi) * s), (1, 1, _turn(phi + lam) * c)]


def _p(lam: Real) -> _Entries:
    return [(0, 0, 1), (1, 1, _turn(lam))]


def _rx(theta: Real) -> _Entries:
    c, s = np.cos(theta / 2), -1j * np.sin(theta / 2)
    return [(0, 0, c), (0, 1, s), (1, 0, s), (1, 1, c)]


def _ry(theta: Real) -> _Entries:
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    return [(0, 0, c), (0, 1, -s), (1, 0, s), (1, 1, c)]


def _rz(theta: Real) -> _Entries:
    return [(0, 0, _turn(-theta / 2)), (1, 1, _turn(theta / 2))]


def _rxx(theta: Real) -> _Entries:
    c, s = np.cos(theta / 2), -1j * np.sin(theta / 2)
    return [*((place, place, c) for place in range(4)), (0, 3, s), (1, 2, s), (2, 1, s), (3, 0, s)]


def _ryy(theta: Real) -> _Entries:
    c, s = np.cos(theta / 2), -1j * np.sin(theta / 2)
    return [*((place, place, c) for place in range(4)), (0, 3, -s), (1, 2, s), (2, 1, s), (3, 0, -s)]


def _rzz(theta: Real) -> _Entries:
    a, b = _turn(-theta / 2), _turn(theta / 2)
    return [(0, 0, a), (1, 1, b), (2, 2, b), (3, 3, a)]


def _rzx(theta: Real) -> _Entries:
    c, s = np.cos(theta / 2), -1j * np.sin(theta / 2)
    return [*((place, place, c) for place in range(4)), (0, 2, s), (2, 0, s), (1, 3, -s), (3, 1, -s)]


def _cu(theta: Real, phi: Real, lam: Real, gamma: Real) -> _Entries:
    turn = _turn(gamma)
    return _controlled([(row, column, turn * values) for row, column, values in _u(theta, phi, lam)])


def _controlled(block: _Entries) -> _Entries:
    """Put a one-qubit matrix on the second operand under control of the first."""
    return [(0, 0, 1), (2, 2, 1), *((2 * row + 1, 2 * column + 1, values) for row, column, values in block)]


# Side, number of parameters, entries.
_PARAMETRIC: Mapping[str, tuple[int, int, Callable[..., _Entries]]] = MappingProxyType(
    {
        "u": (2, 3, _u),
        "p": (2, 1, _p),
        "rx": (2, 1, _rx),
        "ry": (2, 1, _ry),
        "rz": (2, 1, _rz),
        "cu": (4, 4, _cu),
        "cp": (4, 1, lambda lam: _controlled(_p(lam))),
        "crx": (4, 1, lambda theta: _controlled(_rx(theta))),
        "cry": (4, 1, lambda theta: _controlled(_ry(theta))),
        "crz": (4, 1, lambda theta: _controlled(_rz(theta))),
        "rxx": (4, 1, _rxx),
        "ryy": (4, 1, _ryy),
        "rzz": (4, 1, _rzz),
        "rzx": (4, 1, _rzx),
    }
)
