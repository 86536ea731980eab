"""Asking a run to pause: whether it can, and what became of it."""

from __future__ import annotations

import asyncio

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition, ProximaError

from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.state_machine import State, Trigger


class PauseRequest:
    """What was asked of one run.

    Attributes:
        is_asked: a pause is to come.
        problem: why the run could not be resumed; None where it could.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self.problem: ProximaError | None = None
        self._refused: asyncio.Future[None] | None = None

    def ask(self) -> asyncio.Future[None]:
        """Ask, again or for the first time; the future fails with the reason where it is not possible."""
        self.is_asked = True
        if self._refused is None:
            self._refused = asyncio.get_running_loop().create_future()
        return self._refused

    def refuse(self, error: ProximaError) -> None:
        """The pause is not possible, and the run goes on; a later one may be."""
        self.is_asked = False
        if self._refused is not None:
            self._refused.set_exception(error)
            # Nobody may be left to look at it.
            self._refused.exception()
            self._refused = None


def check_pausable(record: ExecutionRecord, catalog: BackendCatalog) -> None:
    """Check that an execution can be asked to pause.

    Raises:
        FailedPrecondition: INVALID_STATE, it does not run or a comparison waits for it; UNSUPPORTED_BY_BACKEND, its
            method cannot pause.
    """
    if record.state is not State.RUNNING:
        raise not_in_state(record, Trigger.PAUSE, "only a run that a worker has can be paused")
    if record.comparison:
        raise not_in_state(
            record,
            Trigger.PAUSE,
            f"it is a member of comparisons/{record.comparison}, which waits for it and cannot be paused; abort that, "
            "or let it end",
        )
    instances = [catalog.instance(record.instance), *catalog.instances(record.backend)]
    for capabilities in (instance.capabilities for instance in instances if instance is not None):
        for entry in capabilities.methods if capabilities is not None else ():
            if (entry.engine, int(entry.method)) == (record.engine, record.method):
                if entry.is_pausable:
                    return
                raise FailedPrecondition(
                    f"{record.backend}'s {entry.engine} {entry.method.label} writes no checkpoints, so {record.name} "
                    "cannot be paused; let it end, or abort it",
                    reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
                    metadata={"backend": record.backend, "feature": "pause"},
                )
    raise not_in_state(
        record, Trigger.PAUSE, f"backend {record.backend} does not answer, so nothing can be asked of it"
    )


def not_in_state(record: ExecutionRecord, trigger: Trigger, why: str) -> FailedPrecondition:
    """Return the error of a call that the state of an execution does not allow."""
    return FailedPrecondition(
        f"{record.name} is {record.state.name}: {why}",
        reason=errors_pb2.ERROR_REASON_INVALID_STATE,
        metadata={"state": record.state.name, "trigger": trigger.value},
    )
