"""What the suite cannot know of this backend: large circuits, its seeds, and what it refuses in its own words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2
from proxima_runtime.backend.engine import ItemResult
from proxima_runtime.conformance.circuits import CircuitWriter, ghz
from proxima_runtime.conformance.peak import measured_peak_bytes
from stim_backend.engine import StimEngine


def _job(circuit: CircuitWriter, *, shots: int = 0, pauli: str = "", seed: int = 1) -> backend_pb2.Job:
    observables = [observable_pb2.Observable(name=pauli, paulis=[pauli], coefficients=[1.0])] if pauli else []
    return backend_pb2.Job(
        circuit=circuit.message(),
        results=result_pb2.ResultSpec(shots=shots, observables=observables),
        method=capabilities_pb2.METHOD_STABILIZER,
        engine="stim",
        seed=seed,
    )


def _run(job: backend_pb2.Job) -> ItemResult:
    (item,) = StimEngine().run(job, lambda *, done_count, total_count, unit: None)
    return item


def _array(item: ItemResult, role: result_pb2.ArrayRole, dtype: str) -> npt.NDArray[np.generic]:
    (found,) = (array for array in item.arrays if array.role == role)
    return np.frombuffer(found.data, dtype).reshape(found.shape)


def test_a_noisy_parity_of_a_thousand_qubits_is_exact() -> None:
    """Each of 1,000 qubits of a GHZ state under phase damping scales the expectation value of X...X once."""
    circuit = CircuitWriter(qubit_count=1000).gate("h", (0,))
    for qubit in range(999):
        circuit.gate("cx", (qubit, qubit + 1))
    for qubit in range(1000):
        circuit.channel("phase_damping", (qubit,), (0.001,))
    (value,) = _run(_job(circuit, pauli="X" * 1000)).expectation_values
    assert value.value == pytest.approx(0.999**500, rel=1e-9)
    assert not value.HasField("standard_error")


def test_a_damping_on_four_qubits_is_joint() -> None:
    """Depolarizing jointly on four qubits scales every Pauli string on any of them by 1 - p."""
    circuit = CircuitWriter(qubit_count=4).channel("depolarizing", (2, 0, 3, 1), (0.3,))
    values = [_run(_job(circuit, pauli=pauli)).expectation_values[0].value for pauli in ("IIIZ", "ZZII", "ZZZZ")]
    assert values == pytest.approx([0.7, 0.7, 0.7], abs=1e-12)


def test_batches_of_shots_draw_apart() -> None:
    """Two batches of a plan are not the same shots twice."""
    circuit = CircuitWriter(qubit_count=50, clbit_count=50)
    for qubit in range(50):
        circuit.gate("h", (qubit,))
    job = _job(circuit.measure_all(), shots=200)
    job.segmentation.shot_batches.extend([100, 100])
    assert set(_array(_run(job), result_pb2.ARRAY_ROLE_COUNT_VALUES, "<u8").tolist()) == {1}


def test_shots_beyond_a_chunk_follow_the_distribution() -> None:
    """Shots that are sampled in several chunks sum to what was asked, and half of them are 1."""
    circuit = ghz(600)
    item = _run(_job(circuit, shots=60_000))
    values = _array(item, result_pb2.ARRAY_ROLE_COUNT_VALUES, "<u8")
    assert values.shape == (2,)
    assert int(values.sum()) == 60_000
    assert abs(int(values[0]) - 30_000) < 5 * np.sqrt(60_000) / 2


def test_a_channel_that_relaxes_is_refused_by_name_and_place() -> None:
    """A damping towards |0> is a violation that names the instruction; one that is a Pauli channel is none."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,))
    allowed = circuit.channel("amplitude_damping", (0,), (0.1, 0.5))
    assert not StimEngine().estimate(_job(allowed, shots=1)).violations
    refused = allowed.channel("amplitude_damping", (0,), (0.1, 0.0))
    (violation,) = StimEngine().estimate(_job(refused, shots=1)).violations
    assert violation.instruction == 2
    assert "'amplitude_damping'" in violation.description


@pytest.mark.parametrize(("width", "shots"), [(60, 400_000), (400, 100_000), (24, 1_000_000)])
def test_memory_stays_below_the_estimate(width: int, shots: int) -> None:
    """Where nearly every outcome is another one, a run takes what its estimate says, and not a third of it."""
    circuit = CircuitWriter(qubit_count=width, clbit_count=width)
    for qubit in range(width):
        circuit.gate("h", (qubit,))
    job = _job(circuit.measure_all(), shots=shots)
    estimate = StimEngine().estimate(job).peak_memory_bytes
    assert estimate / 3 < measured_peak_bytes("stim_backend.engine:StimEngine", job) <= estimate
