"""The peer: Maestro's QCSim, in an environment that has PyPI's `qoro-maestro`; the body of a request is OpenQASM 2.

The clock runs from the built circuit to the state in a Python list, which is how Maestro returns it (form
"statevector"), or to one sampled outcome (form "shot"). It computes in double precision.
"""

from __future__ import annotations

from array import array
from itertools import chain

import maestro  # type: ignore[import-not-found]  # of an environment that the user names

from .messages import Answer, Request
from .serving import answer_requests, fastest


def respond(request: Request, body: bytes) -> tuple[Answer, bytes]:
    """Answer one request."""
    if request.action != "run":
        return Answer(fault=f"unknown action {request.action!r}"), b""
    circuit = maestro.QasmToCirc().parse_and_translate(body.decode())
    config = maestro.SimulatorConfig(
        simulator_type=maestro.SimulatorType.QCSim, simulation_type=maestro.SimulationType.Statevector
    )
    if request.form == "shot":
        circuit.measure_all()
        return Answer(cpu_seconds=fastest(lambda: circuit.execute(config, shots=1), request)[0]), b""
    seconds, state = fastest(lambda: circuit.get_statevector(config), request)
    parts = chain.from_iterable((entry.real, entry.imag) for entry in state)
    return Answer(cpu_seconds=seconds), array("d", parts).tobytes()


if __name__ == "__main__":
    answer_requests(respond)
