"""Outcomes of measured qubits become classical bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from proxima_runtime.arrays.readout import draw, read

_WIRINGS = st.dictionaries(st.integers(0, 40), st.integers(0, 9), min_size=1, max_size=12).map(
    lambda wiring: dict(sorted(wiring.items()))
)


def _value(row: np.ndarray) -> int:
    return int.from_bytes(row.tobytes(), "little")


@given(wiring=_WIRINGS, data=st.data())
def test_pack_puts_every_qubit_into_its_bits(wiring: dict[int, int], data: st.DataObject) -> None:
    """Each classical bit of a packed row is the value of the qubit that it records; other bits are 0."""
    readout = read(wiring, 41)
    slot_count = len(readout.slot_qubits)
    outcomes = data.draw(st.lists(st.integers(0, 2**slot_count - 1), min_size=1, max_size=8, unique=True))
    size = -(-slot_count // 8)
    rows = np.frombuffer(b"".join(value.to_bytes(size, "little") for value in outcomes), np.uint8).reshape(-1, size)
    packed, values = readout.pack(rows, np.arange(1, len(outcomes) + 1, dtype=np.uint64))
    expected = {}
    for index, outcome in enumerate(outcomes):
        of_qubit = {qubit: outcome >> slot & 1 for slot, qubit in enumerate(readout.slot_qubits)}
        expected[sum(of_qubit[qubit] << clbit for clbit, qubit in wiring.items())] = index + 1
    found = {_value(row): int(value) for row, value in zip(packed, values, strict=True)}
    assert found == expected
    assert list(found) == sorted(found)


@given(wiring=_WIRINGS)
def test_probabilities_agree_with_the_wiring(wiring: dict[int, int]) -> None:
    """Probabilities over classical bits are those over slots, spread along fan-out."""
    readout = read(wiring, 41)
    size = 1 << len(readout.slot_qubits)
    weights = np.random.default_rng(0).random(size)
    found = readout.probabilities(weights)
    for outcome in range(size):
        index = sum((outcome >> slot & 1) << position for position, slot in enumerate(readout.slots))
        assert found[index] == weights[outcome]
    assert np.count_nonzero(found) == np.count_nonzero(weights)


@given(shots=st.integers(1, 5000), seed=st.integers(0, 2**32 - 1))
def test_draw_never_gives_the_impossible(shots: int, seed: int) -> None:
    """Outcomes of probability zero are never drawn, and counts sum to the shots, in both ways of drawing."""
    weights = np.zeros(64)
    weights[[3, 17, 40]] = (0.5, 1e-3, 0.499)
    rows, values = draw(weights, [(shots, np.random.SeedSequence(seed))])
    assert {_value(row) for row in rows} <= {3, 17, 40}
    assert int(values.sum()) == shots


def test_draw_is_fixed_by_its_seed() -> None:
    """The same seed draws the same, another another."""
    weights = np.full(256, 1 / 256)
    first, again, other = (draw(weights, [(100, np.random.SeedSequence(seed))])[0].tolist() for seed in (1, 1, 2))
    assert first == again != other
