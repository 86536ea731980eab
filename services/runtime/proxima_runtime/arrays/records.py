"""Classical records into result arrays, and readout error on probabilities.

A record is all classical bits as a number, bit b for classical bit b.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import result_pb2

from proxima_runtime.backend.engine import ResultArray

Real = npt.NDArray[np.float64]


def count_arrays(records: Mapping[int, int], clbit_count: int) -> list[ResultArray]:
    """Return the two arrays of counts.

    Args:
        records: how often each record was seen; those seen 0 times are left out.
        clbit_count: declared classical bits, at least 1.
    """
    width = -(-clbit_count // 8)
    seen = sorted(record for record, times in records.items() if times)
    return [
        ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
            data_type=result_pb2.DATA_TYPE_UINT8,
            shape=(len(seen), width),
            data=b"".join(record.to_bytes(width, "little") for record in seen),
        ),
        ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
            data_type=result_pb2.DATA_TYPE_UINT64,
            shape=(len(seen),),
            data=b"".join(int(records[record]).to_bytes(8, "little") for record in seen),
        ),
    ]


def packed_counts(outcomes: npt.NDArray[np.uint8], values: npt.NDArray[np.uint64]) -> list[ResultArray]:
    """Return the two arrays of counts of outcomes that are packed already.

    Args:
        outcomes: uint8, shape (outcomes, ceil(clbit_count / 8)), C-contiguous, rows ascending as unsigned integers.
        values: uint64, shape (outcomes,), C-contiguous.
    """
    return [
        ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
            data_type=result_pb2.DATA_TYPE_UINT8,
            shape=outcomes.shape,
            data=outcomes.reshape(-1).data,
        ),
        ResultArray(
            role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
            data_type=result_pb2.DATA_TYPE_UINT64,
            shape=values.shape,
            data=values.view(np.uint8).data,
        ),
    ]


def probability_array(
    probabilities: Real, *, bit_space: result_pb2.BitSpace, axis_bits: tuple[int, ...]
) -> ResultArray:
    """Return the array of probabilities, float64, shape (2^len(axis_bits),), axis_bits[0] least significant."""
    found = np.ascontiguousarray(probabilities)
    return ResultArray(
        role=result_pb2.ARRAY_ROLE_PROBABILITIES,
        data_type=result_pb2.DATA_TYPE_FLOAT64,
        shape=found.shape,
        data=found.view(np.uint8).data,
        bit_space=bit_space,
        axis_bits=axis_bits,
    )


def with_readout(probabilities: Real, readouts: Sequence[Real | None]) -> Real:
    """Return the probabilities of what is read, float64, shape (2^b,), from those of what is true.

    Args:
        probabilities: float64, shape (2^b,), axis bit 0 least significant.
        readouts: P(read | true) of each axis bit, float64, shape (2, 2), rows are the true value; None where exact.

    Raises:
        ValueError: there is not one readout for each axis bit.
    """
    bits = len(readouts)
    if probabilities.shape != (1 << bits,):
        raise ValueError(f"probabilities of shape {probabilities.shape} do not have {bits} axis bits")
    found = np.asarray(probabilities, dtype=np.float64)
    for bit, readout in enumerate(readouts):
        if readout is not None:
            # Axes: higher bits, true value, lower bits.
            found = np.einsum("htl,tr->hrl", found.reshape(-1, 2, 1 << bit), readout).reshape(-1)
    return found
