"""Sampled trajectories follow the exact distribution, on Cirq and on qsim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

from .any_circuits import Shape, random_circuit
from .runs import DOUBLE, METHOD, SINGLE, counts, job, observable, run

_TRAJECTORIES, _VECTOR = METHOD.METHOD_TRAJECTORIES, METHOD.METHOD_STATEVECTOR
SHOTS = 4000

_TARGETS = [
    ("cirq", _TRAJECTORIES, DOUBLE),
    ("cirq", _VECTOR, SINGLE),
    ("qsim", _TRAJECTORIES, SINGLE),
    ("qsim", _VECTOR, SINGLE),
]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("engine", "method", "precision"), _TARGETS)
def test_random_circuits(
    engine: str, method: capabilities_pb2.Method, precision: result_pb2.Precision, seed: int
) -> None:
    """Counts pass a chi-square test and expectation values are within 5 standard errors, with fixed seeds."""
    width = 1 + seed % 4
    shape = Shape(
        qubit_count=width,
        clbit_count=3,
        length=12,
        channels=method == _TRAJECTORIES,
        conditions=engine == "cirq",
    )
    circuit = random_circuit(shape, seed)
    pauli = "ZXYZ"[:width]
    spec = result_pb2.ResultSpec(shots=SHOTS, observables=[observable(pauli)])
    item = run(job(circuit, method, spec, engine=engine, precision=precision, seed=seed))
    expected = {
        record: probability
        for record, probability in exact.record_probabilities(width, circuit.rows).items()
        if probability > 1e-9
    }
    found = counts(item)
    assert sum(found.values()) == SHOTS
    assert set(found) <= set(expected)
    square = sum((found.get(record, 0) - SHOTS * p) ** 2 / (SHOTS * p) for record, p in expected.items())
    freedom = max(len(expected) - 1, 1)
    assert square < freedom + 6 * math.sqrt(2 * freedom) + 6
    value = item.expectation_values[0]
    mean = exact.expectation(pauli, exact.final_density_matrix(width, circuit.rows))
    # A way of probability below 1 / shots that was never gone is not in the standard error.
    assert abs(value.value - mean) <= 5 * value.standard_error + 10 / SHOTS


@pytest.mark.parametrize("engine", ["cirq", "qsim"])
def test_standard_error_is_that_of_independent_trajectories(engine: str) -> None:
    """Over many seeds the error in units of the standard error has a standard deviation of about 1."""
    circuit = CircuitWriter(qubit_count=2).gate("ry", (0,), (1.1,)).gate("cx", (0, 1))
    circuit.channel("amplitude_damping", (0,), (0.4, 0.2)).channel("depolarizing", (0, 1), (0.3,))
    exactly = exact.expectation("ZZ", exact.final_density_matrix(2, circuit.rows))
    spec = result_pb2.ResultSpec(shots=400, observables=[observable("ZZ")])
    scores = []
    for seed in range(60):
        value = run(job(circuit, _TRAJECTORIES, spec, engine=engine, seed=seed)).expectation_values[0]
        scores.append((value.value - exactly) / value.standard_error)
    # Standard deviation of 60 samples: 1 +- 0.09; of their mean: 0.13.
    assert 0.6 < np.std(scores) < 1.4
    assert abs(np.mean(scores)) < 0.65


@pytest.mark.parametrize(("engine", "method", "precision"), _TARGETS)
def test_seeds(engine: str, method: capabilities_pb2.Method, precision: result_pb2.Precision) -> None:
    """Equal jobs give equal counts and values; another seed gives others; both ends of the range work."""
    circuit = random_circuit(
        Shape(qubit_count=3, clbit_count=3, length=10, conditions=False, channels=method == _TRAJECTORIES), 3
    )
    circuit.reset(0).measure(1, 1).gate("h", (1,)).measure(1, 2)
    spec = result_pb2.ResultSpec(shots=300, observables=[observable("XYZ")])
    first, again, other = (
        run(job(circuit, method, spec, engine=engine, precision=precision, seed=seed)) for seed in (0, 0, 2**32 - 1)
    )
    assert counts(first) == counts(again)
    assert first.expectation_values == again.expectation_values
    assert counts(first) != counts(other)


@pytest.mark.parametrize("engine", ["cirq", "qsim"])
def test_batches_are_of_the_plan(engine: str) -> None:
    """A plan in batches gives all shots, and is not the plan in one."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=2).gate("h", (0,)).measure(0, 0).gate("h", (0,)).measure(0, 1)
    spec = result_pb2.ResultSpec(shots=300)
    split, again, whole = (
        run(job(circuit, _VECTOR, spec, engine=engine, batches=batches)) for batches in ((100, 200), (100, 200), ())
    )
    assert sum(counts(split).values()) == 300
    assert counts(split) == counts(again)
    assert counts(split) != counts(whole)


@pytest.mark.parametrize("engine", ["cirq", "qsim"])
def test_expectation_values_need_no_measurement(engine: str) -> None:
    """A circuit without measurement has no counts, and its expectation values with an error all the same."""
    circuit = CircuitWriter(qubit_count=1).gate("x", (0,)).channel("pauli_channel", (0,), (0.25, 0.0, 0.0))
    spec = result_pb2.ResultSpec(shots=1000, observables=[observable("Z")])
    item = run(job(circuit, _TRAJECTORIES, spec, engine=engine))
    assert not item.arrays
    assert item.expectation_values[0].value == pytest.approx(-0.5, abs=5 * 0.0274)
    assert item.expectation_values[0].standard_error == pytest.approx(0.0274, rel=0.1)


def test_a_later_write_replaces_an_earlier() -> None:
    """Of two measurements into one bit the later is recorded, in mid-circuit and at the end, on both engines."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).gate("x", (0,)).measure(0, 0).reset(0).measure(0, 0)
    circuit.measure(1, 1).gate("x", (1,)).measure(1, 1)
    for engine in ("cirq", "qsim"):
        item = run(job(circuit, _VECTOR, result_pb2.ResultSpec(shots=20), engine=engine))
        assert counts(item) == {0b10: 20}


def test_many_shots_of_few_ways_are_few_runs() -> None:
    """A million shots of a teleportation end in a moment, since shots that go the same way share a state."""
    circuit = CircuitWriter(qubit_count=3, clbit_count=3).gate("ry", (0,), (0.8,)).gate("h", (1,)).gate("cx", (1, 2))
    circuit.gate("cx", (0, 1)).gate("h", (0,)).measure(0, 0).measure(1, 1)
    circuit.gate("x", (2,)).only_if(Comparison(first_clbit=1, width=1, value=1))
    circuit.gate("z", (2,)).only_if(Comparison(first_clbit=0, width=1, value=1)).measure(2, 2)
    shots, seen = 1_000_000, []
    found = counts(run(job(circuit, _VECTOR, result_pb2.ResultSpec(shots=shots))))
    for record, times in found.items():
        seen.append(times if record & 0b100 else 0)
    expected = math.sin(0.4) ** 2
    assert abs(sum(seen) / shots - expected) < 6 * math.sqrt(expected * (1 - expected) / shots)


def test_a_qubit_read_into_two_bits_is_misread_apart() -> None:
    """Two bits that record one qubit have readout errors of their own, exact and sampled."""
    table = np.array([[0.9, 0.1], [0.2, 0.8]])
    circuit = CircuitWriter(qubit_count=1, clbit_count=2).gate("x", (0,)).measure(0, 0, readout=table).measure(0, 1)
    item = run(job(circuit, _VECTOR, result_pb2.ResultSpec(shots=2000), engine="qsim"))
    found = counts(item)
    assert set(found) == {0b10, 0b11}
    assert abs(found[0b10] - 400) < 6 * math.sqrt(2000 * 0.16)
    assert item.readout_included
