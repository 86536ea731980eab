"""The JSON objects that the command prints with `-o json`; stable, described in docs/result-formats.md."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TypeAlias

import numpy as np
from proxima_client.result import BIT_ORDER, Result
from proxima_client.values import Backend, Candidate, Execution, ExpectationValue, Plan
from proxima_runtime.errors import ProximaError

from proxima_cli import __version__
from proxima_cli.output.saving import SavedArray

__all__ = [
    "MAX_INLINE_OUTCOMES",
    "Json",
    "backend_document",
    "error_document",
    "execution_document",
    "plan_document",
    "run_document",
]

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_INLINE_OUTCOMES = 2**16
"""With more outcomes than this, probabilities are saved as an array instead of being listed."""

_LINE_NUMBERS = ("line", "column")


def run_document(execution: Execution, result: Result | None, saved: Sequence[SavedArray]) -> dict[str, Json]:
    """Return the object of a run that has an execution, however it ended."""
    producer = result.producer if result else execution.producer
    chosen = execution.plan.chosen if execution.plan else None
    array = None if result is None else result.probability_array
    listed = result is not None and array is not None and np.count_nonzero(array) <= MAX_INLINE_OUTCOMES
    probabilities = result.probabilities if result is not None and listed else None
    return {
        "execution_id": execution.id,
        "state": execution.state.value,
        "name": execution.display_name,
        "backend": producer.backend if producer else chosen.backend if chosen else None,
        "engine": producer.engine if producer else chosen.engine if chosen else None,
        "method": producer.method if producer else chosen.method if chosen else None,
        "precision": producer.precision if producer else chosen.precision if chosen else None,
        "versions": {
            "client": __version__,
            "backend": producer.backend_version if producer else None,
            "engine": producer.engine_version if producer else None,
            "packages": dict(producer.package_versions) if producer else {},
        },
        "seed": producer.seed if producer else execution.seed,
        "sampler": (producer.sampler or None) if producer else None,
        "shots": result.shots if result else execution.shots,
        "thread_count": producer.thread_count if producer else None,
        "bit_order": BIT_ORDER,
        "declared_qubit_count": result.declared_qubit_count if result else None,
        "clbit_count": result.clbit_count if result else None,
        "active_qubits": list(result.active_qubits) if result else None,
        "counts": None if result is None or result.counts is None else dict(result.counts),
        "probabilities": None if probabilities is None else dict(probabilities),
        "expectation_values": [_expectation_value(value) for value in result.expectation_values] if result else [],
        "certified_error": result.certified_error if result else None,
        "max_error": execution.plan.max_error if execution.plan else None,
        "rank_history": asdict(result.rank_history) if result and result.rank_history else None,
        "noise": _noise(execution.plan),
        "readout_included": result.readout_included if result else None,
        "arrays": {array.name: array.document() for array in saved},
        "times": asdict(execution.times),
        "peak_memory_bytes": execution.peak_memory_bytes,
        "predicted": _predicted(chosen),
        "selection": _selection(execution.plan),
        "circuit": _circuit(execution),
        "warnings": [*(execution.plan.warnings if execution.plan else ()), *(result.warnings if result else ())],
        "error": error_document(execution.error),
    }


def plan_document(plan: Plan) -> dict[str, Json]:
    """Return the object of `estimate` and `--dry-run`."""
    return {
        "shots": plan.shots,
        "thread_count": plan.thread_count,
        "planning_seconds": plan.planning_seconds,
        "max_error": plan.max_error,
        "noise": _noise(plan),
        "predicted": _predicted(plan.chosen),
        "selection": _selection(plan),
        "circuit": {
            "digest": plan.circuit_digest,
            **(asdict(plan.characteristics) if plan.characteristics else {}),
        },
        "warnings": list(plan.warnings),
        "error": error_document(plan.error),
    }


def execution_document(execution: Execution) -> dict[str, Json]:
    """Return the object of one row of `history`."""
    return {
        "execution_id": execution.id,
        "state": execution.state.value,
        "name": execution.display_name,
        "create_time": _time(execution.create_time),
        "backend": execution.producer.backend if execution.producer else None,
        "method": execution.producer.method if execution.producer else None,
        "seed": execution.seed,
        "shots": execution.shots,
        "attempt": execution.attempt,
        "times": asdict(execution.times),
        "error": error_document(execution.error),
    }


def backend_document(backend: Backend) -> dict[str, Json]:
    """Return the object of one backend."""
    return {
        "name": backend.name,
        "serving": backend.is_serving,
        "instances": [
            {
                "name": instance.name,
                "target": instance.target,
                "condition": instance.condition,
                "version": instance.version,
                "memory_cap_bytes": instance.memory_cap_bytes,
                "worker_count": instance.worker_count,
                "thread_count": instance.thread_count,
                "package_versions": dict(instance.package_versions),
                "methods": [
                    {**asdict(method), "gates": list(method.gates), "results": list(method.results)}
                    for method in instance.methods
                ],
                "unavailable_engines": [asdict(entry) for entry in instance.unavailable_engines],
                "health_seconds": instance.health_seconds,
                "error": error_document(instance.error),
            }
            for instance in backend.instances
        ],
    }


def error_document(error: ProximaError | None) -> dict[str, Json] | None:
    """Return the object of an error: reason, message, place and the figures behind the message."""
    if error is None:
        return None
    place = {key: int(value) for key, value in error.metadata.items() if key in _LINE_NUMBERS and value.isdecimal()}
    return {
        "reason": error.reason_name,
        "code": error.code_name,
        "message": error.message,
        "line": place.get("line"),
        "column": place.get("column"),
        "metadata": {key: value for key, value in error.metadata.items() if key not in _LINE_NUMBERS},
    }


def _predicted(candidate: Candidate | None) -> dict[str, Json] | None:
    if candidate is None:
        return None
    return {
        "seconds": candidate.predicted_seconds,
        "memory_bytes": candidate.predicted_memory_bytes,
        "basis": candidate.prediction_basis,
        "memory_rule": candidate.memory_rule,
    }


def _selection(plan: Plan | None) -> dict[str, Json]:
    candidates: list[Json] = []
    for candidate in plan.candidates if plan else ():
        candidates.append(
            {
                "backend": candidate.backend,
                "engine": candidate.engine,
                "method": candidate.method,
                "precision": candidate.precision,
                "predicted_seconds": candidate.predicted_seconds,
                "predicted_memory_bytes": candidate.predicted_memory_bytes,
                "available_memory_bytes": candidate.available_memory_bytes,
                "score": candidate.score,
                "factors": [asdict(factor) for factor in candidate.factors],
                "excluded": [asdict(exclusion) for exclusion in candidate.exclusions],
            }
        )
    return {"reason": plan.reason if plan else "", "candidates": candidates}


def _noise(plan: Plan | None) -> dict[str, Json] | None:
    return None if plan is None or plan.noise is None else asdict(plan.noise)


def _expectation_value(value: ExpectationValue) -> dict[str, Json]:
    return {**asdict(value), "interval": value.interval}


def _circuit(execution: Execution) -> dict[str, Json]:
    known = execution.plan.characteristics if execution.plan else None
    return {"digest": execution.circuit_digest, **(asdict(known) if known else {})}


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
