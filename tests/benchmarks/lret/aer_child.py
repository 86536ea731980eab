"""The peer: Qiskit Aer, in a process of its own in the qiskit backend's environment.

The circuit is built from the columns before the clock starts; the clock runs from `AerSimulator.run` to the array in
hand. Forms, joined with "+":

- "fused", "unfused": Aer's fusion of gates on or off.
- "kraus": channels as Kraus instructions in the circuit. Of what Aer takes this is the fastest: a noise model takes as
  long, and errors as instructions ("errors") are not fused.
- "native": Aer's own circuit and controller, as the qiskit backend uses them, without what `AerSimulator.run` adds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_backend_qiskit import aer  # type: ignore[import-not-found]  # of the qiskit environment
from proxima_backend_qiskit.gates import NATIVE  # type: ignore[import-not-found]
from proxima_backend_qiskit.lowering import ChannelForm, Lowering  # type: ignore[import-not-found]
from proxima_runtime.arrays.instructions import Instruction, Listing, list_instructions
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction as Gate
from qiskit.quantum_info import Kraus
from qiskit_aer import AerSimulator
from qiskit_aer.noise import depolarizing_error

from .messages import Answer, Request
from .serving import answer_requests, fastest

Array = npt.NDArray[np.number]

_KIND = circuit_pb2.Operation
_METHODS = {
    capabilities_pb2.METHOD_STATEVECTOR: "statevector",
    capabilities_pb2.METHOD_DENSITY_MATRIX: "density_matrix",
}


def respond(request: Request, body: bytes) -> tuple[Answer, bytes]:
    """Answer one request."""
    if request.action != "run":
        return Answer(fault=f"unknown action {request.action!r}"), b""
    job = backend_pb2.Job.FromString(body)
    forms = request.form.split("+")
    run = _native_run(job) if "native" in forms else _run(job, forms)
    seconds, array = fastest(run, request)
    return Answer(cpu_seconds=seconds), np.ascontiguousarray(array).tobytes()


def _run(job: backend_pb2.Job, forms: list[str]) -> Callable[[], Array]:
    circuit = _circuit(list_instructions(job.circuit), as_errors="errors" in forms)
    key = _save(circuit, job.results)
    simulator = AerSimulator(
        method=_METHODS[job.method],
        precision="single" if job.precision == result_pb2.PRECISION_SINGLE else "double",
        max_parallel_threads=1,
        fusion_enable="unfused" not in forms,
    )

    def run() -> Array:
        result = simulator.run(circuit, shots=1).result()
        if not result.success:
            raise RuntimeError(result.status)
        return np.asarray(result.data()[key])

    return run


def _native_run(job: backend_pb2.Job) -> Callable[[], Array]:
    listing = list_instructions(job.circuit)
    lowering = Lowering(native=NATIVE[job.method], channel_form=ChannelForm.SUPEROPERATOR)
    circuit = aer.new_circuit(qubit_count=listing.qubit_count, slot_count=0, global_phase=listing.global_phase)
    for instruction in listing.instructions:
        lowering.append(instruction, circuit)
    aer.save_probabilities(circuit, range(listing.qubit_count))
    controller, options = aer.Controller(), aer.RunOptions(method=_METHODS[job.method])
    return lambda: np.asarray(controller.run(circuit, options).probabilities)


def _save(circuit: QuantumCircuit, asked: result_pb2.ResultSpec) -> str:
    if asked.statevector:
        circuit.save_statevector()
        return "statevector"
    if asked.density_matrix:
        circuit.save_density_matrix()
        return "density_matrix"
    circuit.save_probabilities()
    return "probabilities"


def _circuit(listing: Listing, *, as_errors: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(listing.qubit_count, global_phase=listing.global_phase)
    known: dict[int, Gate] = {}
    for step in listing.instructions:
        if step.kind == _KIND.KIND_GATE:
            getattr(circuit, step.name)(*step.parameters, *step.qubits)
        else:
            # The listing has one matrix object for equal channels.
            if id(step.matrix) not in known:
                known[id(step.matrix)] = _channel(step, as_errors=as_errors)
            circuit.append(known[id(step.matrix)], step.qubits)
    return circuit


def _channel(step: Instruction, *, as_errors: bool) -> Gate:
    if step.kind != _KIND.KIND_CHANNEL or step.matrix is None:
        raise ValueError(f"the peer has no {step.name}")
    if as_errors:
        return depolarizing_error(step.parameters[0], len(step.qubits)).to_instruction()
    return Kraus(list(step.matrix)).to_instruction()


if __name__ == "__main__":
    answer_requests(respond)
