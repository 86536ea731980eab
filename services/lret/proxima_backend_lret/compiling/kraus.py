"""Canonical Kraus operators of compiled maps, by the eigenvectors of their Choi matrices.

An eigenvalue counts as zero up to 4 u 2^k for each instruction that the map was fused from, which is what a product of
matrices rounds. Depolarizing noise of strength 1e-9 keeps six digits; what is lost is noise whose eigenvalues are below
that bound, about 1e-15, which in a product of double precision is not there any more. The weight of a positive
eigenvalue that is dropped shows in the trace.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proxima_backend_lret.compiling.program import MAP, Complex, Program, Real
from proxima_backend_lret.compiling.transfer import BLOCK, choi_of
from proxima_backend_lret.low_rank.certificate import UNIT_ROUNDOFF_DOUBLE

_ZERO = 4 * UNIT_ROUNDOFF_DOUBLE


def kraus_of(program: Program) -> Sequence[Complex | None]:
    """Return the Kraus operators of each step, complex128, shape (m, 2^k, 2^k); None for a measurement.

    Those of fused steps are orthogonal, with falling norms; a unitary step has one. Steps that share a matrix share the
    array.
    """
    found: list[Complex | None] = [None] * program.step_count
    is_map = program.kinds == MAP
    for width, table in ((1, program.one), (2, program.two)):
        steps = np.flatnonzero(is_map & (program.widths == width))
        operators: list[Complex] = []
        slots, first, places = np.unique(program.slots[steps], return_index=True, return_inverse=True)
        if not program.is_maps:
            operators = [matrix[None] for matrix in np.asarray(table[slots], dtype=np.complex128)]
        else:
            chosen = steps[first]
            tolerances = _ZERO * 2**width * program.source_counts[chosen]
            for start in range(0, len(slots), BLOCK):
                block = slice(start, start + BLOCK)
                transfers = np.asarray(table[slots[block]], np.float64)
                operators += _factored(transfers, program.is_unitary[chosen[block]], tolerances[block])
        for step, place in zip(steps.tolist(), places.tolist(), strict=True):
            found[step] = operators[place]
    for step in np.flatnonzero(is_map & (program.widths > 2)).tolist():
        found[step] = program.wide[int(program.slots[step])]
    return found


def _factored(transfers: Real, unitary: npt.NDArray[np.bool_], tolerances: Real) -> list[Complex]:
    choi = choi_of(transfers)
    size = transfers.shape[1]
    side = 1 << (size.bit_length() // 2)
    found: list[Complex] = [np.zeros((0, side, side), dtype=np.complex128)] * len(transfers)
    places = np.flatnonzero(unitary)
    # Of rank 1: any column that is not zero is the operator.
    largest = np.argmax(np.diagonal(choi[places], axis1=1, axis2=2).real, axis=1)
    columns = choi[places, :, largest]
    columns /= np.sqrt(choi[places, largest, largest].real)[:, None]
    for place, column in zip(places.tolist(), columns, strict=True):
        found[place] = column.reshape(1, side, side)
    places = np.flatnonzero(~unitary)
    values, vectors = np.linalg.eigh(choi[places])
    # Rows are operators, the largest first.
    rows = np.ascontiguousarray((vectors * np.sqrt(np.maximum(values, 0))[:, None, :]).transpose(0, 2, 1)[:, ::-1])
    counts = (values > tolerances[places, None]).sum(axis=1)
    for place, row, count in zip(places.tolist(), rows, counts.tolist(), strict=True):
        found[place] = row[:count].reshape(count, side, side).copy()
    return found
