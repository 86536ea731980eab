"""Jobs are checked against themselves and against the capabilities."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.arrays.gates import unitary
from proxima_runtime.backend.admission import Admission, Assessment
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.errors import InvalidArgument
from tests.random_circuits import READOUT

_Feature = capabilities_pb2
EVERYTHING = (
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT,
    capabilities_pb2.FEATURE_RESET,
    capabilities_pb2.FEATURE_CLASSICAL_CONDITION,
    capabilities_pb2.FEATURE_UNITARY,
    capabilities_pb2.FEATURE_CHANNEL,
    capabilities_pb2.FEATURE_READOUT_ERROR,
    capabilities_pb2.FEATURE_DELAY,
    capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
    capabilities_pb2.FEATURE_NON_CLIFFORD,
    capabilities_pb2.FEATURE_MAX_ERROR,
)


class OpenEngine:
    """An engine that takes what it says and runs nothing."""

    name = "open"
    version = "0"

    def __init__(self, *, features: Sequence[capabilities_pb2.Feature] = EVERYTHING) -> None:
        self._features = features

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """Every result of two methods."""
        return [
            capabilities_pb2.MethodCapability(
                method=method,
                engine="open",
                engine_version="0",
                precisions=[result_pb2.PRECISION_DOUBLE],
                max_qubit_count=10,
                gates=STANDARD_GATES,
                features=self._features,
                results=result_pb2.ResultKind.keys()[1:],
                max_shots=1000,
            )
            for method in (capabilities_pb2.METHOD_STATEVECTOR, capabilities_pb2.METHOD_TRAJECTORIES)
        ]

    def package_versions(self) -> Mapping[str, str]:
        """None."""
        return {}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Claim a byte."""
        return estimate_pb2.ResourceEstimate(peak_memory_bytes=1, work_units=1.0, rule="none")

    def warm_up(self) -> None:
        """Nothing to warm."""

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Not run here."""
        raise NotImplementedError


def assess(job: backend_pb2.Job, *, features: Sequence[capabilities_pb2.Feature] = EVERYTHING) -> Assessment:
    """Check a job on an engine with these features."""
    engine = OpenEngine(features=features)
    capabilities = capabilities_pb2.Capabilities(
        backend="open", methods=engine.methods(), memory_cap_bytes=1 << 30, worker_count=1, thread_count=1
    )
    return Admission(engine=engine, capabilities=capabilities).assess(job)


def job(
    circuit: CircuitWriter,
    *,
    method: capabilities_pb2.Method = capabilities_pb2.METHOD_STATEVECTOR,
    observables: Sequence[str] = (),
    shots: int = 0,
    statevector: bool = False,
) -> backend_pb2.Job:
    """Return a job; probabilities are asked where nothing else is."""
    results = result_pb2.ResultSpec(shots=shots, statevector=statevector)
    for pauli in observables:
        results.observables.add(paulis=[pauli], coefficients=[1.0])
    results.probabilities = not (shots or statevector or observables)
    return backend_pb2.Job(circuit=circuit.message(), results=results, method=method, engine="open")


def one_qubit() -> CircuitWriter:
    """Return a circuit of a qubit and a bit."""
    return CircuitWriter(qubit_count=1, clbit_count=2).gate("h", (0,))


NEEDS: Mapping[capabilities_pb2.Feature, Callable[[], CircuitWriter]] = {
    _Feature.FEATURE_MID_CIRCUIT_MEASUREMENT: lambda: one_qubit().measure(0, 0).gate("x", (0,)),
    _Feature.FEATURE_RESET: lambda: one_qubit().reset(0),
    _Feature.FEATURE_CLASSICAL_CONDITION: lambda: (
        one_qubit().gate("x", (0,)).only_if(Comparison(first_clbit=1, width=1, value=0))
    ),
    _Feature.FEATURE_UNITARY: lambda: one_qubit().unitary(unitary("s"), (0,)),
    _Feature.FEATURE_CHANNEL: lambda: one_qubit().channel("phase_damping", (0,), (0.1,)),
    _Feature.FEATURE_READOUT_ERROR: lambda: one_qubit().measure(0, 0, readout=READOUT),
    _Feature.FEATURE_DELAY: lambda: one_qubit().delay(0, 1.0),
    _Feature.FEATURE_GLOBAL_PHASE_INSTRUCTION: lambda: one_qubit().phase(0.1),
}


@pytest.mark.parametrize("feature", sorted(NEEDS))
def test_feature_is_needed(feature: capabilities_pb2.Feature) -> None:
    """An instruction is refused where its feature is the only one missing, and accepted where it is the only one."""
    wanted = job(NEEDS[feature]())
    others = [other for other in EVERYTHING if other != feature]
    violations = assess(wanted, features=others).estimate.violations
    assert [entry.reason for entry in violations] == ["ERROR_REASON_UNSUPPORTED_BY_BACKEND"]
    assert capabilities_pb2.Feature.Name(feature) in violations[0].description
    assert assess(wanted, features=[feature]).refusal() is None


MID_CIRCUIT: Mapping[str, Callable[[], CircuitWriter]] = {
    "read by a condition": lambda: (
        CircuitWriter(qubit_count=2, clbit_count=2)
        .measure(0, 1)
        .gate("x", (1,))
        .only_if(Comparison(first_clbit=0, width=2, value=2))
    ),
    "conditional": lambda: one_qubit().measure(0, 0).only_if(Comparison(first_clbit=1, width=1, value=1)),
    "reset after": lambda: one_qubit().measure(0, 0).reset(0),
    "channel after": lambda: one_qubit().measure(0, 0).channel("phase_damping", (0,), (0.1,)),
    "bit written again in mid-circuit": lambda: (
        CircuitWriter(qubit_count=2, clbit_count=1).measure(0, 0).measure(1, 0).gate("x", (1,))
    ),
}


@pytest.mark.parametrize("case", MID_CIRCUIT)
def test_mid_circuit_measurements_are_found(case: str) -> None:
    """Whatever makes a measurement one in mid-circuit needs the feature."""
    others = [other for other in EVERYTHING if other != _Feature.FEATURE_MID_CIRCUIT_MEASUREMENT]
    violations = assess(job(MID_CIRCUIT[case]()), features=others).estimate.violations
    assert ["FEATURE_MID_CIRCUIT_MEASUREMENT" in entry.description for entry in violations] == [True]


def test_terminal_measurements_need_no_feature() -> None:
    """Barriers, delays, other measurements and a conditional barrier leave a measurement terminal."""
    circuit = CircuitWriter(qubit_count=2, clbit_count=2).measure(0, 0).delay(0, 1.0).measure(0, 1).gate("x", (1,))
    assert assess(job(circuit.measure(1, 0)), features=[_Feature.FEATURE_DELAY]).refusal() is None


def test_unknown_channel_is_named() -> None:
    """A channel outside of docs/noise.md is what this backend does not have."""
    refusal = assess(job(one_qubit().channel("cosmic_rays", (0,), (0.1,)))).refusal()
    assert refusal is not None
    assert refusal.reason == errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND
    assert "'cosmic_rays'" in refusal.message


@pytest.mark.parametrize("feature", sorted(set(NEEDS) - {_Feature.FEATURE_UNITARY, _Feature.FEATURE_READOUT_ERROR}))
def test_mixed_states_are_no_vectors(feature: capabilities_pb2.Feature) -> None:
    """A state vector is refused where the state is mixed, and given for unitary instructions."""
    refusal = assess(job(NEEDS[feature](), statevector=True)).refusal()
    pure = feature in (_Feature.FEATURE_DELAY, _Feature.FEATURE_GLOBAL_PHASE_INSTRUCTION)
    assert (refusal is None) == pure
    assert refusal is None or "density matrix" in refusal.message


def test_trajectories_sample_expectation_values() -> None:
    """Without a measurement shots are trajectories; there are at least two."""
    method = capabilities_pb2.METHOD_TRAJECTORIES
    assert assess(job(one_qubit(), method=method, observables=["Z"], shots=2)).refusal() is None
    refusal = assess(job(one_qubit(), method=method, observables=["Z"], shots=1)).refusal()
    assert refusal is not None
    assert "at least 2 shots" in refusal.message


def test_shots_without_measurement_are_refused() -> None:
    """Where nothing is sampled by runs, shots need a measurement."""
    with pytest.raises(InvalidArgument, match="measure") as caught:
        assess(job(one_qubit(), observables=["Z"], shots=10))
    assert caught.value.reason == errors_pb2.ERROR_REASON_NO_MEASUREMENT


ILLEGAL_OBSERVABLES: Mapping[str, tuple[Sequence[str], Sequence[float]]] = {
    "paulis[0]": (["ZZ"], [1.0]),
    "paulis[1]": (["Z", "W"], [1.0, 1.0]),
    "paulis": ([], []),
    "coefficients": (["Z"], [1.0, 2.0]),
}


@pytest.mark.parametrize("field", ILLEGAL_OBSERVABLES)
def test_illegal_observables_are_named(field: str) -> None:
    """Length, letters, number of terms and coefficients are checked, and the place is named."""
    paulis, coefficients = ILLEGAL_OBSERVABLES[field]
    wanted = job(one_qubit(), observables=["X"])
    wanted.results.observables.add(paulis=paulis, coefficients=coefficients)
    with pytest.raises(InvalidArgument) as caught:
        assess(wanted)
    assert caught.value.metadata == {"field": f"job.results.observables[1].{field}"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_coefficients_are_finite(value: float) -> None:
    """No coefficient is infinite or NaN."""
    wanted = job(one_qubit(), observables=["X"])
    wanted.results.observables[0].coefficients[0] = value
    with pytest.raises(InvalidArgument, match="not finite"):
        assess(wanted)


@pytest.mark.parametrize("value", [-1e-9, 1.0, math.nan, math.inf])
def test_truncation_budget_is_below_one(value: float) -> None:
    """max_error lies in [0, 1)."""
    wanted = job(one_qubit())
    wanted.max_error = value
    with pytest.raises(InvalidArgument, match="max_error"):
        assess(wanted)


def test_truncation_budget_needs_its_feature() -> None:
    """A method that does not truncate refuses a budget."""
    wanted = job(one_qubit())
    wanted.max_error = 0.1
    refusal = assess(wanted, features=[]).refusal()
    assert refusal is not None
    assert "FEATURE_MAX_ERROR" in refusal.message
