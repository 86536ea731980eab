"""Reads a member's stored result into arrays."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import NotFound

from proxima_orchestrator.artifacts import ArtifactStore
from proxima_orchestrator.comparison.results import Counts, Distribution, Expectation, MemberResult, State
from proxima_orchestrator.convert.execution import headers_from_bytes
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.store import Store
from proxima_orchestrator.planning import DEFAULT_TRAJECTORIES

# Larger arrays are not compared: what two of them take must fit the orchestrator's memory beside everything else.
_MOST_ELEMENTS: dict[int, int] = {
    result_pb2.ARRAY_ROLE_COUNT_OUTCOMES: 2**26,
    result_pb2.ARRAY_ROLE_COUNT_VALUES: 2**22,
    result_pb2.ARRAY_ROLE_PROBABILITIES: 2**24,
    result_pb2.ARRAY_ROLE_STATEVECTOR: 2**24,
    result_pb2.ARRAY_ROLE_DENSITY_MATRIX: 2**22,
}
_TYPES: dict[int, str] = {
    result_pb2.DATA_TYPE_UINT8: "u1",
    result_pb2.DATA_TYPE_UINT64: "<u8",
    result_pb2.DATA_TYPE_FLOAT64: "<f8",
    result_pb2.DATA_TYPE_COMPLEX64: "<c8",
    result_pb2.DATA_TYPE_COMPLEX128: "<c16",
}
_TYPES_OF_ROLE: dict[int, tuple[str, ...]] = {
    result_pb2.ARRAY_ROLE_COUNT_OUTCOMES: ("u1",),
    result_pb2.ARRAY_ROLE_COUNT_VALUES: ("<u8",),
    result_pb2.ARRAY_ROLE_PROBABILITIES: ("<f8",),
    result_pb2.ARRAY_ROLE_STATEVECTOR: ("<c8", "<c16"),
    result_pb2.ARRAY_ROLE_DENSITY_MATRIX: ("<c8", "<c16"),
}
_NAMES: dict[int, str] = {
    result_pb2.ARRAY_ROLE_COUNT_OUTCOMES: "counts",
    result_pb2.ARRAY_ROLE_COUNT_VALUES: "counts",
    result_pb2.ARRAY_ROLE_PROBABILITIES: "probabilities",
    result_pb2.ARRAY_ROLE_STATEVECTOR: "state vector",
    result_pb2.ARRAY_ROLE_DENSITY_MATRIX: "density matrix",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Loaded:
    descriptor: result_pb2.ArrayDescriptor
    data: NDArray[np.generic]


async def load_result(
    record: ExecutionRecord, store: Store, artifacts: ArtifactStore, *, with_counts: bool
) -> MemberResult:
    """Return the result of a completed execution, without its counts where they were not asked for.

    Raises:
        NotFound: RESULT_NOT_FOUND; an array is gone from the artifact store, or cut short.
    """
    header = headers_from_bytes(record.results)[0]
    kept = await store.artifacts(record.id)
    arrays: dict[int, _Loaded] = {}
    left_out = []
    for index, array in enumerate(header.arrays):
        if math.prod(array.shape) > _MOST_ELEMENTS.get(array.role, 0):
            shape = " x ".join(str(extent) for extent in array.shape)
            left_out.append(
                f"{_NAMES.get(array.role, 'an array')} of {_producer(header)} ({shape}): too large to compare"
            )
            continue
        if _TYPES.get(array.data_type) not in _TYPES_OF_ROLE[array.role]:
            left_out.append(f"{_NAMES[array.role]} of {_producer(header)}: of a type that the contract does not allow")
            continue
        data = array.inline_data
        if not data and array.size_bytes:
            artifact = kept.get((header.item_index, index))
            data = (
                b""
                if artifact is None
                else await asyncio.to_thread(artifacts.read, artifact.sha256, 0, array.size_bytes)
            )
        if len(data) != array.size_bytes:
            raise NotFound(
                f"array {index} of {record.name} is gone from the artifact store, or was cut short; run it again",
                reason=errors_pb2.ERROR_REASON_RESULT_NOT_FOUND,
                metadata={"resource": record.name},
            )
        shaped = np.frombuffer(data, dtype=_TYPES[array.data_type]).reshape(array.shape)
        arrays[array.role] = _Loaded(descriptor=array, data=shaped)
    return MemberResult(
        producer=_producer(header),
        is_single=header.producer.precision == result_pb2.PRECISION_SINGLE,
        certified_error=header.certified_error if header.HasField("certified_error") else 0.0,
        shots=header.shots or DEFAULT_TRAJECTORIES,
        clbit_count=header.clbit_count,
        stream=f"{header.producer.sampler}, seed {header.producer.seed}" if header.producer.sampler else "",
        state=_state(arrays),
        distribution=_distribution(arrays, header),
        counts=_counts(arrays) if with_counts else None,
        expectations=_expectations(header, record),
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _state(arrays: dict[int, _Loaded]) -> State | None:
    for role in (result_pb2.ARRAY_ROLE_STATEVECTOR, result_pb2.ARRAY_ROLE_DENSITY_MATRIX):
        if role in arrays:
            found = arrays[role]
            bits = tuple(found.descriptor.axis_bits)
            if found.data.dtype == np.complex64:
                return State(data=found.data.view(np.complex64), bits=bits)
            return State(data=found.data.view(np.complex128), bits=bits)
    return None


def _distribution(arrays: dict[int, _Loaded], header: result_pb2.ResultHeader) -> Distribution | None:
    found = arrays.get(result_pb2.ARRAY_ROLE_PROBABILITIES)
    if found is None:
        return None
    return Distribution(
        data=found.data.view(np.float64),
        bits=tuple(found.descriptor.axis_bits),
        over_clbits=found.descriptor.bit_space == result_pb2.BIT_SPACE_CLBITS,
        readout_included=header.readout_included,
    )


def _counts(arrays: dict[int, _Loaded]) -> Counts | None:
    outcomes = arrays.get(result_pb2.ARRAY_ROLE_COUNT_OUTCOMES)
    values = arrays.get(result_pb2.ARRAY_ROLE_COUNT_VALUES)
    if outcomes is None or values is None:
        return None
    return Counts(outcomes=outcomes.data.astype(np.uint8), values=values.data.astype(np.int64))


def _expectations(header: result_pb2.ResultHeader, record: ExecutionRecord) -> tuple[Expectation, ...]:
    asked = result_pb2.ResultSpec.FromString(record.result_spec).observables
    if len(asked) != len(header.expectation_values):
        return ()
    return tuple(
        Expectation(
            name=value.name or f"observable {index}",
            value=value.value,
            standard_error=value.standard_error if value.HasField("standard_error") else None,
            weight=sum(abs(item) for item in observable.coefficients),
        )
        for index, (value, observable) in enumerate(zip(header.expectation_values, asked, strict=True))
    )


def _producer(header: result_pb2.ResultHeader) -> str:
    return f"{header.producer.backend}/{header.producer.engine} {header.producer.method}"
