"""The standard gates of the wire vocabulary: how many qubits and parameters each takes (docs/gates.md)."""

from __future__ import annotations

from collections.abc import Mapping

_BY_SHAPE: Mapping[tuple[int, int], str] = {
    (1, 0): "id x y z h s sdg t tdg sx sxdg",
    (1, 1): "p rx ry rz",
    (1, 3): "u",
    (2, 0): "cx cy cz ch csx swap iswap cs csdg ecr dcx",
    (2, 1): "cp crx cry crz rxx rzz ryy rzx",
    (2, 4): "cu",
    (3, 0): "ccx cswap ccz rccx",
    (4, 0): "rc3x c3x c3sx",
    (5, 0): "c4x",
}

STANDARD_GATES: Mapping[str, tuple[int, int]] = {
    name: shape for shape, names in _BY_SHAPE.items() for name in names.split()
}
"""Name to (qubit count, parameter count)."""
