"""The peer: qsim, in a process of its own in the cirq backend's environment.

Forms: "simulate" is `qsimcirq.QSimSimulator.simulate` of a built `cirq.Circuit`, which translates the circuit each
time; a number is qsim's own call on its own circuit, filled before the clock starts, with gates fused up to so many
qubits.
"""

from __future__ import annotations

import cirq
import numpy as np
import qsimcirq
from proxima.backend.v1 import backend_pb2
from proxima_backend_cirq import qsim  # type: ignore[import-not-found]  # of the cirq environment
from proxima_runtime.arrays.instructions import list_instructions
from proxima_runtime.arrays.program import decode

from .messages import Answer, Request
from .serving import answer_requests, fastest


def respond(request: Request, body: bytes) -> tuple[Answer, bytes]:
    """Answer one request."""
    if request.action != "run":
        return Answer(fault=f"unknown action {request.action!r}"), b""
    job = backend_pb2.Job.FromString(body)
    if request.form == "simulate":
        return _simulate(job, request)
    program = decode(job.circuit)
    circuit = qsim.new_circuit(program.qubit_count)
    qsim.append_gates(program, circuit)
    options = {**qsim.options(circuit, seed=0, thread_count=1), "f": int(request.form)}

    seconds, raw = fastest(lambda: qsim.call(qsim.library.qsim_simulate_fullstate, options, 0), request)
    return Answer(cpu_seconds=seconds), np.asarray(qsim.as_state(raw, program.qubit_count)).tobytes()


def _simulate(job: backend_pb2.Job, request: Request) -> tuple[Answer, bytes]:
    listing = list_instructions(job.circuit)
    qubits = cirq.LineQubit.range(listing.qubit_count)
    # Cirq has the first qubit most significant, in gates and states.
    circuit = cirq.Circuit(
        cirq.CNOT(*(qubits[i] for i in step.qubits))
        if step.name == "cx"
        else cirq.MatrixGate(step.matrix).on(*(qubits[i] for i in reversed(step.qubits)))
        for step in listing.instructions
    )
    simulator = qsimcirq.QSimSimulator(qsimcirq.QSimOptions(max_fused_gate_size=2, cpu_threads=1))
    order = qubits[::-1]
    seconds, result = fastest(lambda: simulator.simulate(circuit, qubit_order=order).final_state_vector, request)
    return Answer(cpu_seconds=seconds), np.asarray(result, dtype=np.complex64).tobytes()


if __name__ == "__main__":
    answer_requests(respond)
