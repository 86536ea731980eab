"""Ranking of the candidates that can run, with the reason in words. Pure: no gRPC, no asyncio, no I/O.

The formulas are stated in docs/selection.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from proxima_runtime.quantities import readable_bytes, readable_seconds

from proxima_orchestrator.capabilities import Feature, Method, Precision
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.planning import Candidate, Preference, ResultRequest, ScoreFactor, is_sampled


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Weights of the factors, each in [0, 1]; they sum to 1."""

    feature_match: float = 0.4
    performance: float = 0.3
    memory: float = 0.2
    history: float = 0.1

    def __post_init__(self) -> None:
        values = (self.feature_match, self.performance, self.memory, self.history)
        if any(not 0 <= value <= 1 for value in values) or abs(sum(values) - 1) > 1e-9:
            raise ValueError(f"score weights must lie in [0, 1] and sum to 1, not {values}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """How executions on one backend, engine and method ended so far."""

    completed: int = 0
    failed: int = 0


History = Mapping[tuple[str, str, Method], Record]
"""By (backend, engine, method)."""

# Predicted times below this count as equal: nobody notices the difference, and precision is worth more.
_NOTICEABLE_SECONDS = 0.005

_FASTEST = Weights(feature_match=0, performance=1, memory=0, history=0)
_LEAST_MEMORY = Weights(feature_match=0, performance=0, memory=1, history=0)

# Methods that hold more than a noiseless circuit needs.
_GENERAL = {Method.DENSITY_MATRIX, Method.LOW_RANK, Method.PAULI_VECTOR, Method.TRAJECTORIES}


def rank(
    candidates: Sequence[Candidate],
    *,
    circuit: Characteristics,
    results: ResultRequest,
    preference: Preference,
    weights: Weights,
    history: History,
) -> tuple[Candidate, ...]:
    """Return the candidates with their scores: those that can run by falling score, then the excluded.

    Ties go to the less predicted time, then to the order given. Deterministic.
    """
    usable = [item for item in candidates if not item.exclusions]
    excluded = [item for item in candidates if item.exclusions]
    if not usable:
        return tuple(excluded)
    if preference is Preference.FASTEST:
        weights = _FASTEST
    elif preference is Preference.LEAST_MEMORY:
        weights = _LEAST_MEMORY
    least_seconds = max(min(item.seconds for item in usable), _NOTICEABLE_SECONDS)
    least_bytes = min(item.memory_bytes for item in usable)
    scored = []
    for item in usable:
        factors = (
            ScoreFactor(
                name="feature_match", weight=weights.feature_match, value=feature_match(item, circuit, results)
            ),
            ScoreFactor(
                name="performance",
                weight=weights.performance,
                value=least_seconds / max(item.seconds, _NOTICEABLE_SECONDS),
            ),
            ScoreFactor(
                name="memory",
                weight=weights.memory,
                value=_share(least_bytes, item.memory_bytes)
                if preference is Preference.LEAST_MEMORY
                else 1 - min(1.0, _share(item.memory_bytes, item.available_bytes)),
            ),
            ScoreFactor(name="history", weight=weights.history, value=_reliability(item, history)),
        )
        score = min(1.0, sum(factor.weight * factor.value for factor in factors))
        scored.append(replace(item, score=score, factors=factors))
    scored.sort(key=lambda item: (-item.score, item.seconds))
    return (*scored, *excluded)


def feature_match(candidate: Candidate, circuit: Characteristics, results: ResultRequest) -> float:
    """Return how closely a method fits circuit and results, 0 to 1: the mean of fit, precision and repeatability."""
    noiseless = Feature.CHANNEL not in circuit.features
    if results.observables and is_sampled(candidate.method, circuit):
        # Others compute the expectation values that it samples.
        fit = 0.0
    elif candidate.method is Method.STABILIZER:
        fit = 1.0
    elif candidate.method in _GENERAL:
        fit = 0.5 if noiseless else 1.0
    elif candidate.method is Method.MATRIX_PRODUCT_STATE:
        fit = 0.75
    else:
        fit = 1.0
    precision = 1.0 if candidate.precision is Precision.DOUBLE else 0.5
    return (fit + precision + float(candidate.deterministic)) / 3


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 1.0


def _reliability(candidate: Candidate, history: History) -> float:
    record = history.get((candidate.backend, candidate.engine, candidate.method), Record())
    return (record.completed + 1) / (record.completed + record.failed + 2)


def explain(ranked: Sequence[Candidate], *, circuit: Characteristics, preference: Preference) -> str:
    """Return in full sentences why the first of the ranked candidates was chosen; it must be able to run."""
    chosen, *others = ranked
    figures = f"predicted {readable_seconds(chosen.seconds)} (uncalibrated) and {readable_bytes(chosen.memory_bytes)}"
    runners = [item for item in others if not item.exclusions]
    excluded = [item for item in others if item.exclusions]
    if not runners:
        lead = f"{chosen.label} is the only candidate looked at that can run it: {figures}."
    elif preference is Preference.FASTEST:
        lead = f"{chosen.label} has the least predicted time: {figures}."
    elif preference is Preference.LEAST_MEMORY:
        lead = f"{chosen.label} has the least predicted memory: {figures}."
    else:
        lead = f"{chosen.label} scores highest with {chosen.score:.2f}: {figures}."
    sentences = [lead]
    if circuit.noise_strength:
        sentences.append(f"The noise strength E of the circuit is {circuit.noise_strength:.3g}.")
    if runners:
        second = runners[0]
        sentences.append(
            f"Next is {second.label} with {second.score:.2f}: {readable_seconds(second.seconds)}, "
            f"{readable_bytes(second.memory_bytes)}."
        )
    if len(excluded) == 1:
        sentences.append(f"{excluded[0].label} is excluded: {excluded[0].exclusions[0].description}.")
    elif excluded:
        # Each has its reason in the plan; all of them here would hide what was chosen.
        sentences.append(f"{len(excluded)} others are excluded; the estimate lists each with its reason.")
    return " ".join(sentences)
