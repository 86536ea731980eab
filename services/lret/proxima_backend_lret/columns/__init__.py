"""Columns of L: what acts on them, on planes (`kernels`, `reference`) and on complex arrays (`interleaved`)."""

from proxima_backend_lret.columns.blocks import BLOCK_ENTRIES
from proxima_backend_lret.columns.interleaved import (
    Columns,
    Complex,
    Indices,
    Real,
    apply,
    column_weights,
    reduced_states,
    row_blocks,
    row_weights,
    take,
    zero_state,
)

__all__ = [
    "BLOCK_ENTRIES",
    "Columns",
    "Complex",
    "Indices",
    "Real",
    "apply",
    "column_weights",
    "reduced_states",
    "row_blocks",
    "row_weights",
    "take",
    "zero_state",
]
