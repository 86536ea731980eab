"""Named channels as operators."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from proxima_runtime.arrays.channels import kraus, pauli_matrix, pauli_probabilities, superoperator
from proxima_runtime.noise import NAMED_CHANNELS, channel_fault, max_depolarizing_probability

Complex = npt.NDArray[np.complex128]

unit = st.floats(0, 1)
times = st.floats(1e-9, 1e3)


@st.composite
def channels(draw: st.DrawFn) -> tuple[str, tuple[float, ...], int]:
    """Draw a legal channel: name, parameters, qubit count."""
    name = draw(st.sampled_from(sorted(NAMED_CHANNELS)))
    if name == "depolarizing":
        count = draw(st.integers(1, 3))
        return name, (draw(unit) * max_depolarizing_probability(count),), count
    if name == "pauli_channel":
        x, y, z = draw(unit), draw(unit), draw(unit)
        total = max(x + y + z, 1.0)
        return name, (x / total, y / total, z / total), 1
    if name == "amplitude_damping":
        return name, (draw(unit), draw(st.sampled_from([0.0, 0.5, 1.0]) | unit)), 1
    if name == "phase_damping":
        return name, (draw(unit),), 1
    t1 = draw(times)
    return name, (t1, 2 * t1 * draw(st.floats(1e-3, 1)), draw(st.just(0.0) | times), draw(unit)), 1


def act(operators: Complex, state: Complex) -> Complex:
    """Apply Kraus operators."""
    return np.asarray(sum(operator @ state @ operator.conj().T for operator in operators))


def random_state(side: int, seed: int) -> Complex:
    """Return a random density matrix."""
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(side, side)) + 1j * generator.normal(size=(side, side))
    state = root @ root.conj().T
    return np.asarray(state / np.trace(state))


@settings(max_examples=150, deadline=None)
@given(channel=channels())
def test_trace_preserving(channel: tuple[str, tuple[float, ...], int]) -> None:
    """The Kraus operators of every legal channel sum to the identity within rounding."""
    operators = kraus(*channel)
    total = np.einsum("mba,mbc->ac", operators.conj(), operators)
    np.testing.assert_allclose(total, np.eye(len(total)), atol=1e-14)


@settings(max_examples=100, deadline=None)
@given(channel=channels(), seed=st.integers(0, 2**32 - 1))
def test_superoperator_and_pauli_form_act_alike(channel: tuple[str, tuple[float, ...], int], seed: int) -> None:
    """The superoperator, and where there is one the Pauli form, act as the Kraus operators."""
    side = 2 ** channel[2]
    state = random_state(side, seed)
    expected = act(kraus(*channel), state)
    found = (superoperator(kraus(*channel)) @ state.reshape(-1)).reshape(side, side)
    np.testing.assert_allclose(found, expected, atol=1e-14)
    probabilities = pauli_probabilities(*channel)
    if probabilities is not None:
        assert probabilities.min() >= 0
        assert math.fsum(probabilities) == pytest.approx(1, abs=1e-14)
        paulis = [pauli_matrix(index, channel[2]) for index in range(4 ** channel[2])]
        twirled = sum(p * (matrix @ state @ matrix) for p, matrix in zip(probabilities, paulis, strict=True))
        np.testing.assert_allclose(twirled, expected, atol=1e-14)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_depolarizing_is_its_definition(count: int, share: float) -> None:
    """rho becomes (1-p) rho + p I/2^k, up to the largest legal p."""
    p, side = share * max_depolarizing_probability(count), 2**count
    state = random_state(side, count)
    np.testing.assert_allclose(
        act(kraus("depolarizing", (p,), count), state), (1 - p) * state + p * np.eye(side) / side, atol=1e-14
    )


@settings(max_examples=300, deadline=None)
@example(t1=2.0, ratio=0.015625, duration=0.5, population=0.0)
@given(t1=times, ratio=st.floats(1e-3, 2), duration=st.floats(0, 1e3), population=unit)
def test_thermal_relaxation_decays_by_its_times(t1: float, ratio: float, duration: float, population: float) -> None:
    """Coherence decays as exp(-t/T2), the population as exp(-t/T1) to its equilibrium, on both sides of T2 = T1."""
    t2 = min(ratio * t1, 2 * t1)
    state = random_state(2, 5)
    found = act(kraus("thermal_relaxation", (t1, t2, duration, population), 1), state)
    assert found[0, 1] == pytest.approx(state[0, 1] * math.exp(-duration / t2), abs=1e-13)
    rest = math.exp(-duration / t1)
    assert found[1, 1].real == pytest.approx(population + (state[1, 1].real - population) * rest, abs=1e-13)


def test_weak_noise_is_not_rounded_away() -> None:
    """Strengths far below the roundoff of 1 keep their relative precision."""
    flips = pauli_probabilities("phase_damping", (1e-20,), 1)
    assert flips is not None
    assert flips[3] == pytest.approx(2.5e-21, rel=1e-12)
    decay = kraus("amplitude_damping", (1e-20, 0.0), 1)
    assert abs(decay[-1][0, 1]) ** 2 == pytest.approx(1e-20, rel=1e-12)
    slow = kraus("thermal_relaxation", (1.0, 2.0, 1e-20, 0.0), 1)
    assert abs(slow[-1][0, 1]) ** 2 == pytest.approx(1e-20, rel=1e-12)


def test_extreme_times_stay_finite() -> None:
    """Times at the ends of the number range give a channel, not a NaN."""
    for times_ in [(1e-300, 2e-300, 1e300), (1e308, 1.5e308, 1e-308), (1e308, 5e-324, 1e300), (5e-324, 5e-324, 1.0)]:
        operators = kraus("thermal_relaxation", (*times_, 0.3), 1)
        np.testing.assert_allclose(sum(k.conj().T @ k for k in operators), np.eye(2), atol=1e-14)


def test_two_qubit_paulis_put_the_first_operand_last() -> None:
    """The digit of the first operand is the least significant: index 1 is X on the first, 4 X on the second."""
    x = np.array([[0, 1], [1, 0]])
    np.testing.assert_array_equal(pauli_matrix(1, 2), np.kron(np.eye(2), x))
    np.testing.assert_array_equal(pauli_matrix(4, 2), np.kron(x, np.eye(2)))


ILLEGAL = [
    ("depolarizing", (-1e-300,), 1),
    ("depolarizing", (1.3333333333333335,), 1),
    ("depolarizing", (1.1,), 2),
    ("depolarizing", (math.nan,), 1),
    ("depolarizing", (0.1,), 5),
    ("depolarizing", (0.1,), 0),
    ("depolarizing", (), 1),
    ("pauli_channel", (0.5, 0.4, 0.2), 1),
    ("pauli_channel", (1.5, -0.3, -0.2), 1),
    ("pauli_channel", (0.1, 0.1, 0.1), 2),
    ("amplitude_damping", (0.1,), 1),
    ("amplitude_damping", (0.1, 1.1), 1),
    ("amplitude_damping", (-0.1, 0.5), 1),
    ("phase_damping", (math.inf,), 1),
    ("thermal_relaxation", (1.0, 2.0000000000000004, 0.1, 0.0), 1),
    ("thermal_relaxation", (0.0, 1.0, 0.1, 0.0), 1),
    ("thermal_relaxation", (1.0, 0.0, 0.1, 0.0), 1),
    ("thermal_relaxation", (1.0, 1.0, -0.1, 0.0), 1),
    ("thermal_relaxation", (1.0, 1.0, math.nan, 0.0), 1),
    ("thermal_relaxation", (1.0, 1.0, 0.1, 2.0), 1),
    ("bit_flip", (0.1,), 1),
]


@pytest.mark.parametrize("channel", ILLEGAL)
def test_illegal_channels_are_refused(channel: tuple[str, tuple[float, ...], int]) -> None:
    """Values outside of docs/noise.md have a fault, and no operators."""
    assert channel_fault(*channel)
    with pytest.raises(ValueError, match=channel[0]):
        kraus(*channel)
