"""Execute over real gRPC: results, attaching, taking over, queueing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_runtime.errors import (
    Aborted,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ProximaError,
    ResourceExhausted,
    Unimplemented,
)
from proxima_runtime.testing import BackendCaller, RunningBackend, scripted_job, start_backend

MIB = 2**20


def test_a_small_run_is_three_messages(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A run whose arrays fit the header is accepted, result_header, done."""
    answer = runner.run(caller.run(scripted_job(qubit_count=8, shots=1000)))

    assert answer.names == ["accepted", "result_header", "done"]
    assert answer.is_complete
    assert bytes(answer.arrays[0, 1]) == (1000).to_bytes(8, "little")


def test_a_result_names_its_producer(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """The header says who computed it, how, and in which bit order."""
    header = runner.run(caller.run(scripted_job(seed=77, shots=5))).headers[0]

    assert header.bit_order == result_pb2.BIT_ORDER_LITTLE_ENDIAN
    assert header.shots == 5
    assert list(header.active_qubits) == [0, 1]
    producer = header.producer
    assert (producer.backend, producer.engine, producer.method) == ("scripted", "scripted", "statevector")
    assert (producer.precision, producer.seed, producer.thread_count) == (result_pb2.PRECISION_DOUBLE, 77, 1)


def test_a_run_is_measured(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Usage has durations and the peak memory over the warm worker."""
    done = runner.run(caller.run(scripted_job(("scripted_busy", 0.1), ("scripted_allocate", 64)))).done

    assert done is not None
    usage = done.usage
    assert usage.worker_duration.ToTimedelta() >= usage.engine_duration.ToTimedelta()
    assert usage.engine_duration.nanos >= 100_000_000
    assert usage.cpu_duration.nanos > 0
    # The kernel keeps its counters in batches of some pages a processor.
    assert 62 * MIB <= usage.peak_memory_bytes < 80 * MIB


@pytest.mark.parametrize("size", [65_536, 65_552, MIB, MIB + 16, 5 * MIB + 16])
def test_an_array_arrives_whole_whatever_its_size(runner: asyncio.Runner, caller: BackendCaller, size: int) -> None:
    """Arrays up to 64 KiB come in the header, larger ones in pieces, and the bytes are the same."""
    answer = runner.run(caller.run(scripted_job(("scripted_large", size / MIB), statevector=True)))

    array = answer.headers[0].arrays[0]
    data = answer.arrays[0, 0]
    assert (array.size_bytes, len(data)) == (size, size)
    assert bool(array.inline_data) == (size <= 65_536)
    blocks = [int.from_bytes(data[start : start + 8], "little") for start in range(0, size - 65_535, 65_536)]
    assert blocks == list(range(len(blocks)))


def test_large_and_small_arrays_mix(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Each array of one item is complete, whichever way it travels."""
    job = scripted_job(qubit_count=14, shots=9, statevector=True, probabilities=True)

    answer = runner.run(caller.run(job))

    sizes = [array.size_bytes for array in answer.headers[0].arrays]
    assert [len(answer.arrays[0, index]) for index in range(4)] == sizes == [2, 8, 8 * 2**14, 16 * 2**14]


def test_the_peak_counts_the_copy_of_the_result(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A result of 64 MiB is 64 MiB in the engine and 64 MiB on its way out."""
    done = runner.run(caller.run(scripted_job(("scripted_large", 64), statevector=True))).done

    assert done is not None
    assert 126 * MIB <= done.usage.peak_memory_bytes < 150 * MIB


def test_counted_progress_is_passed_on(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """What the engine counts arrives as counts, at most ten a second, after half a second."""
    progress = runner.run(caller.run(scripted_job(("scripted_progress", 2.0)))).progress

    counted = [message for message in progress if message.basis == result_pb2.Progress.BASIS_COUNTED]
    assert [message.unit for message in counted] == ["operations"] * len(counted)
    assert 1 <= len(counted) <= 9
    fractions = [message.fraction for message in counted]
    assert fractions == sorted(fractions)
    assert 0 < fractions[-1] <= 1


def test_model_progress_rests_on_the_prediction(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """An engine that does not count is shown as elapsed over predicted, never more than 0.99, and labelled."""
    job = scripted_job(("scripted_busy", 1.2))
    job.predicted_duration.FromMilliseconds(800)

    progress = runner.run(caller.run(job)).progress

    assert {message.basis for message in progress} == {result_pb2.Progress.BASIS_MODEL}
    assert 0.5 < progress[0].fraction < progress[-1].fraction == 0.99


def test_without_a_prediction_no_basis_is_claimed(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """Then progress has only time and memory."""
    progress = runner.run(caller.run(scripted_job(("scripted_allocate", 32), ("scripted_busy", 0.9)))).progress

    assert {(message.basis, message.fraction) for message in progress} == {(0, 0.0)}
    assert progress[-1].memory_bytes >= 30 * MIB


def test_start_with_a_known_pair_attaches(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """The same pair is not run again; its whole result is sent again."""

    async def scenario() -> None:
        job = scripted_job(("scripted_large", 2), statevector=True)
        first = await caller.start(job)
        result = await first.finish()
        again = await (await caller.start(scripted_job(("scripted_fail", 0)), name=first.name)).finish()

        assert again.accepted.attached
        assert not result.accepted.attached
        assert (again.arrays, again.done) == (result.arrays, result.done)

    runner.run(scenario())


def test_attach_gets_a_run_after_its_stream_was_lost(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A run goes on while nobody listens, and who attaches gets everything from the beginning."""

    async def scenario() -> None:
        execution = await caller.start(scripted_job(("scripted_busy", 0.5), statevector=True))
        await execution.until("accepted")
        execution.drop()

        answer = await (await caller.attach(execution.name)).finish()

        assert answer.accepted.attached
        assert answer.is_complete
        assert len(answer.arrays[0, 0]) == 64

    runner.run(scenario())


def test_a_newer_stream_takes_over(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """One stream at a time holds a job; the older one ends with ABORTED."""

    async def scenario() -> None:
        older = await caller.start(scripted_job(("scripted_sleep", 1.0)))
        await older.until("accepted")
        newer = await caller.attach(older.name)
        await newer.until("accepted")

        with pytest.raises(Aborted, match="newer stream") as caught:
            await older.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_TAKEN_OVER
        assert (await newer.finish()).is_complete

    runner.run(scenario())


def test_attach_to_an_unknown_pair_is_not_found(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """`attach` never starts anything; another attempt is another pair."""

    async def scenario() -> None:
        done = await caller.start(scripted_job(shots=1))
        await done.finish()
        for name, attempt in (("executions/unknown", 1), (done.name, 2)):
            execution = await caller.attach(name, attempt=attempt)
            with pytest.raises(NotFound) as caught:
                await execution.finish()
            assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_FOUND

    runner.run(scenario())


def test_jobs_wait_in_line_and_the_line_has_an_end(runner: asyncio.Runner) -> None:
    """With one worker the second job waits, and past the limit QUEUE_FULL says to try later."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_QUEUE_LIMIT": "1"}
        async with start_backend(environment=environment) as backend, BackendCaller(backend.target) as caller:
            first = await caller.start(scripted_job(("scripted_sleep", 30)))
            await first.until("accepted")
            second = await caller.start(scripted_job(shots=1))
            await second.until("accepted")
            third = await caller.start(scripted_job(shots=1))
            with pytest.raises(ResourceExhausted) as caught:
                await third.finish()
            await first.abort()
            answer = await second.finish()

            assert first.answer.accepted.queue_position == 0
            assert answer.accepted.queue_position == 1
            assert caught.value.reason == errors_pb2.ERROR_REASON_QUEUE_FULL
            assert answer.is_complete
            assert answer.done is not None
            assert answer.done.usage.queued_duration.ToNanoseconds() > 0

    runner.run(scenario())


def test_two_workers_run_two_jobs_at_once(runner: asyncio.Runner) -> None:
    """With two workers no job waits while one is free."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_WORKER_COUNT": "2"}
        async with start_backend(environment=environment) as backend, BackendCaller(backend.target) as caller:
            first = await caller.start(scripted_job(("scripted_sleep", 30)))
            await first.until("accepted")
            assert (await caller.run(scripted_job(shots=1))).is_complete
            await first.abort()
            await first.finish()

    runner.run(scenario())


def malformed() -> backend_pb2.Job:
    """Return a job with a column too short."""
    job = scripted_job(shots=3)
    job.circuit.clbits = b""
    return job


def with_job(change: backend_pb2.Job) -> backend_pb2.Job:
    """Return a good job with some fields changed."""
    job = scripted_job(shots=3)
    job.MergeFrom(change)
    return job


def unmeasured() -> backend_pb2.Job:
    """Return a job that asks shots of a circuit without a measurement."""
    job = scripted_job()
    job.results.shots = 10
    return job


def unknown_gate() -> backend_pb2.Job:
    """Return a job with a gate that nobody has."""
    job = scripted_job(("frobnicate", 1.0))
    return job


def method_of_2031() -> backend_pb2.Job:
    """Return a job with a method that this version does not know."""
    job = scripted_job()
    job.method = 77  # type: ignore[assignment]
    return job


def with_reset() -> backend_pb2.Job:
    """Return a job with a reset, which the engine does not have."""
    job = scripted_job()
    job.circuit.operations.add(kind=circuit_pb2.Operation.KIND_RESET, name="reset", qubit_count=1)
    job.circuit.opcodes, job.circuit.qubits = b"\0\0", bytes(4)
    return job


REFUSED: dict[str, tuple[Callable[[], backend_pb2.Job], type[ProximaError], str, str]] = {
    "malformed": (malformed, InvalidArgument, "ERROR_REASON_MALFORMED_CIRCUIT", "circuit.clbits"),
    "seed": (
        lambda: with_job(backend_pb2.Job(seed=2**32)),
        InvalidArgument,
        "ERROR_REASON_INVALID_REQUEST",
        "job.seed",
    ),
    "negative seed": (
        lambda: with_job(backend_pb2.Job(seed=-1)),
        InvalidArgument,
        "ERROR_REASON_INVALID_REQUEST",
        "job.seed",
    ),
    "threads": (
        lambda: with_job(backend_pb2.Job(thread_count=4096)),
        InvalidArgument,
        "ERROR_REASON_INVALID_REQUEST",
        "thread_count",
    ),
    "limit": (
        lambda: with_job(backend_pb2.Job(memory_limit_bytes=2**60)),
        InvalidArgument,
        "ERROR_REASON_INVALID_REQUEST",
        "memory",
    ),
    "shots": (
        lambda: with_job(backend_pb2.Job(results=result_pb2.ResultSpec(shots=10**12))),
        InvalidArgument,
        "ERROR_REASON_INVALID_REQUEST",
        "shots",
    ),
    "no results": (
        lambda: backend_pb2.Job(
            circuit=scripted_job().circuit, method=capabilities_pb2.METHOD_STATEVECTOR, engine="scripted"
        ),
        InvalidArgument,
        "ERROR_REASON_INVALID_REQUEST",
        "asks for nothing",
    ),
    "no measurement": (unmeasured, InvalidArgument, "ERROR_REASON_NO_MEASUREMENT", "measure"),
    "unknown gate": (unknown_gate, FailedPrecondition, "ERROR_REASON_UNSUPPORTED_BY_BACKEND", "frobnicate"),
    "reset": (with_reset, FailedPrecondition, "ERROR_REASON_UNSUPPORTED_BY_BACKEND", "FEATURE_RESET"),
    "density matrix": (
        lambda: with_job(backend_pb2.Job(results=result_pb2.ResultSpec(density_matrix=True))),
        FailedPrecondition,
        "ERROR_REASON_UNSUPPORTED_BY_BACKEND",
        "DENSITY_MATRIX",
    ),
    "method": (
        lambda: with_job(backend_pb2.Job(method=capabilities_pb2.METHOD_LOW_RANK)),
        FailedPrecondition,
        "ERROR_REASON_UNSUPPORTED_BY_BACKEND",
        "low_rank",
    ),
    "method of 2031": (method_of_2031, FailedPrecondition, "ERROR_REASON_UNSUPPORTED_BY_BACKEND", "77"),
    "engine": (
        lambda: with_job(backend_pb2.Job(engine="aer")),
        FailedPrecondition,
        "ERROR_REASON_UNSUPPORTED_BY_BACKEND",
        "aer",
    ),
    "precision": (
        lambda: with_job(backend_pb2.Job(precision=result_pb2.PRECISION_SINGLE)),
        FailedPrecondition,
        "ERROR_REASON_UNSUPPORTED_BY_BACKEND",
        "precision",
    ),
    "memory": (
        lambda: scripted_job(("scripted_claim", 2**20), qubit_count=2),
        ResourceExhausted,
        "ERROR_REASON_INSUFFICIENT_MEMORY",
        "available",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_run_is_refused_by_name(runner: asyncio.Runner, caller: BackendCaller, case: str) -> None:
    """A job that cannot run here ends the call with a typed error that names what is wrong."""
    make, expected, reason, words = REFUSED[case]

    with pytest.raises(expected) as caught:
        runner.run(caller.run(make()))

    assert caught.value.reason_name == reason
    assert words in caught.value.message


@pytest.mark.parametrize("case", REFUSED)
def test_the_estimate_foretells_what_execute_says(runner: asyncio.Runner, caller: BackendCaller, case: str) -> None:
    """EstimateResources gives the same reason, as an error for a contradiction, else as a violation."""
    make, expected, reason, _ = REFUSED[case]

    try:
        estimate = runner.run(caller.estimate(make()))
    except ProximaError as error:
        assert (type(error), error.reason_name) == (InvalidArgument, reason)  # noqa: PT017
        assert expected is InvalidArgument
    else:
        assert [violation.reason for violation in estimate.violations] == [reason]
        assert expected is not InvalidArgument


def test_an_estimate_without_violations_says_what_it_takes(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """The engine's rule, bytes and largest size are passed on."""
    estimate = runner.run(caller.estimate(scripted_job(qubit_count=10, statevector=True)))

    assert not estimate.violations
    assert estimate.peak_memory_bytes == 16 * 2**10
    assert estimate.rule


@pytest.mark.parametrize("name", ["pause", "input_chunk"])
def test_a_method_that_cannot_pause_says_so(runner: asyncio.Runner, caller: BackendCaller, name: str) -> None:
    """`pause` and `input_chunk` end the stream with NOT_IMPLEMENTED; the run itself goes on."""
    request = {
        "pause": backend_pb2.ExecuteRequest(pause=backend_pb2.PauseExecution()),
        "input_chunk": backend_pb2.ExecuteRequest(input_chunk=backend_pb2.InputChunk()),
    }[name]

    async def scenario() -> None:
        execution = await caller.start(scripted_job(("scripted_busy", 0.5)))
        await execution.send(request)
        with pytest.raises(Unimplemented) as caught:
            await execution.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_NOT_IMPLEMENTED
        assert (await (await caller.attach(execution.name)).finish()).is_complete

    runner.run(scenario())


@pytest.mark.parametrize(
    "request_",
    [
        backend_pb2.ExecuteRequest(),
        backend_pb2.ExecuteRequest(abort=backend_pb2.AbortExecution()),
        backend_pb2.ExecuteRequest(attach=backend_pb2.AttachExecution(execution="", attempt=1)),
        backend_pb2.ExecuteRequest(attach=backend_pb2.AttachExecution(execution="x" * 300, attempt=1)),
        backend_pb2.ExecuteRequest(attach=backend_pb2.AttachExecution(execution="executions/1")),
    ],
)
def test_a_first_message_must_start_or_attach(
    runner: asyncio.Runner, caller: BackendCaller, request_: backend_pb2.ExecuteRequest
) -> None:
    """Anything else is INVALID_REQUEST, and so is a name or attempt that cannot be one."""

    async def scenario() -> None:
        execution = await caller.open(request_)
        with pytest.raises(InvalidArgument) as caught:
            await execution.finish()
        assert caught.value.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST

    runner.run(scenario())


def test_health_is_answered_during_a_long_run(runner: asyncio.Runner, caller: BackendCaller) -> None:
    """A worker that computes does not keep the service from answering."""

    async def scenario() -> None:
        execution = await caller.start(scripted_job(("scripted_busy", 1.0)))
        await execution.until("accepted")
        answers = [await caller.is_serving() for _ in range(20)]
        assert execution.answer.done is None
        assert answers == [True] * 20
        assert (await execution.finish()).is_complete

    runner.run(scenario())


def test_a_result_over_the_services_limit_is_refused(runner: asyncio.Runner) -> None:
    """`max_result_bytes` bounds what one job may return."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_MAX_RESULT_BYTES": str(MIB)}
        async with start_backend(environment=environment) as backend, BackendCaller(backend.target) as caller:
            error = (await caller.run(scripted_job(("scripted_large", 2), statevector=True))).error
            assert error.reason == errors_pb2.ERROR_REASON_MESSAGE_LIMIT

    runner.run(scenario())


def test_a_large_result_is_dropped_once_it_was_sent(runner: asyncio.Runner) -> None:
    """Past `retained_result_bytes` a delivered result makes room; a small one is kept for its grace period."""

    async def scenario() -> None:
        environment = {"PROXIMA_BACKEND_RETAINED_RESULT_BYTES": str(MIB)}
        async with start_backend(environment=environment) as backend, BackendCaller(backend.target) as caller:
            small = await caller.start(scripted_job(statevector=True))
            await small.finish()
            large = await caller.start(scripted_job(("scripted_large", 4), statevector=True))
            await large.finish()
            # The service learns that the first stream has ended before it answers a later one.
            again = await caller.attach(large.name)
            with pytest.raises(NotFound):
                await again.finish()
            assert (await (await caller.attach(small.name)).finish()).is_complete

    runner.run(scenario())


def test_streams_that_break_off_leave_the_service_well(runner: asyncio.Runner, backend: RunningBackend) -> None:
    """Callers that vanish at any moment cost nothing but their own run."""

    async def scenario() -> None:
        async with BackendCaller(backend.target) as caller:
            for _ in range(20):
                execution = await caller.start(scripted_job(("scripted_large", 1), statevector=True))
                execution.drop()
                with contextlib.suppress(ProximaError, asyncio.CancelledError):
                    await execution.finish()
            assert (await caller.run(scripted_job(shots=1))).is_complete

    runner.run(scenario())
