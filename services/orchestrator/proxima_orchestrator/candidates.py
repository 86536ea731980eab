"""Which engines and methods can do an execution, and what keeps the others. Pure: no gRPC, no asyncio, no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proxima_runtime.quantities import readable_bytes

from proxima_orchestrator.capabilities import (
    Capabilities,
    Estimate,
    Feature,
    Method,
    MethodCapability,
    ResultKind,
    UnavailableEngine,
)
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.cost import predict, threads_for
from proxima_orchestrator.planning import (
    MEMORY_REASONS,
    RANDOM_FEATURES,
    Candidate,
    Exclusion,
    Offer,
    Options,
    ResultRequest,
    results_for,
)

# What users read instead of the label.
_FEATURE_NAMES = {
    Feature.MID_CIRCUIT_MEASUREMENT: "mid-circuit measurement",
    Feature.CLASSICAL_CONDITION: "classical conditions (if)",
    Feature.UNITARY: "explicit unitaries",
    Feature.CHANNEL: "noise channels",
    Feature.READOUT_ERROR: "readout error",
    Feature.DELAY: "delays",
    Feature.GLOBAL_PHASE_INSTRUCTION: "conditional global phases",
    Feature.PARAMETER_BINDINGS: "parameter bindings",
    Feature.NON_CLIFFORD: "gates outside of the Clifford group",
}


def candidates_of(
    offers: Iterable[Offer], options: Options, results: ResultRequest, circuit: Characteristics
) -> tuple[Candidate, ...]:
    """Return a candidate for each engine and method, in the order of the offers, with what excludes it so far.

    An engine that a backend knows and cannot offer is a candidate where it was asked for by name: to be explained.
    """
    found: list[Candidate] = []
    for offer in offers:
        if options.backend and offer.backend != options.backend:
            continue
        if offer.capabilities is None:
            exclusion = Exclusion(reason="ERROR_REASON_BACKEND_UNAVAILABLE", description=offer.unavailable)
            found.append(Candidate(backend=offer.backend, exclusions=(exclusion,)))
            continue
        found.extend(
            _candidate(offer.capabilities, capability, options, results, circuit)
            for capability in offer.capabilities.methods
            if options.method in (Method.UNSPECIFIED, capability.method) and options.engine in ("", capability.engine)
        )
        found.extend(
            _unavailable(offer, absent, options)
            for absent in offer.capabilities.unavailable_engines
            if absent.engine == options.engine
        )
    return tuple(found)


def _unavailable(offer: Offer, absent: UnavailableEngine, options: Options) -> Candidate:
    description = f"{absent.engine} is unavailable there: {absent.reason}; {absent.remedy}"
    return Candidate(
        backend=offer.backend,
        engine=absent.engine,
        method=options.method,
        exclusions=(Exclusion(reason="ERROR_REASON_UNSUPPORTED_BY_BACKEND", description=description),),
    )


def _candidate(
    offer: Capabilities,
    capability: MethodCapability,
    options: Options,
    results: ResultRequest,
    circuit: Characteristics,
) -> Candidate:
    return Candidate(
        backend=offer.backend,
        engine=capability.engine,
        method=capability.method,
        precision=options.precision or capability.precisions[0],
        thread_count=threads_for(
            method=capability.method,
            qubit_count=circuit.active_qubit_count,
            requested=options.thread_count,
            available=offer.thread_count,
        ),
        deterministic=capability.deterministic,
        available_bytes=offer.memory_cap_bytes,
        max_error=options.max_error if Feature.MAX_ERROR in capability.features else 0.0,
        exclusions=tuple(_missing(offer, capability, options, results, circuit)),
    )


def _missing(
    offer: Capabilities,
    capability: MethodCapability,
    options: Options,
    results: ResultRequest,
    circuit: Characteristics,
) -> Iterable[Exclusion]:
    """Yield what a method lacks, by the capability filter."""
    name = f"{capability.engine} {capability.method.label}"
    results = results_for(capability.method, results, circuit)

    def lacks(description: str) -> Exclusion:
        return Exclusion(reason="ERROR_REASON_UNSUPPORTED_BY_BACKEND", description=f"{name} {description}")

    if results.statevector and circuit.features & RANDOM_FEATURES:
        causes = sorted(_FEATURE_NAMES.get(feature, feature.label) for feature in circuit.features & RANDOM_FEATURES)
        yield Exclusion(
            reason="ERROR_REASON_UNSUPPORTED_BY_BACKEND",
            description=(
                f"a circuit with {', '.join(causes)} has no single state vector; ask for the density matrix, "
                "for probabilities or for counts"
            ),
        )
        return
    if circuit.active_qubit_count > capability.max_qubit_count:
        yield lacks(f"takes at most {capability.max_qubit_count} qubits, the circuit uses {circuit.active_qubit_count}")
    gates = sorted(circuit.gates - capability.gates)
    if gates:
        yield lacks(f"lacks the gate(s) {', '.join(gates)}")
    missing = circuit.features - capability.features
    features = sorted(_FEATURE_NAMES.get(feature, feature.label) for feature in missing)
    if missing == {Feature.NON_CLIFFORD}:
        yield lacks("takes Clifford circuits only, and this one is not")
    elif features:
        yield lacks(f"lacks {', '.join(features)}")
    kinds = sorted(kind.label for kind in results.kinds - capability.results)
    if kinds:
        yield lacks(f"does not give {', '.join(kinds)}")
    if results.shots > capability.max_shots and ResultKind.COUNTS in capability.results:
        yield lacks(f"takes at most {capability.max_shots} shots, {results.shots} were asked")
    if options.precision and options.precision not in capability.precisions:
        yield lacks(f"does not offer {options.precision.label} precision")
    if options.thread_count > offer.thread_count:
        yield lacks(f"has {offer.thread_count} thread(s), {options.thread_count} were asked")


def with_estimate(candidate: Candidate, estimate: Estimate, *, safe_fraction: float, repeats: int = 0) -> Candidate:
    """Return the candidate with the backend's figures, predicted seconds, and what excludes it now.

    The memory that counts as available is the backend's cap of one execution, a promise that the backend enforces; up
    to `safe_fraction` of it may be used without consent. `repeats` is how often the circuit is run, where a method runs
    it once a shot.
    """
    cap = candidate.available_bytes
    needed = estimate.peak_memory_bytes
    exclusions = [Exclusion(reason=item.reason, description=item.description) for item in estimate.violations]
    largest = estimate.largest_fitting_qubit_count
    at_most = f"; {largest} qubits would fit" if largest else ""
    if needed > cap and not any(item.reason in MEMORY_REASONS for item in exclusions):
        exclusions.append(
            Exclusion(
                reason="ERROR_REASON_INSUFFICIENT_MEMORY",
                description=(
                    f"{candidate.method.label} needs {readable_bytes(needed)}, {readable_bytes(cap)} available{at_most}"
                ),
            )
        )
    elif cap * safe_fraction < needed <= cap:
        exclusions.append(
            Exclusion(
                reason="ERROR_REASON_ABOVE_SAFE_LINE",
                description=(
                    f"{candidate.method.label} needs {readable_bytes(needed)}, over the safe line of "
                    f"{readable_bytes(int(cap * safe_fraction))} ({safe_fraction:.0%} of {readable_bytes(cap)})"
                ),
            )
        )
    prediction = predict(
        engine=candidate.engine,
        method=candidate.method,
        precision=candidate.precision,
        work_units=estimate.work_units,
        thread_count=candidate.thread_count,
        repeats=repeats,
    )
    return replace(
        candidate,
        memory_bytes=needed,
        largest_qubit_count=largest,
        memory_rule=estimate.rule,
        seconds=prediction.seconds,
        prediction_basis=prediction.basis,
        exclusions=tuple(exclusions),
    )
