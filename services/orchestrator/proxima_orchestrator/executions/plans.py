"""Planning an execution: from its specification to a choice in its record."""

from __future__ import annotations

from dataclasses import replace

from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import Internal

from proxima_orchestrator.convert.errors import refusal_error
from proxima_orchestrator.convert.execution import worked_seconds
from proxima_orchestrator.convert.plan import characteristics_to_message, plan_to_message, results_to_message
from proxima_orchestrator.convert.request import Specification, specification_of
from proxima_orchestrator.executions.live import LiveExecution, now
from proxima_orchestrator.executions.parts import RunParts
from proxima_orchestrator.executions.planner import Prepared
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.state_machine import Trigger
from proxima_orchestrator.planning import Candidate

# A time limit that is used up is still a time limit.
_LEAST_SECONDS = 0.001


async def load_specification(record: ExecutionRecord, parts: RunParts) -> Specification:
    """Return what an execution was created with, from the store."""
    message = executions_pb2.ExecutionSpec.FromString(await parts.store.specification(record.id))
    # It was checked when it came; a backend that registers itself may not be back yet.
    known = (*parts.catalog.names, message.backend.removeprefix("backends/"))
    return specification_of(message, seed=record.seed, backends=known)


async def make_plan(live: LiveExecution, parts: RunParts, specification: Specification) -> Prepared:
    """Plan an execution, from PLANNING to READY in memory.

    Raises:
        ProximaError: the circuit is at fault, or nothing can run it.
    """
    planner, started = parts.planner, now()
    if live.record.plan_time is None:
        live.pass_on(plan_time=started)
    prepared = await planner.prepare(specification)
    live.pass_on(
        circuit_digest=prepared.digest,
        characteristics=characteristics_to_message(prepared.characteristics).SerializeToString(),
        result_spec=results_to_message(prepared.results).SerializeToString(),
    )
    plan = await planner.plan(prepared, specification.options)
    ended = now()
    parts.metrics.planned((ended - started) / 1e6)
    live.pass_on(plan=plan_to_message(plan).SerializeToString())
    if plan.refusal is not None or plan.chosen is None:
        raise refusal_error(plan.refusal) if plan.refusal else RuntimeError("a plan without choice or refusal")
    chosen = plan.chosen
    live.pass_through(
        Trigger.PLAN_COMPLETE,
        ready_time=ended,
        backend=chosen.backend,
        engine=chosen.engine,
        method=int(chosen.method),
    )
    return prepared


async def make_job(
    record: ExecutionRecord,
    parts: RunParts,
    specification: Specification,
    candidate: Candidate,
    prepared: Prepared | None,
) -> bytes:
    """Return the serialised Job of a planned execution; parses the circuit again where `prepared` is None.

    Raises:
        Internal: the circuit has other columns than when it was planned.
    """
    if prepared is None:
        prepared = await parts.planner.prepare(specification)
        if prepared.digest != record.circuit_digest:
            raise Internal(
                "this version parses the circuit into other columns than the version that planned it; run it again",
                reason=errors_pb2.ERROR_REASON_INTERNAL,
            )
    options = specification.options
    if options.timeout_seconds is not None:
        # What it took before its pauses counts.
        left = options.timeout_seconds - worked_seconds(record.usage)
        options = replace(options, timeout_seconds=max(left, _LEAST_SECONDS))
    return parts.planner.job(candidate, options, prepared)
