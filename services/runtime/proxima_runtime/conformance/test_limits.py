"""What cannot run is refused before it starts, with the reason and the figures; what contradicts itself, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from google.rpc import code_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode, missing, modes
from proxima_runtime.conformance.circuits import CircuitWriter, ghz
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.errors import FailedPrecondition, ProximaError, ResourceExhausted

_Write = Callable[[CircuitWriter], CircuitWriter]
_INSTRUCTIONS: Mapping[int, _Write] = {
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT: lambda circuit: circuit.measure(0, 0).gate("x", (0,)),
    capabilities_pb2.FEATURE_RESET: lambda circuit: circuit.reset(0),
    capabilities_pb2.FEATURE_CLASSICAL_CONDITION: lambda circuit: circuit.gate("x", (0,)).only_if(
        Comparison(first_clbit=0, width=2, value=0)
    ),
    capabilities_pb2.FEATURE_UNITARY: lambda circuit: circuit.unitary(reference.unitary("cx"), (1, 0)),
    capabilities_pb2.FEATURE_CHANNEL: lambda circuit: circuit.channel("depolarizing", (0,), (0.1,)),
    capabilities_pb2.FEATURE_READOUT_ERROR: lambda circuit: circuit.measure(
        0, 1, readout=np.array([[0.9, 0.1], [0.2, 0.8]])
    ),
    capabilities_pb2.FEATURE_DELAY: lambda circuit: circuit.delay(0, 1e-6),
    capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION: lambda circuit: circuit.phase(0.5),
}
_RESULT_FIELDS: Mapping[int, str] = {
    result_pb2.RESULT_KIND_PROBABILITIES: "probabilities",
    result_pb2.RESULT_KIND_STATEVECTOR: "statevector",
    result_pb2.RESULT_KIND_DENSITY_MATRIX: "density_matrix",
}


def _asks_for_something(mode: Mode, circuit: CircuitWriter) -> backend_pb2.Job:
    """A job of one result that the mode offers, so that only the circuit can be refused."""
    kind = next(iter(mode.capability.results))
    if kind == result_pb2.RESULT_KIND_COUNTS:
        return mode.job(circuit, shots=1)
    job = mode.job(circuit)
    if kind == result_pb2.RESULT_KIND_EXPECTATION_VALUES:
        job.results.observables.add(name="I", paulis=["I" * circuit.qubit_count], coefficients=[1.0])
    else:
        setattr(job.results, _RESULT_FIELDS[kind], True)
    return job


def _refused(backend: Backend, job: backend_pb2.Job) -> ProximaError:
    """The refusal of Execute; EstimateResources must have announced it."""
    violations = backend.estimate(job).violations
    error = backend.refusal(job)
    assert error.reason_name in [violation.reason for violation in violations]
    assert all(violation.description for violation in violations)
    return error


def test_too_many_qubits(backend: Backend, mode: Mode) -> None:
    """More qubits than the method takes are refused."""
    circuit = ghz(mode.capability.max_qubit_count + 1)
    error = _refused(backend, _asks_for_something(mode, circuit))
    assert isinstance(error, FailedPrecondition | ResourceExhausted)


def test_too_much_memory(backend: Backend, mode: Mode) -> None:
    """What needs more memory than it may take is refused with needed, available and the largest that fits."""
    job = _asks_for_something(mode, ghz(min(10, mode.capability.max_qubit_count)))
    needed = backend.estimate(job).peak_memory_bytes
    job.memory_limit_bytes = needed // 2
    error = _refused(backend, job)
    assert isinstance(error, ResourceExhausted)
    assert error.reason == errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY
    assert error.metadata["needed_bytes"] == str(needed)
    assert error.metadata["available_bytes"] == str(needed // 2)


def test_largest_that_fits_fits(backend: Backend, mode: Mode) -> None:
    """The estimate names a size that fits its limit, and the next size does not."""
    job = _asks_for_something(mode, ghz(4))
    job.memory_limit_bytes = 1 << 24
    largest = backend.estimate(job).largest_fitting_qubit_count
    if not 0 < largest < mode.capability.max_qubit_count:
        pytest.skip(f"{mode.name} has no such size")
    fitting, over = (_asks_for_something(mode, ghz(width)) for width in (largest, largest + 1))
    # Instructions and counts take memory too, and these circuits have more than the one that was asked about.
    assert backend.estimate(fitting).peak_memory_bytes <= job.memory_limit_bytes * 1.1
    assert backend.estimate(over).peak_memory_bytes > job.memory_limit_bytes


def test_estimate_without_violation_runs(backend: Backend, mode: Mode) -> None:
    """An answer without violations is a promise that Execute runs the job; the estimate covers what it takes."""
    job = _asks_for_something(mode, ghz(min(6, mode.capability.max_qubit_count)))
    estimate = backend.estimate(job)
    assert not estimate.violations
    assert estimate.peak_memory_bytes > 0
    assert estimate.work_units > 0
    assert estimate.rule
    job.memory_limit_bytes = max(estimate.peak_memory_bytes, 1 << 24)
    backend.run(job)


@pytest.mark.parametrize("feature", sorted(_INSTRUCTIONS))
def test_unsupported_instruction(backend: Backend, mode: Mode, feature: int) -> None:
    """An instruction whose feature the capabilities do not list is refused by name."""
    if feature in mode.capability.features:
        pytest.skip(f"{mode.name} offers it")
    circuit = _INSTRUCTIONS[feature](CircuitWriter(qubit_count=2, clbit_count=2)).measure(1, 1)
    error = _refused(backend, _asks_for_something(mode, circuit))
    assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND


def test_unsupported_gates(backend: Backend, mode: Mode) -> None:
    """A standard gate that is not advertised is refused, and the message names it."""
    names = missing(mode.capability.gates)
    if not names:
        pytest.skip(f"{mode.name} offers every gate")
    name = "t" if "t" in names else names[0]
    width = reference.qubit_count(name)
    job = _asks_for_something(mode, CircuitWriter(qubit_count=width, clbit_count=width).measure_all())
    circuit = CircuitWriter(qubit_count=width, clbit_count=width)
    circuit.gate(name, range(width), (0.5,) * reference.parameter_count(name)).measure_all()
    job.circuit.CopyFrom(circuit.message())
    error = _refused(backend, job)
    assert error.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    assert repr(name) in error.message or f" {name}" in error.message


@pytest.mark.parametrize("kind", sorted(_RESULT_FIELDS))
def test_unsupported_results(backend: Backend, mode: Mode, kind: int) -> None:
    """A result that is not advertised is refused."""
    if kind in mode.capability.results:
        pytest.skip(f"{mode.name} offers it")
    job = mode.job(ghz(2))
    setattr(job.results, _RESULT_FIELDS[kind], True)
    assert _refused(backend, job).reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND


def test_unsupported_expectation_values(backend: Backend, mode: Mode) -> None:
    """Expectation values that are not advertised are refused."""
    if mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES):
        pytest.skip(f"{mode.name} offers it")
    job = mode.job(ghz(2), observables=[observable_pb2.Observable(name="ZZ", paulis=["ZZ"], coefficients=[1.0])])
    assert _refused(backend, job).reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND


def test_unknown_engine(backend: Backend, mode: Mode) -> None:
    """An engine that is not there is refused; no other takes its place."""
    job = _asks_for_something(mode, ghz(2))
    job.engine = "nonesuch"
    assert _refused(backend, job).reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND


def test_too_many_shots(backend: Backend, mode: Mode) -> None:
    """More shots than max_shots are refused."""
    if not 0 < mode.capability.max_shots < 10**9:
        pytest.skip(f"{mode.name} takes any number of shots")
    error = backend.refusal(mode.job(ghz(2), shots=mode.capability.max_shots + 1))
    assert error.code in {code_pb2.FAILED_PRECONDITION, code_pb2.INVALID_ARGUMENT, code_pb2.RESOURCE_EXHAUSTED}


def test_shots_without_measurement(backend: Backend, mode: Mode) -> None:
    """Shots without a measurement are refused with a message that names measure."""
    error = backend.refusal(mode.job(CircuitWriter(qubit_count=1, clbit_count=1).gate("h", (0,)), shots=10))
    assert error.reason == errors_pb2.ERROR_REASON_NO_MEASUREMENT
    assert "measure" in error.message


def test_nothing_asked(backend: Backend, mode: Mode) -> None:
    """A job that asks for no result is refused."""
    assert backend.refusal(mode.job(ghz(2))).reason == errors_pb2.ERROR_REASON_INVALID_REQUEST


_COLUMNS = ("opcodes", "qubits", "clbits", "parameters")


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_malformed_columns(backend: Backend, data: st.DataObject) -> None:
    """A circuit with a damaged column is MALFORMED_CIRCUIT, or happens to be a circuit still; never worse."""
    mode = modes(backend.capabilities)[0]
    job = mode.job(ghz(3), shots=1)
    column = data.draw(st.sampled_from(_COLUMNS))
    before: bytes = getattr(job.circuit, column)
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    setattr(job.circuit, column, before[:start] + data.draw(st.binary(max_size=9)) + before[end:])
    reason = None
    try:
        backend.run(job)
    except ProximaError as error:
        reason = error.reason
    # Damage can also leave a circuit without its measurement, or with something that is not offered.
    assert reason in {
        None,
        errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT,
        errors_pb2.ERROR_REASON_NO_MEASUREMENT,
        errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
    }
