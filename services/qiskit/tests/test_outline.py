"""The outline of a circuit says which measurements are terminal and which records matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from proxima_backend_qiskit.outline import outline
from proxima_runtime.arrays.instructions import list_instructions
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
    for _ in range(draw(st.integers(0, 12))):
        match draw(st.sampled_from(("gate", "measure", "reset", "delay"))):
            case "gate":
                circuit.gate("h", (draw(index),))
            case "measure":
                circuit.measure(draw(index), draw(index))
            case "reset":
                circuit.reset(draw(index))
            case _:
                circuit.delay(draw(index), 1e-6)
        if draw(st.integers(0, 3)) == 0:
            circuit.only_if(_if(draw(index)))
    return circuit


@given(_circuits())
def test_agrees_with_the_listing(circuit: CircuitWriter) -> None:
    """Terminal measurements and unitarity are those of the runtime's listing."""
    message = circuit.message()
    found, listing = outline(message, keeps_records=True), list_instructions(message)
    assert found.is_unitary == listing.is_unitary
    measures = {step.row for step in listing.instructions if step.clbit >= 0}
    terminal = {listing.instructions[position].row for position in listing.terminal}
    assert (measures if found.is_static else set(found.terminal)) == terminal


def test_only_what_is_read_later_is_tracked() -> None:
    """Without counts, a measurement that nothing reads is not tracked, and a bit dies at its last condition."""
    circuit = _writer().measure(0, 0).gate("h", (0,)).measure(1, 1).gate("x", (1,)).gate("x", (2,)).only_if(_if(0))
    found = outline(circuit.message(), keeps_records=False)
    assert found.tracked == {0}
    assert dict(found.deaths) == {4: [0]}
    assert found.live_bit_count == 1


def test_counts_keep_every_bit() -> None:
    """With counts, each bit that is written in mid-circuit matters to the end."""
    circuit = _writer().measure(0, 0).gate("h", (0,)).measure(1, 1).gate("x", (1,))
    assert outline(circuit.message(), keeps_records=True).live_bit_count == 2


def test_an_overwritten_bit_does_not_matter() -> None:
    """Repeating a measurement into one bit never has more than its two records."""
    circuit = _writer()
    for _ in range(10):
        circuit.gate("h", (0,)).measure(0, 0).gate("x", (0,)).only_if(_if(0))
    assert outline(circuit.message(), keeps_records=True).live_bit_count == 1
