"""A second scripted backend, so that two can be compared; its numbers are others where the environment says so."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.backend.engine import Buffer, ItemResult, ProgressReporter
from proxima_runtime.testing.scripted import ScriptedEngine


class TwinEngine(ScriptedEngine):
    """The scripted engine by another name, with a method that gives counts only.

    TWIN_DISAGREES makes every probability and amplitude one of outcome 1, TWIN_FAILS makes every run fail.
    """

    name = "twin"

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """Offer trajectories besides, which give counts only."""
        (full,) = super().methods()
        full.engine = "twin"
        sampled = capabilities_pb2.MethodCapability()
        sampled.CopyFrom(full)
        sampled.method = capabilities_pb2.METHOD_TRAJECTORIES
        del sampled.results[:]
        sampled.results.append(result_pb2.RESULT_KIND_COUNTS)
        return [full, sampled]

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run as the scripted engine does, and change the numbers where told."""
        if os.environ.get("TWIN_FAILS"):
            raise LookupError("the twin fails")
        for item in super().run(job, report):
            if os.environ.get("TWIN_DISAGREES"):
                yield replace(
                    item, arrays=[replace(array, data=_moved(array.role, array.data)) for array in item.arrays]
                )
            else:
                yield item


def _moved(role: int, data: Buffer) -> bytes:
    """Return an array with everything in outcome 1 instead of 0."""
    old = bytes(data)
    if role == result_pb2.ARRAY_ROLE_COUNT_OUTCOMES:
        return b"\x01" + old[1:]
    if role == result_pb2.ARRAY_ROLE_COUNT_VALUES:
        return old
    size = 8 if role == result_pb2.ARRAY_ROLE_PROBABILITIES else 16
    return bytes(size) + struct.pack("<d", 1.0) + old[size + 8 :]
