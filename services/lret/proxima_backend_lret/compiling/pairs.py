"""On which pairs of qubits a named gate on three and more qubits acts once it is taken apart. Imports no numpy.

The pairs are those of `recipes.py`, gates on one pair in a row as one; numbers are operands.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_CCX = ((0, 2), (0, 1), (1, 2), (0, 1), (1, 2))
_C3X = ((0, 3), (0, 1), (1, 3), (0, 1), (1, 3), (1, 2), (2, 3), (0, 2), (2, 3), (1, 2), (2, 3), (0, 2), (2, 3))
# fmt: off
_C4X = (
    (0, 4), (0, 1), (1, 4), (0, 1), (1, 4), (1, 2), (2, 4), (0, 2), (2, 4), (1, 2), (2, 4), (0, 2), (2, 4), (2, 3),
    (3, 4), (0, 3), (3, 4), (1, 3), (3, 4), (0, 3), (3, 4), (2, 3), (3, 4), (0, 3), (3, 4), (1, 3), (3, 4), (0, 3),
    (3, 4),
)
# fmt: on

PAIRS: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "ccx": _CCX,
        "ccz": _CCX,
        "cswap": ((2, 1), (1, 0), (0, 2), (1, 0), (0, 2), (2, 1)),
        "rccx": ((1, 2), (0, 2), (1, 2)),
        "rc3x": ((2, 3), (0, 3), (1, 3), (0, 3), (1, 3), (2, 3)),
        "c3sx": _C3X,
        "c3x": _C3X,
        "c4x": _C4X,
    }
)
"""Name of a gate to pairs of operands, in order."""
