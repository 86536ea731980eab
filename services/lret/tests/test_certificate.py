"""The certificate: delta is the trace distance within rounding, and bounds every result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proxima.simulation.v1 import observable_pb2
from proxima_backend_lret.columns.reference import as_columns
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.low_rank.certificate import Ledger
from proxima_backend_lret.low_rank.evolution import Evolution
from proxima_runtime.conformance import exact
from proxima_runtime.conformance.circuits import CircuitWriter

from .noisy import CLBITS, SINGLE, circuits, job, random_circuit, run

Complex = npt.NDArray[np.complexfloating]

BUDGETS = (0.0, 1e-4, 0.02, 0.3)


@dataclass(frozen=True, kw_only=True)
class Evolved:
    """What a run has kept: L L^dagger of each record, their sum, its trace, and the ledger."""

    records: Mapping[int, Complex]
    state: Complex
    trace: float
    ledger: Ledger


def evolve(
    circuit: CircuitWriter, max_error: float, *, keeps_records: bool = True, single_precision: bool = False
) -> Evolved:
    """Evolve a circuit without reading anything off it."""
    program = compile_maps(circuit.message(), keeps_records=keeps_records, needed=None, absorbs=True)
    evolution = Evolution(program, max_error=max_error, single_precision=single_precision, memory_limit_bytes=1 << 34)
    while evolution.position < program.step_count:
        evolution.advance()
    columns = {state.record: as_columns(state.planes, rank=state.rank) for state in evolution.states}
    records: dict[int, Complex] = {record: found @ found.conj().T for record, found in columns.items()}
    return Evolved(
        records=records,
        state=np.sum(list(records.values()), axis=0),
        trace=float(sum(np.linalg.norm(found) ** 2 for found in columns.values())),
        ledger=evolution.ledger,
    )


def trace_norm(matrix: Complex) -> float:
    """Return the sum of the absolute eigenvalues of a Hermitian matrix."""
    return float(np.abs(np.linalg.eigvalsh(matrix)).sum())


def check(circuit: CircuitWriter, max_error: float, *, keeps_records: bool) -> None:
    """Missing trace equals the trace norm of what is missing, and delta keeps to the budget."""
    found = evolve(circuit, max_error, keeps_records=keeps_records)
    truth = exact.final_density_matrix(circuit.qubit_count, circuit.rows)
    assert abs((1 - found.trace) - trace_norm(truth - found.state)) <= 2 * found.ledger.rounding + 1e-12
    assert max_error == 0 or found.ledger.error_bound(found.trace) <= max_error


@pytest.mark.parametrize(("width", "seed"), [(width, seed) for width in range(1, 7) for seed in range(14 - 2 * width)])
def test_missing_trace_is_the_trace_norm(width: int, seed: int) -> None:
    """|(1 - t) - ||rho - L L^dagger||_1| is within 2 eta, for every budget, with records kept and merged."""
    circuit = random_circuit(seed, width)
    for max_error in BUDGETS:
        check(circuit, max_error, keeps_records=bool(seed % 2))


@pytest.mark.slow
@pytest.mark.parametrize("width", [7, 8])
@pytest.mark.parametrize("seed", range(6))
def test_missing_trace_of_larger_circuits(width: int, seed: int) -> None:
    """The same for seven and eight qubits."""
    circuit = random_circuit(seed, width, count=80)
    for max_error in BUDGETS[1:]:
        check(circuit, max_error, keeps_records=bool(seed % 2))


@settings(max_examples=60, deadline=None)
@given(circuit=circuits(), max_error=st.sampled_from(BUDGETS), keeps_records=st.booleans())
def test_missing_trace_of_any_circuit(circuit: CircuitWriter, max_error: float, keeps_records: bool) -> None:
    """The same for circuits that hypothesis finds, with strong noise."""
    check(circuit, max_error, keeps_records=keeps_records)


@pytest.mark.parametrize("width", [2, 4, 6])
@pytest.mark.parametrize("max_error", [0.0, 0.05])
def test_single_precision_has_its_own_rounding(width: int, max_error: float) -> None:
    """In complex64 the same holds within the larger eta, which takes at most a tenth of a budget."""
    circuit = random_circuit(3, width, count=40)
    found = evolve(circuit, max_error, single_precision=True)
    truth = exact.final_density_matrix(width, circuit.rows)
    assert abs((1 - found.trace) - trace_norm(truth - found.state)) <= 2 * found.ledger.rounding + 1e-12
    assert 1e-7 < found.ledger.rounding < 1e-3
    if max_error:
        assert 2 * found.ledger.rounding <= 0.1 * max_error
        assert found.ledger.error_bound(found.trace) <= max_error


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("max_error", [0.0, 0.03, 0.4])
def test_delta_bounds_every_result(seed: int, max_error: float) -> None:
    """Density matrix, probabilities and expectation values are within what the certified error says."""
    width = 1 + seed % 5
    circuit = random_circuit(seed + 100, width)
    for qubit in range(min(width, CLBITS - 1)):
        circuit.measure(qubit, qubit, readout=np.array([[0.8, 0.2], [0.05, 0.95]]))
    generator = np.random.default_rng(seed)
    paulis = ["".join(generator.choice(list("IXYZ"), width)) for _ in range(5)] + ["I" * width]
    coefficients = generator.normal(size=6)
    observable = observable_pb2.Observable(name="h", paulis=paulis, coefficients=coefficients)
    answer = run(job(circuit, max_error=max_error, density_matrix=True, probabilities=True, observables=(observable,)))
    delta = answer.certified_error
    assert delta <= (max_error or 1e-9)
    truth = exact.final_density_matrix(width, circuit.rows)
    # What is missing is filled in.
    assert np.trace(answer.density_matrix).real == pytest.approx(1, abs=1e-11)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-11)
    assert trace_norm(answer.density_matrix - truth) / 2 <= delta * (1 - 0.5**width) + 1e-12
    _, distribution = exact.clbit_probabilities(width, circuit.rows)
    assert np.abs(answer.probabilities - distribution).sum() / 2 <= delta + 1e-12
    expected = sum(c * exact.expectation(pauli, truth) for pauli, c in zip(paulis, coefficients, strict=True))
    moving = sum(abs(c) for pauli, c in zip(paulis, coefficients, strict=True) if pauli.strip("I"))
    assert abs(answer.values[0] - expected) <= delta * moving + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_states_after_a_record(seed: int) -> None:
    """The state of each classical record is within delta / (w + delta) of the exact one, w its retained weight."""
    width = 2 + seed % 3
    circuit = random_circuit(seed + 40, width, count=50)
    found = evolve(circuit, 0.05)
    records = exact.evolve(width, [row for i, row in enumerate(circuit.rows) if not exact.is_terminal(circuit.rows, i)])
    kept = {position for position, row in enumerate(circuit.rows) if exact.is_terminal(circuit.rows, position)}
    dead = {circuit.rows[position].clbit for position in kept}
    delta = found.ledger.error_bound(found.trace)
    for record, state in found.records.items():
        # Bits that terminal measurements overwrite are merged in the run.
        mask = ~sum(1 << bit for bit in dead)
        truth = sum(exactly for true, exactly in records.items() if true & mask == record)
        weight = float(np.trace(state).real)
        distance = trace_norm(truth / np.trace(truth) - state / weight) / 2
        assert distance <= delta / (weight + delta) + 1e-9


def test_explicit_operators_pay_for_their_defect() -> None:
    """What an explicit channel lacks of preserving the trace is in the certified error."""
    operators = np.array([np.eye(2) * np.sqrt(0.9 + 5e-9), np.array([[0, 1], [1, 0]]) * np.sqrt(0.1)])
    answer = run(job(CircuitWriter(qubit_count=1).kraus(operators, (0,)), probabilities=True))
    assert 1e-8 <= answer.certified_error < 3e-8


def test_pure_states_are_certified_too() -> None:
    """Of a circuit without noise the certified error of low_rank is its rounding, in either precision."""
    circuit = CircuitWriter(qubit_count=3).gate("h", (0,)).gate("cx", (0, 1)).gate("t", (2,))
    assert 0 < run(job(circuit, density_matrix=True, precision=SINGLE)).certified_error < 1e-4
    assert 0 < run(job(circuit, density_matrix=True)).certified_error < 1e-12
