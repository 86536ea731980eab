"""Which gates Aer runs by itself, and how the others are spelled in those. Nothing here imports Aer.

A spelling is exact, global phase included, and recursive until every name is native to the method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import pi
from types import MappingProxyType

from proxima.simulation.v1 import capabilities_pb2
from proxima_runtime.backend.gates import STANDARD_GATES

# Aer's name, operands, parameters.
Step = tuple[str, Sequence[int], Sequence[float]]
Spelling = Callable[[Sequence[int], Sequence[float]], Sequence[Step]]

_ONE_QUBIT = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg")
_PHASED = (*_ONE_QUBIT, "t", "tdg", "p", "rx", "ry", "rz", "u")
_TWO_QUBIT = ("cx", "cy", "cz", "cp", "swap", "rxx", "ryy", "rzz", "rzx", "ecr", "ccx")
_CONTROLLED = ("csx", "cu", "crx", "cry", "crz", "ccz", "cswap", "mcx", "mcsx")

_STATEVECTOR = frozenset((*_PHASED, *_TWO_QUBIT, *_CONTROLLED))

NATIVE: Mapping[capabilities_pb2.Method, frozenset[str]] = MappingProxyType(
    {
        capabilities_pb2.METHOD_STATEVECTOR: _STATEVECTOR,
        capabilities_pb2.METHOD_TRAJECTORIES: _STATEVECTOR,
        capabilities_pb2.METHOD_DENSITY_MATRIX: frozenset((*_PHASED, *_TWO_QUBIT)),
        capabilities_pb2.METHOD_MATRIX_PRODUCT_STATE: frozenset((*_PHASED, *_TWO_QUBIT, "csx", "cswap")),
        capabilities_pb2.METHOD_STABILIZER: frozenset((*_ONE_QUBIT, "cx", "cy", "cz", "swap", "ecr")),
    }
)
"""Aer's own names that we use, by method."""

CLIFFORD = (*_ONE_QUBIT, "cx", "cy", "cz", "swap", "ecr", "dcx", "iswap")
"""Wire names of the gates that keep a stabilizer state for every operand."""

VOCABULARY = tuple(STANDARD_GATES)
"""Every standard gate of the contract."""


def _controlled_phase(controls: Sequence[int], target: int, angle: float) -> list[Step]:
    """Phase e^{i angle} on all ones: halve the angle and recurse over one control less."""
    if len(controls) == 1:
        return [("cp", (controls[0], target), (angle,))]
    *rest, last = controls
    flip: Step = (("cx", "ccx", "c3x")[len(rest) - 1], (*rest, last), ())
    half = angle / 2
    return [
        ("cp", (last, target), (half,)),
        flip,
        ("cp", (last, target), (-half,)),
        flip,
        *_controlled_phase(rest, target, half),
    ]


def _conjugated(target: int, inner: Sequence[Step]) -> list[Step]:
    return [("h", (target,), ()), *inner, ("h", (target,), ())]


def _cu(q: Sequence[int], p: Sequence[float]) -> list[Step]:
    theta, phi, lam, gamma = p
    return [
        ("p", q[:1], (gamma + (lam + phi) / 2,)),
        ("p", q[1:], ((lam - phi) / 2,)),
        ("cx", q, ()),
        ("u", q[1:], (-theta / 2, 0.0, -(phi + lam) / 2)),
        ("cx", q, ()),
        ("u", q[1:], (theta / 2, phi, 0.0)),
    ]


def _rccx(q: Sequence[int], _: Sequence[float]) -> list[Step]:
    a, b, c = q
    turns = [("t", (c,), ()), ("cx", (b, c), ()), ("tdg", (c,), ()), ("cx", (a, c), ())]
    return _conjugated(c, [*turns, *turns[:3]])


def _rc3x(q: Sequence[int], _: Sequence[float]) -> list[Step]:
    a, b, c, d = q
    outer: list[Step] = [("h", (d,), ()), ("t", (d,), ()), ("cx", (c, d), ()), ("tdg", (d,), ()), ("h", (d,), ())]
    turn: list[Step] = [("cx", (a, d), ()), ("t", (d,), ()), ("cx", (b, d), ()), ("tdg", (d,), ())]
    return [*outer, *turn, *turn, *outer]


SPELLINGS: Mapping[str, Spelling] = MappingProxyType(
    {
        "cs": lambda q, _: [("cp", q, (pi / 2,))],
        "csdg": lambda q, _: [("cp", q, (-pi / 2,))],
        "csx": lambda q, _: _conjugated(q[1], [("cp", q, (pi / 2,))]),
        # H = Ry(pi/4) Z Ry(-pi/4).
        "ch": lambda q, _: [("ry", q[1:], (-pi / 4,)), ("cz", q, ()), ("ry", q[1:], (pi / 4,))],
        "crz": lambda q, p: [("rz", q[1:], (p[0] / 2,)), ("cx", q, ()), ("rz", q[1:], (-p[0] / 2,)), ("cx", q, ())],
        "cry": lambda q, p: [("ry", q[1:], (p[0] / 2,)), ("cx", q, ()), ("ry", q[1:], (-p[0] / 2,)), ("cx", q, ())],
        "crx": lambda q, p: _conjugated(q[1], [("crz", q, p)]),
        "cu": _cu,
        "ccz": lambda q, _: _conjugated(q[2], [("ccx", q, ())]),
        "cswap": lambda q, _: [("cx", (q[2], q[1]), ()), ("ccx", q, ()), ("cx", (q[2], q[1]), ())],
        "dcx": lambda q, _: [("cx", q, ()), ("cx", (q[1], q[0]), ())],
        "iswap": lambda q, _: [
            *(("s", q[:1], ()), ("s", q[1:], ()), ("h", q[:1], ())),
            *(("cx", q, ()), ("cx", (q[1], q[0]), ()), ("h", q[1:], ())),
        ],
        "rccx": _rccx,
        "rc3x": _rc3x,
        "c3x": lambda q, _: _conjugated(q[3], _controlled_phase(q[:3], q[3], pi)),
        "c3sx": lambda q, _: _conjugated(q[3], _controlled_phase(q[:3], q[3], pi / 2)),
        "c4x": lambda q, _: _conjugated(q[4], _controlled_phase(q[:4], q[4], pi)),
    }
)
"""Spellings of wire gates; used where a method lacks the gate."""

ALIASES: Mapping[str, str] = MappingProxyType({"c3x": "mcx", "c4x": "mcx", "c3sx": "mcsx"})
"""Wire gates that Aer runs under another name."""


def native_name(name: str, native: frozenset[str]) -> str | None:
    """Return Aer's name of a wire gate, or None where it must be spelled out."""
    aer = ALIASES.get(name, name)
    return aer if aer in native else None


def spell(name: str, qubits: Sequence[int], parameters: Sequence[float], native: frozenset[str]) -> Iterator[Step]:
    """Yield the native steps of a gate. Raises KeyError for a gate that has no spelling in `native`."""
    aer = native_name(name, native)
    if aer is not None:
        yield aer, qubits, parameters
        return
    for part in SPELLINGS[name](qubits, parameters):
        yield from spell(*part, native)
