"""OpenQASM 2: the orchestrator's parser on 100,000 flat gates against qiskit.qasm2, processor time, in turns."""

from __future__ import annotations

import statistics
import time

from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

from .circuits import flat_mix
from .peer import start_peer

_GATES = 100_000
_TURNS = 7


async def run() -> None:
    """Print gates per processor second of both, and the ratio."""
    source = flat_mix(_GATES)
    ours: list[float] = []
    theirs: list[float] = []
    with start_peer() as peer:
        for _ in range(_TURNS):
            answer = peer.ask("parse", source=source)
            begin = time.process_time()
            circuit = parse(source.encode(), Limits())
            ours.append(time.process_time() - begin)
            theirs.append(answer["cpu_seconds"])
            assert len(circuit.opcodes) == answer["instructions"] == _GATES
    proxima, qiskit = _GATES / statistics.median(ours), _GATES / statistics.median(theirs)
    print(f"Proxima {proxima:,.0f} gates/s; qiskit.qasm2 {qiskit:,.0f} gates/s; ratio {proxima / qiskit:.2f}")
