"""Capabilities and estimates of backends, from messages."""

from __future__ import annotations

from proxima.simulation.v1 import capabilities_pb2, estimate_pb2

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

_FEATURES = {int(feature) for feature in Feature}
_RESULTS = {int(kind) for kind in ResultKind}
_METHODS = {int(method) for method in Method if method}


def capabilities_from_message(message: capabilities_pb2.Capabilities) -> Capabilities:
    """Return what a backend says it can do, without methods, features and results that this version does not know."""
    return Capabilities(
        backend=message.backend,
        version=message.version,
        methods=tuple(_method(entry) for entry in message.methods if entry.method in _METHODS),
        memory_cap_bytes=message.memory_cap_bytes,
        worker_count=max(1, message.worker_count),
        thread_count=max(1, message.thread_count),
        package_versions=dict(message.package_versions),
        unavailable_engines=tuple(
            UnavailableEngine(engine=entry.engine, reason=entry.reason, remedy=entry.remedy)
            for entry in message.unavailable_engines
        ),
    )


def _method(message: capabilities_pb2.MethodCapability) -> MethodCapability:
    return MethodCapability(
        method=Method(message.method),
        engine=message.engine,
        engine_version=message.engine_version,
        precisions=tuple(Precision(item) for item in message.precisions if item in (1, 2)) or (Precision.DOUBLE,),
        max_qubit_count=message.max_qubit_count,
        gates=frozenset(message.gates),
        features=frozenset(Feature(item) for item in message.features if item in _FEATURES),
        results=frozenset(ResultKind(item) for item in message.results if item in _RESULTS),
        max_shots=message.max_shots,
        deterministic=message.deterministic,
        is_pausable=message.pause_support == capabilities_pb2.PAUSE_SUPPORT_STATE,
    )


def estimate_from_message(message: estimate_pb2.ResourceEstimate) -> Estimate:
    """Return what a job would take."""
    return Estimate(
        peak_memory_bytes=message.peak_memory_bytes,
        largest_fitting_qubit_count=message.largest_fitting_qubit_count,
        work_units=message.work_units,
        rule=message.rule,
        violations=tuple(Violation(reason=item.reason, description=item.description) for item in message.violations),
    )
