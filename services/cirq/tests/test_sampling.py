"""Weights, marginals and samples of a final state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima_backend_cirq.sampling import BLOCK, draw_slots, marginal, weights
from proxima_runtime.conformance import reference


def _state(width: int) -> np.ndarray:
    generator = np.random.default_rng(width)
    state = generator.normal(size=1 << width) + 1j * generator.normal(size=1 << width)
    return np.asarray(state / np.linalg.norm(state))


@given(qubits=st.permutations(range(5)), count=st.integers(1, 5))
def test_marginal_equals_the_reference(qubits: list[int], count: int) -> None:
    """Weights of any qubits in any order are the reference's."""
    state = _state(5)
    found = marginal(weights(state), qubits[:count])
    np.testing.assert_allclose(found, reference.marginal(state, qubits[:count]), atol=1e-15)


def test_weights_of_several_blocks() -> None:
    """A state of several blocks has the weights of its amplitudes."""
    width = BLOCK.bit_length() + 1
    state = _state(width)
    np.testing.assert_allclose(weights(state), np.abs(state) ** 2, atol=1e-18)


def test_weights_of_a_density_matrix() -> None:
    """The weights of a density matrix are its diagonal."""
    state = _state(3)
    np.testing.assert_allclose(weights(np.outer(state, state.conj())), np.abs(state) ** 2, atol=1e-15)


@pytest.mark.parametrize("shots", [1, 50, 20_000])
def test_blocks_draw_the_possible_only(shots: int) -> None:
    """Outcomes come from the support, over blocks, with all shots accounted for."""
    width = BLOCK.bit_length() + 2
    state = np.zeros(1 << width, dtype=np.complex64)
    support = [3, BLOCK - 1, 5 * BLOCK, (1 << width) - 1]
    state[support] = 0.5
    rows, values = draw_slots(state, range(width), [(shots, np.random.SeedSequence(4))])
    found = [int.from_bytes(row.tobytes(), "little") for row in rows]
    assert set(found) <= set(support)
    assert int(values.sum()) == shots
    if shots == 20_000:
        assert set(found) == set(support)
        assert max(abs(values.astype(float) - shots / 4)) < 6 * np.sqrt(shots * 3 / 16)


def test_blocks_draw_slots_of_some_qubits() -> None:
    """Only the slots' qubits are drawn, in their order."""
    width = BLOCK.bit_length() + 1
    state = np.zeros(1 << width, dtype=np.complex128)
    state[1 << (width - 1)] = 1
    rows, values = draw_slots(state, (0, width - 1), [(10, np.random.SeedSequence(0)), (5, np.random.SeedSequence(1))])
    assert (rows.tolist(), values.tolist()) == ([[2]], [15])
