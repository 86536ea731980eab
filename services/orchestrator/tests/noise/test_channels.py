"""Legal ranges of channels, and Kraus operators."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_orchestrator.noise.channels import Channel, parameter_fault, trace_preserving, width_fault


@pytest.mark.parametrize(
    ("name", "parameters", "named"),
    [
        ("depolarizing", (-1e-9,), "probability"),
        ("depolarizing", (4 / 3 + 1e-9,), "probability"),
        ("depolarizing", (math.nan,), "probability"),
        ("pauli_channel", (0.5, 0.4, 0.2), "x + y + z"),
        ("pauli_channel", (-0.1, 0.4, 0.2), "x is -0.1"),
        ("amplitude_damping", (1.1, 0.0), "gamma"),
        ("amplitude_damping", (0.1, -0.1), "excited_population"),
        ("phase_damping", (math.inf,), "lambda"),
        ("thermal_relaxation", (1e-6, 2.1e-6, 0.0, 0.0), "over 2 T1"),
        ("thermal_relaxation", (0.0, 1e-6, 0.0, 0.0), "T1"),
        ("thermal_relaxation", (1e-6, -1e-6, 0.0, 0.0), "T2"),
        ("thermal_relaxation", (1e-6, 1e-6, -1e-9, 0.0), "duration"),
        ("thermal_relaxation", (1e-6, 1e-6, math.nan, 0.0), "duration"),
    ],
)
def test_what_is_out_of_range_is_named(name: str, parameters: tuple[float, ...], named: str) -> None:
    """A parameter that is out of its range is refused by a sentence that names it."""
    fault = parameter_fault(name, parameters)
    assert fault is not None
    assert named in fault


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("depolarizing", (4 / 3,)),
        ("depolarizing", (0.0,)),
        ("pauli_channel", (0.1, 0.2, 0.7)),
        ("amplitude_damping", (1.0, 1.0)),
        ("phase_damping", (1.0,)),
        ("thermal_relaxation", (50e-6, 100e-6, 0.0, 0.5)),
    ],
)
def test_the_ends_of_the_ranges_are_legal(name: str, parameters: tuple[float, ...]) -> None:
    """The ends of each range are legal, 4/3 for depolarizing and T2 = 2 T1 among them."""
    assert parameter_fault(name, parameters) is None


def test_the_largest_depolarizing_probability_follows_the_qubits() -> None:
    """4^k / (4^k - 1) is legal on k qubits up to 4, anything above it is refused, and so are 5 qubits."""
    for width in range(1, 5):
        largest = 4**width / (4**width - 1)
        assert width_fault(Channel(name="depolarizing", parameters=(largest,)), width) is None
        fault = width_fault(Channel(name="depolarizing", parameters=(math.nextafter(largest, 2),)), width)
        assert "at most" in (fault or "")
    assert "at most 4 qubits" in (width_fault(Channel(name="depolarizing", parameters=(0.1,)), 5) or "")


def test_channels_on_one_qubit_stay_there() -> None:
    """A damping cannot act jointly on two qubits; Kraus operators act on as many as they have."""
    assert "1 qubit" in (width_fault(Channel(name="phase_damping", parameters=(0.1,)), 2) or "")
    kraus = Channel(name="kraus", kraus=np.eye(4, dtype=np.complex128)[None])
    assert kraus.qubit_count == 2
    assert width_fault(kraus, 2) is None
    assert "2 qubits" in (width_fault(kraus, 1) or "")


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
