"""Delivery of stored results: headers from the row, large arrays from the artifact store, chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import NotFound

from proxima_orchestrator.artifacts import ArtifactStore
from proxima_orchestrator.executions.record import ArtifactRecord
from proxima_orchestrator.wire import chunk_message, frame

CHUNK_BYTES = 2**20


async def stored_result(
    headers: Sequence[result_pb2.ResultHeader],
    artifacts: Mapping[tuple[int, int], ArtifactRecord],
    store: ArtifactStore,
    *,
    item_index: int = 0,
    array_index: int = 0,
    offset: int = 0,
) -> AsyncIterator[bytes]:
    """Yield messages of ReadResult (fields 4 and 5) from a place on: each item's header, then its chunks.

    The header of the first item is sent in any case; arrays before `array_index`, bytes before `offset` are left out.

    Raises:
        NotFound: RESULT_NOT_FOUND; an array is gone from the store.
    """
    for header in headers:
        if header.item_index < item_index:
            continue
        yield frame(4, header.SerializeToString())
        first = array_index if header.item_index == item_index else 0
        for index, array in enumerate(header.arrays):
            if index < first or array.inline_data or not array.size_bytes:
                continue
            artifact = artifacts.get((header.item_index, index))
            if artifact is None:
                raise _gone(f"array {index} of item {header.item_index}")
            place = offset if header.item_index == item_index and index == array_index else 0
            while place < array.size_bytes:
                size = min(CHUNK_BYTES, array.size_bytes - place)
                data = await asyncio.to_thread(store.read, artifact.sha256, place, size)
                if len(data) != size:
                    raise _gone(artifact.sha256)
                yield chunk_message(item_index=header.item_index, array_index=index, offset=place, data=data)
                place += size


def _gone(what: str) -> NotFound:
    return NotFound(
        f"{what} is gone from the artifact store, or was cut short; run the circuit again",
        reason=errors_pb2.ERROR_REASON_RESULT_NOT_FOUND,
        metadata={"resource": what},
    )
