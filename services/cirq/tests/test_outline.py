"""The outline of a circuit agrees with the runtime's listing, and knows which bits matter."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.simulation.v1 import circuit_pb2
from proxima_backend_cirq.outline import outline
from proxima_runtime.arrays.instructions import list_instructions
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

from .any_circuits import Shape, random_circuit


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), width=st.integers(1, 3), bits=st.integers(1, 4), barrier=st.booleans())
def test_agrees_with_the_listing(seed: int, width: int, bits: int, *, barrier: bool) -> None:
    """Terminal measurements and unitarity, found without numpy, are those of the runtime."""
    circuit = random_circuit(Shape(qubit_count=width, clbit_count=bits, length=seed % 12), seed)
    if barrier:
        circuit.other(circuit_pb2.Operation.KIND_BARRIER, (0,)).measure(0, 0)
    message = circuit.message()
    listing, plan = list_instructions(message), outline(message, keeps_record=True)
    assert plan.terminal == {listing.instructions[position].row for position in listing.terminal}
    assert plan.is_unitary == listing.is_unitary


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
    assert outline(circuit, keeps_record=False).live_bits == 1
    assert outline(circuit, keeps_record=True).live_bits == 8


def test_a_bit_that_is_written_again_matters_once() -> None:
    """What is replaced before anything reads it needs no record."""
    circuit = _rounds(8, bits=1).message()
    plan = outline(circuit, keeps_record=True)
    assert plan.live_bits == 1
    assert len(plan.tracked) == 8


def test_an_unread_bit_is_not_tracked() -> None:
    """A measurement in mid-circuit that nothing reads and no counts need only dephases."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,)).measure(0, 0).gate("h", (0,)).message()
    assert not outline(circuit, keeps_record=False).tracked
    assert outline(circuit, keeps_record=True).tracked == {1}


def test_a_conditional_measurement_keeps_the_old_value() -> None:
    """A bit that is only sometimes written again matters all along."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=2).gate("h", (0,)).measure(0, 0).gate("h", (0,)).measure(0, 1)
    circuit.measure(0, 0).only_if(Comparison(first_clbit=1, width=1, value=1))
    assert outline(circuit.message(), keeps_record=True).tracked == {1, 3, 4}
