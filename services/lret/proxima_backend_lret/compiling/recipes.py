"""Standard gates on three and more qubits as gates on one and two, exact within rounding.

Their noise comes in instructions of its own, so taking a gate apart changes nothing; its parts fuse with what is around
them, and an engine needs passes on one and two qubits only.

A matrix V under control of several qubits is a product of its roots under control of single ones, over the parities of
the controls in the order of a Gray code (Barenco et al. 1995, arXiv:quant-ph/9503016, lemma 7.1).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima_runtime.arrays.gates import unitary

Complex = npt.NDArray[np.complex128]


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
    match name:
        case "ccx" | "c3x" | "c4x":
            return _controlled(unitary("x"), {"ccx": 2, "c3x": 3, "c4x": 4}[name])
        case "ccz":
            return _controlled(unitary("z"), 2)
        case "c3sx":
            return _controlled(unitary("sx"), 3)
        case "cswap":
            flip = Part(matrix=unitary("cx"), places=(2, 1))
            # The pair (1, 2) comes first, so that it fuses with the flip before it.
            inner = [Part(matrix=part.matrix, places=_moved(part.places, (1, 0, 2))) for part in recipe("ccx")]
            return (flip, *inner, flip)
        case "rccx":
            return (
                _on_target(2, "h", "t"),
                _flip(1, 2),
                _on_target(2, "tdg"),
                _flip(0, 2),
                _on_target(2, "t"),
                _flip(1, 2),
                _on_target(2, "tdg", "h"),
            )
        case "rc3x":
            return (
                _on_target(3, "h", "t"),
                _flip(2, 3),
                _on_target(3, "tdg", "h"),
                _flip(0, 3),
                _on_target(3, "t"),
                _flip(1, 3),
                _on_target(3, "tdg"),
                _flip(0, 3),
                _on_target(3, "t"),
                _flip(1, 3),
                _on_target(3, "tdg", "h", "t"),
                _flip(2, 3),
                _on_target(3, "tdg", "h"),
            )
    return ()


def _flip(control: int, target: int) -> Part:
    return Part(matrix=unitary("cx"), places=(control, target))


def _on_target(target: int, *names: str) -> Part:
    matrix: Complex = np.eye(2, dtype=np.complex128)
    for name in names:
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
