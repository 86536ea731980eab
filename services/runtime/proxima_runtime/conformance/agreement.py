"""Whether what a backend returns for a circuit of any instructions agrees with the exact reference.

Exact results are compared number by number. Sampled ones are tested so that a right backend fails with a probability
under 1e-6 for each number or histogram, and equal jobs give equal results, so a test that passed passes again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, observable_pb2, result_pb2

from proxima_runtime.conformance import exact, reference
from proxima_runtime.conformance.backend import Backend, Result
from proxima_runtime.conformance.cases import Mode, needed
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.reference import Complex

SHOTS = 1000
"""Shots of a sampled result."""

OBSERVABLES = 15
"""Observables of a run: all Pauli strings of two qubits but the identity, else the most telling ones."""

_METHOD = capabilities_pb2
_FEATURE = capabilities_pb2
# Methods that hold a mixed state, and so give exact results of noisy circuits.
MIXED_METHODS = frozenset((_METHOD.METHOD_DENSITY_MATRIX, _METHOD.METHOD_LOW_RANK, _METHOD.METHOD_PAULI_VECTOR))
# Methods that may refuse channels and unitaries beyond what their form of state can take.
_PARTIAL_METHODS = frozenset((_METHOD.METHOD_STABILIZER, _METHOD.METHOD_MATRIX_PRODUCT_STATE))
_MIXING = frozenset((_FEATURE.FEATURE_CHANNEL, _FEATURE.FEATURE_RESET))
_RECORDS = frozenset((_FEATURE.FEATURE_MID_CIRCUIT_MEASUREMENT, _FEATURE.FEATURE_CLASSICAL_CONDITION))
_SMALLEST_EXPECTED = 5.0


def check(
    backend: Backend,
    mode: Mode,
    circuit: CircuitWriter,
    *,
    observables: Sequence[observable_pb2.Observable] = (),
    tolerance: float = 0.0,
    seed: int = 1,
) -> None:
    """Compare every result that the mode gives of a circuit with the reference.

    A combination of instructions and result that the method may refuse (`may_refuse`) and that EstimateResources
    refuses by name is passed over; the test is skipped if that leaves nothing.

    Args:
        backend: the backend.
        mode: the mode; the test is skipped if it lacks a gate or feature of the circuit.
        circuit: any instructions, up to 8 qubits.
        observables: to measure where the mode can; by default `telling_observables`.
        tolerance: of exact results; 0 means that of the mode.
        seed: seed.
    """
    mode.require(circuit)
    chosen = list(observables) or telling_observables(circuit)
    refusals: list[str] = []
    compared = 0
    for kind, job in _jobs(mode, circuit, chosen, seed):
        if may_refuse(mode, circuit, kind):
            violations = backend.estimate(job).violations
            unsupported = errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND)
            if violations and all(entry.reason == unsupported and entry.description for entry in violations):
                refusals.append(violations[0].description)
                continue
        compare(mode, circuit, backend.run(job), chosen, tolerance=tolerance or mode.tolerance)
        compared += 1
    if not compared:
        pytest.skip(f"{mode.name} refuses by name: {'; '.join(refusals) or 'no result to compare'}")


def may_refuse(mode: Mode, circuit: CircuitWriter, kind: result_pb2.ResultKind) -> bool:
    """The method may refuse this kind of result of this circuit, though it offers both its features and the kind.

    Counts of everything advertised must come, but for what a stabilizer or matrix product state cannot hold. Exact
    results may be refused where they are an average over classical records, and where the method holds a pure state.
    """
    features, method = needed(circuit.rows), mode.capability.method
    if method in _PARTIAL_METHODS and features & {_FEATURE.FEATURE_CHANNEL, _FEATURE.FEATURE_UNITARY}:
        return True
    if kind == result_pb2.RESULT_KIND_COUNTS:
        return False
    if kind == result_pb2.RESULT_KIND_EXPECTATION_VALUES and samples(mode, circuit):
        return False
    return bool(features & _RECORDS) or (method not in MIXED_METHODS and bool(features & _MIXING))


def samples(mode: Mode, circuit: CircuitWriter) -> bool:
    """Expectation values may be sampled, each shot a run of its own: by trajectories, or by a pure state that mixes."""
    if mode.capability.method in MIXED_METHODS:
        return False
    is_pure = not needed(circuit.rows) & (_MIXING | _RECORDS)
    return mode.capability.method == _METHOD.METHOD_TRAJECTORIES or not is_pure


def compare(
    mode: Mode,
    circuit: CircuitWriter,
    result: Result,
    observables: Sequence[observable_pb2.Observable],
    *,
    tolerance: float,
) -> None:
    """Compare every result that came with the reference."""
    width, rows, arrays = circuit.qubit_count, circuit.rows, result.arrays
    if result_pb2.ARRAY_ROLE_DENSITY_MATRIX in arrays:
        expected = exact.final_density_matrix(width, rows)
        np.testing.assert_allclose(arrays[result_pb2.ARRAY_ROLE_DENSITY_MATRIX], expected, atol=tolerance, rtol=0)
    if result_pb2.ARRAY_ROLE_STATEVECTOR in arrays:
        found = np.asarray(arrays[result_pb2.ARRAY_ROLE_STATEVECTOR], dtype=np.complex128)
        np.testing.assert_allclose(found, final_vector(circuit), atol=tolerance, rtol=0)
    if result_pb2.ARRAY_ROLE_PROBABILITIES in arrays:
        _compare_probabilities(circuit, result, tolerance)
    if result_pb2.ARRAY_ROLE_COUNT_VALUES in arrays:
        counts = {int(outcome, 2): count for outcome, count in result.counts.items()}
        check_counts(counts, exact.record_probabilities(width, rows))
    if result.header.expectation_values:
        check_expectation_values(mode, circuit, result, observables, tolerance=tolerance)


def final_vector(circuit: CircuitWriter) -> Complex:
    """Return the state vector of a circuit of gates, unitaries and phases, global phase included."""
    state: Complex = np.asarray(reference.final_state(circuit.qubit_count, ()) * np.exp(1j * circuit.global_phase))
    for row in circuit.rows:
        if row.kind == circuit_pb2.Operation.KIND_GATE:
            state = reference.apply(reference.unitary(row.name, row.parameters), row.qubits, state)
        elif row.kind == circuit_pb2.Operation.KIND_GLOBAL_PHASE:
            state = np.asarray(state * np.exp(1j * row.parameters[0]))
        elif row.matrices is not None:
            state = reference.apply(row.matrices[0], row.qubits, state)
    return state


def check_counts(counts: Mapping[int, int], probabilities: Mapping[int, float]) -> None:
    """No outcome is seen that cannot be, and Pearson's statistic is below its quantile of 1 - 1e-6; outcomes that are
    expected fewer than 5 times are taken together.
    """
    shots = sum(counts.values())
    possible = {record: p for record, p in probabilities.items() if p > 1e-12}
    impossible = set(counts) - set(possible)
    assert not impossible, f"outcomes of probability 0 were seen: {sorted(impossible)}"
    cells = [(counts.get(record, 0), p * shots) for record, p in possible.items() if p * shots >= _SMALLEST_EXPECTED]
    rare = [(counts.get(record, 0), p * shots) for record, p in possible.items() if p * shots < _SMALLEST_EXPECTED]
    if rare:
        cells.append((sum(seen for seen, _ in rare), sum(expected for _, expected in rare)))
    statistic = sum((seen - expected) ** 2 / max(expected, 1.0) for seen, expected in cells)
    # Wilson and Hilferty's approximation of the chi-square quantile.
    freedom = max(len(cells) - 1, 1)
    spread = 2 / (9 * freedom)
    largest = freedom * (1 - spread + 4.75 * np.sqrt(spread)) ** 3
    assert statistic < largest, f"counts do not follow the exact distribution: {statistic:.4g}, at most {largest:.4g}"


def check_expectation_values(
    mode: Mode,
    circuit: CircuitWriter,
    result: Result,
    observables: Sequence[observable_pb2.Observable],
    *,
    tolerance: float,
) -> None:
    """Values come in the order of the request under their names; those with a standard error lie within 5 deviations of
    the truth, and those without are exact, which a trajectory is where nothing is random.
    """
    found = result.header.expectation_values
    assert [entry.name for entry in found] == [observable.name for observable in observables]
    state = exact.final_density_matrix(circuit.qubit_count, circuit.rows)
    for entry, observable in zip(found, observables, strict=True):
        truth = expectation(observable, state)
        size = sum(map(abs, observable.coefficients))
        if samples(mode, circuit) and entry.HasField("standard_error"):
            # A value in [-size, size] of mean `truth` has at most this variance; the last term is for skewed ones.
            deviation = np.sqrt(max(size**2 - truth**2, 0.0) / SHOTS)
            margin = 5 * deviation + 10 * size / SHOTS + tolerance * size
            assert 0 <= entry.standard_error <= 1.5 * deviation + 10 * size / SHOTS
        else:
            assert not entry.HasField("standard_error"), f"{entry.name} is exact and has a standard error"
            margin = tolerance * size
        assert abs(entry.value - truth) <= margin, (
            f"{entry.name} is {entry.value}, expected {truth} within {margin:.3g}"
        )


def expectation(observable: observable_pb2.Observable, state: Complex) -> float:
    """Return the exact expectation value of a sum."""
    terms = zip(observable.paulis, observable.coefficients, strict=True)
    return sum(coefficient * exact.expectation(pauli, state) for pauli, coefficient in terms)


def telling_observables(circuit: CircuitWriter) -> list[observable_pb2.Observable]:
    """Return the Pauli strings with the largest expectation values of all those of the circuit's width (of 300 random
    ones from 5 qubits on), and three of the smallest.
    """
    width, generator = circuit.qubit_count, np.random.default_rng(circuit.qubit_count)
    if width <= 4:
        strings = ["".join(letters) for letters in itertools.product("IXYZ", repeat=width)][1:]
    else:
        strings = sorted({"".join(generator.choice(list("IXYZ"), size=width)) for _ in range(300)} - {"I" * width})
    state = exact.final_density_matrix(width, circuit.rows)
    ranked = sorted(strings, key=lambda pauli: -round(abs(exact.expectation(pauli, state)), 9))
    chosen = dict.fromkeys(ranked[: OBSERVABLES - 3] + ranked[-3:])
    return [observable_pb2.Observable(name=pauli, paulis=[pauli], coefficients=[1.0]) for pauli in chosen]


def _jobs(
    mode: Mode, circuit: CircuitWriter, observables: Sequence[observable_pb2.Observable], seed: int
) -> Iterator[tuple[result_pb2.ResultKind, backend_pb2.Job]]:
    """Yield a job for each kind of result that the mode gives and the circuit has."""
    shots = min(SHOTS, mode.capability.max_shots)
    is_unitary = not needed(circuit.rows) & (_MIXING | _RECORDS)
    if mode.gives(result_pb2.RESULT_KIND_DENSITY_MATRIX):
        yield result_pb2.RESULT_KIND_DENSITY_MATRIX, mode.job(circuit, density_matrix=True)
    if mode.gives(result_pb2.RESULT_KIND_STATEVECTOR) and is_unitary:
        yield result_pb2.RESULT_KIND_STATEVECTOR, mode.job(circuit, statevector=True)
    if mode.gives(result_pb2.RESULT_KIND_PROBABILITIES):
        yield result_pb2.RESULT_KIND_PROBABILITIES, mode.job(circuit, probabilities=True)
    if mode.gives(result_pb2.RESULT_KIND_COUNTS) and circuit.measured:
        yield result_pb2.RESULT_KIND_COUNTS, mode.job(circuit, shots=shots, seed=seed)
    if mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES):
        sampled = shots if samples(mode, circuit) else 0
        job = mode.job(circuit, observables=observables, shots=sampled, seed=seed)
        yield result_pb2.RESULT_KIND_EXPECTATION_VALUES, job


def _compare_probabilities(circuit: CircuitWriter, result: Result, tolerance: float) -> None:
    entry = result.descriptors[result_pb2.ARRAY_ROLE_PROBABILITIES]
    found = result.array(result_pb2.ARRAY_ROLE_PROBABILITIES)
    assert found.size == prod(entry.shape) == 1 << len(entry.axis_bits)
    if not circuit.measured:
        state = exact.final_density_matrix(circuit.qubit_count, circuit.rows)
        np.testing.assert_allclose(found, np.diagonal(state).real, atol=tolerance, rtol=0)
        return
    clbits, expected = exact.clbit_probabilities(circuit.qubit_count, circuit.rows)
    assert (entry.bit_space, list(entry.axis_bits)) == (result_pb2.BIT_SPACE_CLBITS, clbits)
    np.testing.assert_allclose(found, expected, atol=tolerance, rtol=0)
    if any(row.readout is not None for row in circuit.rows):
        assert result.header.readout_included, "probabilities of a circuit with readout error do not say that it is in"
