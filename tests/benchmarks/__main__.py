"""Run the benchmarks: `python -m tests.benchmarks [overhead|throughput|parser|relay|abort ...]`."""

from __future__ import annotations

import asyncio
import os
import platform
import sys

from . import abort, overhead, parser, relay, throughput

_BENCHMARKS = {
    "overhead": overhead.run,
    "throughput": throughput.run,
    "parser": parser.run,
    "relay": relay.run,
    "abort": abort.run,
}


def main() -> None:
    """Run the benchmarks named on the command line, all of them if none is."""
    names = sys.argv[1:] or list(_BENCHMARKS)
    unknown = [name for name in names if name not in _BENCHMARKS]
    if unknown:
        raise SystemExit(f"unknown benchmark {unknown[0]!r}; there are {', '.join(_BENCHMARKS)}")
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {load:.2f}, Python {platform.python_version()}")
    for name in names:
        print(f"\n== {name}")
        asyncio.run(_BENCHMARKS[name]())


if __name__ == "__main__":
    main()
