"""Where channels can act, and Kraus operators."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.noise.channels import Channel, placement_fault, trace_preserving


def test_channels_on_one_qubit_stay_there() -> None:
    """A damping cannot act jointly on two qubits; Kraus operators act on as many as they have."""
    assert "1 qubit" in (placement_fault(Channel(name="phase_damping", parameters=(0.1,)), 2) or "")
    kraus = Channel(name="kraus", kraus=np.eye(4, dtype=np.complex128)[None])
    assert placement_fault(kraus, 2) is None
    assert "2 qubits" in (placement_fault(kraus, 1) or "")


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 5), st.floats(-1, 1))
def test_kraus_operators_are_normalised_or_refused(seed: int, width: int, count: int, share: float) -> None:
    """Up to a deviation of 1e-8 the operators are made exactly trace preserving, above it they are refused."""
    generator = np.random.default_rng(seed)
    side = 2**width
    tall = generator.normal(size=(count * side, side)) + 1j * generator.normal(size=(count * side, side))
    exact = np.linalg.qr(tall)[0].reshape(count, side, side)
    skewed = exact @ np.diag(1 + 2e-8 * share * generator.uniform(size=side))
    gram = np.einsum("mji,mjk->ik", skewed.conj(), skewed)
    deviation = np.abs(gram - np.eye(side)).max()
    if deviation > 1e-8:
        with pytest.raises(ValueError, match="not trace preserving"):
            trace_preserving(skewed)
        return
    normalised, told = trace_preserving(skewed)
    again = np.einsum("mji,mjk->ik", normalised.conj(), normalised)
    assert np.abs(again - np.eye(side)).max() < 1e-14
    assert told == pytest.approx(deviation, abs=1e-15)
    assert np.abs(normalised - skewed).max() < 1e-7


def test_kraus_operators_that_are_not_numbers_are_refused() -> None:
    """NaN, infinities and numbers whose square overflows are refused, not computed with."""
    for value in (math.nan, math.inf, 1e200):
        operators = np.full((1, 2, 2), value, dtype=np.complex128)
        with pytest.raises(ValueError, match="Kraus"):
            trace_preserving(operators)
