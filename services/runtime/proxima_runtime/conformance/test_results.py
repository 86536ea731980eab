"""Results are complete, normalised, labelled, consistent with each other, and statistically right."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.agreement import check_counts
from proxima_runtime.conformance.backend import Backend, Result
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter

WIDTH = 4
SHOTS = 20_000
TRAJECTORIES = 1000  # a run of the circuit each
SEED = 11

# The field that asks for a kind of result, and the arrays that answer.
_FIELDS: Mapping[int, tuple[str, Sequence[int]]] = {
    result_pb2.RESULT_KIND_COUNTS: (
        "shots",
        (result_pb2.ARRAY_ROLE_COUNT_OUTCOMES, result_pb2.ARRAY_ROLE_COUNT_VALUES),
    ),
    result_pb2.RESULT_KIND_PROBABILITIES: ("probabilities", (result_pb2.ARRAY_ROLE_PROBABILITIES,)),
    result_pb2.RESULT_KIND_STATEVECTOR: ("statevector", (result_pb2.ARRAY_ROLE_STATEVECTOR,)),
    result_pb2.RESULT_KIND_DENSITY_MATRIX: ("density_matrix", (result_pb2.ARRAY_ROLE_DENSITY_MATRIX,)),
}

_REACH = {capabilities_pb2.METHOD_DENSITY_MATRIX: 8, capabilities_pb2.METHOD_TRAJECTORIES: 10}


def _circuit(mode: Mode) -> CircuitWriter:
    circuit = CircuitWriter(qubit_count=WIDTH, clbit_count=WIDTH).gates(mode.start(WIDTH, 5))
    return circuit.gates(mode.random_steps(WIDTH, 12, 5)).measure_all()


def _shots(mode: Mode) -> int:
    return TRAJECTORIES if mode.capability.method == capabilities_pb2.METHOD_TRAJECTORIES else SHOTS


def _run(backend: Backend, mode: Mode, kinds: tuple[int, ...], circuit: CircuitWriter) -> Result:
    asked = {_FIELDS[kind][0] for kind in kinds}
    return backend.run(
        mode.job(
            circuit,
            shots=_shots(mode) if "shots" in asked else 0,
            probabilities="probabilities" in asked,
            statevector="statevector" in asked,
            density_matrix="density_matrix" in asked,
            seed=SEED,
        )
    )


def _kinds(mode: Mode) -> list[int]:
    return [kind for kind in mode.capability.results if kind in _FIELDS]


def test_every_combination_of_results(backend: Backend, mode: Mode) -> None:
    """Any combination of results in one run gives what each gives alone, and nothing else."""
    circuit, kinds = _circuit(mode), _kinds(mode)
    alone = {kind: _run(backend, mode, (kind,), circuit) for kind in kinds}
    for count in range(2, len(kinds) + 1):
        for chosen in itertools.combinations(kinds, count):
            result = _run(backend, mode, chosen, circuit)
            roles = [role for kind in chosen for role in _FIELDS[kind][1]]
            assert sorted(result.arrays) == sorted(roles)
            for kind in chosen:
                for role in _FIELDS[kind][1]:
                    np.testing.assert_allclose(result.arrays[role], alone[kind].arrays[role], atol=mode.tolerance)


def test_header_says_who_and_how(backend: Backend, mode: Mode) -> None:
    """The header names the producer, precision, seed and bit order of the numbers."""
    header = _run(backend, mode, tuple(_kinds(mode)), _circuit(mode)).header
    capability, producer = mode.capability, header.producer
    method = capabilities_pb2.Method.Name(capability.method).removeprefix("METHOD_").lower()
    assert header.bit_order == result_pb2.BIT_ORDER_LITTLE_ENDIAN
    assert (producer.backend, producer.backend_version) == (backend.capabilities.backend, backend.capabilities.version)
    assert (producer.engine, producer.engine_version) == (capability.engine, capability.engine_version)
    assert (producer.method, producer.precision, producer.seed) == (method, mode.precision, SEED)
    assert dict(producer.package_versions) == dict(backend.capabilities.package_versions)
    assert bool(producer.sampler) == (header.shots > 0)
    assert (header.clbit_count, header.declared_qubit_count) == (WIDTH, WIDTH)


def test_states_come_in_the_precision_that_was_asked(backend: Backend, mode: Mode) -> None:
    """States are complex64 in single and complex128 in double precision."""
    single = mode.precision == result_pb2.PRECISION_SINGLE
    expected = result_pb2.DATA_TYPE_COMPLEX64 if single else result_pb2.DATA_TYPE_COMPLEX128
    states = {result_pb2.ARRAY_ROLE_STATEVECTOR, result_pb2.ARRAY_ROLE_DENSITY_MATRIX}
    found = _run(backend, mode, tuple(_kinds(mode)), _circuit(mode)).descriptors
    assert [found[role].data_type for role in states & set(found)] == [expected] * len(states & set(found))


def test_normalised(backend: Backend, mode: Mode) -> None:
    """Counts sum to the shots; probabilities, norm and trace are 1."""
    result = _run(backend, mode, tuple(_kinds(mode)), _circuit(mode))
    arrays = result.arrays
    if result_pb2.ARRAY_ROLE_COUNT_VALUES in arrays:
        assert int(arrays[result_pb2.ARRAY_ROLE_COUNT_VALUES].sum()) == _shots(mode) == result.header.shots
    if result_pb2.ARRAY_ROLE_PROBABILITIES in arrays:
        assert float(arrays[result_pb2.ARRAY_ROLE_PROBABILITIES].sum()) == pytest.approx(1, abs=1e-4)
    if result_pb2.ARRAY_ROLE_STATEVECTOR in arrays:
        assert float(np.linalg.norm(arrays[result_pb2.ARRAY_ROLE_STATEVECTOR])) == pytest.approx(1, abs=1e-4)
    if result_pb2.ARRAY_ROLE_DENSITY_MATRIX in arrays:
        assert complex(np.trace(arrays[result_pb2.ARRAY_ROLE_DENSITY_MATRIX])) == pytest.approx(1, abs=1e-4)


def test_counts_follow_the_exact_distribution(backend: Backend, mode: Mode) -> None:
    """No outcome is seen that cannot be, and Pearson's statistic of the counts is below its 1e-6 quantile."""
    if not mode.gives(result_pb2.RESULT_KIND_COUNTS):
        pytest.skip(f"{mode.name} does not count")
    circuit = _circuit(mode)
    weights = np.abs(reference.final_state(WIDTH, circuit.steps)) ** 2
    counts = _run(backend, mode, (result_pb2.RESULT_KIND_COUNTS,), circuit).counts
    check_counts({int(outcome, 2): count for outcome, count in counts.items()}, dict(enumerate(weights.tolist())))


def test_many_measured_qubits(backend: Backend, mode: Mode) -> None:
    """Twenty measured qubits (where the method reaches them) give the two outcomes of a GHZ state."""
    reach = _REACH.get(mode.capability.method, 20)
    width = min(reach, mode.capability.max_qubit_count)
    if not mode.gives(result_pb2.RESULT_KIND_COUNTS):
        pytest.skip(f"{mode.name} does not count")
    circuit = CircuitWriter(qubit_count=width, clbit_count=width).gate("h", (0,))
    for qubit in range(width - 1):
        circuit.gate("cx", (qubit, qubit + 1))
    counts = backend.run(mode.job(circuit.measure_all(), shots=1000)).counts
    assert set(counts) == {"0" * width, "1" * width}
    assert 350 < counts["0" * width] < 650


def test_usage_is_measured(backend: Backend, mode: Mode) -> None:
    """A completed run says what it took."""
    usage = _run(backend, mode, tuple(_kinds(mode)), _circuit(mode)).done.usage
    assert usage.worker_duration.ToTimedelta().total_seconds() > 0
    assert usage.engine_duration.ToTimedelta() <= usage.worker_duration.ToTimedelta()
