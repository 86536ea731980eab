"""The engine describes itself, counts its work, and refuses by name what a method cannot do."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima_backend_lret.engine import LretEngine
from proxima_runtime.conformance.circuits import layered
from proxima_runtime.errors import FailedPrecondition

from .noisy import VECTOR, job, layers, run


def test_describing_imports_no_numpy() -> None:
    """Capabilities and estimates in a service process do not import numpy."""
    script = (
        "import sys; from proxima_backend_lret.engine import LretEngine as E, _warm_up_job as j; e = E(); e.methods(); "
        "e.package_versions(); e.estimate(j()); print('numpy' in sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert finished.stdout.strip() == "False"


def test_progress_counts_operations() -> None:
    """Compiled operations are reported one by one, up to all of them."""
    seen: list[tuple[int, int, str]] = []

    def report(*, done_count: int, total_count: int, unit: str) -> None:
        seen.append((done_count, total_count, unit))

    list(LretEngine().run(job(layered(6, 8), method=VECTOR, shots=1), report))
    total = len(seen)
    assert total > 1
    assert seen == [(done, total, "operations") for done in range(1, total + 1)]


def test_state_vector_of_noise_is_refused_by_name() -> None:
    """What is mixed has no state vector."""
    with pytest.raises(FailedPrecondition) as caught:
        run(job(layers(2, 1, 0.1), method=VECTOR, probabilities=True))
    assert caught.value.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    assert "low_rank" in caught.value.message


def test_pure_circuits_are_one_column_in_both_methods() -> None:
    """Without noise low_rank is the state vector's projector, in the memory of a few columns."""
    circuit = layered(10, 3, measure=False)
    vector = run(job(circuit, method=VECTOR, statevector=True))
    amplitudes = next(iter(vector.arrays.values())).astype(np.complex128)
    found = run(job(circuit, probabilities=True, memory_limit_bytes=3 << 20))
    np.testing.assert_allclose(found.probabilities, np.abs(amplitudes) ** 2, atol=1e-12)


def test_budget_is_spent_and_kept() -> None:
    """A budget shrinks the state, and the certified error says what was spent, up to the budget."""
    spent = run(job(layers(12, 10, 0.0005), max_error=0.1, probabilities=True)).certified_error
    assert 0.01 < spent <= 0.1
