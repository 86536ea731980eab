"""Run the benchmarks: `python -m tests.benchmarks [overhead|throughput|parser|relay|abort|lret|lret-estimates ...]`.

`lret` and `lret-estimates` take options, which follow the name; such a benchmark is then the only one.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys

from . import abort, overhead, parser, relay, throughput
from .lret import estimates as lret_estimates
from .lret import run as lret

_BENCHMARKS = {
    "overhead": overhead.run,
    "throughput": throughput.run,
    "parser": parser.run,
    "relay": relay.run,
    "abort": abort.run,
    "lret": lret.run,
    "lret-estimates": lret_estimates.run,
}
_WITH_OPTIONS = {"lret": lret.run, "lret-estimates": lret_estimates.run}


def main() -> None:
    """Run the benchmarks named on the command line, all of them if none is."""
    names = sys.argv[1:] or list(_BENCHMARKS)
    options: list[str] = []
    if names[0] in _WITH_OPTIONS and names[1:2] and names[1].startswith("-"):
        names, options = names[:1], names[1:]
    unknown = [name for name in names if name not in _BENCHMARKS]
    if unknown:
        raise SystemExit(f"unknown benchmark {unknown[0]!r}; there are {', '.join(_BENCHMARKS)}")
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} processors, load {load:.2f}, Python {platform.python_version()}")
    for name in names:
        print(f"\n== {name}")
        asyncio.run(_WITH_OPTIONS[name](options) if options else _BENCHMARKS[name]())


if __name__ == "__main__":
    main()
