"""Jobs that run for a long time on any method, to be stopped."""

from __future__ import annotations

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2

from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter

_METHOD = capabilities_pb2.Method
# Entries of the state that are touched by each gate: enough for minutes over all gates, on any machine of today.
_STATE_QUBITS, _MATRIX_QUBITS, _CHAIN_QUBITS, _TABLEAU_QUBITS = 20, 10, 24, 400
_DEPTH = 1000
_SHOTS = 1_000_000


def long_job(mode: Mode) -> backend_pb2.Job:
    """Return a job of minutes that needs little memory."""
    capability = mode.capability
    wanted = {
        _METHOD.METHOD_DENSITY_MATRIX: _MATRIX_QUBITS,
        _METHOD.METHOD_PAULI_VECTOR: _MATRIX_QUBITS,
        _METHOD.METHOD_MATRIX_PRODUCT_STATE: _CHAIN_QUBITS,
        _METHOD.METHOD_STABILIZER: _TABLEAU_QUBITS,
    }.get(capability.method, _STATE_QUBITS)
    width = min(wanted, capability.max_qubit_count)
    circuit = CircuitWriter(qubit_count=width, clbit_count=width)
    is_tableau = capability.method == _METHOD.METHOD_STABILIZER
    for layer in range(20 if is_tableau else _DEPTH):
        for qubit in range(width):
            if is_tableau or "u" not in capability.gates:
                circuit.gate("h", (qubit,))
            else:
                circuit.gate("u", (qubit,), (0.3 + 0.01 * layer, 0.2 * qubit, 0.1))
        for qubit in range(layer % 2, width - 1, 2):
            circuit.gate("cx", (qubit, qubit + 1))
    shots = min(_SHOTS if is_tableau else 100, capability.max_shots)
    return mode.job(circuit.measure_all(), shots=shots)
