"""What Proxima adds to a run: client, orchestrator, durable store, backend and worker, against Aer in one process.

The peer starts from a built circuit and ends with counts; Proxima starts from OpenQASM text and ends with counts that
are stored. Both run one after the other, in turns, with equal threads.
"""

from __future__ import annotations

import statistics
import time

from proxima_client import AsyncClient

from .circuits import ghz, random_layers
from .peer import AerPeer, start_peer
from .stack import start_stack

_SHOTS = 1000


async def run() -> None:
    """Print the overhead for GHZ-8 and for random circuits of about 0.1 s and 1 s."""
    with start_peer() as peer:
        async with start_stack("qiskit") as stack, AsyncClient(stack.target) as client:
            print(f"{'circuit':<28}{'Aer p50':>11}{'Proxima p50':>13}{'added p50':>11}{'added p95':>11}{'ratio':>8}")
            await _compare("GHZ-8", ghz(8), peer, client, turns=300)
            await _compare("random n=16, depth 20", random_layers(16, depth=20, seed=1), peer, client, turns=40)
            await _compare("random n=16, depth 100", random_layers(16, depth=100, seed=1), peer, client, turns=10)
            await _compare("random n=20, depth 20", random_layers(20, depth=20, seed=1), peer, client, turns=5)


async def _compare(name: str, source: str, peer: AerPeer, client: AsyncClient, *, turns: int) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    warm_up = 3
    for turn in range(turns + warm_up):
        begin = time.perf_counter()
        result = await client.run(source, backend="qiskit", method="statevector", shots=_SHOTS, seed=turn)
        seconds = time.perf_counter() - begin
        assert result.counts is not None
        # The peer gets as many threads as the plan gave to ours.
        threads = result.producer.thread_count
        aer = peer.ask("run", source=source, method="statevector", shots=_SHOTS, threads=threads, seed=turn)
        assert sum(result.counts.values()) == _SHOTS
        if turn >= warm_up:
            ours.append(seconds)
            theirs.append(aer["seconds"])
    added = sorted(a - b for a, b in zip(ours, theirs, strict=True))
    print(
        f"{name:<28}{statistics.median(theirs) * 1e3:>8.2f} ms{statistics.median(ours) * 1e3:>10.2f} ms"
        f"{statistics.median(added) * 1e3:>8.2f} ms{added[int(0.95 * (len(added) - 1))] * 1e3:>8.2f} ms"
        f"{statistics.median(ours) / statistics.median(theirs):>8.3f}"
    )
