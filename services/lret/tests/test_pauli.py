"""The exact engine: vectors of Pauli coefficients."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.compiling.program import MEASURE, Program
from proxima_backend_lret.outcomes import bit_probabilities, bit_readouts, find_outcomes
from proxima_backend_lret.pauli.forecast import forecast
from proxima_backend_lret.pauli.simulation import PauliSimulation
from proxima_backend_lret.simulation import Wanted, find_wanted, needed_qubits
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted

from .noisy import READOUT, circuits, job, layers, random_circuit

_PLENTY = 1 << 40


def planned(
    wanted_job: backend_pb2.Job, *, absorbs: bool = True, single_precision: bool = False, memory: int = _PLENTY
) -> tuple[PauliSimulation, Program, Wanted]:
    """Return a run of a job that has not started."""
    spec = wanted_job.results
    program = compile_maps(
        wanted_job.circuit,
        keeps_records=bool(spec.shots or spec.probabilities),
        absorbs=absorbs,
        needed=needed_qubits(wanted_job),
    )
    wanted = find_wanted(wanted_job, program.source)
    simulation = PauliSimulation(program, wanted, single_precision=single_precision, memory_limit_bytes=memory)
    return simulation, program, wanted


def finished(
    wanted_job: backend_pb2.Job, *, absorbs: bool = True, single_precision: bool = False
) -> tuple[PauliSimulation, Program, Wanted]:
    """Return a run of a job that is done."""
    simulation, program, wanted = planned(wanted_job, absorbs=absorbs, single_precision=single_precision)
    while simulation.position < simulation.step_count:
        simulation.advance()
    return simulation, program, wanted


def probabilities(simulation: PauliSimulation, program: Program, wanted: Wanted) -> npt.NDArray[np.float64]:
    """Return the probabilities of all written bits, or of all qubits where none is."""
    weights = simulation.slot_weights(wanted.qubits)
    if wanted.readout is None:
        ((_, found),) = weights
        return found
    outcomes = find_outcomes(program.source, wanted.readout, weights, missing=0.0)
    return bit_probabilities(outcomes, bit_readouts(program.source))


def unmeasured(circuit: CircuitWriter) -> npt.NDArray[np.float64]:
    """Return the exact probabilities of all qubits."""
    return np.diagonal(exact.final_density_matrix(circuit.qubit_count, circuit.rows)).real


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("absorbs", [False, True])
def test_the_state_is_the_reference(seed: int, absorbs: bool) -> None:
    """The density matrix of gates, noise, measurements, resets and conditions is the dense one to 1e-12."""
    width = 1 + seed % 6
    circuit = random_circuit(seed, width, strength=0.3)
    simulation, _, _ = finished(job(circuit, density_matrix=True), absorbs=absorbs)
    np.testing.assert_allclose(simulation.density_matrix(), exact.final_density_matrix(width, circuit.rows), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(circuit=circuits(), absorbs=st.booleans())
def test_any_circuit_has_the_probabilities_of_the_reference(circuit: CircuitWriter, absorbs: bool) -> None:
    """Probabilities of records, readout errors included, are the reference's to 1e-12, whatever was left out."""
    found = probabilities(*finished(job(circuit, probabilities=True), absorbs=absorbs))
    if any(row.clbit >= 0 for row in circuit.rows):
        _, expected = exact.clbit_probabilities(circuit.qubit_count, circuit.rows)
    else:
        expected = unmeasured(circuit)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(circuit=circuits(), data=st.data())
def test_any_circuit_has_the_expectation_values_of_the_reference(circuit: CircuitWriter, data: st.DataObject) -> None:
    """Expectation values of any Pauli strings, on their own, are the reference's to 1e-12."""
    width = circuit.qubit_count
    strings = data.draw(st.lists(st.text("IXYZ", min_size=width, max_size=width), min_size=1, max_size=3))
    wanted = [observable_pb2.Observable(name=pauli, paulis=[pauli], coefficients=[0.5]) for pauli in strings]
    simulation, _, _ = finished(job(circuit, observables=tuple(wanted)))
    state = exact.final_density_matrix(width, circuit.rows)
    for pauli, value in zip(strings, simulation.expectation_values(), strict=True):
        assert value.value == pytest.approx(0.5 * exact.expectation(pauli, state), abs=1e-12)


@pytest.mark.parametrize("width", [2, 5, 7])
@pytest.mark.parametrize("single_precision", [False, True])
def test_layers_on_a_line(width: int, single_precision: bool) -> None:
    """Layers of rotations and CX have the probabilities of a dense evolution, within the rounding of the precision."""
    circuit = layers(width, 6, 0.01)
    found = probabilities(*finished(job(circuit, probabilities=True), single_precision=single_precision))
    np.testing.assert_allclose(found, unmeasured(circuit), atol=2e-6 if single_precision else 1e-13)


@pytest.mark.parametrize("width", [3, 4, 5])
def test_gates_on_many_qubits(width: int) -> None:
    """Maps on three to five qubits, which are not fused, act as their matrices say."""
    generator = np.random.default_rng(width)
    side = 1 << width
    circuit = CircuitWriter(qubit_count=6)
    for qubit in range(6):
        circuit.gate("u", (qubit,), tuple(generator.uniform(-3, 3, 3).tolist()))
    unitary = np.linalg.qr(generator.normal(size=(side, side)) + 1j * generator.normal(size=(side, side)))[0]
    circuit.unitary(unitary, generator.permutation(6)[:width].tolist())
    circuit.gate("cx", (4, 1))
    simulation, _, _ = finished(job(circuit, density_matrix=True))
    np.testing.assert_allclose(simulation.density_matrix(), exact.final_density_matrix(6, circuit.rows), atol=1e-12)


def test_qubits_that_are_not_read_take_no_memory() -> None:
    """A sweep along a line holds a few qubits at a time where one end is read."""
    circuit = CircuitWriter(qubit_count=30, clbit_count=1)
    for qubit in range(29):
        circuit.gate("ry", (qubit,), (0.3,)).gate("cx", (qubit, qubit + 1))
        circuit.channel("depolarizing", (qubit, qubit + 1), (0.01,))
    circuit.measure(29, 0)
    simulation, program, wanted = finished(job(circuit, probabilities=True))
    assert simulation.state_bytes < 10_000
    assert probabilities(simulation, program, wanted).sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(4))
def test_a_restored_run_ends_with_the_same_bits(seed: int) -> None:
    """A run that is saved at any operation and restored elsewhere ends with the bits of one that went on."""
    circuit = random_circuit(seed, 6, count=80)
    wanted_job = job(circuit, probabilities=True, density_matrix=True)
    for stop in range(planned(wanted_job)[0].step_count + 1):
        first, _, _ = planned(wanted_job)
        while first.position < stop:
            first.advance()
        saved = {
            name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in first.save().items()
        }
        second, _, wanted = planned(wanted_job)
        second.restore(saved)
        for simulation in (first, second):
            while simulation.position < simulation.step_count:
                simulation.advance()
        assert np.array_equal(first.density_matrix(), second.density_matrix())
        for (record, found), (same, again) in zip(
            first.slot_weights(wanted.qubits), second.slot_weights(wanted.qubits), strict=True
        ):
            assert record == same
            assert np.array_equal(found, again)


def test_goes_on_from_given_vectors() -> None:
    """A run that starts after a measurement from the state of each record ends with the reference's probabilities."""
    measured = CircuitWriter(qubit_count=3, clbit_count=3).gate("ry", (0,), (0.7,)).gate("cx", (0, 1))
    measured.channel("depolarizing", (0, 1), (0.1,)).measure(0, 2, readout=READOUT)
    records = exact.evolve(3, measured.rows)
    whole = CircuitWriter(qubit_count=3, clbit_count=3)
    for row in measured.rows:
        whole.append(row)
    for qubit in (1, 2):
        whole.gate("u", (qubit,), (0.4, 1.0, -0.3)).only_if(exact.Comparison(first_clbit=2, width=1, value=1))
    whole.gate("cx", (1, 2)).only_if(exact.Comparison(first_clbit=2, width=1, value=0))
    whole.measure(1, 0).measure(2, 1)
    _, program, wanted = planned(job(whole, probabilities=True))
    letters = ["".join(reversed(letters)) for letters in itertools.product("IXYZ", repeat=3)]
    strings = sorted(letters, key=lambda pauli: sum("IXYZ".index(x) << (2 * q) for q, x in enumerate(reversed(pauli))))
    vectors = {
        record: np.array([exact.expectation(pauli, state) for pauli in strings]) for record, state in records.items()
    }
    first = next(step for step in range(program.step_count) if program.kinds[step] == MEASURE) + 1
    simulation = PauliSimulation(
        program, wanted, single_precision=False, memory_limit_bytes=_PLENTY, first_step=first, vectors=vectors
    )
    while simulation.position < simulation.step_count:
        simulation.advance()
    _, expected = exact.clbit_probabilities(3, whole.rows)
    np.testing.assert_allclose(probabilities(simulation, program, wanted), expected, atol=1e-12)


@pytest.mark.parametrize("saved", [{}, {"position": -1}, {"position": 10**6}, {"position": True}, {"position": 0}])
def test_refuses_what_was_not_saved(saved: dict[str, int]) -> None:
    """A state of another run is refused."""
    simulation, _, _ = planned(job(layers(3, 2, 0.1), probabilities=True))
    with pytest.raises(ValueError, match="operation"):
        simulation.restore(saved)


def test_refuses_what_does_not_fit() -> None:
    """Seventeen qubits in one component are refused before anything is allocated, with what they would take."""
    with pytest.raises(ResourceExhausted, match="needs 128 GiB"):
        planned(job(layers(17, 40, 0.01), probabilities=True), memory=1 << 30)


def test_refuses_more_records_than_it_keeps() -> None:
    """More bits of mid-circuit measurements than are kept apart are refused by name."""
    circuit = CircuitWriter(qubit_count=1, clbit_count=11)
    for bit in range(11):
        circuit.gate("h", (0,)).measure(0, bit)
    circuit.gate("h", (0,))
    with pytest.raises(FailedPrecondition, match="11 classical bits"):
        planned(job(circuit, probabilities=True))


@settings(max_examples=60, deadline=None)
@given(circuit=circuits(), density_matrix=st.booleans())
def test_runs_take_about_what_is_forecast(circuit: CircuitWriter, density_matrix: bool) -> None:
    """With conditions and measurements in mid-circuit too, a run allocates less than twice what is forecast."""
    wanted_job = job(circuit, probabilities=not density_matrix, density_matrix=density_matrix)
    assert planned(wanted_job)[0].state_bytes < 2 * forecast(wanted_job).state_bytes


@pytest.mark.parametrize("width", [10, 12, 14])
@pytest.mark.parametrize("depth", [1, 4, 10])
def test_the_forecast_is_what_a_run_takes(width: int, depth: int) -> None:
    """For layers on a line the forecast of memory is that of the run."""
    wanted_job = job(layers(width, depth, 0.01), probabilities=True)
    assert planned(wanted_job)[0].state_bytes == forecast(wanted_job).state_bytes
