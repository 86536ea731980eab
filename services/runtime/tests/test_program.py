"""Circuit messages are decoded into gates and terminal measurements."""

from __future__ import annotations

import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.program import decode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.errors import FailedPrecondition


def test_gates_keep_their_order_and_operands() -> None:
    """Gates are decoded in program order with their operands and parameters; measurements are set aside."""
    writer = CircuitWriter(qubit_count=3, clbit_count=2).gate("cx", (2, 0)).measure(1, 1).gate("u", (0,), (1, 2, 3))
    program = decode(writer.gate("cx", (0, 2)).measure(0, 0).message())
    assert [program.names[opcode] for opcode in program.opcodes] == ["cx", "u", "cx"]
    assert program.qubits == [2, 0, 0, 0, 2]
    assert program.parameters == [1, 2, 3]
    assert (program.row_count, program.set_aside_count) == (5, 2)


def test_last_write_to_a_bit_wins() -> None:
    """`measured` has, by ascending classical bit, the qubit of the last measurement into it."""
    writer = CircuitWriter(qubit_count=2, clbit_count=3).measure(0, 2).measure(0, 0).measure(1, 2)
    assert list(decode(writer.message()).measured.items()) == [(0, 0), (2, 1)]


def test_active_qubits_default_to_the_identity() -> None:
    """Without active_qubits the columns are the declared qubits."""
    assert decode(CircuitWriter(qubit_count=3).message()).active_qubits == (0, 1, 2)


def test_gate_after_measurement_is_refused() -> None:
    """A gate on a measured qubit is refused by name."""
    writer = CircuitWriter(qubit_count=2, clbit_count=1).measure(1, 0).gate("cx", (0, 1))
    with pytest.raises(FailedPrecondition, match="mid-circuit measurement") as caught:
        decode(writer.message())
    assert caught.value.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND


@pytest.mark.parametrize("kind", [circuit_pb2.Operation.KIND_RESET, circuit_pb2.Operation.KIND_UNITARY])
def test_other_instructions_are_refused(kind: circuit_pb2.Operation.Kind) -> None:
    """What is neither gate, measurement nor barrier is refused by name."""
    with pytest.raises(FailedPrecondition, match=circuit_pb2.Operation.Kind.Name(kind)):
        decode(CircuitWriter(qubit_count=1).other(kind, (0,)).message())


def test_conditions_are_refused() -> None:
    """A conditional circuit is refused."""
    message = CircuitWriter(qubit_count=1).gate("x", (0,)).message()
    message.conditions.SetInParent()
    with pytest.raises(FailedPrecondition, match="conditions"):
        decode(message)
