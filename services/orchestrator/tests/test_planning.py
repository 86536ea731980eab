"""What planning filters, refuses and ranks; pure functions only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_orchestrator.candidates import candidates_of, with_estimate
from proxima_orchestrator.capabilities import (
    Capabilities,
    Estimate,
    Feature,
    Method,
    MethodCapability,
    Precision,
    ResultKind,
    UnavailableEngine,
    Violation,
)
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.cost import predict, threads_for
from proxima_orchestrator.planning import (
    Candidate,
    Exclusion,
    Observable,
    Offer,
    Options,
    Preference,
    RefusedError,
    ResultRequest,
    is_sampled,
    plan_warnings,
    resolve_results,
    results_for,
)
from proxima_orchestrator.refusal import refusal_of
from proxima_orchestrator.selection import Record, Weights, explain, rank

GIB = 2**30


def circuit(**changes: object) -> Characteristics:
    """Characteristics of a small circuit that measures."""
    values: dict[str, object] = {
        "declared_qubit_count": 4,
        "active_qubit_count": 4,
        "clbit_count": 4,
        "instruction_count": 8,
        "depth": 3,
        "operation_counts": (("h", 4), ("measure", 4)),
        "gates": frozenset({"h"}),
        "multi_qubit_gate_count": 0,
        "is_clifford": True,
        "t_count": 0,
        "measurement_count": 4,
        "has_mid_circuit_measurement": False,
        "features": frozenset(),
    }
    return Characteristics(**(values | changes))  # type: ignore[arg-type]


def method(**changes: object) -> MethodCapability:
    """A method that can do common things."""
    values: dict[str, object] = {
        "method": Method.STATEVECTOR,
        "engine": "aer",
        "engine_version": "1",
        "precisions": (Precision.DOUBLE, Precision.SINGLE),
        "max_qubit_count": 30,
        "gates": frozenset({"h", "cx"}),
        "features": frozenset({Feature.NON_CLIFFORD}),
        "results": frozenset({ResultKind.COUNTS, ResultKind.PROBABILITIES, ResultKind.STATEVECTOR}),
        "max_shots": 10**6,
        "deterministic": True,
    }
    return MethodCapability(**(values | changes))  # type: ignore[arg-type]


def offer(*methods: MethodCapability, backend: str = "qiskit") -> Offer:
    """A backend with 20 GiB and 2 threads that offers these methods."""
    capabilities = Capabilities(
        backend=backend,
        version="1",
        methods=methods,
        memory_cap_bytes=20 * GIB,
        worker_count=1,
        thread_count=2,
    )
    return Offer(backend=backend, capabilities=capabilities)


SHOTS = ResultRequest(shots=100)
ANY = Options(results=SHOTS, seed=0)


def test_enumerations_have_the_numbers_of_the_contract() -> None:
    """Methods, precisions, features, results and preferences have the contract's names and numbers."""
    for kind, wire, prefix in (
        (Method, capabilities_pb2.Method, "METHOD_"),
        (Precision, result_pb2.Precision, "PRECISION_"),
        (Feature, capabilities_pb2.Feature, "FEATURE_"),
        (ResultKind, result_pb2.ResultKind, "RESULT_KIND_"),
    ):
        ours = {f"{prefix}{item.name}": int(item) for item in kind if item}
        assert ours == {name: number for name, number in wire.items() if number}
    wire_numbers = {number for _, number in executions_pb2.Preference.items()}
    assert {int(item) for item in Preference} == wire_numbers


@pytest.mark.parametrize(
    ("changes", "needs", "named"),
    [
        ({"max_qubit_count": 3}, {}, "at most 3 qubits"),
        ({"gates": frozenset({"cx"})}, {}, "lacks the gate(s) h"),
        ({"features": frozenset()}, {"features": frozenset({Feature.RESET})}, "lacks reset"),
        ({"features": frozenset()}, {"features": frozenset({Feature.NON_CLIFFORD})}, "Clifford circuits only"),
        ({"results": frozenset({ResultKind.STATEVECTOR})}, {}, "does not give counts"),
        ({"max_shots": 10}, {}, "at most 10 shots"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, object], needs: dict[str, object], named: str) -> None:
    """A method that lacks something is excluded by a sentence that names it."""
    (candidate,) = candidates_of([offer(method(**changes))], ANY, SHOTS, circuit(**needs))
    assert [named in item.description for item in candidate.exclusions] == [True]
    assert candidate.exclusions[0].reason == "ERROR_REASON_UNSUPPORTED_BY_BACKEND"


def test_pins_narrow_the_candidates() -> None:
    """A pinned backend, method or engine leaves only what fits it."""
    offers = [offer(method(), method(method=Method.DENSITY_MATRIX)), offer(method(engine="qsim"), backend="cirq")]
    for options, count in (
        (ANY, 3),
        (Options(results=SHOTS, seed=0, backend="qiskit"), 2),
        (Options(results=SHOTS, seed=0, method=Method.STATEVECTOR), 2),
        (Options(results=SHOTS, seed=0, engine="qsim"), 1),
    ):
        assert len(candidates_of(offers, options, SHOTS, circuit())) == count


def test_an_unavailable_engine_is_explained_where_it_was_asked_for() -> None:
    """Who names an engine that a backend knows and cannot offer reads why and what to do; nobody else hears of it."""
    absent = UnavailableEngine(engine="qlret", reason="package qlret is not importable", remedy="install it")
    found = offer(method())
    assert found.capabilities is not None
    found = replace(found, capabilities=replace(found.capabilities, unavailable_engines=(absent,)))
    assert [item.engine for item in candidates_of([found], ANY, SHOTS, circuit())] == ["aer"]
    sentence = "qlret is unavailable there: package qlret is not importable; install it"
    for backend, reason in (("qiskit", "UNSUPPORTED_BY_BACKEND"), ("", "NO_CAPABLE_BACKEND")):
        options = Options(results=SHOTS, seed=0, backend=backend, engine="qlret")
        refusal = refusal_of(candidates_of([found], options, SHOTS, circuit()), options, safe_fraction=0.8)
        assert refusal.reason == f"ERROR_REASON_{reason}"
        assert refusal.message.endswith(sentence)
        assert "unspecified" not in refusal.message


def test_memory_over_the_cap_is_refused_with_figures() -> None:
    """Over the cap is INSUFFICIENT_MEMORY with needed bytes, available bytes and the largest size that would fit."""
    (candidate,) = candidates_of([offer(method(method=Method.DENSITY_MATRIX))], ANY, SHOTS, circuit())
    estimate = Estimate(peak_memory_bytes=64 * GIB, largest_fitting_qubit_count=15, work_units=1, rule="")
    after = with_estimate(candidate, estimate, safe_fraction=0.8)
    assert after.exclusions[0].description == ("density_matrix needs 64 GiB, 20 GiB available; 15 qubits would fit")
    refusal = refusal_of([after], ANY, safe_fraction=0.8)
    assert refusal.reason == "ERROR_REASON_INSUFFICIENT_MEMORY"
    assert refusal.metadata == {
        "needed_bytes": str(64 * GIB),
        "available_bytes": str(20 * GIB),
        "largest_qubit_count": "15",
    }


@given(st.integers(0, 40 * GIB))
def test_the_safe_line_is_exact(needed: int) -> None:
    """Up to the safe line runs, up to the cap needs consent, above never runs."""
    (candidate,) = candidates_of([offer(method())], ANY, SHOTS, circuit())
    estimate = Estimate(peak_memory_bytes=needed, largest_fitting_qubit_count=30, work_units=1, rule="")
    reasons = [item.reason for item in with_estimate(candidate, estimate, safe_fraction=0.8).exclusions]
    if needed <= 16 * GIB:
        assert reasons == []
    elif needed <= 20 * GIB:
        assert reasons == ["ERROR_REASON_ABOVE_SAFE_LINE"]
    else:
        assert reasons == ["ERROR_REASON_INSUFFICIENT_MEMORY"]


def test_violations_of_the_backend_exclude() -> None:
    """What the backend's own estimate objects to excludes the candidate."""
    (candidate,) = candidates_of([offer(method())], ANY, SHOTS, circuit())
    violation = Violation(reason="ERROR_REASON_UNSUPPORTED_BY_BACKEND", description="no")
    estimate = Estimate(
        peak_memory_bytes=1, largest_fitting_qubit_count=0, work_units=1, rule="", violations=(violation,)
    )
    after = with_estimate(candidate, estimate, safe_fraction=0.8)
    assert after.exclusions == (Exclusion(reason=violation.reason, description="no"),)


def test_refusals_name_what_is_wrong() -> None:
    """Nothing capable, nothing offered and nothing reachable are three different refusals."""
    lacking = candidates_of([offer(method(gates=frozenset()))], ANY, SHOTS, circuit())
    refusal = refusal_of(lacking, ANY, safe_fraction=0.8)
    assert refusal.reason == "ERROR_REASON_NO_CAPABLE_BACKEND"
    assert set(refusal.metadata) == {"qiskit/aer statevector"}
    pinned = Options(results=SHOTS, seed=0, backend="qiskit")
    assert refusal_of(lacking, pinned, safe_fraction=0.8).reason == "ERROR_REASON_UNSUPPORTED_BY_BACKEND"
    down = candidates_of([Offer(backend="qiskit", capabilities=None, unavailable="down")], ANY, SHOTS, circuit())
    assert refusal_of(down, ANY, safe_fraction=0.8).reason == "ERROR_REASON_BACKEND_UNAVAILABLE"
    assert refusal_of([], ANY, safe_fraction=0.8).reason == "ERROR_REASON_NO_CAPABLE_BACKEND"


def test_default_results_follow_the_measurements() -> None:
    """Nothing asked means 1024 shots where the circuit measures and probabilities elsewhere."""
    assert resolve_results(ResultRequest(), circuit()) == ResultRequest(shots=1024)
    assert resolve_results(ResultRequest(), circuit(measurement_count=0)) == ResultRequest(probabilities=True)
    with pytest.raises(RefusedError, match="measure"):
        resolve_results(SHOTS, circuit(measurement_count=0))


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        backend=st.sampled_from(["a", "b"]),
        engine=st.sampled_from(["x", "y"]),
        method=st.sampled_from([Method.STATEVECTOR, Method.STABILIZER, Method.DENSITY_MATRIX]),
        precision=st.sampled_from([Precision.SINGLE, Precision.DOUBLE]),
        deterministic=st.booleans(),
        memory_bytes=st.integers(0, 10**9),
        available_bytes=st.just(10**9),
        seconds=st.floats(1e-6, 1e6),
        exclusions=st.sampled_from([(), (Exclusion(reason="ERROR_REASON_INTERNAL", description="no"),)]),
    ),
    max_size=8,
)


@given(CANDIDATES, st.sampled_from(Preference))
def test_ranking_is_total_and_within_bounds(candidates: list[Candidate], preference: Preference) -> None:
    """Every candidate is ranked once, scores lie in [0, 1] and fall, the excluded come last with 0."""
    history = {("a", "x", Method.STATEVECTOR): Record(completed=9, failed=1)}
    ranked = rank(
        candidates, circuit=circuit(), results=SHOTS, preference=preference, weights=Weights(), history=history
    )
    assert len(ranked) == len(candidates)
    scores = [item.score for item in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    usable = [item for item in ranked if not item.exclusions]
    assert list(ranked[: len(usable)]) == usable
    assert all(item.score == 0 for item in ranked[len(usable) :])
    for item in usable:
        assert sum(factor.weight for factor in item.factors) == pytest.approx(1)
    if usable and preference is Preference.FASTEST:
        assert usable[0].seconds == min(item.seconds for item in usable)
    if usable and preference is Preference.LEAST_MEMORY:
        assert usable[0].memory_bytes == min(item.memory_bytes for item in usable)
    if usable:
        assert explain(ranked, circuit=circuit(), preference=preference).startswith(usable[0].label)


@pytest.mark.parametrize(("scale", "chosen"), [(1e-4, Precision.DOUBLE), (1.0, Precision.SINGLE)])
def test_a_gain_that_nobody_notices_does_not_cost_precision(scale: float, chosen: Precision) -> None:
    """Among runs of under 5 ms double precision wins; where single precision is much faster and it shows, that wins."""
    rivals = [
        Candidate(
            backend="b",
            engine="x",
            method=Method.STATEVECTOR,
            precision=precision,
            deterministic=True,
            memory_bytes=1000,
            available_bytes=10**9,
            seconds=seconds * scale,
        )
        for precision, seconds in ((Precision.SINGLE, 5.0), (Precision.DOUBLE, 40.0))
    ]
    ranked = rank(rivals, circuit=circuit(), results=SHOTS, preference=Preference(0), weights=Weights(), history={})
    assert ranked[0].precision is chosen


def test_weights_sum_to_one() -> None:
    """Weights that do not sum to 1, or leave [0, 1], are refused."""
    for wrong in ({"memory": 0.9}, {"memory": -0.2, "history": 0.5}):
        with pytest.raises(ValueError, match="sum to 1"):
            Weights(**wrong)


def test_prediction_names_its_rule() -> None:
    """A prediction says that it is uncalibrated and by which figures it came about."""
    prediction = predict(
        engine="aer", method=Method.STATEVECTOR, precision=Precision.DOUBLE, work_units=4e8, thread_count=1
    )
    assert prediction.seconds == pytest.approx(1.0015)
    assert prediction.basis.startswith("uncalibrated")


def test_repeats_are_paid_for() -> None:
    """A method that runs the circuit once a shot takes longer for the same work the more often it begins."""

    def seconds(repeats: int) -> float:
        return predict(
            engine="qsim",
            method=Method.TRAJECTORIES,
            precision=Precision.SINGLE,
            work_units=1e6,
            thread_count=1,
            repeats=repeats,
        ).seconds

    assert seconds(2000) - seconds(1000) == pytest.approx(1000 * 1.5e-4)


def test_small_states_get_one_thread() -> None:
    """Below 2^16 entries a run has one thread, above it all of them, and what was asked where something was."""
    for kind, qubits, requested, expected in (
        (Method.STATEVECTOR, 15, 0, 1),
        (Method.STATEVECTOR, 16, 0, 8),
        (Method.DENSITY_MATRIX, 7, 0, 1),
        (Method.DENSITY_MATRIX, 8, 0, 8),
        (Method.STABILIZER, 500, 0, 1),
        (Method.STATEVECTOR, 4, 3, 3),
    ):
        assert threads_for(method=kind, qubit_count=qubits, requested=requested, available=8) == expected


OBSERVABLE = Observable(name="z", paulis=("ZZZZ",), coefficients=(1.0,))
EXPECTED = ResultRequest(observables=(OBSERVABLE,))
NOISY = frozenset({Feature.CHANNEL})


@pytest.mark.parametrize(
    ("kind", "features", "sampled"),
    [
        (Method.TRAJECTORIES, frozenset(), True),
        (Method.STATEVECTOR, frozenset(), False),
        (Method.STATEVECTOR, frozenset({Feature.RESET}), True),
        (Method.STATEVECTOR, frozenset({Feature.CLASSICAL_CONDITION}), True),
        (Method.STABILIZER, NOISY, True),
        (Method.MATRIX_PRODUCT_STATE, frozenset({Feature.MID_CIRCUIT_MEASUREMENT}), True),
        (Method.DENSITY_MATRIX, NOISY, False),
        (Method.LOW_RANK, NOISY, False),
        (Method.PAULI_VECTOR, NOISY, False),
        (Method.STATEVECTOR, frozenset({Feature.READOUT_ERROR, Feature.DELAY, Feature.UNITARY}), False),
    ],
)
def test_methods_sample_what_a_pure_state_cannot_hold(
    kind: Method, features: frozenset[Feature], sampled: bool
) -> None:
    """A pure state is run once a shot where the circuit is random; methods for mixed states never are."""
    assert is_sampled(kind, circuit(features=features)) is sampled


def test_sampled_expectation_values_get_their_shots() -> None:
    """Without shots 1024 runs are planned where expectation values are sampled, and none where they are computed."""
    noisy = circuit(features=NOISY)
    unmeasured = circuit(features=NOISY, measurement_count=0)
    asked = ResultRequest(shots=50, observables=(OBSERVABLE,))
    assert results_for(Method.TRAJECTORIES, EXPECTED, noisy).shots == 1024
    assert results_for(Method.TRAJECTORIES, asked, unmeasured).shots == 50
    assert results_for(Method.DENSITY_MATRIX, EXPECTED, noisy).shots == 0
    assert results_for(Method.DENSITY_MATRIX, asked, noisy).shots == 50
    assert results_for(Method.DENSITY_MATRIX, asked, unmeasured).shots == 0
    assert results_for(Method.TRAJECTORIES, SHOTS, noisy) == SHOTS
    assert resolve_results(asked, unmeasured) == asked


def test_a_truncation_budget_excludes_no_exact_method() -> None:
    """Methods that truncate get the budget, exact ones stay candidates and the plan says that it changes nothing."""
    options = Options(results=SHOTS, seed=0, max_error=0.1)
    features = frozenset({Feature.NON_CLIFFORD, Feature.MAX_ERROR})
    methods = (method(), method(method=Method.LOW_RANK, features=features))
    exact, truncating = candidates_of([offer(*methods)], options, SHOTS, circuit())
    assert (exact.exclusions, truncating.exclusions) == ((), ())
    assert (exact.max_error, truncating.max_error) == (0.0, 0.1)
    assert any("changes nothing" in text for text in plan_warnings(exact, options, SHOTS, circuit()))
    assert not list(plan_warnings(truncating, options, SHOTS, circuit()))


def test_the_plan_says_how_expectation_values_come_about() -> None:
    """Sampling by default, shots that draw nothing, and readout error that does not enter are said."""
    candidates = candidates_of(
        [offer(method(method=Method.TRAJECTORIES), method(method=Method.DENSITY_MATRIX))], ANY, SHOTS, circuit()
    )
    noisy = circuit(features=frozenset({Feature.CHANNEL, Feature.READOUT_ERROR}), measurement_count=0)
    sampling, computing = (list(plan_warnings(item, ANY, EXPECTED, noisy)) for item in candidates)
    assert "1024 runs" in sampling[0]
    assert "readout error" in computing[0]
    asked = ResultRequest(shots=50, observables=(OBSERVABLE,))
    assert "no shots are drawn" in next(iter(plan_warnings(candidates[1], ANY, asked, noisy)))


def test_a_state_vector_of_a_random_circuit_is_refused_once() -> None:
    """Noise, resets, conditions and measurements in the middle leave no state vector; the refusal says so once."""
    wanted = ResultRequest(statevector=True)
    both = [
        offer(method(), method(method=Method.DENSITY_MATRIX)),
        Offer(backend="far", capabilities=None, unavailable="far is down"),
    ]
    for feature, named in (
        (Feature.CHANNEL, "noise channels"),
        (Feature.RESET, "reset"),
        (Feature.CLASSICAL_CONDITION, "conditions"),
        (Feature.MID_CIRCUIT_MEASUREMENT, "mid-circuit measurement"),
    ):
        options = Options(results=wanted, seed=0)
        candidates = candidates_of(both, options, wanted, circuit(features=frozenset({feature})))
        refusal = refusal_of(candidates, options, safe_fraction=0.8)
        assert refusal.message.count("no single state vector") == 1
        assert refusal.message.endswith("far is down")
        assert named in refusal.message


def test_computed_expectation_values_are_worth_more_than_sampled_ones() -> None:
    """Of two methods that take the same time the one that computes is chosen, and the noise strength is named."""
    noisy = circuit(features=NOISY, noise_strength=0.25)
    rivals = [
        Candidate(
            backend="b",
            engine="x",
            method=kind,
            precision=Precision.DOUBLE,
            deterministic=True,
            memory_bytes=1000,
            available_bytes=10**9,
            seconds=0.001,
        )
        for kind in (Method.TRAJECTORIES, Method.DENSITY_MATRIX)
    ]
    ranked = rank(rivals, circuit=noisy, results=EXPECTED, preference=Preference(0), weights=Weights(), history={})
    assert ranked[0].method is Method.DENSITY_MATRIX
    assert "noise strength E of the circuit is 0.25" in explain(ranked, circuit=noisy, preference=Preference(0))


def test_the_reason_does_not_list_every_exclusion() -> None:
    """One that is excluded is named with its reason; several are counted, so that the reason stays two lines."""
    usable = Candidate(backend="b", engine="x", method=Method.STATEVECTOR, memory_bytes=1000, available_bytes=10**9)
    out = replace(usable, exclusions=(Exclusion(reason="ERROR_REASON_INTERNAL", description="it lacks ifs"),))
    one = explain((usable, out), circuit=circuit(), preference=Preference(0))
    assert "b/x statevector is excluded: it lacks ifs." in one
    many = explain((usable, *[out] * 7), circuit=circuit(), preference=Preference(0))
    assert many.endswith("7 others are excluded; the estimate lists each with its reason.")
    assert "it lacks ifs" not in many
