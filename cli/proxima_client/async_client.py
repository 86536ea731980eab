"""The asynchronous client."""

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2, comparisons_pb2, executions_pb2
from proxima_runtime.errors import Aborted, FailedPrecondition, NotFound, ProximaError

from proxima_client import values
from proxima_client.comparing import Comparing, ComparisonFollower
from proxima_client.comparison import CompareOptions, Comparison, ComparisonPage, Target, targets_of
from proxima_client.comparison_messages import to_comparison, to_comparison_spec
from proxima_client.connection import Connection
from proxima_client.convert import to_backend, to_execution, to_plan, to_server_info
from proxima_client.events import Event, Follower, Outcome
from proxima_client.following import Following
from proxima_client.noise import NoiseModel
from proxima_client.observables import Observable
from proxima_client.options import RunOptions, to_spec
from proxima_client.result import Result
from proxima_client.target import resolve_target

__all__ = ["AsyncClient"]

_PLAN_SECONDS = 180.0
_ABORT_SECONDS = 60.0
# A run comes to its next boundary in seconds, a large one in minutes; what is resumed may wait for its backend.
_PAUSE_SECONDS, _RESUME_SECONDS = 3600.0, 600.0


class AsyncClient:
    """Talks to one orchestrator. Use it in one event loop, as an async context manager or with `close()`.

    Args:
        target: "unix:/path" or "host:port"; None is the environment variable PROXIMA_SERVER, else the local cluster,
        which
            is started if it is not running (its progress goes to standard error).
        reconnect_seconds: how long a server may be gone during a run before the client gives up.

    Every method raises `proxima_runtime.errors.ProximaError`: `reason` says what happened, the message what to do.
    """

    def __init__(self, target: str | None = None, *, reconnect_seconds: float = 60.0) -> None:
        self._target = target
        self._reconnect_seconds = reconnect_seconds
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection. Executions go on."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def run(
        self,
        circuit: object,
        *,
        shots: int | None = None,
        seed: int | None = None,
        backend: str | None = None,
        method: str | None = None,
        engine: str | None = None,
        precision: str | None = None,
        probabilities: bool = False,
        statevector: bool = False,
        density_matrix: bool = False,
        timeout: float | None = None,  # noqa: ASYNC109  # the limit of the run, which the server keeps
        prefer: str | None = None,
        name: str | None = None,
        noise: NoiseModel | str | os.PathLike[str] | None = None,
        observables: Sequence[Observable | str] = (),
        max_error: float = 0.0,
        follow: Follower | None = None,
    ) -> Result:
        """Run a circuit and return its result. The options are those of `RunOptions`.

        Args:
            circuit: OpenQASM text or bytes, a `pathlib.Path`, a Qiskit `QuantumCircuit` or a Cirq `Circuit`.
            follow: called with every snapshot and progress report.

        Cancelling this call aborts the execution.

        Raises:
            ProximaError: the circuit is at fault, nothing can run it, the run failed, was aborted, or was paused by
                somebody (INVALID_STATE; the message says how to go on).
        """
        options = RunOptions(
            shots=shots,
            seed=seed,
            backend=backend,
            method=method,
            engine=engine,
            precision=precision,
            probabilities=probabilities,
            statevector=statevector,
            density_matrix=density_matrix,
            timeout=timeout,
            prefer=prefer,
            name=name,
            noise=noise,
            observables=observables,
            max_error=max_error,
        )
        following = await self.start(circuit, options)
        try:
            if follow is None:
                return _result(await following.finish())
            async for event in following.events():
                follow(event)
        except asyncio.CancelledError:
            if following.name:
                with contextlib.suppress(ProximaError):
                    await asyncio.shield(self.abort(following.name, reason="the caller cancelled"))
            raise
        return _result(following.outcome())

    async def start(self, circuit: object, options: RunOptions) -> Following:
        """Prepare a run; it starts when `events()` of the answer is iterated. For callers that want the events."""
        request = executions_pb2.ExecuteRequest(
            spec=to_spec(circuit, options), request_id=uuid.uuid4().hex, deliver_results=True
        )
        return Following(await self._connect(), request=request, reconnect_seconds=self._reconnect_seconds)

    async def plan(self, circuit: object, options: RunOptions | None = None) -> values.Plan:
        """Return what would be executed where, and why, without executing; `Plan.error` says what prevents it."""
        connection = await self._connect()
        request = executions_pb2.PlanExecutionRequest(spec=to_spec(circuit, options or RunOptions()))
        answer = await connection.call(connection.executions.PlanExecution, request, deadline_seconds=_PLAN_SECONDS)
        return to_plan(answer.plan, characteristics=answer.characteristics, circuit_digest=answer.circuit_digest)

    async def watch(self, name: str) -> AsyncGenerator[Event]:
        """Yield the events of an execution, from its snapshot of now to its end, through lost streams."""
        following = Following(
            await self._connect(),
            name=_full_name(name),
            deliver_results=False,
            reconnect_seconds=self._reconnect_seconds,
        )
        async for event in following.events():
            yield event

    async def result(self, name: str, *, follow: Follower | None = None) -> Result:
        """Wait for an execution's end where needed and return its result, from the artifact store if it has ended."""
        following = await self.follow(name)
        async for event in following.events():
            if follow is not None:
                follow(event)
        return _result(following.outcome())

    async def get(self, name: str) -> values.Execution:
        """Return the snapshot of an execution, by resource name or uuid."""
        connection = await self._connect()
        request = executions_pb2.GetExecutionRequest(name=_full_name(name))
        return to_execution((await connection.call(connection.executions.GetExecution, request)).execution)

    async def history(
        self, *, page_size: int = 50, page_token: str = "", states: Sequence[values.State] = ()
    ) -> values.ExecutionPage:
        """Return a page of executions, newest first; `page_size` 1 to 1000, `states` empty for all."""
        connection = await self._connect()
        request = executions_pb2.ListExecutionsRequest(
            page_size=page_size,
            page_token=page_token,
            states=[f"STATE_{state.value.upper()}" for state in states],
        )
        answer = await connection.call(connection.executions.ListExecutions, request)
        return values.ExecutionPage(
            executions=tuple(to_execution(execution) for execution in answer.executions),
            next_page_token=answer.next_page_token,
        )

    async def abort(self, name: str, *, reason: str = "") -> values.Execution:
        """Abort an execution and return its snapshot when it has stopped and its memory is back."""
        connection = await self._connect()
        request = executions_pb2.AbortExecutionRequest(name=_full_name(name), reason=reason[:1000])
        answer = await connection.call(connection.executions.AbortExecution, request, deadline_seconds=_ABORT_SECONDS)
        return to_execution(answer.execution)

    async def pause(self, name: str) -> values.Execution:
        """Pause an execution and return its snapshot when its state is stored and it holds no worker and no memory.

        `resume` goes on from there, at any later time. The pause goes on when this call is cancelled.

        Raises:
            ProximaError: it does not run or has just ended (INVALID_STATE), its method cannot be paused
                (UNSUPPORTED_BY_BACKEND), or its state cannot be stored beside it and it goes on (INSUFFICIENT_MEMORY).
        """
        connection = await self._connect()
        request = executions_pb2.PauseExecutionRequest(name=_full_name(name))
        answer = await connection.call(connection.executions.PauseExecution, request, deadline_seconds=_PAUSE_SECONDS)
        return to_execution(answer.execution)

    async def resume(self, name: str) -> values.Execution:
        """Resume a paused execution and return its snapshot when it runs, or waits for a worker; `result` waits for it.

        Raises:
            ProximaError: it is not paused (INVALID_STATE), or its backend does not take it, and it stays paused.
        """
        connection = await self._connect()
        request = executions_pb2.ResumeExecutionRequest(name=_full_name(name))
        answer = await connection.call(connection.executions.ResumeExecution, request, deadline_seconds=_RESUME_SECONDS)
        return to_execution(answer.execution)

    async def follow(self, name: str) -> Following:
        """Prepare to follow an execution with its result; see `start`."""
        return Following(await self._connect(), name=_full_name(name), reconnect_seconds=self._reconnect_seconds)

    async def compare(
        self,
        circuit: object,
        backends: Sequence[Target | str],
        options: RunOptions | None = None,
        how: CompareOptions | None = None,
        *,
        follow: ComparisonFollower | None = None,
    ) -> Comparison:
        """Run a circuit on several backends and return whether they agree; `Comparison.verdict` says it.

        Args:
            circuit: as in `run`.
            backends: two or more: backend, backend:method, backend/engine or backend/engine:method, or `Target`s.
            options: as in `run`, the same for all; backend, engine, method and precision are not given here.
            how: false alarm rate, threshold, one after another.
            follow: called with every snapshot and progress report.

        Cancelling this call aborts the comparison with its members.

        Raises:
            ProximaError: it was refused, was aborted, or fewer than two members gave a result.
        """
        comparing = await self.start_comparison(circuit, targets_of(backends), options, how)
        try:
            async for event in comparing.events():
                if follow is not None:
                    follow(event)
        except asyncio.CancelledError:
            if comparing.name:
                with contextlib.suppress(ProximaError):
                    await asyncio.shield(self.abort_comparison(comparing.name, reason="the caller cancelled"))
            raise
        found = await self.comparison(comparing.name)
        if found.error is not None:
            found.error.add_note(f"{found.name}, state {found.state}")
            raise found.error
        return found

    async def start_comparison(
        self,
        circuit: object,
        targets: Sequence[Target],
        options: RunOptions | None = None,
        how: CompareOptions | None = None,
    ) -> Comparing:
        """Prepare a comparison; it starts when `events()` of the answer is iterated."""
        spec = to_comparison_spec(to_spec(circuit, options or RunOptions()), targets, how or CompareOptions())
        request = comparisons_pb2.CreateComparisonRequest(spec=spec, request_id=uuid.uuid4().hex)
        return Comparing(await self._connect(), request=request, reconnect_seconds=self._reconnect_seconds)

    async def comparison(self, name: str) -> Comparison:
        """Return the snapshot of a comparison, by resource name or uuid, with those of its members' executions."""
        connection = await self._connect()
        request = comparisons_pb2.GetComparisonRequest(name=_comparison_name(name))
        message = (await connection.call(connection.comparisons.GetComparison, request)).comparison
        executions = {}
        for member in message.members:
            # One that failed before it was created has a state and no execution.
            with contextlib.suppress(NotFound):
                if member.state:
                    executions[member.execution] = await self.get(member.execution)
        return to_comparison(message, executions)

    async def comparisons(self, *, page_size: int = 50, page_token: str = "") -> ComparisonPage:
        """Return a page of comparisons, newest first; `page_size` 1 to 1000."""
        connection = await self._connect()
        request = comparisons_pb2.ListComparisonsRequest(page_size=page_size, page_token=page_token)
        answer = await connection.call(connection.comparisons.ListComparisons, request)
        return ComparisonPage(
            comparisons=tuple(to_comparison(item) for item in answer.comparisons),
            next_page_token=answer.next_page_token,
        )

    async def abort_comparison(self, name: str, *, reason: str = "") -> Comparison:
        """Abort a comparison with its members and return its snapshot when they have stopped."""
        connection = await self._connect()
        request = comparisons_pb2.AbortComparisonRequest(name=_comparison_name(name), reason=reason[:1000])
        method = connection.comparisons.AbortComparison
        return to_comparison((await connection.call(method, request, deadline_seconds=_ABORT_SECONDS)).comparison)

    async def backends(self) -> tuple[values.Backend, ...]:
        """Return every backend with its instances, reachable or not, by name."""
        connection = await self._connect()
        found: list[values.Backend] = []
        token = ""
        while True:
            request = backends_pb2.ListBackendsRequest(page_token=token)
            answer = await connection.call(connection.backends.ListBackends, request)
            found.extend(to_backend(backend) for backend in answer.backends)
            token = answer.next_page_token
            if not token:
                return tuple(found)

    async def backend(self, name: str) -> values.Backend:
        """Return one backend. Raises NotFound (reason UNKNOWN_BACKEND) for a name that does not exist."""
        connection = await self._connect()
        request = backends_pb2.GetBackendRequest(name=f"backends/{name.removeprefix('backends/')}")
        return to_backend((await connection.call(connection.backends.GetBackend, request)).backend)

    async def server_info(self) -> values.ServerInfo:
        """Return the orchestrator's version and whether it is idle."""
        connection = await self._connect()
        return to_server_info(
            await connection.call(connection.backends.GetServerInfo, backends_pb2.GetServerInfoRequest())
        )

    async def _connect(self) -> Connection:
        async with self._opening:
            if self._connection is None:
                self._connection = Connection(await resolve_target(self._target))
            return self._connection


def _result(outcome: Outcome) -> Result:
    if outcome.result is not None:
        return outcome.result
    execution = outcome.execution
    if execution.state is values.State.PAUSED:
        raise FailedPrecondition(
            f"{execution.name} was paused before it had a result; Client.resume({execution.id!r}) goes on, and "
            "Client.result then waits for it",
            reason=errors_pb2.ERROR_REASON_INVALID_STATE,
            metadata={"state": "PAUSED"},
        )
    error = execution.error or Aborted(
        f"{execution.name} is {execution.state} and has no result", reason=errors_pb2.ERROR_REASON_INVALID_STATE
    )
    error.add_note(f"{execution.name}, state {execution.state}")
    raise error


def _comparison_name(name: str) -> str:
    return name if name.startswith("comparisons/") else f"comparisons/{name}"


def _full_name(name: str) -> str:
    return name if name.startswith("executions/") else f"executions/{name}"
