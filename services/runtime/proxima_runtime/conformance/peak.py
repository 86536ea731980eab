"""Measures what a job takes in a fresh process, to find and to test the figures of an estimate.

    python -m proxima_runtime.conformance.peak package.module:EngineClass <job.binpb

Prints peak bytes over the warm process, measured as a worker's usage is: the resident set's high-water mark, with every
returned array copied to a memfd while the engine still holds it.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

from proxima.backend.v1 import backend_pb2

from proxima_runtime.backend.engine import Engine


def resident_bytes(field: str) -> int:
    """Return VmRSS or VmHWM of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) << 10
    raise ValueError(f"/proc/self/status has no {field}")


def measure(engine: Engine, job: backend_pb2.Job) -> int:
    """Return the peak bytes of one run over the warm engine."""
    engine.warm_up()
    baseline = resident_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    memory = os.memfd_create("result", os.MFD_CLOEXEC)
    written = 0
    for item in engine.run(job, lambda *, done_count, total_count, unit: None):
        for block in item.arrays:
            view = memoryview(block.data)
            while view:
                sent = os.write(memory, view[: 1 << 20])
                view, written = view[sent:], written + sent
    os.close(memory)
    # Pages of a memfd that is only written are not in the resident set of the writer.
    return resident_bytes("VmHWM") - baseline + written


def measured_peak_bytes(engine_path: str, job: backend_pb2.Job) -> int:
    """Return the peak bytes of `job` in a fresh process; `engine_path` is "package.module:Class"."""
    finished = subprocess.run(
        [sys.executable, "-m", "proxima_runtime.conformance.peak", engine_path],
        input=job.SerializeToString(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(finished.stdout)


def main() -> None:
    """Measure the job on standard input."""
    module, _, name = sys.argv[1].partition(":")
    engine: Engine = getattr(importlib.import_module(module), name)()
    print(measure(engine, backend_pb2.Job.FromString(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
