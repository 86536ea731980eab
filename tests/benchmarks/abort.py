"""Abort of a 24-qubit Aer run, 200 times: seconds until it has stopped, and whether its memory is back."""

from __future__ import annotations

import asyncio
import statistics
import time

import psutil
from proxima_client import AsyncClient, ProximaError

from .circuits import random_layers
from .stack import start_stack

_TRIES = 200
_LIMIT_SECONDS = 2.0
_STATE_BYTES = 16 * 2**24


async def run() -> None:
    """Print the distribution of abort times; fail if one passes the limit or memory stays."""
    source = random_layers(24, depth=200, seed=1)
    seconds: list[float] = []
    async with start_stack("qiskit") as stack, AsyncClient(stack.target) as client:
        service = psutil.Process(stack.process_ids["qiskit"])
        for turn in range(_TRIES):
            names: list[str] = []
            running = asyncio.Event()

            def follow(event: object, names: list[str] = names, running: asyncio.Event = running) -> None:
                state = str(getattr(event, "state", ""))
                if state.endswith("running") and not running.is_set():
                    names.append(getattr(event, "name", ""))
                    running.set()

            run_task = asyncio.create_task(
                client.run(source, backend="qiskit", method="statevector", shots=100, follow=follow)
            )
            await running.wait()
            await asyncio.sleep(0.05 + 0.005 * (turn % 40))
            begin = time.perf_counter()
            await client.abort(names[0])
            seconds.append(time.perf_counter() - begin)
            held = sum(child.memory_info().rss for child in service.children() if child.is_running())
            assert held < len(service.children()) * 200 * 2**20 + _STATE_BYTES, f"try {turn}: {held} bytes still held"
            try:
                await run_task
            except ProximaError as error:
                assert "abort" in str(error).lower(), error  # noqa: PT017
    seconds.sort()
    print(
        f"{_TRIES} aborts: p50 {statistics.median(seconds) * 1e3:.0f} ms, "
        f"p95 {seconds[int(0.95 * _TRIES)] * 1e3:.0f} ms, "
        f"largest {seconds[-1] * 1e3:.0f} ms; over {_LIMIT_SECONDS} s: {sum(s > _LIMIT_SECONDS for s in seconds)}"
    )
