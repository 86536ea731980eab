"""Circuits compiled: decoded, what does not matter left out, neighbours fused.

What fusing rounds: `rounding` of a program. A product of matrices of maps on k qubits errs by at most 4^k u 2^k 2^k in
the Frobenius norm (the transfer matrix of a map has norm 2^k at most), which is 2^k times that in the diamond norm and
half of it in trace distance: less than 32^k u / 2, which is c = 32^k / 8 in units of eta. With 8 * 2^k for the rounding
of the matrices themselves every source instruction in a fused step counts

    c = 32^k / 8 + 8 * 2^k

of double precision, and `kraus_of` once more for every step: the eigenvectors of a Choi matrix are exact for a matrix
that differs by a small multiple of 4^k u 2^k in trace norm. Products of unitaries count 8 * 2^k an instruction.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2

from proxima_backend_lret.compiling import kernels
from proxima_backend_lret.compiling.decode import decode
from proxima_backend_lret.compiling.program import Complex, Integers, Program, Real
from proxima_backend_lret.compiling.rows import Rows
from proxima_backend_lret.low_rank.certificate import rounding_bound

Flags = npt.NDArray[np.bool_]


def compile_unitary(circuit: circuit_pb2.Circuit, *, absorbs: bool) -> Program:
    """Compile a circuit that keeps a pure state pure to unitaries.

    Args:
        circuit: a circuit that the runtime has checked.
        absorbs: take gates on one qubit into a neighbour on two.

    Raises:
        ValueError: it has a channel, reset, condition or measurement that is not terminal.
        FailedPrecondition: it has symbolic parameters (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        InvalidArgument: a matrix is not finite or not unitary (ERROR_REASON_MALFORMED_CIRCUIT).
    """
    return fuse(decode(circuit, as_maps=False), absorbs=absorbs)


def compile_maps(
    circuit: circuit_pb2.Circuit, *, keeps_records: bool, absorbs: bool, needed: frozenset[int] | None = None
) -> Program:
    """Compile any circuit to transfer matrices.

    Args:
        circuit: a circuit that the runtime has checked.
        keeps_records: counts or probabilities are wanted, so that the final value of each bit matters.
        absorbs: take maps on one qubit into a neighbour on two.
        needed: qubits whose state before terminal measurements matters, those that are measured for results among
            them; None for all. What has no effect on them, or on bits that matter, is left out.

    Raises:
        FailedPrecondition: it has symbolic parameters (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        InvalidArgument: a matrix is not finite or does not preserve the trace (ERROR_REASON_MALFORMED_CIRCUIT).
    """
    return fuse(decode(circuit, as_maps=True, keeps_records=keeps_records, needed=needed), absorbs=absorbs)


def fuse(rows: Rows, *, absorbs: bool) -> Program:
    """Fuse instructions that follow each other on one qubit or one pair.

    Maps on one qubit between two on two qubits are one step; so are maps on one pair and what is between them on its
    qubits. Conditional instructions fuse where the conditions are equal and no bit is written in between.
    """
    count = len(rows.kinds)
    homes, conditions, slots, merged, makers = (np.empty(count, dtype=np.int64) for _ in range(5))
    spans, products = np.empty((count, 2), dtype=np.int64), np.empty((4 * count, 3), dtype=np.int64)
    made = np.array([0, 0, len(rows.one), len(rows.two)], dtype=np.int64)
    kernels.plan(
        rows.kinds,
        rows.widths,
        rows.qubits,
        rows.slots,
        rows.conditions,
        rows.source.qubit_count,
        int(absorbs),
        made,
        homes,
        spans,
        conditions,
        slots,
        merged,
        makers,
        products,
    )
    steps, product_count, one_count, two_count = made.tolist()
    one, two = _with_room(rows.one, one_count), _with_room(rows.two, two_count)
    kernels.multiply(one, two, products[:product_count], _scratch(two))
    live = np.flatnonzero(merged[:steps] < 0)
    # A step that was taken in stands for the one that took it, which never is.
    final = np.where(merged[:steps] < 0, np.arange(steps), merged[:steps])
    place = np.zeros(steps, dtype=np.int64)
    place[live] = np.arange(len(live))
    homes = place[final[homes]]
    widths = rows.widths[makers[live]]
    mixed = np.bincount(homes[~rows.is_unitary], minlength=len(live))
    numbers = conditions[live]
    return Program(
        source=rows.source,
        is_maps=not np.iscomplexobj(one),
        kinds=rows.kinds[makers[live]],
        widths=widths,
        qubits=rows.qubits[makers[live]],
        rows=rows.instructions[spans[live]],
        slots=slots[live],
        one=one,
        two=two,
        wide=rows.wide,
        source_counts=np.bincount(homes, minlength=len(live)),
        is_unitary=mixed == 0,
        conditions={step: rows.condition_table[int(numbers[step])] for step in np.flatnonzero(numbers).tolist()},
        readings={int(homes[entry]): reading for entry, reading in rows.readings.items()},
        forgets=_forgets(rows, homes) if rows.deaths else {},
        constants=_constants(rows, widths, slots[live], mixed == 0),
        rounding=_rounding(rows, widths, homes),
    )


def _with_room(matrices: Real | Complex, count: int) -> Real | Complex:
    found: Real | Complex = np.empty((count, *matrices.shape[1:]), dtype=matrices.dtype)
    found[: len(matrices)] = matrices
    return found


def _scratch(matrices: Real | Complex) -> Real | Complex:
    return np.empty_like(matrices, shape=matrices.shape[1:])


def _forgets(rows: Rows, homes: Integers) -> Mapping[int, tuple[int, ...]]:
    """Return the bits that die after each step: after all steps that read their last value."""
    reader: dict[int, int] = {}
    found: dict[int, list[int]] = {}
    for entry in np.flatnonzero(rows.conditions).tolist():
        home = int(homes[entry])
        for condition in rows.condition_table[int(rows.conditions[entry])]:
            for bit in condition.bits:
                reader[bit] = max(reader.get(bit, 0), home)
        for bit in rows.deaths.get(entry, ()):
            found.setdefault(reader[bit], []).append(bit)
    return {step: tuple(sorted(bits)) for step, bits in sorted(found.items())}


def _constants(rows: Rows, widths: Integers, slots: Integers, unitary: Flags) -> Real:
    """Return c of applying each step once."""
    terms = np.where(unitary, 0, 4**widths)
    for step in np.flatnonzero(widths > 2).tolist():
        operators = len(rows.wide[slots[step]])
        terms[step] = operators if operators > 1 else 0
    return np.asarray(8.0 * 2.0**widths + terms)


def _rounding(rows: Rows, widths: Integers, homes: Integers) -> float:
    """Return eta of compiling."""
    width = np.where(widths > 2, 0, widths)
    applying = np.where(width > 0, 8.0 * 2.0**width, 0.0)
    constants = float(applying[homes].sum())
    if np.iscomplexobj(rows.one):
        return rounding_bound(constants, single_precision=False) + rows.defect
    fusing = np.where(width > 0, 32.0**width / 8, 0.0)
    return rounding_bound(constants + float(fusing[homes].sum() + fusing.sum()), single_precision=False) + rows.defect
