"""What a result makes of its arrays: bit order, idle qubits, presentation."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.simulation.v1 import result_pb2
from proxima_client import AsyncClient, Result
from proxima_client.bits import packed_bit_strings, placed_bit_strings
from proxima_client.testing import Script, ScriptedArray, scripted_counts, scripted_state, serve_fake


def result_of(script: Script) -> Result:
    """Return the result of a run against the script."""

    async def main() -> Result:
        async with serve_fake(script) as (_, target), AsyncClient(target) as client:
            return await client.run("OPENQASM 3;", shots=1)

    return asyncio.run(main())


def test_counts_are_written_highest_bit_first() -> None:
    """X on qubit 0 of three, measured into bit 0, is 001."""
    assert result_of(Script(arrays=scripted_counts({"001": 5}), clbit_count=3)).counts == {"001": 5}


@given(st.integers(1, 130), st.data())
def test_packed_rows_become_their_bit_strings(width: int, data: st.DataObject) -> None:
    """Packing and writing a bit string gives it back, at any width."""
    keys = data.draw(st.lists(st.text("01", min_size=width, max_size=width), min_size=1, max_size=5))
    bits = np.array([[int(bit) for bit in reversed(key)] for key in keys], dtype=np.uint8)
    assert packed_bit_strings(np.packbits(bits, axis=1, bitorder="little"), width=width) == keys


def test_probability_keys_place_the_measured_bits() -> None:
    """Probabilities over bits 2 and 0 of four: the others are written as 0."""
    assert placed_bit_strings(np.array([1, 2, 3]), axis_bits=(2, 0), width=4) == ["0100", "0001", "0101"]


def test_probabilities_leave_out_what_is_exactly_zero() -> None:
    """Only outcomes that can occur are keys, in ascending order."""
    array = ScriptedArray(
        role=result_pb2.ARRAY_ROLE_PROBABILITIES,
        data_type=result_pb2.DATA_TYPE_FLOAT64,
        data=np.array([0.5, 0.0, 0.0, 0.5]),
        bit_space=result_pb2.BIT_SPACE_CLBITS,
        axis_bits=(0, 1),
    )
    result = result_of(Script(arrays=(array,)))
    assert result.probabilities == {"00": 0.5, "11": 0.5}
    assert result.probability_bits == (0, 1)


def test_idle_qubits_are_zero_in_the_full_state() -> None:
    """A state over qubit 1 of three is spread over the declared qubits, and kept as it came."""
    state = np.array([0.6, 0.8j])
    result = result_of(Script(arrays=(scripted_state(state, axis_bits=(1,)),), qubit_count=3, active_qubits=(1,)))
    assert result.statevector is not None
    assert result.statevector.tolist() == [0.6, 0, 0.8j, 0, 0, 0, 0, 0]
    assert result.active_statevector is not None
    assert result.active_statevector.tolist() == [0.6, 0.8j]


def test_idle_qubits_of_a_density_matrix() -> None:
    """Rows and columns of the active qubit land at the declared index."""
    rho = np.array([[0.25, 0.1j], [-0.1j, 0.75]])
    array = replace(scripted_state(rho, axis_bits=(1,)), role=result_pb2.ARRAY_ROLE_DENSITY_MATRIX)
    result = result_of(Script(arrays=(array,), qubit_count=2, active_qubits=(1,)))
    assert result.density_matrix is not None
    assert np.array_equal(result.density_matrix[np.ix_([0, 2], [0, 2])], rho)
    assert np.trace(result.density_matrix) == 1


def test_a_full_state_that_cannot_exist_names_the_other() -> None:
    """Sixty declared qubits of which one is active: the full vector is refused by name, the active one is there."""
    array = scripted_state(np.array([1, 0j]), axis_bits=(1,))
    result = result_of(Script(arrays=(array,), qubit_count=60, active_qubits=(1,)))
    assert result.active_statevector is not None
    with pytest.raises(MemoryError, match="active_statevector"):
        _ = result.statevector


def test_what_was_not_asked_for_is_none() -> None:
    """A run without a result kind has None, not an empty value."""
    result = result_of(Script(arrays=()))
    assert (result.counts, result.probabilities, result.statevector, result.density_matrix) == (None,) * 4


def test_a_notebook_shows_the_likeliest_outcomes_and_the_producer() -> None:
    """The HTML table has the counts, says how many more there are, and who computed them."""
    result = result_of(Script(arrays=scripted_counts({f"{i:04b}": i + 1 for i in range(16)}), clbit_count=4))
    shown = result._repr_html_()
    assert "<td><code>1111</code></td><td>16</td>" in shown
    assert "and 6 more" in shown
    assert "scripted" in shown


def test_a_notebook_shows_expectation_values_with_their_error() -> None:
    """Names are text and no markup; a sampled value has its standard error beside it, a computed one none."""
    values = (
        result_pb2.ExpectationValue(name="<ZZ>", value=0.5, standard_error=0.01),
        result_pb2.ExpectationValue(name="XX", value=1.0),
    )
    shown = result_of(Script(expectation_values=values))._repr_html_()
    assert "<td><code>&lt;ZZ&gt;</code></td><td>0.5 ± 0.01</td>" in shown
    assert "<td><code>XX</code></td><td>1</td>" in shown
    assert "probability" not in shown


@given(st.lists(st.floats(0, 1), min_size=16, max_size=16), st.integers(1, 20))
def test_the_likeliest_outcomes_are_the_top_of_all(values: list[float], count: int) -> None:
    """Taking the top rows gives what sorting every outcome gives, without the impossible ones."""
    array = ScriptedArray(
        role=result_pb2.ARRAY_ROLE_PROBABILITIES,
        data_type=result_pb2.DATA_TYPE_FLOAT64,
        data=np.array(values),
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=(0, 1, 2, 3),
    )
    result = result_of(Script(arrays=(array,), qubit_count=4))
    assert result.probabilities is not None
    expected = sorted(result.probabilities.values(), reverse=True)[:count]
    assert list(result.likeliest(count).values()) == expected
