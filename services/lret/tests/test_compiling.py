"""Circuits compiled to fused steps: the same maps, in fewer of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima_backend_lret.compiling import kernels
from proxima_backend_lret.compiling import reference as plain
from proxima_backend_lret.compiling.compile import compile_maps, compile_unitary, fuse
from proxima_backend_lret.compiling.decode import decode
from proxima_backend_lret.compiling.kraus import kraus_of
from proxima_backend_lret.compiling.pairs import PAIRS
from proxima_backend_lret.compiling.program import MEASURE, Program
from proxima_backend_lret.compiling.recipes import recipe
from proxima_runtime.arrays.instructions import list_instructions
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.conformance import exact, reference
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_kraus, random_unitary
from proxima_runtime.errors import FailedPrecondition, InvalidArgument

from tests.compiled import Complex, circuits, evolve, record_probabilities, unitary_circuits
from tests.noisy import CLBITS, READOUT, layers


@settings(max_examples=150, deadline=None)
@given(circuit=circuits(), absorbs=st.booleans(), by_kraus=st.booleans())
def test_maps_are_those_of_the_circuit(circuit: CircuitWriter, absorbs: bool, by_kraus: bool) -> None:
    """Fused steps give the state before terminal measurements and the distribution of the bits, however they fuse."""
    program = compile_maps(circuit.message(), keeps_records=True, absorbs=absorbs)
    records = evolve(program, by_kraus=by_kraus)
    width = circuit.qubit_count
    np.testing.assert_allclose(
        sum(records.values()), exact.final_density_matrix(width, circuit.rows), atol=1e-12, rtol=0
    )
    expected = np.zeros(1 << CLBITS)
    for record, probability in exact.record_probabilities(width, circuit.rows).items():
        expected[record] += probability
    np.testing.assert_allclose(record_probabilities(program, records), expected, atol=1e-12, rtol=0)


@settings(max_examples=100, deadline=None)
@given(circuit=circuits(), absorbs=st.booleans(), data=st.data())
def test_light_cones_keep_what_matters(circuit: CircuitWriter, absorbs: bool, data: st.DataObject) -> None:
    """The reduced state of the needed qubits is the same when what does not matter to them is left out."""
    width = circuit.qubit_count
    needed = frozenset(data.draw(st.sets(st.integers(0, width - 1))))
    whole = exact.final_density_matrix(width, circuit.rows)
    program = compile_maps(circuit.message(), keeps_records=False, absorbs=absorbs, needed=needed)
    found = np.asarray(sum(evolve(program, by_kraus=False).values()))
    np.testing.assert_allclose(_reduced(found, needed), _reduced(whole, needed), atol=1e-12, rtol=0)


@settings(max_examples=100, deadline=None)
@given(circuit=unitary_circuits(), absorbs=st.booleans())
def test_unitaries_keep_the_global_phase(circuit: CircuitWriter, absorbs: bool) -> None:
    """Fused unitaries and the global phase give the state vector."""
    program = compile_unitary(circuit.message(), absorbs=absorbs)
    width = circuit.qubit_count
    state = expected = np.eye(1 << width, 1, dtype=np.complex128)[:, 0]
    phase = circuit.global_phase
    for row in circuit.rows:
        if row.matrices is not None:
            expected = reference.apply(row.matrices[0], row.qubits, expected)
        elif row.name == "gphase":
            phase += row.parameters[0]
        elif row.clbit < 0 and row.qubits and row.name not in ("delay", "barrier"):
            expected = reference.apply(reference.unitary(row.name, row.parameters), row.qubits, expected)
    for operators, step in zip(kraus_of(program), range(program.step_count), strict=True):
        assert operators is not None
        state = reference.apply(operators[0], program.qubits_of(step), state)
    assert program.source.global_phase == pytest.approx(phase)
    np.testing.assert_allclose(
        state * np.exp(1j * program.source.global_phase), expected * np.exp(1j * phase), atol=1e-12, rtol=0
    )


@settings(max_examples=100, deadline=None)
@given(circuit=circuits())
def test_the_source_is_what_the_general_decoder_says(circuit: CircuitWriter) -> None:
    """Terminal measurements, written bits and unitarity equal those of the decoder that goes row by row."""
    message = circuit.message()
    listing, source = list_instructions(message), compile_maps(message, keeps_records=True, absorbs=False).source
    expected = {clbit: listing.instructions[position] for clbit, position in listing.measured.items()}
    assert list(expected) == list(source.terminal)
    for clbit, reading in source.terminal.items():
        assert (reading.qubit, reading.clbit) == (expected[clbit].qubits[0], clbit)
        np.testing.assert_equal(reading.readout, expected[clbit].readout)
    assert source.written_clbits == listing.written_clbits
    assert source.is_unitary == listing.is_unitary
    assert source.has_readout == listing.has_readout
    assert source.active_qubits == listing.active_qubits


@settings(max_examples=150, deadline=None)
@given(circuit=circuits(), absorbs=st.booleans())
def test_kernels_fuse_as_the_reference_does(circuit: CircuitWriter, absorbs: bool) -> None:
    """The kernels make the steps of the plain reference, in its order, with its matrices."""
    rows = decode(circuit.message(), as_maps=True)
    program, expected = fuse(rows, absorbs=absorbs), plain.fuse(rows, absorbs=absorbs)
    assert _shapes(program) == [step.qubits for step in expected]
    for place, step in enumerate(expected):
        assert program.rows[place].tolist() == rows.instructions[[min(step.entries), max(step.entries)]].tolist()
        assert program.source_counts[place] == len(step.entries)
        assert program.conditions_of(place) == rows.condition_table.get(step.condition, ())
        assert program.is_unitary[place] == rows.is_unitary[step.entries].all()
        if step.matrix is not None:
            np.testing.assert_allclose(program.matrix_of(place), step.matrix, atol=1e-14)


@given(data=st.data())
def test_kernels_find_the_cones_of_the_reference(data: st.DataObject) -> None:
    """The kernel keeps the instructions that the plain reference keeps."""
    drawn = data.draw(st.lists(_acting(), max_size=12))
    needed, bits = (data.draw(st.frozensets(st.integers(0, 3))) for _ in range(2))
    reads = [sorted(each.reads) for each in drawn]
    ends = np.cumsum([len(each) for each in reads], dtype=np.int64)
    found = kernels.cone(
        np.array([2 if each.clbit >= 0 else int(each.resets) for each in drawn], dtype=np.int64),
        np.array([(*each.qubits, *(-1,) * (5 - len(each.qubits))) for each in drawn], dtype=np.int64).reshape(-1, 5),
        np.array([each.clbit for each in drawn], dtype=np.int64),
        np.array([(end - len(each), end) for each, end in zip(reads, ends, strict=True)], np.int64).reshape(-1, 2),
        np.array([(bit, bit + 1) for each in reads for bit in each], dtype=np.int64).reshape(-1, 2),
        np.isin(np.arange(4), list(needed)),
        np.isin(np.arange(4), list(bits)),
    )
    assert found.tolist() == plain.cone(drawn, needed, bits)


@st.composite
def _acting(draw: st.DrawFn) -> plain.Acting:
    kind = draw(st.integers(0, 2))
    reads = draw(st.frozensets(st.integers(0, 3), max_size=2))
    count = 1 if kind else draw(st.integers(1, 3))
    return plain.Acting(
        qubits=tuple(draw(st.permutations(range(4)))[:count]),
        clbit=draw(st.integers(0, 3)) if kind == 2 else -1,
        resets=kind == 1 and not reads,
        reads=reads,
    )


@pytest.mark.parametrize("name", ["ccx", "ccz", "cswap", "rccx", "rc3x", "c3x", "c3sx", "c4x"])
def test_recipes_are_the_gates(name: str) -> None:
    """A gate taken apart is the gate, its phase included."""
    expected = reference.unitary(name)
    found = np.eye(len(expected), dtype=np.complex128)
    for part in recipe(name):
        found = reference.apply(part.matrix, part.places, found)
    np.testing.assert_allclose(found, expected, atol=1e-14)


def test_neighbours_fuse() -> None:
    """Maps on one qubit between two on two are one step, or none where they are absorbed."""
    circuit = layers(4, 2, 0.01).message()
    assert _shapes(compile_maps(circuit, keeps_records=True, absorbs=False)) == [
        (0,), (1,), (2,), (3,), (0, 1), (0,), (1,), (2, 3), (2,), (3,), (1, 2), (1,), (2,),
    ]  # fmt: skip
    assert _shapes(compile_maps(circuit, keeps_records=True, absorbs=True)) == [(0, 1), (2, 3), (1, 2)]


def test_runs_on_one_pair_fuse() -> None:
    """Gates on one pair, in either order, and what lies between on its qubits are one step on two qubits."""
    circuit = CircuitWriter(qubit_count=3).gate("cx", (0, 1)).gate("h", (2,)).gate("h", (1,)).gate("cx", (1, 0))
    program = compile_unitary(circuit.message(), absorbs=False)
    assert _shapes(program) == [(0, 1), (2,)]
    assert program.rows.tolist() == [[0, 3], [1, 1]]
    assert program.source_counts.tolist() == [3, 1]


def test_lone_gates_share_a_matrix() -> None:
    """Steps that are the same gate with nothing fused have one matrix between them."""
    circuit = CircuitWriter(qubit_count=4).gate("cx", (0, 1)).gate("cx", (2, 3)).gate("cx", (2, 1))
    program = compile_maps(circuit.message(), keeps_records=True, absorbs=True)
    assert len(set(program.slots.tolist())) == 1


def test_conditions_fuse_up_to_a_write() -> None:
    """Equal conditions fuse, different ones do not, and nothing moves over a measurement of a bit that matters."""
    one = Comparison(first_clbit=0, width=1, value=1)
    circuit = CircuitWriter(qubit_count=2, clbit_count=1).gate("h", (0,)).measure(0, 0)
    circuit.gate("x", (1,)).only_if(one)
    circuit.channel("depolarizing", (1,), (0.1,)).only_if(one)
    circuit.measure(0, 0, readout=READOUT)
    circuit.gate("x", (1,)).only_if(one)
    program = compile_maps(circuit.message(), keeps_records=False, absorbs=True)
    assert _shapes(program) == [(0,), (0,), (1,), (0,), (1,)]
    assert [step for step in range(5) if program.conditions_of(step)] == [2, 4]
    assert np.flatnonzero(program.kinds == MEASURE).tolist() == [1, 3]
    assert program.forgets == {2: (0,), 4: (0,)}


def test_bits_die_after_their_last_reader_in_the_order_of_steps() -> None:
    """A bit is kept while a step that reads it is still to come, though its instruction came before the last one."""
    one = Comparison(first_clbit=0, width=1, value=1)
    circuit = CircuitWriter(qubit_count=3, clbit_count=1).gate("h", (0,)).measure(0, 0)
    circuit.gate("x", (1,)).only_if(one)
    circuit.gate("x", (2,)).only_if(one)
    circuit.gate("z", (1,)).only_if(one)
    program = compile_maps(circuit.message(), keeps_records=False, absorbs=True)
    assert _shapes(program) == [(0,), (0,), (1,), (2,)]
    assert program.forgets == {3: (0,)}


def test_what_is_reset_was_not_needed() -> None:
    """Gates that act only on what a reset discards are left out, whatever is needed."""
    circuit = CircuitWriter(qubit_count=2).gate("h", (0,)).gate("h", (1,)).reset(0)
    program = compile_maps(circuit.message(), keeps_records=True, absorbs=False)
    assert program.rows.tolist() == [[1, 1], [2, 2]]


def test_untracked_measurements_are_maps() -> None:
    """A measurement in mid-circuit whose outcome nobody reads is a map without a record."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,)).measure(0, 0).gate("h", (0,))
    program = compile_maps(circuit.message(), keeps_records=False, absorbs=False)
    assert program.kinds.tolist() == [0]
    np.testing.assert_allclose(program.matrix_of(0)[:, 0], [1, 0, 0, 0], atol=1e-15)
    np.testing.assert_allclose(program.matrix_of(0)[3], [0, 0, 0, 0], atol=1e-15)


@pytest.mark.parametrize("strength", [1e-12, 1e-9, 1e-4, 0.3])
@pytest.mark.parametrize("name", ["depolarizing", "amplitude_damping", "phase_damping"])
def test_weak_noise_keeps_its_weight(name: str, strength: float) -> None:
    """What a channel takes off the largest Kraus operator stays, fused with gates, to the digits that a product has."""
    parameters = (strength, 0.25) if name == "amplitude_damping" else (strength,)
    circuit = CircuitWriter(qubit_count=2).channel(name, (0,), parameters)
    alone, fused = (
        kraus_of(compile_maps(each.message(), keeps_records=True, absorbs=True))[0]
        for each in (circuit, _dressed(name, parameters))
    )
    assert alone is not None
    assert fused is not None
    weights = [float(np.sum(np.abs(operators[1:]) ** 2)) / operators.shape[1] for operators in (alone, fused)]
    assert weights[0] > strength / 8
    np.testing.assert_allclose(weights, weights[0], rtol=1e-15 * 64 / strength + 1e-12)


def _dressed(name: str, parameters: tuple[float, ...]) -> CircuitWriter:
    circuit = CircuitWriter(qubit_count=2).gate("u", (0,), (0.3, 0.4, 0.5)).gate("cx", (0, 1))
    return circuit.channel(name, (0,), parameters).gate("u", (0,), (1.3, 0.4, 0.5)).gate("cx", (1, 0))


def test_gates_have_one_operator() -> None:
    """Fused unitaries have one Kraus operator, so that they add no columns."""
    circuit = CircuitWriter(qubit_count=2)
    for _ in range(200):
        circuit.gate("u", (0,), (0.3, 0.4, 0.5)).gate("cx", (0, 1))
    operators = kraus_of(compile_maps(circuit.message(), keeps_records=True, absorbs=True))[0]
    assert operators is not None
    assert len(operators) == 1
    np.testing.assert_allclose(operators[0].conj().T @ operators[0], np.eye(4), atol=1e-12)


@given(seed=st.integers(0, 1000), count=st.integers(1, 40))
def test_rounding_of_fusion_is_within_its_bound(seed: int, count: int) -> None:
    """Fused explicit maps differ from their product in quadruple steps by less than the bound, in trace distance."""
    generator = np.random.default_rng(seed)
    circuit = CircuitWriter(qubit_count=2)
    longer = np.eye(4, dtype=np.clongdouble)
    for _ in range(count):
        matrix = random_unitary(2, int(generator.integers(1000)))
        circuit.unitary(matrix, (0, 1))
        longer = matrix.astype(np.clongdouble) @ longer
    program = compile_maps(circuit.message(), keeps_records=True, absorbs=False)
    state = longer[:, 0]
    found = sum(evolve(program, by_kraus=True).values())
    difference = (found - np.outer(state, state.conj())).astype(np.complex128)
    assert float(np.abs(np.linalg.eigvalsh(difference)).sum()) / 2 <= 2 * program.rounding


@pytest.mark.parametrize("excess", [1e-9, -4e-9])
def test_explicit_maps_off_by_a_little_are_within_the_bound(excess: float) -> None:
    """A unitary and Kraus operators within the tolerance run, and what they lack is in the bound."""
    circuit = CircuitWriter(qubit_count=2).unitary(random_unitary(2, 3) * (1 + excess), (0, 1))
    circuit.kraus(random_kraus(1, 2, 4) * (1 + excess), (0,))
    program = compile_maps(circuit.message(), keeps_records=True, absorbs=False)
    found = sum(evolve(program, by_kraus=True).values())
    difference = np.abs(np.linalg.eigvalsh(found - exact.final_density_matrix(2, circuit.rows))).sum() / 2
    assert 1e-10 < difference <= 2 * program.rounding < 50 * abs(excess)


def test_illegal_matrices_are_refused_by_instruction() -> None:
    """Numbers that are not finite and maps that do not preserve the trace are refused, and the instruction is named."""
    good = random_kraus(1, 2, 1)
    for bad in (good * 1.001, np.where(good == good[0, 0, 0], np.nan, good), good * np.inf):
        circuit = CircuitWriter(qubit_count=2).gate("h", (0,)).kraus(good, (0,)).kraus(bad, (1,))
        with pytest.raises(InvalidArgument, match="instruction 2"):
            compile_maps(circuit.message(), keeps_records=True, absorbs=False)
    circuit = CircuitWriter(qubit_count=2).unitary(random_unitary(1, 1), (0,)).unitary(2 * random_unitary(2, 1), (0, 1))
    with pytest.raises(InvalidArgument, match="instruction 1"):
        compile_unitary(circuit.message(), absorbs=False)
    circuit = CircuitWriter(qubit_count=1).gate("u", (0,), (0.1, 0.2, 0.3)).gate("u", (0,), (0.1, 1.6e308, 1.6e308))
    with pytest.raises(InvalidArgument, match=r"instruction 1 \(u\)"):
        compile_unitary(circuit.message(), absorbs=False)


def test_symbols_and_noise_are_refused() -> None:
    """Symbolic parameters are refused by name, and unitaries of a noisy circuit are a caller's mistake."""
    circuit = CircuitWriter(qubit_count=1).gate("rx", (0,), (0.0,)).message()
    circuit.symbolic_parameters.positions = b"\0\0\0\0"
    with pytest.raises(FailedPrecondition, match="symbolic"):
        compile_unitary(circuit, absorbs=False)
    with pytest.raises(ValueError, match="not unitary"):
        compile_unitary(CircuitWriter(qubit_count=1).reset(0).message(), absorbs=False)


def test_a_circuit_of_nothing_has_no_steps() -> None:
    """An empty circuit, and one of terminal measurements, compile to no steps."""
    for circuit in (CircuitWriter(qubit_count=2), CircuitWriter(qubit_count=2, clbit_count=2).measure_all()):
        assert compile_maps(circuit.message(), keeps_records=True, absorbs=True).step_count == 0
        assert compile_unitary(circuit.message(), absorbs=True).step_count == 0


def _shapes(program: Program) -> list[tuple[int, ...]]:
    return [program.qubits_of(step) for step in range(program.step_count)]


def _reduced(state: Complex, kept: frozenset[int]) -> Complex:
    """Return the reduced state of the kept qubits."""
    width = len(state).bit_length() - 1
    tensor = state.reshape((2,) * (2 * width))
    for axis in sorted((width - 1 - qubit for qubit in range(width) if qubit not in kept), reverse=True):
        tensor = np.trace(tensor, axis1=axis, axis2=axis + tensor.ndim // 2)
    return tensor.reshape(1 << len(kept), 1 << len(kept))


@pytest.mark.parametrize("name", [name for name in STANDARD_GATES if recipe(name)])
def test_estimates_know_the_pairs_of_gates_that_are_taken_apart(name: str) -> None:
    """The pairs that estimates count are the steps that the gate becomes."""
    width = max(place for part in recipe(name) for place in part.places) + 1
    program = compile_unitary(CircuitWriter(qubit_count=width).gate(name, range(width)).message(), absorbs=True)
    steps = [program.qubits_of(step) for step in range(program.step_count)]
    assert [set(pair) for pair in PAIRS[name]] == [set(step) for step in steps]
