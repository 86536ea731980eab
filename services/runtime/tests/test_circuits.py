"""Checks on circuits."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.backend.circuits import check_circuit
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.backend.operators import identity_deviation
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.errors import InvalidArgument

Operation = circuit_pb2.Operation


def u32(*values: int) -> bytes:
    """Pack a uint32 column."""
    return struct.pack(f"<{len(values)}I", *values)


def u16(*values: int) -> bytes:
    """Pack a uint16 column."""
    return struct.pack(f"<{len(values)}H", *values)


def f64(*values: float) -> bytes:
    """Pack a float64 column."""
    return struct.pack(f"<{len(values)}d", *values)


def sample() -> circuit_pb2.Circuit:
    """Return h 0; cx 0,1; rz(0.5) 2; if (c[0] == 1) x 2; measure 0, 1, 2 with every column in use."""
    circuit = circuit_pb2.Circuit(
        qubit_count=3,
        clbit_count=3,
        declared_qubit_count=5,
        active_qubits=[0, 2, 4],
        opcodes=u16(0, 1, 2, 3, 4, 4, 4),
        qubits=u32(0, 0, 1, 2, 2, 0, 1, 2),
        clbits=u32(0, 1, 2),
        parameters=f64(0.0),
    )
    circuit.operations.add(kind=Operation.KIND_GATE, name="h", qubit_count=1)
    circuit.operations.add(kind=Operation.KIND_GATE, name="cx", qubit_count=2)
    circuit.operations.add(kind=Operation.KIND_GATE, name="rz", qubit_count=1, parameter_count=1)
    circuit.operations.add(kind=Operation.KIND_GATE, name="x", qubit_count=1)
    readout = f64(0.9, 0.1, 0.2, 0.8)
    circuit.operations.add(kind=Operation.KIND_MEASURE, qubit_count=1, clbit_count=1, readout=readout)
    circuit.conditions.instructions = u32(3)
    circuit.conditions.first_clbits = u32(0)
    circuit.conditions.widths = u32(1)
    circuit.conditions.values = struct.pack("<Q", 1)
    circuit.conditions.negated = b"\0"
    circuit.symbolic_parameters.symbols.append("theta")
    circuit.symbolic_parameters.positions = u32(0)
    circuit.symbolic_parameters.symbol_indices = u32(0)
    circuit.symbolic_parameters.scales = f64(2.0)
    circuit.symbolic_parameters.offsets = f64(0.5)
    circuit.clbit_registers.add(name="c", start=0, size=3)
    circuit.qubit_registers.add(name="q", start=0, size=5)
    return circuit


def test_a_good_circuit_passes() -> None:
    """What is used is returned."""
    use = check_circuit(sample())

    assert use.instruction_count == 7
    assert sorted(operation.name for operation in use.operations) == ["", "cx", "h", "rz", "x"]
    assert not use.has_mid_circuit_measurement


BROKEN: dict[str, Callable[[circuit_pb2.Circuit], None]] = {
    "qubit_count": lambda c: setattr(c, "qubit_count", 0),
    "declared_qubit_count": lambda c: setattr(c, "declared_qubit_count", 2),
    "active_qubits": lambda c: c.active_qubits.append(9),
    "opcodes": lambda c: setattr(c, "opcodes", u16(0, 1, 2, 3, 4, 4, 9)),
    "qubits": lambda c: setattr(c, "qubits", u32(0, 0, 1, 2, 2, 0, 1, 3)),
    "clbits": lambda c: setattr(c, "clbits", u32(0, 1)),
    "parameters": lambda c: setattr(c, "parameters", f64(float("nan"))),
    "global_phase": lambda c: setattr(c, "global_phase", float("inf")),
    "clbit_registers[0]": lambda c: setattr(c.clbit_registers[0], "size", 4),
    "operations[0].kind": lambda c: setattr(c.operations[0], "kind", 0),
    "operations[1].qubit_count": lambda c: setattr(c.operations[1], "qubit_count", 3),
    "operations[2].parameter_count": lambda c: setattr(c.operations[2], "parameter_count", 2),
    "operations[4].clbit_count": lambda c: setattr(c.operations[4], "clbit_count", 0),
    "operations[4].readout": lambda c: setattr(c.operations[4], "readout", f64(0.9, 0.2, 0.2, 0.8)),
    "operations[0].matrix": lambda c: setattr(c.operations[0], "matrix", b"x"),
    "conditions.instructions": lambda c: setattr(c.conditions, "instructions", u32(7)),
    "conditions.first_clbits": lambda c: setattr(c.conditions, "first_clbits", u32(3)),
    "conditions.widths": lambda c: setattr(c.conditions, "widths", u32(65)),
    "conditions.values": lambda c: setattr(c.conditions, "values", struct.pack("<Q", 2)),
    "conditions.negated": lambda c: setattr(c.conditions, "negated", b"\2"),
    "symbolic_parameters.positions": lambda c: setattr(c.symbolic_parameters, "positions", u32(1)),
    "symbolic_parameters.symbol_indices": lambda c: setattr(c.symbolic_parameters, "symbol_indices", u32(1)),
    "symbolic_parameters.scales": lambda c: setattr(c.symbolic_parameters, "scales", f64(float("inf"))),
}


@pytest.mark.parametrize("field", BROKEN)
def test_what_disagrees_is_named(field: str) -> None:
    """Each fault is MALFORMED_CIRCUIT with the field in the message and the metadata."""
    circuit = sample()
    BROKEN[field](circuit)

    with pytest.raises(InvalidArgument) as caught:
        check_circuit(circuit)

    assert caught.value.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT
    assert caught.value.metadata == {"field": f"circuit.{field}"}
    assert f"circuit.{field}" in caught.value.message


def test_one_qubit_twice_names_the_instruction() -> None:
    """The operands of one instruction must differ."""
    circuit = sample()
    circuit.qubits = u32(0, 1, 1, 2, 2, 0, 1, 2)

    with pytest.raises(InvalidArgument, match="instruction 1 uses one qubit twice"):
        check_circuit(circuit)


@settings(max_examples=300)
@given(data=st.data())
def test_a_mutated_circuit_passes_or_is_malformed(data: st.DataObject) -> None:
    """Whatever happens to its bytes, a circuit is accepted or refused as malformed; nothing else is raised."""
    circuit = sample()
    raw = bytearray(circuit.SerializeToString())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        mutated = circuit_pb2.Circuit.FromString(bytes(raw))
    except Exception:  # noqa: BLE001 - not a message any more: the service refuses that earlier
        return
    try:
        check_circuit(mutated)
    except InvalidArgument as error:
        assert error.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT  # noqa: PT017


@settings(max_examples=200)
@given(data=st.data())
def test_a_column_of_another_length_is_malformed(data: st.DataObject) -> None:
    """No column can lose or gain bytes."""
    circuit = sample()
    name = data.draw(st.sampled_from(["qubits", "clbits", "parameters", "opcodes"]))
    column = getattr(circuit, name)
    size = data.draw(st.integers(0, 2 * len(column)).filter(lambda size: size != len(column)))
    setattr(circuit, name, (column * 2)[:size])

    with pytest.raises(InvalidArgument):
        check_circuit(circuit)


TIMES = (1.0, 2.5, 0.1, 0.0)
ILLEGAL_ROWS: Mapping[str, Callable[[CircuitWriter], CircuitWriter]] = {
    "operations[1].qubit_count": lambda c: c.channel("phase_damping", (0, 1), (0.1,)),
    "operations[1].parameter_count": lambda c: c.channel("pauli_channel", (0,), (0.1,)),
    "operations[1].matrix": lambda c: c.unitary(np.eye(4, dtype=np.complex128) * (1 + 2e-8), (0, 1)),
    "parameters": lambda c: c.channel("thermal_relaxation", (0,), (1.0, 2.0, 0.1, 0.0)).channel(
        "thermal_relaxation", (0,), TIMES
    ),
}


@pytest.mark.parametrize("field", ILLEGAL_ROWS)
def test_illegal_channels_and_unitaries_are_named(field: str) -> None:
    """A channel or unitary outside of docs/noise.md is malformed, with the field in the metadata."""
    circuit = ILLEGAL_ROWS[field](CircuitWriter(qubit_count=2).gate("x", (0,)))
    with pytest.raises(InvalidArgument) as caught:
        check_circuit(circuit.message())
    assert caught.value.metadata == {"field": f"circuit.{field}"}


def test_negative_delays_are_named() -> None:
    """Idle time is not negative; the message has the instruction."""
    circuit = CircuitWriter(qubit_count=1).delay(0, 0.0).delay(0, -1e-9)
    with pytest.raises(InvalidArgument, match="instruction 1 are illegal: a delay of -1e-09 s"):
        check_circuit(circuit.message())


def test_illegal_parameters_name_instruction_and_range() -> None:
    """The message has the row, the channel, the value and what is legal."""
    circuit = CircuitWriter(qubit_count=2).gate("x", (0,)).channel("depolarizing", (0, 1), (1.2,))
    with pytest.raises(
        InvalidArgument, match=r"instruction 1 .* depolarizing on 2 qubits is at most .* = 1.066666667, not 1.2"
    ):
        check_circuit(circuit.message())


def test_number_of_conditions_is_bounded() -> None:
    """One instruction has at most 256 conditions."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("x", (0,))
    circuit.only_if(*[Comparison(first_clbit=0, width=1, value=0)] * 257)
    with pytest.raises(InvalidArgument, match="257 conditions on one, at most 256"):
        check_circuit(circuit.message())


def test_legal_extremes_pass() -> None:
    """The ends of the ranges are legal, and so is a channel within 1e-8 of trace preserving."""
    circuit = (
        CircuitWriter(qubit_count=3)
        .channel("depolarizing", (0, 1), (16 / 15,))
        .channel("pauli_channel", (0,), (0, 0, 1))
    )
    circuit.channel("thermal_relaxation", (0,), (1.0, 2.0, 0.0, 1.0)).channel("amplitude_damping", (0,), (1.0, 1.0))
    circuit.kraus(np.eye(8, dtype=np.complex128)[None] * (1 + 4e-9), (2, 0, 1))
    assert not check_circuit(circuit.message()).is_unitary


def test_number_of_operators_is_bounded() -> None:
    """No channel needs more than 4^k Kraus operators."""
    operators = np.repeat(np.eye(4, dtype=np.complex128)[None], 17, axis=0) / np.sqrt(17)
    with pytest.raises(InvalidArgument, match="at most 16 of them"):
        check_circuit(CircuitWriter(qubit_count=2).kraus(operators, (0, 1)).message())


@settings(max_examples=200)
@given(count=st.integers(1, 4), rows=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_deviation_is_that_of_the_product(count: int, rows: int, seed: int) -> None:
    """The largest entry of |sum K^dagger K - 1| is what numpy finds, zeros in the operators or not."""
    generator = np.random.default_rng(seed)
    side = 2**count
    operators = generator.normal(size=(rows, side, side)) + 1j * generator.normal(size=(rows, side, side))
    operators *= generator.random(operators.shape) < 0.5
    expected = np.abs(np.einsum("mba,mbc->ac", operators.conj(), operators) - np.eye(side)).max()
    assert identity_deviation(operators.tobytes(), side) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("size", [1e200, 1.7e308])
def test_huge_entries_do_not_pass(size: float) -> None:
    """Numbers that overflow when squared deviate infinitely."""
    assert identity_deviation(np.full((2, 2), size + 1j * size).tobytes(), 2) == math.inf


def measured(*tail: tuple[str, int]) -> circuit_pb2.Circuit:
    """Return a circuit of two qubits that measures qubit 0 into bit 0 and goes on with named steps."""
    circuit = circuit_pb2.Circuit(qubit_count=2, declared_qubit_count=2, clbit_count=2)
    kinds = {"x": Operation.KIND_GATE, "measure": Operation.KIND_MEASURE, "barrier": Operation.KIND_BARRIER}
    opcodes: list[int] = []
    qubits: list[int] = []
    clbits: list[int] = []
    for name, qubit in (("measure", 0), *tail):
        is_measure = name == "measure"
        opcodes.append(len(circuit.operations))
        circuit.operations.add(kind=kinds[name], name=name, qubit_count=1, clbit_count=int(is_measure))
        qubits.append(qubit)
        clbits += [len(clbits)] if is_measure else []
    circuit.opcodes, circuit.qubits, circuit.clbits = u16(*opcodes), u32(*qubits), u32(*clbits)
    return circuit


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ((), False),
        ((("barrier", 0), ("measure", 1)), False),
        ((("measure", 0),), False),
        ((("x", 1),), False),
        ((("x", 1), ("x", 0)), True),
    ],
)
def test_a_gate_after_a_measurement_is_found(tail: tuple[tuple[str, int], ...], *, expected: bool) -> None:
    """Only an operation on a measured qubit makes a measurement one in mid-circuit."""
    assert check_circuit(measured(*tail)).has_mid_circuit_measurement is expected


def test_the_vocabulary_has_the_gates_of_the_wire() -> None:
    """A few shapes that are easy to get wrong."""
    assert {name: STANDARD_GATES[name] for name in ("u", "cu", "rzx", "c4x", "id")} == {
        "u": (1, 3),
        "cu": (2, 4),
        "rzx": (2, 1),
        "c4x": (5, 0),
        "id": (1, 0),
    }
