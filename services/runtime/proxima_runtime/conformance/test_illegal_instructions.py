"""Channels, unitaries, readouts and conditions outside of their ranges are refused before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode, modes
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_kraus

_ONE = np.eye(2, dtype=np.complex128)
_Write = Callable[[CircuitWriter], CircuitWriter]


def _channel(name: str, *parameters: float, qubits: int = 1) -> _Write:
    return lambda circuit: circuit.channel(name, range(qubits), parameters)


def _comparison(first_clbit: int, width: int, value: int) -> _Write:
    comparison = Comparison(first_clbit=first_clbit, width=width, value=value)
    return lambda circuit: circuit.gate("x", (0,)).only_if(comparison)


ILLEGAL: Mapping[str, _Write] = {
    "negative probability": _channel("depolarizing", -1e-9),
    "probability over 4/3": _channel("depolarizing", 1.334),
    "probability over 16/15": _channel("depolarizing", 1.07, qubits=2),
    "probabilities over 1": _channel("pauli_channel", 0.5, 0.4, 0.2),
    "one negative of three": _channel("pauli_channel", 0.5, -0.1, 0.2),
    "gamma over 1": _channel("amplitude_damping", 1.01, 0.0),
    "population over 1": _channel("amplitude_damping", 0.1, 1.01),
    "negative lambda": _channel("phase_damping", -0.01),
    "t2 over 2 t1": _channel("thermal_relaxation", 1.0, 2.01, 0.1, 0.0),
    "t1 of zero": _channel("thermal_relaxation", 0.0, 1.0, 0.1, 0.0),
    "negative duration": _channel("thermal_relaxation", 1.0, 1.0, -0.1, 0.0),
    "not a number": _channel("depolarizing", math.nan),
    "infinite": _channel("thermal_relaxation", 1.0, 1.0, math.inf, 0.0),
    "too few parameters": _channel("pauli_channel", 0.1),
    "too many qubits": _channel("phase_damping", 0.1, qubits=2),
    "not trace preserving": lambda circuit: circuit.kraus(1.001 * random_kraus(1, 2, 0), (0,)),
    "not trace preserving by an operator": lambda circuit: circuit.kraus(random_kraus(2, 3, 0)[:2], (0, 1)),
    "infinite operator": lambda circuit: circuit.kraus(np.full((1, 2, 2), np.inf, dtype=np.complex128), (0,)),
    "unitary of another size": lambda circuit: circuit.unitary(_ONE, (0, 1)),
    "not unitary": lambda circuit: circuit.unitary(_ONE + 1e-6, (0,)),
    "readout that sums to more than 1": lambda circuit: circuit.measure(0, 0, readout=np.array([[0.9, 0.2], [0, 1]])),
    "negative readout": lambda circuit: circuit.measure(0, 0, readout=np.array([[1.1, -0.1], [0, 1]])),
    "negative delay": lambda circuit: circuit.delay(0, -1e-9),
    "condition on undeclared bits": _comparison(1, 2, 0),
    "condition on no bits": _comparison(0, 0, 0),
    "condition on 65 bits": _comparison(0, 65, 0),
    "condition on a value too large": _comparison(0, 1, 2),
}


_MIXING: Mapping[capabilities_pb2.Feature, _Write] = {
    capabilities_pb2.FEATURE_RESET: lambda circuit: circuit.reset(0),
    capabilities_pb2.FEATURE_CHANNEL: lambda circuit: circuit.channel("pauli_channel", (0,), (0.1, 0.0, 0.0)),
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT: lambda circuit: circuit.measure(0, 0),
}


def _job(backend: Backend, circuit: CircuitWriter) -> backend_pb2.Job:
    mode: Mode = modes(backend.capabilities)[0]
    shots = 1 if mode.gives(result_pb2.RESULT_KIND_COUNTS) else 0
    return mode.job(circuit.measure_all(), shots=shots, probabilities=not shots)


@pytest.mark.parametrize("name", ILLEGAL)
def test_illegal_instruction(backend: Backend, name: str) -> None:
    """What contradicts docs/noise.md or the contract is a malformed circuit, whether its like is offered or not."""
    error = backend.refusal(_job(backend, ILLEGAL[name](CircuitWriter(qubit_count=2, clbit_count=2))))
    assert error.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT
    assert error.metadata["field"]


def test_unknown_channel(backend: Backend, mode: Mode) -> None:
    """A channel that is not in docs/noise.md is refused by its name."""
    if not mode.offers(capabilities_pb2.FEATURE_CHANNEL):
        pytest.skip(f"{mode.name} offers no channels")
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).channel("cosmic_rays", (0,), (0.1,))
    error = backend.refusal(mode.job(circuit.measure_all(), shots=1))
    assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    assert "cosmic_rays" in error.message


def test_mixed_state_is_no_vector(backend: Backend, mode: Mode) -> None:
    """A state vector of a circuit with a reset, a channel or a measurement in mid-circuit is refused."""
    if not mode.gives(result_pb2.RESULT_KIND_STATEVECTOR):
        pytest.skip(f"{mode.name} gives no state vector")
    offered = [write for feature, write in _MIXING.items() if mode.offers(feature)]
    for write in offered:
        circuit = write(CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,))).gate("h", (0,))
        error = backend.refusal(mode.job(circuit, statevector=True))
        assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    if not offered:
        pytest.skip(f"{mode.name} has pure states only")
