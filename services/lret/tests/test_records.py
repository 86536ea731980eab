"""Classical records: kept as long as they matter, sampled as they are distributed, refused past their number."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima_backend_lret.low_rank.limits import MAX_RECORDS
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.errors import FailedPrecondition

from .noisy import CLBITS, READOUT, job, random_circuit, run, run_columns


def _many_bits(count: int) -> CircuitWriter:
    """One qubit, measured again and again into bits of their own."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=count + 1)
    for bit in range(count):
        circuit.gate("h", (0,)).measure(0, bit)
    return circuit.gate("h", (0,)).measure(0, count)


def test_many_records_are_exact() -> None:
    """As many records as are allowed give the uniform distribution of all bits."""
    count = MAX_RECORDS.bit_length() - 1
    found = run(job(_many_bits(count), probabilities=True)).probabilities
    np.testing.assert_allclose(found, np.full(2 << count, 0.5 / (1 << count)), atol=1e-12)


def test_too_many_records_are_refused_by_name() -> None:
    """One bit more is refused, with the number and a remedy."""
    with pytest.raises(FailedPrecondition) as caught:
        run(job(_many_bits(MAX_RECORDS.bit_length()), shots=10))
    assert caught.value.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    assert str(MAX_RECORDS) in caught.value.message
    assert "trajectories" in caught.value.message


def test_records_that_do_not_matter_are_merged() -> None:
    """Without results over bits, and without conditions, any number of measurements is one record."""
    circuit = _many_bits(40)
    np.testing.assert_allclose(run(job(circuit, density_matrix=True)).density_matrix, np.eye(2) / 2, atol=1e-12)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("max_error", [0.0, 0.3])
def test_counts_follow_the_filled_distribution(seed: int, max_error: float) -> None:
    """Pearson's statistic of counts against the probabilities of the same run is below its 1e-6 quantile."""
    width, shots = 2 + seed % 3, 20_000
    circuit = random_circuit(seed + 60, width, strength=0.3)
    for qubit in range(2):
        circuit.measure(qubit, seed % CLBITS, readout=READOUT).measure(qubit, qubit, readout=READOUT)
    answer = run(job(circuit, max_error=max_error, shots=shots, probabilities=True, seed=seed))
    written, truth = exact.clbit_probabilities(width, circuit.rows)
    assert np.abs(answer.probabilities - truth).sum() / 2 <= answer.certified_error + 1e-12
    seen = np.zeros(len(truth))
    for record, times in answer.counts.items():
        seen[sum(((record >> clbit) & 1) << place for place, clbit in enumerate(written))] += times
    possible = answer.probabilities > 1e-12
    assert seen.sum() == shots
    assert seen[~possible].sum() == 0
    expected = answer.probabilities[possible] * shots
    statistic = float(((seen[possible] - expected) ** 2 / expected).sum())
    # Wilson and Hilferty's approximation of the chi-square quantile.
    freedom = max(int(possible.sum()) - 1, 1)
    spread = 2 / (9 * freedom)
    assert statistic < freedom * (1 - spread + 4.75 * np.sqrt(spread)) ** 3


def test_what_was_dropped_is_spread_over_all_bits() -> None:
    """The missing weight goes evenly to every value of measured qubits and recorded bits."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).channel("pauli_channel", (0,), (0.05, 0.0, 0.0))
    circuit.measure(0, 0).gate("x", (0,)).measure(1, 1)
    # At the first of two noise steps a quarter of the budget may be gone; screening's share of it is too little here,
    kept = run_columns(job(circuit, max_error=0.1, probabilities=True))
    np.testing.assert_allclose(kept.probabilities, [0.95, 0.05, 0, 0], atol=1e-12)
    # and is here.
    dropped = run_columns(job(circuit, max_error=0.9, probabilities=True))
    assert dropped.certified_error == pytest.approx(0.05, abs=1e-12)
    np.testing.assert_allclose(dropped.probabilities, [0.95 + 0.05 / 4, *[0.05 / 4] * 3], atol=1e-12)


def test_same_seed_same_counts() -> None:
    """Counts depend on the seed and on nothing else that is asked."""
    circuit = random_circuit(5, 3, strength=0.3).measure(0, 0).measure(1, 1)
    first = run(job(circuit, max_error=0.2, shots=500, seed=3)).counts
    assert run(job(circuit, max_error=0.2, shots=500, seed=3, density_matrix=True)).counts == first
    assert run(job(circuit, max_error=0.2, shots=500, seed=4)).counts != first


def test_batches_sum_up() -> None:
    """Batches of the plan are drawn with seeds of their own and add up to the shots."""
    wanted = job(random_circuit(5, 3, strength=0.3).measure(0, 0), shots=1000)
    wanted.segmentation.shot_batches.extend([300, 700])
    assert sum(run(wanted).counts.values()) == 1000
