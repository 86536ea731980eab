"""The standard gate vocabulary, and the names that OpenQASM 2 and 3 give to it.

`docs/gates.md` states the unitary of every gate. A library gate is a name of `qelib1.inc`, `stdgates.inc` or a language
built-in, with the standard gate it stands for and the global phase by which the two differ.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BUILTINS",
    "LIBRARIES",
    "STANDARD_GATES",
    "LibraryGate",
    "StandardGate",
    "clifford_rows",
    "is_clifford",
    "is_clifford_matrix",
]

_TOLERANCE = 1e-12
_MATRIX_TOLERANCE = 1e-9
_HALF_PI = math.pi / 2

CliffordRule = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


@dataclass(frozen=True, kw_only=True, slots=True)
class StandardGate:
    """A gate of the wire vocabulary.

    `clifford` says whether the gate is Clifford: never, always, or by a rule on its parameters (shape (rows,
    parameter_count) to shape (rows,)).
    """

    name: str
    qubit_count: int
    parameter_count: int
    clifford: bool | CliffordRule


@dataclass(frozen=True, kw_only=True, slots=True)
class LibraryGate:
    """A name of a language's gate library.

    `parameters` maps the source's parameters (radians) to those of the standard gate, None where they are the same;
    `phase` gives the global phase in radians that the source's gate has beyond the standard one, None where it has
    none. `overridable` marks gates that programs of OpenQASM 2 may define themselves, for the original library lacked
    them.
    """

    name: str
    standard: StandardGate
    parameter_count: int
    parameters: Callable[[Sequence[float]], tuple[float, ...]] | None = None
    phase: Callable[[Sequence[float]], float] | None = None
    overridable: bool = False


def _multiples(angles: NDArray[np.float64], unit: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(angles - np.round(angles / unit) * unit) <= _TOLERANCE, dtype=np.bool_)


def _half_pi(parameters: NDArray[np.float64]) -> NDArray[np.bool_]:
    return _multiples(parameters[:, 0], _HALF_PI)


def _pi(parameters: NDArray[np.float64]) -> NDArray[np.bool_]:
    return _multiples(parameters[:, 0], math.pi)


def _u(parameters: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether Rz(phi) Ry(theta) Rz(lambda) is Clifford; at theta = 0 and pi only the sum or difference counts."""
    theta, phi, lam = parameters.T
    diagonal = _multiples(theta, 2 * math.pi) & _multiples(phi + lam, _HALF_PI)
    flip = _multiples(theta - math.pi, 2 * math.pi) & _multiples(phi - lam, _HALF_PI)
    turn = _multiples(theta, _HALF_PI) & _multiples(phi, _HALF_PI) & _multiples(lam, _HALF_PI)
    return diagonal | flip | turn


def _cu(parameters: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether exp(i gamma) u is i^k times a Pauli operator, which is when its controlled form is Clifford."""
    theta, phi, lam, gamma = parameters.T
    diagonal = _multiples(theta, 2 * math.pi) & _multiples(gamma, _HALF_PI) & _multiples(phi + lam, math.pi)
    flip = _multiples(theta - math.pi, 2 * math.pi) & _multiples(gamma + phi, _HALF_PI) & _multiples(phi - lam, math.pi)
    return diagonal | flip


def _vocabulary(*rows: tuple[str, int, int, bool | CliffordRule]) -> Mapping[str, StandardGate]:
    return MappingProxyType(
        {
            name: StandardGate(name=name, qubit_count=qubits, parameter_count=parameters, clifford=clifford)
            for name, qubits, parameters, clifford in rows
        }
    )


STANDARD_GATES: Mapping[str, StandardGate] = _vocabulary(
    ("id", 1, 0, True),
    ("x", 1, 0, True),
    ("y", 1, 0, True),
    ("z", 1, 0, True),
    ("h", 1, 0, True),
    ("s", 1, 0, True),
    ("sdg", 1, 0, True),
    ("t", 1, 0, False),
    ("tdg", 1, 0, False),
    ("sx", 1, 0, True),
    ("sxdg", 1, 0, True),
    ("p", 1, 1, _half_pi),
    ("rx", 1, 1, _half_pi),
    ("ry", 1, 1, _half_pi),
    ("rz", 1, 1, _half_pi),
    ("u", 1, 3, _u),
    ("cx", 2, 0, True),
    ("cy", 2, 0, True),
    ("cz", 2, 0, True),
    ("ch", 2, 0, False),
    ("cs", 2, 0, False),
    ("csdg", 2, 0, False),
    ("csx", 2, 0, False),
    ("cp", 2, 1, _pi),
    ("crx", 2, 1, _pi),
    ("cry", 2, 1, _pi),
    ("crz", 2, 1, _pi),
    ("cu", 2, 4, _cu),
    ("swap", 2, 0, True),
    ("iswap", 2, 0, True),
    ("dcx", 2, 0, True),
    ("ecr", 2, 0, True),
    ("rxx", 2, 1, _half_pi),
    ("ryy", 2, 1, _half_pi),
    ("rzz", 2, 1, _half_pi),
    ("rzx", 2, 1, _half_pi),
    ("ccx", 3, 0, False),
    ("ccz", 3, 0, False),
    ("cswap", 3, 0, False),
    ("rccx", 3, 0, False),
    ("rc3x", 4, 0, False),
    ("c3x", 4, 0, False),
    ("c3sx", 4, 0, False),
    ("c4x", 5, 0, False),
)
"""Every gate that a circuit on the wire may name, by name."""


def clifford_rows(name: str, parameters: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each row of parameters (shape (rows, parameter_count), radians) whether the gate is Clifford.

    Angles count as multiples of pi/2 (or pi) within 1e-12. Raises KeyError for a name outside the vocabulary.
    """
    rule = STANDARD_GATES[name].clifford
    if isinstance(rule, bool):
        return np.full(len(parameters), rule)
    return rule(parameters)


def is_clifford(name: str, parameters: Sequence[float] = ()) -> bool:
    """Return whether one gate with these parameters (radians) is Clifford. Raises KeyError for an unknown name."""
    return bool(clifford_rows(name, np.array([tuple(parameters)], dtype=np.float64))[0])


def is_clifford_matrix(matrix: NDArray[np.complex128]) -> bool:
    """Return whether a unitary, shape (2^k, 2^k), takes the Pauli operators X and Z on each qubit to Pauli strings.

    A Pauli string has entries of modulus 1 at (c xor a, c) alone, whose ratios to the first are signs that multiply
    over the bits of c. Entries count within 1e-9. Cheap: 2 k products of matrices.
    """
    side = len(matrix)
    index = np.arange(side)
    for bit in range(side.bit_length() - 1):
        flipped = matrix[:, index ^ (1 << bit)]
        signed = matrix * np.where(index >> bit & 1, -1, 1)
        for image in (flipped @ matrix.conj().T, signed @ matrix.conj().T):
            shift = int(np.argmax(np.abs(image[:, 0])))
            signs = image[index ^ shift, index] / image[shift, 0]
            # Unitary already: one entry of modulus 1 a column leaves no other.
            if not (np.abs(np.abs(image[shift, 0]) - 1) <= _MATRIX_TOLERANCE and _are_characters(signs)):
                return False
    return True


def _are_characters(signs: NDArray[np.complex128]) -> bool:
    """Whether signs[c] = +-1 and signs[c] is the product of signs[2^b] over the bits b of c."""
    expected = np.ones(1)
    position = 1
    while position < len(signs):
        expected = np.concatenate((expected, expected * np.sign(signs[position].real)))
        position *= 2
    return bool(np.all(np.abs(signs - expected) <= _MATRIX_TOLERANCE))


def _same(name: str, standard: str = "", *, overridable: bool = False) -> LibraryGate:
    gate = STANDARD_GATES[standard or name]
    return LibraryGate(name=name, standard=gate, parameter_count=gate.parameter_count, overridable=overridable)


def _u2(parameters: Sequence[float]) -> tuple[float, ...]:
    return (_HALF_PI, parameters[0], parameters[1])


def _table(*gates: LibraryGate) -> Mapping[str, LibraryGate]:
    return MappingProxyType({gate.name: gate for gate in gates})


_QELIB1_PAPER = [
    "cx",
    "id",
    "x",
    "y",
    "z",
    "h",
    "s",
    "sdg",
    "t",
    "tdg",
    "rx",
    "ry",
    "rz",
    "cz",
    "cy",
    "ch",
    "ccx",
    "crz",
]
_QELIB1_LATER = [
    "u",
    "p",
    "sx",
    "sxdg",
    "swap",
    "cswap",
    "crx",
    "cry",
    "cp",
    "csx",
    "cu",
    "rxx",
    "rzz",
    "rccx",
    "rc3x",
    "c3x",
    "c4x",
]
_STDGATES = [
    "p",
    "x",
    "y",
    "z",
    "h",
    "s",
    "sdg",
    "t",
    "tdg",
    "sx",
    "rx",
    "ry",
    "rz",
    "cx",
    "cy",
    "cz",
    "cp",
    "crx",
    "cry",
    "crz",
    "ch",
    "swap",
    "ccx",
    "cswap",
    "cu",
    "id",
]

LIBRARIES: Mapping[str, Mapping[str, LibraryGate]] = MappingProxyType(
    {
        "qelib1.inc": _table(
            *(_same(name) for name in _QELIB1_PAPER),
            *(_same(name, overridable=True) for name in _QELIB1_LATER),
            _same("u3", "u"),
            LibraryGate(name="u2", standard=STANDARD_GATES["u"], parameter_count=2, parameters=_u2),
            _same("u1", "p"),
            LibraryGate(
                name="u0", standard=STANDARD_GATES["id"], parameter_count=1, parameters=lambda _: (), overridable=True
            ),
            _same("cu1", "cp"),
            LibraryGate(
                name="cu3", standard=STANDARD_GATES["cu"], parameter_count=3, parameters=lambda given: (*given, 0.0)
            ),
            _same("c3sqrtx", "c3sx", overridable=True),
        ),
        "stdgates.inc": _table(
            *(_same(name) for name in _STDGATES),
            _same("CX", "cx"),
            _same("phase", "p"),
            _same("cphase", "cp"),
            _same("u1", "p"),
            LibraryGate(
                name="u2",
                standard=STANDARD_GATES["u"],
                parameter_count=2,
                parameters=_u2,
                phase=lambda given: -(given[0] + given[1]) / 2,
            ),
            LibraryGate(
                name="u3",
                standard=STANDARD_GATES["u"],
                parameter_count=3,
                phase=lambda given: -(given[1] + given[2]) / 2,
            ),
        ),
    }
)
"""The gates of each library that `include` may name."""

BUILTINS: Mapping[int, Mapping[str, LibraryGate]] = MappingProxyType(
    {
        2: _table(_same("U", "u"), _same("CX", "cx")),
        3: _table(
            LibraryGate(name="U", standard=STANDARD_GATES["u"], parameter_count=3, phase=lambda given: given[0] / 2),
        ),
    }
)
"""The gates that each language version has without an `include`."""
