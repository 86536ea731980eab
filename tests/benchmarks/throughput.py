"""Small runs per second, one RPC each, with 1, 4 and 16 in flight, against a loop over Aer in one process."""

from __future__ import annotations

import asyncio
import time

from proxima_client import AsyncClient

from .circuits import ghz
from .peer import start_peer
from .stack import start_stack

_SHOTS = 1000
_RUNS = 1000


async def run() -> None:
    """Print runs per second and the ratio to Aer's loop."""
    source = ghz(8)
    with start_peer() as peer:
        async with start_stack("qiskit") as stack, AsyncClient(stack.target) as client:
            for in_flight in (1, 4, 16):
                await _many(client, source, runs=100, in_flight=in_flight)
                loop = peer.ask(
                    "loop", source=source, method="statevector", shots=_SHOTS, threads=1, seed=1, repeat=_RUNS
                )
                seconds = await _many(client, source, runs=_RUNS, in_flight=in_flight)
                print(
                    f"{in_flight:>3} in flight: {_RUNS / seconds:7.1f} runs/s; "
                    f"Aer's loop {_RUNS / loop['seconds']:7.1f} runs/s; ratio {loop['seconds'] / seconds:.2f}"
                )


async def _many(client: AsyncClient, source: str, *, runs: int, in_flight: int) -> float:
    remaining = iter(range(runs))

    async def work() -> None:
        for seed in remaining:
            result = await client.run(source, backend="qiskit", method="statevector", shots=_SHOTS, seed=seed)
            assert result.shots == _SHOTS

    begin = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return time.perf_counter() - begin
