"""A child that runs jobs on an engine of Proxima in its own process; runs in that backend's environment.

    python -m tests.benchmarks.lret.engine_child package.module:EngineClass

The clock starts with the bytes of the serialised Job and stops with the arrays of the result.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2
from proxima_runtime.backend.engine import Engine, ItemResult
from proxima_runtime.backend.warm_up import unreported
from proxima_runtime.backend.worker import load_engine

from .messages import Answer, Request
from .serving import answer_requests, fastest

_PASSES = 20


class EngineChild:
    """One warm engine."""

    def __init__(self, engine: Engine) -> None:
        engine.warm_up()
        self._engine = engine
        self._offered = {(entry.method, entry.engine) for entry in engine.methods()}

    def respond(self, request: Request, body: bytes) -> tuple[Answer, bytes]:
        """Answer one request."""
        if request.action == "sweep":
            return Answer(cpu_seconds=_seconds_of_a_sweep(len(body))), b""
        job = backend_pb2.Job.FromString(body)
        if (job.method, job.engine) not in self._offered:
            name = capabilities_pb2.Method.Name(job.method).removeprefix("METHOD_").lower()
            return Answer(fault=f"{self._engine.name} does not offer {name}"), b""
        if request.action == "estimate":
            estimate = self._engine.estimate(job)
            fault = "; ".join(violation.description for violation in estimate.violations)
            return Answer(fault=fault, work_units=estimate.work_units, memory_bytes=estimate.peak_memory_bytes), b""
        if request.action != "run":
            return Answer(fault=f"unknown action {request.action!r}"), b""
        seconds, item = fastest(lambda: self._run(body), request)
        history = item.rank_history
        return Answer(
            cpu_seconds=seconds,
            certified_error=-1.0 if item.certified_error is None else item.certified_error,
            method="" if history is None else history.continued_as,
            largest_rank=0 if history is None else history.largest_rank,
        ), bytes(item.arrays[0].data) if item.arrays else b""

    def _run(self, body: bytes) -> ItemResult:
        (item,) = self._engine.run(backend_pb2.Job.FromString(body), unreported)
        return item


def _seconds_of_a_sweep(size: int) -> float:
    """Return the seconds in which numpy reads and writes an array of `size` bytes in place, once."""
    vector = np.ones(max(size // 8, 1))
    best = float("inf")
    for _ in range(_PASSES):
        begin = time.process_time()
        np.negative(vector, out=vector)
        best = min(best, time.process_time() - begin)
    return best


if __name__ == "__main__":
    answer_requests(EngineChild(load_engine(sys.argv[1])).respond)
