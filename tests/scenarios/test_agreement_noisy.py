"""Every pair of capable methods agrees on random circuits with all instructions, noisy and not."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_client import Client, NoiseModel, Result
from proxima_runtime.errors import ProximaError

from .random_dynamics import ProgramRules, random_dynamic_program, random_noise, random_observables
from .statistics import goodness_of_fit, holm_rejections

Real = NDArray[np.float64]

# Backend, method, engine, tolerance of exact results: complex64 engines lose about 6e-8 a gate.
_METHODS = (
    ("qiskit", "statevector", "aer", 1e-9),
    ("qiskit", "density_matrix", "aer", 1e-9),
    ("qiskit", "matrix_product_state", "aer", 1e-9),
    ("qiskit", "stabilizer", "aer", 1e-9),
    ("qiskit", "trajectories", "aer", 1e-9),
    ("cirq", "statevector", "qsim", 2e-5),
    ("cirq", "statevector", "cirq", 2e-5),
    ("cirq", "density_matrix", "cirq", 2e-5),
    ("cirq", "trajectories", "qsim", 2e-5),
    ("cirq", "trajectories", "cirq", 2e-5),
    ("lret", "statevector", "lret", 1e-9),
    ("lret", "low_rank", "lret", 1e-9),
)
_SHOTS = 400
_REFUSALS = ("UNSUPPORTED_BY_BACKEND", "NO_CAPABLE_BACKEND")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One random circuit with its noise and observables."""

    index: int
    source: str
    noise: NoiseModel | None
    observables: list[str]


@dataclass(kw_only=True)
class Findings:
    """What the suite collects: p-values of everything sampled, and how often each method could run."""

    p_values: list[float] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)


def _case(index: int) -> Case:
    rng = np.random.default_rng([3, index])
    clifford, dynamic, noisy = index % 5 == 0, index % 2 == 1, index % 3 != 0
    width = int(rng.integers(1, 9)) if index % 4 == 0 else int(rng.integers(1, 6))
    rules = ProgramRules(qubit_count=width, step_count=int(rng.integers(1, 31)), clifford=clifford, dynamic=dynamic)
    source = random_dynamic_program(rng, rules)
    return Case(
        index=index,
        source=source,
        noise=random_noise(rng, pauli_only=clifford) if noisy else None,
        observables=random_observables(rng, width),
    )


def _run(client: Client, case: Case, backend: str, method: str, engine: str) -> Result | None:
    """Run with exact probabilities where the method gives them, else without; None where it refuses the circuit."""
    for with_probabilities in (True, False):
        try:
            return client.run(
                case.source,
                backend=backend,
                method=method,
                engine=engine,
                shots=_SHOTS,
                seed=case.index,
                probabilities=with_probabilities,
                noise=case.noise,
                observables=case.observables,
            )
        except ProximaError as error:
            if not error.reason_name.endswith(_REFUSALS):
                raise AssertionError(f"circuit {case.index} on {backend}/{engine} {method}: {error}") from error
    return None


def _dense(values: dict[str, float], bits: int) -> Real:
    vector = np.zeros(2**bits)
    for key, value in values.items():
        vector[int(key, 2)] = value
    return vector


def _compare(case: Case, client: Client, findings: Findings) -> None:
    rng = np.random.default_rng([4, case.index])
    results = {
        (backend, method, engine): (result, tolerance)
        for backend, method, engine, tolerance in _METHODS
        if (result := _run(client, case, backend, method, engine)) is not None
    }
    findings.runs.update(" ".join(key) for key in results)
    reference, _ = results["lret", "low_rank", "lret"]
    assert reference.counts is not None
    assert reference.probabilities is not None
    bits = len(next(iter(reference.counts)))
    exact = _dense(dict(reference.probabilities), bits)
    assert abs(float(exact.sum()) - 1) < 1e-9
    for key, (result, tolerance) in results.items():
        where = f"circuit {case.index} on {' '.join(key)}"
        assert result.counts is not None, where
        assert sum(result.counts.values()) == _SHOTS, where
        if result.probabilities is not None:
            distance = 0.5 * float(np.abs(_dense(dict(result.probabilities), bits) - exact).sum())
            assert distance < tolerance, f"{where}: TVD {distance} of the exact distributions"
        counts = _dense({k: float(v) for k, v in result.counts.items()}, bits).astype(np.int64)
        p_value = goodness_of_fit(counts, np.where(exact < 1e-9, 0, exact), rng)
        if p_value < 0.01:  # resolve small values finely enough for Holm over the whole suite
            p_value = goodness_of_fit(counts, np.where(exact < 1e-9, 0, exact), rng, resamples=400_000)
        findings.p_values.append(p_value)
        findings.places.append(where)
        for mine, theirs in zip(result.expectation_values, reference.expectation_values, strict=True):
            assert theirs.standard_error is None
            if mine.standard_error is None:
                assert mine.value == pytest.approx(theirs.value, abs=5 * tolerance), f"{where}: {mine.name}"
            elif mine.standard_error > 0:
                # Two-sided, of a mean of hundreds of bounded values: normal but in the far tails, where Holm's levels
                # lie; a t distribution would be a little wider, so 1.05 standard errors are allowed for one.
                z = max(abs(mine.value - theirs.value) - 5 * tolerance, 0) / (1.05 * mine.standard_error)
                findings.p_values.append(math.erfc(z / math.sqrt(2)))
                findings.places.append(
                    f"{where}: {mine.name} is {mine.value} +- {mine.standard_error}, should be {theirs.value}"
                )


@pytest.mark.parametrize("circuits", [60, pytest.param(300, marks=pytest.mark.slow)])
def test_every_pair_of_methods_agrees_on_all_instructions(client: Client, circuits: int) -> None:
    """Exact results agree with those of lret's exact low rank within rounding, and all samples fit them (1e-3)."""
    findings = Findings()
    for index in range(circuits):
        _compare(_case(index), client, findings)
    rejected = [findings.places[index] for index in holm_rejections(findings.p_values)]
    assert rejected == []
    # A method that refuses everything would agree with everything.
    assert {" ".join(method[:3]) for method in _METHODS} == set(findings.runs), findings.runs
