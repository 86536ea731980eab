"""Every pair of capable methods agrees on random circuits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_client import Client

from .random_circuits import random_program
from .statistics import goodness_of_fit, holm_rejections

_METHODS = (
    ("qiskit", "statevector", "aer"),
    ("qiskit", "density_matrix", "aer"),
    ("qiskit", "matrix_product_state", "aer"),
    ("qiskit", "stabilizer", "aer"),
    ("cirq", "statevector", "qsim"),
    ("cirq", "statevector", "cirq"),
    ("cirq", "density_matrix", "cirq"),
    ("lret", "low_rank", "lret"),
    ("lret", "statevector", "lret"),
)
_SHOTS = 2000
# complex64 engines lose about 6e-8 a gate; 60 gates and the sum over amplitudes stay well under this.
_TOLERANCE = 2e-5


def _dense(values: dict[str, float], bits: int) -> NDArray[np.float64]:
    vector = np.zeros(2**bits)
    for key, value in values.items():
        vector[int(key, 2)] = value
    return vector


def _run_everywhere(client: Client, index: int) -> tuple[dict[str, NDArray[np.float64]], list[float]]:
    """Run random circuit `index` on every capable method; return distributions and p-values of samples."""
    rng = np.random.default_rng([2, index])
    clifford = index % 4 == 0
    source = random_program(
        rng,
        qubit_count=int(rng.integers(1, 8)),
        gate_count=int(rng.integers(1, 61)),
        version=2 + index % 2,
        clifford=clifford,
    )
    exact: dict[str, NDArray[np.float64]] = {}
    p_values: list[float] = []
    for backend, method, engine in _METHODS:
        if method == "stabilizer" and not clifford:
            continue
        result = client.run(
            source, backend=backend, method=method, engine=engine, shots=_SHOTS, seed=index, probabilities=True
        )
        assert result.counts is not None
        assert result.probabilities is not None
        bits = len(next(iter(result.counts)))
        distribution = _dense(dict(result.probabilities), bits)
        exact[f"{backend}/{engine}/{method}"] = distribution
        counts = _dense({k: float(v) for k, v in result.counts.items()}, bits).astype(np.int64)
        p_value = goodness_of_fit(counts, distribution, rng)
        if p_value < 0.01:  # resolve small values finely enough for Holm over the whole suite
            p_value = goodness_of_fit(counts, distribution, rng, resamples=400_000)
        p_values.append(p_value)
    return exact, p_values


@pytest.mark.parametrize("circuits", [30, pytest.param(100, marks=pytest.mark.slow)])
def test_every_pair_of_methods_agrees_on_random_circuits(client: Client, circuits: int) -> None:
    """Exact distributions agree within rounding on every pair, and all samples fit them (family-wise 1e-3)."""
    all_p_values: list[float] = []
    for index in range(circuits):
        exact, p_values = _run_everywhere(client, index)
        for (left, a), (right, b) in itertools.combinations(exact.items(), 2):
            distance = 0.5 * float(np.abs(a - b).sum())
            assert distance < _TOLERANCE, f"circuit {index}: {left} and {right} differ by {distance}"
        for name, distribution in exact.items():
            assert abs(float(distribution.sum()) - 1) < _TOLERANCE, f"circuit {index}: {name} is not normalised"
        all_p_values += p_values
    assert holm_rejections(all_p_values) == []
