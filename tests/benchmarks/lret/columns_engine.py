"""lret with columns alone: low_rank without the choice of the Pauli vector, for what only columns show."""
# The package is that of another environment than the one that this is checked in.
# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

import time
from collections.abc import Iterator

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import result_pb2
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.engine import LretEngine
from proxima_backend_lret.low_rank.simulation import LowRank
from proxima_backend_lret.results import read_state
from proxima_backend_lret.simulation import find_wanted, needed_qubits
from proxima_runtime.backend.engine import ItemResult, ProgressReporter

_NO_LIMIT_BYTES = 1 << 62


class ColumnsEngine(LretEngine):
    """Runs low_rank on columns to the end, whatever it costs."""

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run a job as `proxima_backend_lret.simulate` does, without its choice."""
        started = time.perf_counter()
        is_single = job.precision == result_pb2.PRECISION_SINGLE
        keeps_records = bool(job.results.shots or job.results.probabilities)
        program = compile_maps(job.circuit, keeps_records=keeps_records, absorbs=True, needed=needed_qubits(job))
        wanted = find_wanted(job, program.source)
        columns = LowRank(
            program,
            wanted,
            max_error=job.max_error,
            single_precision=is_single,
            memory_limit_bytes=job.memory_limit_bytes or _NO_LIMIT_BYTES,
        )
        while columns.position < columns.step_count:
            columns.advance()
            report(done_count=columns.position, total_count=columns.step_count, unit="operations")
        seconds = time.perf_counter() - started
        yield read_state(job, program.source, wanted, columns, single=is_single, seconds=seconds)
