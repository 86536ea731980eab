"""The BackendService of one engine: converts in, calls the jobs, converts out."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

import grpc
import grpc.aio
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.backend.admission import Admission, Assessment, method_name
from proxima_runtime.backend.durations import from_duration
from proxima_runtime.backend.job import Job, JobKey, JobState, JobTerms, Stream
from proxima_runtime.backend.jobs import Jobs
from proxima_runtime.backend.pauses import pausable_methods
from proxima_runtime.backend.receiver import CheckpointReceiver, pass_over
from proxima_runtime.backend.requests import ExecuteContext, decode_request, invalid, read_request
from proxima_runtime.backend.results import ProducerIndex
from proxima_runtime.errors import ProximaError, Unimplemented

SERVICE_NAME = backend_pb2.DESCRIPTOR.services_by_name["BackendService"].full_name

# Checking more than this on the event loop would keep others waiting. A byte of a matrix takes as long as some 20 of a
# column, a term of an observable as some 100.
_CHECK_INLINE_BYTES = 2**20
_MATRIX_FACTOR, _TERM_BYTES = 20, 100
# A caller's later messages are read once a run is not over at once.
_LISTEN_SECONDS = 0.005
_MAX_NAME_BYTES = 256

_EstimateContext: TypeAlias = (
    "grpc.aio.ServicerContext[backend_pb2.EstimateResourcesRequest, backend_pb2.EstimateResourcesResponse]"
)
_CapabilitiesContext: TypeAlias = (
    "grpc.aio.ServicerContext[backend_pb2.GetCapabilitiesRequest, backend_pb2.GetCapabilitiesResponse]"
)


class BackendServicer:
    """Serves the southbound contract. `Execute` takes and gives serialised messages, so that arrays are not copied."""

    def __init__(
        self,
        *,
        capabilities: capabilities_pb2.Capabilities,
        admission: Admission,
        jobs: Jobs,
        producers: ProducerIndex,
        grace_seconds: float,
        hang_seconds: float,
        max_result_bytes: int,
    ) -> None:
        self._capabilities = backend_pb2.GetCapabilitiesResponse(capabilities=capabilities)
        self._admission = admission
        self._jobs = jobs
        self._producers = producers
        self._pausable = pausable_methods(capabilities.methods)
        self._receiver = CheckpointReceiver(
            jobs=jobs, producers=producers, memory_cap_bytes=capabilities.memory_cap_bytes
        )
        self._grace_seconds = grace_seconds
        self._hang_seconds = hang_seconds
        self._max_result_bytes = max_result_bytes

    def add_to_server(self, server: grpc.aio.Server) -> None:
        """Register the handlers; not the generated function, because `Execute` is served as bytes."""
        handlers = {
            "GetCapabilities": grpc.unary_unary_rpc_method_handler(
                self.get_capabilities,
                request_deserializer=backend_pb2.GetCapabilitiesRequest.FromString,
                response_serializer=backend_pb2.GetCapabilitiesResponse.SerializeToString,
            ),
            "EstimateResources": grpc.unary_unary_rpc_method_handler(
                self.estimate_resources,
                request_deserializer=backend_pb2.EstimateResourcesRequest.FromString,
                response_serializer=backend_pb2.EstimateResourcesResponse.SerializeToString,
            ),
            "Execute": grpc.stream_stream_rpc_method_handler(self.execute),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),))

    async def get_capabilities(
        self, request: backend_pb2.GetCapabilitiesRequest, context: _CapabilitiesContext
    ) -> backend_pb2.GetCapabilitiesResponse:
        """See the contract."""
        self._jobs.check_alive()
        return self._capabilities

    async def estimate_resources(
        self, request: backend_pb2.EstimateResourcesRequest, context: _EstimateContext
    ) -> backend_pb2.EstimateResourcesResponse:
        """See the contract."""
        self._jobs.check_alive()
        assessment = await self._assess(request.job)
        return backend_pb2.EstimateResourcesResponse(estimate=assessment.estimate)

    async def execute(self, requests: object, context: ExecuteContext) -> None:
        """See the contract."""
        data = await read_request(context)
        if data is None:
            raise invalid("", "the stream ended before its first message; send start or attach")
        request = decode_request(data)
        try:
            job, attached, pauses = await self._find_or_add(request, data, context)
        except ProximaError:
            if request.start.resume:
                await pass_over(context)
            raise
        stream = self._jobs.hold(job)
        session = _Session(
            jobs=self._jobs,
            job=job,
            stream=stream,
            context=context,
            passes_over_chunks=attached and request.start.resume,
        )
        if pauses:
            job.pause()
        try:
            await session.send_all(attached=attached)
        finally:
            session.close()
            self._jobs.release(job, stream)

    async def _find_or_add(
        self, request: backend_pb2.ExecuteRequest, data: bytes, context: ExecuteContext
    ) -> tuple[Job, bool, bool]:
        """Return the job, whether it was known, and whether a pause came already."""
        match request.WhichOneof("message"):
            case "start":
                start = request.start
                key = _key(start.execution, start.attempt)
                known = self._known(key, start)
                if known is not None:
                    return known, True, False
                if start.resume and not self._can_pause(start.job):
                    raise _not_pausable("start.resume", start.job)
                self._jobs.check_open()
                assessment = await self._assess(start.job)
                refusal = assessment.refusal()
                if refusal is not None:
                    raise refusal
                # A large circuit was checked on a thread; the same pair may have come meanwhile.
                known = self._known(key, start)
                if known is not None:
                    return known, True, False
                terms, payload = self._terms(start.job, assessment), _payload(data, assessment)
                if not start.resume:
                    return self._jobs.add(key, terms, payload), False, False
                checkpoint, pauses = await self._receiver.receive(terms, payload, context)
                try:
                    known = self._known(key, start)
                    if known is None:
                        job = self._jobs.add(key, terms, payload, resumes_from=checkpoint)
                        checkpoint = None
                        return job, False, pauses
                finally:
                    if checkpoint is not None:
                        checkpoint.close()
                return known, True, pauses
            case "attach":
                return self._jobs.attach(_key(request.attach.execution, request.attach.attempt)), True, False
            case _:
                raise invalid("message", "the first message must be start or attach")

    def _known(self, key: JobKey, start: backend_pb2.StartExecution) -> Job | None:
        """Return the job that a start attaches to; a resume begins the next part of a paused one instead."""
        known = self._jobs.find(key)
        return None if known is not None and start.resume and known.is_paused else known

    def _can_pause(self, job: backend_pb2.Job) -> bool:
        return (job.method, job.engine) in self._pausable

    async def _assess(self, job: backend_pb2.Job) -> Assessment:
        columns = len(job.circuit.opcodes) + len(job.circuit.qubits) + 4 * len(job.circuit.conditions.values)
        matrices = sum(len(operation.matrix) for operation in job.circuit.operations)
        terms = sum(len(observable.paulis) for observable in job.results.observables)
        if columns + _MATRIX_FACTOR * matrices + _TERM_BYTES * terms > _CHECK_INLINE_BYTES:
            return await asyncio.to_thread(self._admission.assess, job)
        return self._admission.assess(job)

    def _terms(self, job: backend_pb2.Job, assessment: Assessment) -> JobTerms:
        grace = from_duration(job.grace_period) if job.HasField("grace_period") else self._grace_seconds
        predicted = from_duration(job.predicted_duration) if job.HasField("predicted_duration") else None
        return JobTerms(
            memory_limit_bytes=assessment.memory_limit_bytes,
            estimated_bytes=assessment.estimate.peak_memory_bytes,
            timeout_seconds=from_duration(job.timeout) if job.HasField("timeout") else None,
            predicted_seconds=predicted,
            grace_seconds=grace,
            hang_seconds=self._hang_seconds,
            max_result_bytes=self._max_result_bytes,
            producer=self._producer(job, assessment) if self._can_pause(job) else None,
        )

    def _producer(self, job: backend_pb2.Job, assessment: Assessment) -> result_pb2.Producer:
        producer = self._producers.find(job)
        producer.thread_count = assessment.thread_count
        return producer


class _Session:
    """One caller's stream: sends what the job yields, listens to what the caller adds."""

    def __init__(
        self, *, jobs: Jobs, job: Job, stream: Stream, context: ExecuteContext, passes_over_chunks: bool
    ) -> None:
        self._jobs = jobs
        self._job = job
        self._stream = stream
        self._context = context
        self._passes_over_chunks = passes_over_chunks
        self._listener: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_LISTEN_SECONDS, self._listen_soon)

    async def send_all(self, *, attached: bool) -> None:
        """Send everything from `accepted` to `done`.

        Raises:
            ProximaError: the stream ends with an error: taken over, or the caller broke the contract.
        """
        job, stream, context = self._job, self._stream, self._context
        accepted = backend_pb2.Accepted(
            attached=attached,
            queue_position=self._jobs.queue_position(job),
            memory_limit_bytes=job.terms.memory_limit_bytes,
        )
        await context.write(backend_pb2.ExecuteResponse(accepted=accepted).SerializeToString())
        sent_items = 0
        sent_progress: bytes | None = None
        while True:
            stream.wake.clear()
            if stream.fault is not None:
                raise stream.fault
            if sent_items < len(job.items):
                for message in job.items[sent_items].messages():
                    await context.write(message)
                    if stream.fault is not None:
                        raise stream.fault
                sent_items += 1
            elif stream.notices:
                await context.write(stream.notices.popleft())
            elif job.done is not None:
                for message in job.checkpoint.messages() if job.checkpoint is not None else ():
                    await context.write(message)
                    if stream.fault is not None:
                        raise stream.fault
                await context.write(job.done)
                job.was_delivered = True
                return
            elif job.progress is not sent_progress and job.progress is not None:
                sent_progress = job.progress
                await context.write(sent_progress)
            else:
                await stream.wake.wait()

    def close(self) -> None:
        """Listen no more."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def _listen_soon(self) -> None:
        self._listener = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while self._job.state is not JobState.FINISHED:
            data = await read_request(self._context)
            if data is None:
                # The caller has no more to say.
                return
            try:
                self._obey(decode_request(data))
            except ProximaError as error:
                self._stream.fail(error)
                return

    def _obey(self, request: backend_pb2.ExecuteRequest) -> None:
        match request.WhichOneof("message"):
            case "abort":
                self._job.abort(request.abort.reason)
            case "pause":
                if self._job.terms.producer is None:
                    raise _not_pausable("pause")
                self._job.pause()
            case "input_chunk":
                if self._job.terms.producer is None:
                    raise _not_pausable("input_chunk")
                if not self._passes_over_chunks:
                    raise invalid("input_chunk", "follows start.resume only, up to the last piece")
            case _:
                raise invalid("message", "after the first message only input_chunk, pause and abort may follow")


def _key(execution: str, attempt: int) -> JobKey:
    if not execution or len(execution.encode()) > _MAX_NAME_BYTES:
        raise invalid("execution", f"has {len(execution.encode())} bytes, expected 1 to {_MAX_NAME_BYTES}")
    if attempt < 1:
        raise invalid("attempt", f"is {attempt}, expected at least 1")
    return execution, attempt


def _payload(data: bytes, assessment: Assessment) -> bytes:
    # Appending a message merges it (the wire format's rule): the limits in force override the ones that were asked, and
    # the circuit is not serialised again.
    job = backend_pb2.Job(memory_limit_bytes=assessment.memory_limit_bytes, thread_count=assessment.thread_count)
    return data + backend_pb2.ExecuteRequest(start=backend_pb2.StartExecution(job=job)).SerializeToString()


def _not_pausable(request: str, job: backend_pb2.Job | None = None) -> Unimplemented:
    name = f"{job.engine}'s {method_name(job)}" if job is not None else "the method of this run"
    return Unimplemented(
        f"{request}: {name} cannot be paused here (MethodCapability.pause_support is not STATE); let the run end, or "
        "abort it",
        reason=errors_pb2.ERROR_REASON_NOT_IMPLEMENTED,
        metadata={"method": request},
    )
