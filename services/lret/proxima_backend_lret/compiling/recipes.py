"""Standard gates on three and more qubits as gates on one and two, exact within rounding.

Their noise comes in instructions of its own, so taking a gate apart changes nothing; its parts fuse with what is around
them, and an engine needs passes on one and two qubits only.

A matrix V under control of several qubits is a product of its roots under control of single ones, over the parities of
the controls in the order of a Gray code (Barenco et al. 1995, arXiv:quant-ph/9503016, lemma 7.1).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.gates import unitary

Complex = npt.NDArray[np.complex128]

_CONTROLLED: Mapping[str, str] = MappingProxyType(
    {"ccx": "x", "c3x": "x", "c4x": "x", "ccz": "z", "c3sx": "sx"},
)

# Toffoli gates up to phases: gates on the last operand in order, and flips by (control, target) (Maslov 2016,
# arXiv:1508.03273).
_RELATIVE: Mapping[str, Sequence[str | tuple[int, int]]] = MappingProxyType(
    {
        "rccx": ("h t", (1, 2), "tdg", (0, 2), "t", (1, 2), "tdg h"),
        "rc3x": (
            *("h t", (2, 3), "tdg h", (0, 3), "t", (1, 3), "tdg"),
            *((0, 3), "t", (1, 3), "tdg h t", (2, 3), "tdg h"),
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Part:
    """One gate of a recipe.

    Attributes:
        matrix: the unitary, shape (2^k, 2^k).
        places: for each of its operands, which operand of the gate it is.
    """

    matrix: Complex
    places: tuple[int, ...]


@functools.cache
def recipe(name: str) -> tuple[Part, ...]:
    """Return the parts of a gate in order; none for a gate that has no recipe."""
    if name in _CONTROLLED:
        return _controlled(unitary(_CONTROLLED[name]), unitary(name).shape[0].bit_length() - 2)
    if name == "cswap":
        flip = _flip(2, 1)
        # The pair (1, 2) comes first, so that it fuses with the flip before it.
        inner = [Part(matrix=part.matrix, places=_moved(part.places, (1, 0, 2))) for part in recipe("ccx")]
        return (flip, *inner, flip)
    return tuple(
        _flip(*step) if isinstance(step, tuple) else _on_target(step, unitary(name).shape[0].bit_length() - 2)
        for step in _RELATIVE.get(name, ())
    )


def _flip(control: int, target: int) -> Part:
    return Part(matrix=unitary("cx"), places=(control, target))


def _on_target(names: str, target: int) -> Part:
    matrix: Complex = np.eye(2, dtype=np.complex128)
    for name in names.split():
        matrix = unitary(name) @ matrix
    return Part(matrix=matrix, places=(target,))


def _moved(places: tuple[int, ...], order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(order[place] for place in places)


def _controlled(matrix: Complex, count: int) -> tuple[Part, ...]:
    """Take apart a one-qubit unitary on the last operand under control of the `count` before it."""
    root = _root(matrix, 1 << (count - 1))
    forward, backward = _under_control(root), _under_control(root.conj().T)
    parts: list[Part] = []
    for index in range(1, 1 << count):
        pattern, before = index ^ (index >> 1), (index - 1) ^ ((index - 1) >> 1)
        # The highest qubit of the pattern holds its parity.
        top, changed = pattern.bit_length() - 1, (pattern ^ before).bit_length() - 1
        if before:
            parts.append(_flip(top - 1 if changed == top else changed, top))
        parts.append(Part(matrix=forward if pattern.bit_count() % 2 else backward, places=(top, count)))
    return tuple(parts)


def _root(matrix: Complex, degree: int) -> Complex:
    """Return a root of a unitary."""
    values, vectors = np.linalg.eig(matrix)
    # x, z and sx are normal with two different eigenvalues, so the vectors are orthogonal.
    return np.asarray((vectors * np.exp(1j * np.angle(values) / degree)) @ vectors.conj().T)


def _under_control(matrix: Complex) -> Complex:
    found = np.zeros((4, 4), dtype=np.complex128)
    found[0, 0] = found[2, 2] = 1
    found[1::2, 1::2] = matrix
    return found
