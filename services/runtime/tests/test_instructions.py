"""Circuits of every instruction are decoded row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.gates import unitary
from proxima_runtime.arrays.instructions import Condition, Instruction, is_plain, list_instructions
from proxima_runtime.arrays.program import decode
from proxima_runtime.backend.circuits import check_circuit
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.errors import FailedPrecondition
from tests.random_circuits import DECAY, READOUT, WIDTH, circuits

_KIND = circuit_pb2.Operation


def test_every_kind_is_decoded() -> None:
    """Rows keep their index, operands, parameters, matrices, readout and conditions; barriers are left out."""
    circuit = CircuitWriter(qubit_count=3, clbit_count=4, global_phase=0.3)
    circuit.gate("cu", (2, 0), (0.1, 0.2, 0.3, 0.4)).other(_KIND.KIND_BARRIER, (0, 1, 2))
    circuit.unitary(unitary("cx"), (1, 2)).kraus(DECAY, (2, 1)).channel("depolarizing", (1,), (0.3,))
    circuit.measure(1, 3, readout=READOUT).reset(1).delay(0, 2e-6).phase(0.5)
    circuit.only_if(
        Comparison(first_clbit=1, width=3, value=4, negated=True), Comparison(first_clbit=3, width=1, value=1)
    )
    listing = list_instructions(circuit.message())

    rows = listing.instructions
    assert [row.row for row in rows] == [0, 2, 3, 4, 5, 6, 7, 8]
    assert [row.qubits for row in rows] == [(2, 0), (1, 2), (2, 1), (1,), (1,), (1,), (0,), ()]
    assert [row.clbit for row in rows] == [-1, -1, -1, -1, 3, -1, -1, -1]
    assert [row.parameters for row in rows] == [(0.1, 0.2, 0.3, 0.4), (), (), (0.3,), (), (), (2e-6,), (0.5,)]
    shapes = [None if row.matrix is None else row.matrix.shape for row in rows]
    assert shapes == [(4, 4), (4, 4), (2, 4, 4), (4, 2, 2), None, None, None, None]
    np.testing.assert_array_equal(rows[2].matrix, DECAY)
    np.testing.assert_array_equal(rows[4].readout, READOUT)
    assert rows[7].conditions == (
        Condition(first_clbit=1, width=3, value=4, negated=True),
        Condition(first_clbit=3, width=1, value=1, negated=False),
    )
    assert (listing.global_phase, listing.has_readout, listing.is_unitary) == (0.3, True, False)
    assert listing.active_qubits == (0, 1, 2)


def test_conditions_read_the_record() -> None:
    """A condition compares bits, the first least significant; a conjunction needs all of them."""
    two = Condition(first_clbit=1, width=2, value=0b01, negated=False)
    other = Condition(first_clbit=0, width=1, value=0, negated=True)
    assert [two.holds(record) for record in (0b010, 0b011, 0b110, 0b000)] == [True, True, False, False]
    row = Instruction(row=0, kind=_KIND.KIND_RESET, name="reset", qubits=(0,), conditions=(two, other))
    assert [row.runs(record) for record in (0b011, 0b010, 0b111)] == [True, False, False]


@settings(max_examples=400, deadline=None)
@given(circuits())
def test_terminal_measurements_are_the_definitions(circuit: CircuitWriter) -> None:
    """Listing, admission and the reference's literal definition agree on which measurements are terminal."""
    message = circuit.message()
    listing = list_instructions(message)
    found = {listing.instructions[position].row for position in listing.terminal}
    assert found == {row for row in range(len(circuit.rows)) if exact.is_terminal(circuit.rows, row)}
    measures = {index for index, row in enumerate(circuit.rows) if row.kind == _KIND.KIND_MEASURE}
    use = check_circuit(message)
    assert use.has_mid_circuit_measurement == (found != measures)
    assert use.is_unitary == listing.is_unitary


@settings(max_examples=300, deadline=None)
@given(circuits())
def test_terminal_measurements_may_come_last(circuit: CircuitWriter) -> None:
    """Doing the terminal measurements after everything else, in order, gives the same records."""
    terminal = [row for index, row in enumerate(circuit.rows) if exact.is_terminal(circuit.rows, index)]
    others = [row for index, row in enumerate(circuit.rows) if not exact.is_terminal(circuit.rows, index)]
    expected = exact.record_probabilities(WIDTH, circuit.rows)
    found = exact.record_probabilities(WIDTH, [*others, *terminal])
    for record in {*expected, *found}:
        assert found.get(record, 0.0) == pytest.approx(expected.get(record, 0.0), abs=1e-12)


def test_measured_names_the_last_measurement_of_a_bit() -> None:
    """`measured` has, by ascending bit, the position of the terminal measurement that the bit records."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=3).measure(0, 2).measure(0, 0).measure(1, 2)
    listing = list_instructions(circuit.message())
    assert list(listing.measured.items()) == [(0, 1), (2, 2)]
    assert listing.written_clbits == (0, 2)


@settings(max_examples=300, deadline=None)
@given(circuits(max_size=5))
def test_plain_circuits_are_those_of_the_fast_decoder(circuit: CircuitWriter) -> None:
    """`is_plain` holds exactly where `decode` accepts and nothing is read with errors."""
    message = circuit.message()
    try:
        decode(message)
    except FailedPrecondition:
        decoded = False
    else:
        decoded = not any(row.readout is not None for row in circuit.rows)
    assert is_plain(message) == decoded


def test_delays_are_not_plain() -> None:
    """Gates alone are plain; a delay is not."""
    assert is_plain(CircuitWriter(qubit_count=1).gate("x", (0,)).message())
    assert not is_plain(CircuitWriter(qubit_count=1).delay(0, 1.0).message())


def test_symbols_are_refused() -> None:
    """A circuit with symbolic parameters has no matrices yet, and is refused by name."""
    message = CircuitWriter(qubit_count=1).gate("rx", (0,), (0.0,)).message()
    message.symbolic_parameters.positions = b"\0\0\0\0"
    with pytest.raises(FailedPrecondition, match="FEATURE_PARAMETER_BINDINGS"):
        list_instructions(message)
