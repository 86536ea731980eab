"""Serves the northbound contract from a `Script`, over a real gRPC server."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import grpc
import grpc.aio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import backends_pb2_grpc, comparisons_pb2_grpc, executions_pb2, executions_pb2_grpc
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import Aborted, FailedPrecondition, NotFound, to_status

from proxima_client.testing.catalog import Context, FakeCatalog, fail, unimplemented
from proxima_client.testing.comparisons import FakeComparisons
from proxima_client.testing.script import Script, scripted_plan

__all__ = ["FakeOrchestrator", "serve_fake"]

Message = executions_pb2.ExecuteResponse
_Execution = executions_pb2.Execution
_TERMINAL = (executions_pb2.STATE_COMPLETED, executions_pb2.STATE_ABORTED, executions_pb2.STATE_ERROR)


class FakeOrchestrator(executions_pb2_grpc.ExecutionServiceServicer):
    """Plays a script. `requests` records what was executed, `watched` and `read` what was asked for after a loss.

    `comparisons` plays its comparison.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[executions_pb2.ExecuteRequest] = []
        self.watched: list[executions_pb2.WatchExecutionRequest] = []
        self.read: list[executions_pb2.ReadResultRequest] = []
        self.running = asyncio.Event()
        self.comparisons = FakeComparisons(script)
        self._executions: dict[str, _Execution] = {}
        self._stopped: dict[str, asyncio.Event] = {}
        self._lost = False

    async def Execute(  # noqa: D102  # the contract's name and text
        self, request: executions_pb2.ExecuteRequest, context: Context
    ) -> AsyncIterator[Message]:
        self.requests.append(request)
        if self.script.refusal is not None:
            await fail(context, self.script.refusal)
        execution = self._known(request) or self._create(request)
        async for message in self._play(execution, context, deliver=request.deliver_results):
            yield message

    async def WatchExecution(  # noqa: D102
        self, request: executions_pb2.WatchExecutionRequest, context: Context
    ) -> AsyncIterator[executions_pb2.WatchExecutionResponse]:
        self.watched.append(request)
        execution = await self._find(request.name, context)
        async for message in self._play(execution, context, deliver=request.deliver_results):
            yield executions_pb2.WatchExecutionResponse.FromString(message.SerializeToString())

    async def ReadResult(  # noqa: D102
        self, request: executions_pb2.ReadResultRequest, context: Context
    ) -> AsyncIterator[executions_pb2.ReadResultResponse]:
        self.read.append(request)
        execution = await self._find(request.name, context)
        for message in self._result(execution, first_array=request.array_index, first_byte=request.offset):
            yield executions_pb2.ReadResultResponse.FromString(message.SerializeToString())

    async def PlanExecution(  # noqa: D102
        self, request: executions_pb2.PlanExecutionRequest, context: Context
    ) -> executions_pb2.PlanExecutionResponse:
        if self.script.refusal is not None:
            await fail(context, self.script.refusal)
        return executions_pb2.PlanExecutionResponse(
            plan=self.script.plan or scripted_plan(),
            characteristics=executions_pb2.Characteristics(declared_qubit_count=self.script.qubit_count),
            circuit_digest="0" * 64,
        )

    async def GetExecution(  # noqa: D102
        self, request: executions_pb2.GetExecutionRequest, context: Context
    ) -> executions_pb2.GetExecutionResponse:
        return executions_pb2.GetExecutionResponse(execution=await self._find(request.name, context))

    async def ListExecutions(  # noqa: D102
        self, request: executions_pb2.ListExecutionsRequest, context: Context
    ) -> executions_pb2.ListExecutionsResponse:
        everything = list(reversed(self._executions.values()))
        start = int(request.page_token or 0)
        end = start + (request.page_size or 50)
        return executions_pb2.ListExecutionsResponse(
            executions=everything[start:end], next_page_token=str(end) if end < len(everything) else ""
        )

    async def AbortExecution(  # noqa: D102
        self, request: executions_pb2.AbortExecutionRequest, context: Context
    ) -> executions_pb2.AbortExecutionResponse:
        execution = await self._find(request.name, context)
        if execution.state in _TERMINAL and execution.state != executions_pb2.STATE_ABORTED:
            await fail(
                context,
                FailedPrecondition(f"{request.name} has ended", reason=errors_pb2.ERROR_REASON_INVALID_STATE),
            )
        execution.state = executions_pb2.STATE_ABORTED
        error = Aborted(f"aborted: {request.reason}", reason=errors_pb2.ERROR_REASON_ABORTED)
        execution.error.CopyFrom(to_status(error))
        self._stopped[request.name].set()
        return executions_pb2.AbortExecutionResponse(execution=execution)

    async def PauseExecution(  # noqa: D102
        self, request: executions_pb2.PauseExecutionRequest, context: Context
    ) -> executions_pb2.PauseExecutionResponse:
        execution = await self._find(request.name, context)
        if self.script.pause_refusal is not None:
            await fail(context, self.script.pause_refusal)
        if execution.state not in (executions_pb2.STATE_RUNNING, executions_pb2.STATE_PAUSED):
            await fail(context, _wrong_state(execution, "pause"))
        execution.state = executions_pb2.STATE_PAUSED
        self._stopped[request.name].set()
        return executions_pb2.PauseExecutionResponse(execution=execution)

    async def ResumeExecution(  # noqa: D102
        self, request: executions_pb2.ResumeExecutionRequest, context: Context
    ) -> executions_pb2.ResumeExecutionResponse:
        execution = await self._find(request.name, context)
        if execution.state != executions_pb2.STATE_PAUSED:
            await fail(context, _wrong_state(execution, "resume"))
        execution.state = executions_pb2.STATE_RUNNING
        return executions_pb2.ResumeExecutionResponse(execution=execution)

    async def ResetExecution(  # noqa: D102
        self, request: executions_pb2.ResetExecutionRequest, context: Context
    ) -> executions_pb2.ResetExecutionResponse:
        return await unimplemented(context)

    def _known(self, request: executions_pb2.ExecuteRequest) -> _Execution | None:
        same = (found for found in self._executions.values() if found.request_id == request.request_id)
        return next(same, None) if request.request_id else None

    def _create(self, request: executions_pb2.ExecuteRequest) -> _Execution:
        execution = _Execution(
            name=f"executions/{uuid.uuid4()}",
            owner="local",
            attempt=1,
            state=executions_pb2.STATE_PLANNING,
            display_name=request.spec.circuit.display_name,
            create_time=Timestamp(seconds=100),
            plan_time=Timestamp(seconds=100),
            seed=request.spec.seed,
            request_id=request.request_id,
            result_spec=request.spec.results,
        )
        self._executions[execution.name] = execution
        self._stopped[execution.name] = asyncio.Event()
        return execution

    async def _find(self, name: str, context: Context) -> _Execution:
        if name not in self._executions:
            await fail(context, NotFound(f"there is no {name}", reason=errors_pb2.ERROR_REASON_NOT_FOUND))
        return self._executions[name]

    async def _play(self, execution: _Execution, context: Context, *, deliver: bool) -> AsyncIterator[Message]:
        sent = 0
        async for message in self._messages(execution, deliver=deliver):
            if not self._lost and self.script.lose_after is not None and sent == self.script.lose_after:
                self._lost = True
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the scripted stream was lost")
            yield message
            sent += 1

    async def _messages(self, execution: _Execution, *, deliver: bool) -> AsyncIterator[Message]:
        yield Message(execution=execution)
        if execution.state not in (*_TERMINAL, executions_pb2.STATE_PAUSED):
            execution.plan.CopyFrom(self.script.plan or scripted_plan())
            execution.state = executions_pb2.STATE_RUNNING
            execution.ready_time.seconds = execution.start_time.seconds = 101
            yield Message(execution=execution)
            self.running.set()
            for fraction in self.script.progress:
                yield Message(
                    progress=result_pb2.Progress(
                        fraction=fraction, basis=result_pb2.Progress.BASIS_MODEL, unit="seconds"
                    )
                )
            if self.script.runs_until_aborted:
                await self._stopped[execution.name].wait()
            if execution.state == executions_pb2.STATE_RUNNING:
                self._finish(execution)
        if execution.state == executions_pb2.STATE_COMPLETED and deliver and not self.script.withhold_result:
            for message in self._result(execution):
                yield message
        yield Message(execution=execution)

    def _finish(self, execution: _Execution) -> None:
        execution.end_time.seconds = 103
        execution.usage.CopyFrom(
            result_pb2.Usage(worker_duration=Duration(seconds=1), queued_duration=Duration(), peak_memory_bytes=4096)
        )
        if self.script.failure is not None:
            execution.state = executions_pb2.STATE_ERROR
            execution.error.CopyFrom(to_status(self.script.failure))
            return
        execution.state = executions_pb2.STATE_COMPLETED
        execution.results.append(self._header(execution, inline=False))

    def _header(self, execution: _Execution, *, inline: bool) -> result_pb2.ResultHeader:
        arrays = []
        for array in self.script.arrays:
            data = array.data.tobytes()
            arrays.append(
                result_pb2.ArrayDescriptor(
                    role=array.role,
                    data_type=array.data_type,
                    shape=array.data.shape,
                    size_bytes=len(data),
                    bit_space=array.bit_space,
                    axis_bits=array.axis_bits,
                    inline_data=data if inline else b"",
                )
            )
        return result_pb2.ResultHeader(
            producer=result_pb2.Producer(
                backend="scripted",
                backend_version="0.0.0",
                engine="scripted",
                engine_version="0.0.0",
                method="statevector",
                precision=result_pb2.PRECISION_DOUBLE,
                seed=execution.seed,
                thread_count=1,
                package_versions={"scripted": "0.0.0"},
            ),
            bit_order=result_pb2.BIT_ORDER_LITTLE_ENDIAN,
            expectation_values=self.script.expectation_values,
            certified_error=self.script.certified_error,
            rank_history=self.script.rank_history,
            readout_included=self.script.readout_included,
            declared_qubit_count=self.script.qubit_count,
            clbit_count=self.script.clbit_count,
            active_qubits=self.script.active_qubits,
            shots=execution.result_spec.shots,
            arrays=arrays,
        )

    def _result(self, execution: _Execution, *, first_array: int = 0, first_byte: int = 0) -> list[Message]:
        messages = [Message(result_header=self._header(execution, inline=self.script.inline))]
        if self.script.inline:
            return messages
        for index, array in enumerate(self.script.arrays[first_array:], start=first_array):
            data = array.data.tobytes()
            start = first_byte if index == first_array else 0
            messages.extend(
                Message(
                    result_chunk=result_pb2.ResultChunk(
                        array_index=index, offset=offset, data=data[offset : offset + self.script.chunk_bytes]
                    )
                )
                for offset in range(start, len(data), self.script.chunk_bytes)
            )
        return messages


def _wrong_state(execution: _Execution, trigger: str) -> FailedPrecondition:
    state = executions_pb2.State.Name(execution.state).removeprefix("STATE_")
    return FailedPrecondition(
        f"{execution.name} is {state}: it cannot {trigger}",
        reason=errors_pb2.ERROR_REASON_INVALID_STATE,
        metadata={"state": state, "trigger": trigger},
    )


@contextlib.asynccontextmanager
async def serve_fake(script: Script) -> AsyncIterator[tuple[FakeOrchestrator, str]]:
    """Serve a script on a free loopback port; yield the fake and its target."""
    fake = FakeOrchestrator(script)
    server = grpc.aio.server()
    executions_pb2_grpc.add_ExecutionServiceServicer_to_server(fake, server)
    backends_pb2_grpc.add_BackendCatalogServiceServicer_to_server(FakeCatalog(), server)
    comparisons_pb2_grpc.add_ComparisonServiceServicer_to_server(fake.comparisons, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield fake, f"127.0.0.1:{port}"
    finally:
        await server.stop(grace=None)
