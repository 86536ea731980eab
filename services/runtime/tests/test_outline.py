"""The outline of a circuit says which measurements are terminal and which records matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.instructions import list_instructions
from proxima_runtime.backend.liveness import find_liveness
from proxima_runtime.backend.outline import outline
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

_WIDTH = 3


def _writer() -> CircuitWriter:
    return CircuitWriter(qubit_count=_WIDTH, clbit_count=_WIDTH)


def _if(bit: int) -> Comparison:
    return Comparison(first_clbit=bit, width=1, value=1)


@st.composite
def _circuits(draw: st.DrawFn) -> CircuitWriter:
    circuit = _writer()
    index = st.integers(0, _WIDTH - 1)
    conditions = draw(st.booleans())
    for _ in range(draw(st.integers(0, 12))):
        match draw(st.sampled_from(("gate", "measure", "measure", "reset", "delay", "barrier"))):
            case "gate":
                circuit.gate("h", (draw(index),))
            case "measure":
                circuit.measure(draw(index), draw(index))
            case "reset":
                circuit.reset(draw(index))
            case "barrier":
                circuit.other(circuit_pb2.Operation.KIND_BARRIER, (draw(index),))
                continue
            case _:
                circuit.delay(draw(index), 1e-6)
        if conditions and draw(st.integers(0, 3)) == 0:
            circuit.only_if(_if(draw(index)))
    return circuit


@given(_circuits(), st.booleans())
def test_agrees_with_the_listing(circuit: CircuitWriter, keeps_records: bool) -> None:
    """Terminal measurements, unitarity and what is tracked are those of the listing that a run has."""
    message = circuit.message()
    found, listing = outline(message, keeps_records=keeps_records), list_instructions(message)
    rows = [step.row for step in listing.instructions]
    assert found.terminal == {rows[position] for position in listing.terminal}
    assert found.is_unitary == listing.is_unitary
    alive = find_liveness(listing.instructions, listing.terminal, keeps_records=keeps_records)
    assert found.tracked == {rows[position] for position in alive.tracked}
    assert dict(found.deaths) == {rows[position]: bits for position, bits in alive.deaths.items()}
    assert [found.live_bit_counts[row] for row in rows] == list(alive.live_bit_counts)


@given(_circuits())
def test_terminal_measurements_can_wait_for_the_end(circuit: CircuitWriter) -> None:
    """No measurement is terminal whose qubit is used later, whose bit is read later, or which is conditional."""
    message = circuit.message()
    listing = list_instructions(message)
    for row in outline(message, keeps_records=True).terminal:
        position = next(index for index, step in enumerate(listing.instructions) if step.row == row)
        measure, later = listing.instructions[position], listing.instructions[position + 1 :]
        assert measure.kind == circuit_pb2.Operation.KIND_MEASURE
        assert not measure.conditions
        assert not any(measure.clbit in bits for step in later for bits in step.reads)
        users = [step for step in later if measure.qubits[0] in step.qubits]
        assert {step.kind for step in users} <= {
            circuit_pb2.Operation.KIND_DELAY,
            circuit_pb2.Operation.KIND_MEASURE,
        }


def test_only_what_is_read_later_is_tracked() -> None:
    """Without counts, a measurement that nothing reads is not tracked, and a bit dies at its last condition."""
    circuit = _writer().measure(0, 0).gate("h", (0,)).measure(1, 1).gate("x", (1,)).gate("x", (2,)).only_if(_if(0))
    found = outline(circuit.message(), keeps_records=False)
    assert found.tracked == {0}
    assert dict(found.deaths) == {4: [0]}
    assert list(found.live_bit_counts) == [1, 1, 1, 1, 1]


def test_counts_keep_every_bit() -> None:
    """With counts, each bit that is written in mid-circuit matters to the end."""
    circuit = _writer().measure(0, 0).gate("h", (0,)).measure(1, 1).gate("x", (1,))
    assert outline(circuit.message(), keeps_records=True).live_bit_count == 2


def _rounds(count: int, *, bits: int) -> CircuitWriter:
    """Measure, act on it, start again."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=bits)
    for index in range(count):
        circuit.gate("h", (0,)).measure(0, index % bits)
        circuit.gate("x", (1,)).only_if(Comparison(first_clbit=index % bits, width=1, value=1)).reset(0)
    return circuit


def test_a_bit_matters_until_it_is_last_read() -> None:
    """Bits that are read once and not kept do not add up; kept ones do."""
    circuit = _rounds(8, bits=8).message()
    assert outline(circuit, keeps_records=False).live_bit_count == 1
    assert outline(circuit, keeps_records=True).live_bit_count == 8


def test_a_bit_that_is_written_again_matters_once() -> None:
    """What is replaced before anything reads it needs no record."""
    found = outline(_rounds(8, bits=1).message(), keeps_records=True)
    assert found.live_bit_count == 1
    assert len(found.tracked) == 8


def test_a_conditional_measurement_keeps_the_old_value() -> None:
    """A bit that is only sometimes written again matters all along."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=2).gate("h", (0,)).measure(0, 0).gate("h", (0,)).measure(0, 1)
    circuit.measure(0, 0).only_if(_if(1))
    assert outline(circuit.message(), keeps_records=True).tracked == {1, 3, 4}


def test_the_prefix_ends_before_the_first_random_instruction() -> None:
    """Gates before the first channel, reset or measurement in mid-circuit are the same in all shots."""
    gates = _writer().gate("h", (0,)).gate("cx", (0, 1))
    assert outline(gates.message(), keeps_records=True).prefix_count == 2
    assert outline(gates.measure(2, 0).message(), keeps_records=True).prefix_count == 3
    assert outline(gates.measure(1, 1).gate("x", (1,)).message(), keeps_records=True).prefix_count == 3
    assert outline(_writer().gate("h", (0,)).reset(0).message(), keeps_records=True).prefix_count == 1
