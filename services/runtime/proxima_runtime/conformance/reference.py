"""An independent reference: unitaries from their formulas, and states evolved by plain matrix products.

Written from docs/gates.md, not from any simulator, for circuits of up to a dozen qubits. Everything is complex128.
Qubit 0 is the least significant bit of an index, and the first operand of a gate is the least significant bit of its
matrix index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Complex: TypeAlias = npt.NDArray[np.complex128]
Real: TypeAlias = npt.NDArray[np.float64]
# Name, operands, parameters in radians.
Step: TypeAlias = tuple[str, Sequence[int], Sequence[float]]

_I = np.eye(2, dtype=np.complex128)
_X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
_Y = np.array([[0, -1j], [1j, 0]], dtype=np.complex128)
_Z = np.diag([1, -1]).astype(np.complex128)
_H = (_X + _Z) / np.sqrt(2)
_SX = np.array([[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]], dtype=np.complex128)
_SWAP = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]]
_ISWAP = np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]], dtype=np.complex128)
# (I (x) X - X (x) Y)/sqrt(2) with the first operand on the right: the echoed cross-resonance gate.
_ECR = np.array([[0, 1, 0, 1j], [1, 0, -1j, 0], [0, 1j, 0, 1], [-1j, 0, 1, 0]], dtype=np.complex128) / np.sqrt(2)


def phase(angle: float) -> Complex:
    """Return diag(1, e^{i angle})."""
    return np.diag(np.array([1, np.exp(1j * angle)], dtype=np.complex128))


def u(theta: float, phi: float, lam: float) -> Complex:
    """Return the general one-qubit gate of the vocabulary."""
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    return np.array(
        [[cos, -np.exp(1j * lam) * sin], [np.exp(1j * phi) * sin, np.exp(1j * (phi + lam)) * cos]], dtype=np.complex128
    )


def rotation(pauli: Complex, angle: float) -> Complex:
    """Return exp(-i angle/2 pauli) for an involution `pauli`."""
    return np.asarray(np.cos(angle / 2) * np.eye(len(pauli)) - 1j * np.sin(angle / 2) * pauli)


def controlled(unitary: Complex, control_count: int = 1) -> Complex:
    """Return `unitary` under controls, which are the first operands and so the least significant bits."""
    size = len(unitary) << control_count
    matrix = np.eye(size, dtype=np.complex128)
    rows = (np.arange(len(unitary)) << control_count) | ((1 << control_count) - 1)
    matrix[np.ix_(rows, rows)] = unitary
    return matrix


def _kron(high: Complex, low: Complex) -> Complex:
    return np.kron(high, low).astype(np.complex128)


def _rccx() -> Complex:
    """Toffoli up to phases: -1 on |101> (q0 = q2 = 1, q1 = 0); the swapped pair carries -i and i."""
    matrix = np.eye(8, dtype=np.complex128)
    matrix[5, 5] = -1
    matrix[np.ix_([3, 7], [3, 7])] = [[0, -1j], [1j, 0]]
    return matrix


def _rc3x() -> Complex:
    """Three-control NOT up to phases; the swapped pair carries 1 and -1, and two more pairs carry phases."""
    matrix = np.eye(16, dtype=np.complex128)
    matrix[np.ix_([3, 11], [3, 11])] = [[1j, 0], [0, -1j]]
    matrix[np.ix_([7, 15], [7, 15])] = [[0, 1], [-1, 0]]
    return matrix


_FIXED: Mapping[str, Complex] = MappingProxyType(
    {
        "id": _I,
        "x": _X,
        "y": _Y,
        "z": _Z,
        "h": _H,
        "s": phase(np.pi / 2),
        "sdg": phase(-np.pi / 2),
        "t": phase(np.pi / 4),
        "tdg": phase(-np.pi / 4),
        "sx": _SX,
        "sxdg": _SX.conj().T,
        "cx": controlled(_X),
        "cy": controlled(_Y),
        "cz": controlled(_Z),
        "ch": controlled(_H),
        "csx": controlled(_SX),
        "cs": controlled(phase(np.pi / 2)),
        "csdg": controlled(phase(-np.pi / 2)),
        "swap": _SWAP,
        "iswap": _ISWAP,
        "ecr": _ECR,
        # cx(first, second), then cx(second, first): 01 -> 10 -> 11 -> 01 as basis indices.
        "dcx": np.eye(4, dtype=np.complex128)[[0, 3, 1, 2]],
        "ccx": controlled(_X, 2),
        "ccz": controlled(_Z, 2),
        "cswap": controlled(_SWAP),
        "rccx": _rccx(),
        "rc3x": _rc3x(),
        "c3x": controlled(_X, 3),
        "c3sx": controlled(_SX, 3),
        "c4x": controlled(_X, 4),
    }
)

_PARAMETRIC: Mapping[str, tuple[int, int, Callable[..., Complex]]] = MappingProxyType(
    {
        # Parameter count, qubit count, unitary.
        "p": (1, 1, phase),
        "rx": (1, 1, lambda t: rotation(_X, t)),
        "ry": (1, 1, lambda t: rotation(_Y, t)),
        "rz": (1, 1, lambda t: rotation(_Z, t)),
        "u": (3, 1, u),
        "cp": (1, 2, lambda t: controlled(phase(t))),
        "crx": (1, 2, lambda t: controlled(rotation(_X, t))),
        "cry": (1, 2, lambda t: controlled(rotation(_Y, t))),
        "crz": (1, 2, lambda t: controlled(rotation(_Z, t))),
        "cu": (4, 2, lambda t, p, m, g: controlled(np.exp(1j * g) * u(t, p, m))),
        "rxx": (1, 2, lambda t: rotation(_kron(_X, _X), t)),
        "ryy": (1, 2, lambda t: rotation(_kron(_Y, _Y), t)),
        "rzz": (1, 2, lambda t: rotation(_kron(_Z, _Z), t)),
        # Z on the first operand, X on the second, which is the more significant.
        "rzx": (1, 2, lambda t: rotation(_kron(_X, _Z), t)),
    }
)

GATE_NAMES: frozenset[str] = frozenset(_FIXED) | frozenset(_PARAMETRIC)
"""The whole gate vocabulary of the contract."""


def qubit_count(name: str) -> int:
    """Return how many qubits gate `name` acts on. Raises KeyError for a name outside the vocabulary."""
    return _PARAMETRIC[name][1] if name in _PARAMETRIC else len(_FIXED[name]).bit_length() - 1


def parameter_count(name: str) -> int:
    """Return how many parameters gate `name` takes. Raises KeyError for a name outside the vocabulary."""
    return _PARAMETRIC[name][0] if name in _PARAMETRIC else 0


def unitary(name: str, parameters: Sequence[float] = ()) -> Complex:
    """Return the unitary of a gate, shape (2^k, 2^k). Raises KeyError for a name outside the vocabulary."""
    if name in _PARAMETRIC:
        return _PARAMETRIC[name][2](*parameters)
    return _FIXED[name]


def apply(matrix: Complex, operands: Sequence[int], state: Complex) -> Complex:
    """Apply a matrix of shape (2^k, 2^k) to the qubits `operands` of a state of shape (2^n,) or of columns (2^n, m)."""
    count, width = len(operands), state.shape[0].bit_length() - 1
    tensor = state.reshape((2,) * width + state.shape[1:])
    axes = [width - 1 - qubit for qubit in reversed(operands)]
    moved = np.moveaxis(tensor, axes, range(count))
    product = (matrix @ moved.reshape(1 << count, -1)).reshape(moved.shape)
    return np.ascontiguousarray(np.moveaxis(product, range(count), axes)).reshape(state.shape)


def final_state(width: int, steps: Iterable[Step], *, initial: Complex | None = None) -> Complex:
    """Evolve `initial` (default |0...0>), shape (2^width,), through `steps`."""
    state = np.eye(1 << width, 1, dtype=np.complex128)[:, 0] if initial is None else initial
    for name, operands, parameters in steps:
        state = apply(unitary(name, parameters), operands, state)
    return state


def marginal(state: Complex, qubits: Sequence[int]) -> Real:
    """Return the probabilities of `qubits`, shape (2^len(qubits),); qubits[0] is the least significant bit."""
    width = state.shape[0].bit_length() - 1
    weights = (state.real**2 + state.imag**2).reshape((2,) * width)
    kept = [width - 1 - qubit for qubit in reversed(qubits)]
    moved = np.moveaxis(weights, kept, range(len(kept)))
    return np.asarray(moved.reshape(1 << len(kept), -1).sum(axis=1))
