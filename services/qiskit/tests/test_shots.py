"""Circuits that are run once a shot sample the exact law, reproducibly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_backend_qiskit.engine import QiskitEngine
from proxima_backend_qiskit.load import DRAWN_PAULI_QUBITS
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_circuit

from .jobs import METHOD, counts, job, observable, run, worst_deviation

_TRAJECTORIES = METHOD.METHOD_TRAJECTORIES
_READOUT = np.array([[0.9, 0.1], [0.2, 0.8]])
_SAMPLED = [entry for entry in QiskitEngine().methods() if entry.method != METHOD.METHOD_DENSITY_MATRIX]


@pytest.mark.parametrize("capability", _SAMPLED, ids=lambda entry: METHOD.Name(entry.method))
@pytest.mark.parametrize("seed", range(3))
def test_random_circuits(capability: capabilities_pb2.MethodCapability, seed: int) -> None:
    """No count of a random circuit of all instructions is 5 standard deviations off, no mean 5 standard errors."""
    mode = Mode(capability=capability, precision=result_pb2.PRECISION_DOUBLE)
    circuit = random_circuit(mode, seed)
    pauli = "ZXY"[: circuit.qubit_count]
    spec = result_pb2.ResultSpec(shots=4000, observables=[observable(pauli)])
    found = run(job(circuit, capability.method, results=spec))
    assert worst_deviation(circuit, counts(found)) < 5
    expected = exact.expectation(pauli, exact.final_density_matrix(circuit.qubit_count, circuit.rows))
    (value,) = found.expectation_values
    assert abs(value.value - expected) <= 5 * value.standard_error + 1e-9


def test_drawn_pauli_errors() -> None:
    """Errors that Aer draws before the shot have the operand order of the channel."""
    width = DRAWN_PAULI_QUBITS
    circuit = CircuitWriter(qubit_count=width, clbit_count=2)
    circuit.channel("depolarizing", (7, 2), (0.8,)).channel("pauli_channel", (2,), (0.3, 0.0, 0.0))
    circuit.measure(7, 0).measure(2, 1)
    found = counts(run(job(circuit, _TRAJECTORIES, results=result_pb2.ResultSpec(shots=4000))))
    # P(flip): 0.4 on each after the channel, qubit 2 turned once more with 0.3.
    expected = np.array([0.4, 0.2, 0.2, 0.2]) @ np.kron([[0.7, 0.3], [0.3, 0.7]], np.eye(2)) * 4000
    assert np.all(np.abs([found.get(record, 0) for record in range(4)] - expected) < 5 * np.sqrt(expected))


def test_readout_error_reaches_the_condition() -> None:
    """A condition sees the bit as it was read, not as it was."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).measure(0, 0, readout=np.array([[0.0, 1.0], [1.0, 0.0]]))
    circuit.gate("x", (1,)).only_if(Comparison(first_clbit=0, width=1, value=1)).measure(1, 1)
    assert counts(run(job(circuit, METHOD.METHOD_STATEVECTOR, results=result_pb2.ResultSpec(shots=10)))) == {3: 10}


def test_a_condition_on_many_bits() -> None:
    """A condition sees the bits beyond the 32nd of a wide register."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=65).gate("x", (0,)).measure(0, 40)
    circuit.gate("x", (1,)).only_if(Comparison(first_clbit=0, width=64, value=0)).measure(1, 64)
    found = counts(run(job(circuit, METHOD.METHOD_STATEVECTOR, results=result_pb2.ResultSpec(shots=10))))
    assert found == {1 << 40: 10}


def test_equal_jobs_have_equal_results() -> None:
    """The same seed and batches give the same counts and means; another seed gives others."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).gate("h", (0,)).channel("depolarizing", (0, 1), (0.5,))
    circuit.measure_all()
    spec = result_pb2.ResultSpec(shots=300, observables=[observable("ZZ")])
    first, again, other = (
        run(job(circuit, _TRAJECTORIES, results=spec, seed=seed, shot_batches=(100, 200))) for seed in (7, 7, 8)
    )
    assert counts(first) == counts(again)
    assert list(first.expectation_values) == list(again.expectation_values)
    assert counts(first) != counts(other)


def test_seeds_next_to_each_other_share_no_shots() -> None:
    """The sum of a thousand shots differs between seeds by more than the two shots at the ends."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,)).channel("phase_damping", (0,), (0.1,))
    circuit.measure(0, 0)
    spec = result_pb2.ResultSpec(shots=1000)
    ones = [counts(run(job(circuit, _TRAJECTORIES, results=spec, seed=seed))).get(1, 0) for seed in range(8)]
    assert max(abs(low - high) for low, high in pairwise(ones)) > 1


def test_expectation_values_without_measurement() -> None:
    """Trajectories of a circuit without measurement give expectation values and no counts."""
    circuit = CircuitWriter(qubit_count=1).gate("h", (0,)).channel("amplitude_damping", (0,), (0.5, 0.0))
    spec = result_pb2.ResultSpec(shots=2000, observables=[observable("Z")])
    found = run(job(circuit, _TRAJECTORIES, results=spec))
    assert not found.arrays
    (value,) = found.expectation_values
    assert abs(value.value - 0.5) < 5 * value.standard_error
