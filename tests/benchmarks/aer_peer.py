"""The peer: Qiskit Aer in one process, driven over standard input; runs in the qiskit backend's environment.

Each input line is a JSON object {"action": ..., ...}; each answer is one JSON line. It imports nothing of Proxima.
"""

from __future__ import annotations

import json
import sys
import time

from qiskit import QuantumCircuit, qasm2
from qiskit_aer import AerSimulator

_INSTRUCTIONS = qasm2.LEGACY_CUSTOM_INSTRUCTIONS
_circuits: dict[str, QuantumCircuit] = {}
_simulators: dict[tuple[str, int], AerSimulator] = {}


def _circuit(source: str) -> QuantumCircuit:
    if source not in _circuits:
        _circuits[source] = qasm2.loads(source, custom_instructions=_INSTRUCTIONS)
    return _circuits[source]


def _run(source: str, *, method: str, shots: int, threads: int, seed: int) -> dict[str, int]:
    key = (method, threads)
    if key not in _simulators:
        _simulators[key] = AerSimulator(method=method, max_parallel_threads=threads)
    counts: dict[str, int] = (
        _simulators[key].run(_circuit(source), shots=shots, seed_simulator=seed).result().get_counts()
    )
    return counts


def main() -> None:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        options = {k: request[k] for k in ("method", "shots", "threads", "seed") if k in request}
        if request["action"] == "run":
            _circuit(request["source"])
            begin = time.perf_counter()
            counts = _run(request["source"], **options)
            answer: dict[str, object] = {"seconds": time.perf_counter() - begin, "counts": counts}
        elif request["action"] == "loop":
            _run(request["source"], **options)
            begin = time.perf_counter()
            for _ in range(request["repeat"]):
                _run(request["source"], **options)
            answer = {"seconds": time.perf_counter() - begin}
        elif request["action"] == "parse":
            begin = time.process_time()
            circuit = qasm2.loads(request["source"], custom_instructions=_INSTRUCTIONS)
            answer = {"cpu_seconds": time.process_time() - begin, "instructions": len(circuit.data)}
        else:
            answer = {"error": f"unknown action {request['action']!r}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
