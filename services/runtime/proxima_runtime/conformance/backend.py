"""The backend under test: a process of ours or a target that runs, and calls to it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
import numpy as np
import numpy.typing as npt
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima.backend.v1 import backend_pb2, backend_pb2_grpc
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2

from proxima_runtime.errors import ProximaError, from_rpc_error, from_status

START_SECONDS = 120.0
CALL_SECONDS = 120.0

_DTYPES: Mapping[int, np.dtype[np.number]] = {
    result_pb2.DATA_TYPE_UINT8: np.dtype("u1"),
    result_pb2.DATA_TYPE_UINT64: np.dtype("<u8"),
    result_pb2.DATA_TYPE_FLOAT64: np.dtype("<f8"),
    result_pb2.DATA_TYPE_COMPLEX64: np.dtype("<c8"),
    result_pb2.DATA_TYPE_COMPLEX128: np.dtype("<c16"),
}

Array = npt.NDArray[np.number]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a completed run sent.

    Attributes:
        header: the header of its one item.
        arrays: each array in the shape and type that its descriptor states, by role.
        descriptors: the descriptors, by role.
        done: the end.
    """

    header: result_pb2.ResultHeader
    arrays: dict[int, Array]
    descriptors: dict[int, result_pb2.ArrayDescriptor]
    done: backend_pb2.Done

    def array(self, role: result_pb2.ArrayRole) -> Array:
        """Return the array of a role; fails the test if there is none."""
        assert role in self.arrays, f"no {result_pb2.ArrayRole.Name(role)} in the result"
        return self.arrays[role]

    @property
    def counts(self) -> dict[str, int]:
        """Counts by bit string, highest classical bit first."""
        rows = self.array(result_pb2.ARRAY_ROLE_COUNT_OUTCOMES)
        values = self.array(result_pb2.ARRAY_ROLE_COUNT_VALUES)
        width = self.header.clbit_count
        return {
            format(int.from_bytes(row.tobytes(), "little"), f"0{width}b"): int(value)
            for row, value in zip(rows, values, strict=True)
        }


class Stream:
    """One Execute stream, driven message by message."""

    def __init__(self, stub: backend_pb2_grpc.BackendServiceStub, *, deadline_seconds: float) -> None:
        self._requests: queue.SimpleQueue[backend_pb2.ExecuteRequest | None] = queue.SimpleQueue()
        self._call = stub.Execute(iter(self._requests.get, None), timeout=deadline_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def send(self, request: backend_pb2.ExecuteRequest) -> None:
        """Send a message."""
        self._requests.put(request)

    def abort(self) -> None:
        """Ask the run to stop."""
        self.send(backend_pb2.ExecuteRequest(abort=backend_pb2.AbortExecution(reason="conformance")))

    def drop(self) -> None:
        """Lose the stream, as a caller that dies does."""
        self._call.cancel()  # type: ignore[no-untyped-call]
        self._requests.put(None)

    def __iter__(self) -> Iterator[backend_pb2.ExecuteResponse]:
        try:
            yield from self._call
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    def until(self, message: str) -> backend_pb2.ExecuteResponse:
        """Return the next answer of a kind, for example "progress"; fails the test if the run ends before."""
        for response in self:
            if response.WhichOneof("message") == message:
                return response
            assert response.WhichOneof("message") != "done", f"the run ended before {message}: {response.done}"
        raise AssertionError(f"the stream ended before {message}")

    def collect(self) -> Result:
        """Read to the end.

        Raises:
            ProximaError: the call or the run failed.
        """
        header = result_pb2.ResultHeader()
        pieces: dict[int, bytearray] = {}
        done: backend_pb2.Done | None = None
        for response in self:
            match response.WhichOneof("message"):
                case "result_header":
                    header = response.result_header
                    pieces = {index: bytearray(entry.inline_data) for index, entry in enumerate(header.arrays)}
                case "result_chunk":
                    chunk = response.result_chunk
                    assert chunk.offset == len(pieces[chunk.array_index]), "chunks have gaps"
                    pieces[chunk.array_index] += chunk.data
                case "done":
                    done = response.done
        assert done is not None, "the stream ended without done"
        if done.outcome == backend_pb2.Done.OUTCOME_FAILED:
            raise from_status(done.status)
        assert done.outcome == backend_pb2.Done.OUTCOME_COMPLETED
        arrays: dict[int, Array] = {}
        for index, entry in enumerate(header.arrays):
            assert len(pieces[index]) == entry.size_bytes
            arrays[entry.role] = np.frombuffer(pieces[index], dtype=_DTYPES[entry.data_type]).reshape(entry.shape)
        return Result(
            header=header, arrays=arrays, descriptors={entry.role: entry for entry in header.arrays}, done=done
        )


class Backend:
    """A backend and a channel to it.

    Attributes:
        target: its gRPC target.
        capabilities: what it says it can do.
        process: its process; None where it was not started by us.
        log: the file with its standard error; None where it was not started by us.
    """

    def __init__(
        self,
        *,
        target: str,
        process: subprocess.Popen[bytes] | None = None,
        folder: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self.target = target
        self.process = process
        self._folder = folder
        self._channel = grpc.insecure_channel(target, options=[("grpc.max_receive_message_length", 64 << 20)])
        self._stub = backend_pb2_grpc.BackendServiceStub(self._channel)
        self.capabilities = capabilities_pb2.Capabilities()

    def load(self) -> None:
        """Wait until it serves and ask what it can do."""
        grpc.channel_ready_future(self._channel).result(timeout=START_SECONDS)
        for answer in health_pb2_grpc.HealthStub(self._channel).Watch(
            health_pb2.HealthCheckRequest(), timeout=START_SECONDS
        ):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                break
        response = self._stub.GetCapabilities(backend_pb2.GetCapabilitiesRequest(), timeout=CALL_SECONDS)
        self.capabilities = response.capabilities

    def health(self) -> int:
        """Return the health status, asked with a short deadline."""
        stub = health_pb2_grpc.HealthStub(self._channel)
        return int(stub.Check(health_pb2.HealthCheckRequest(), timeout=5.0).status)

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Ask what a job would take.

        Raises:
            ProximaError: the call failed.
        """
        try:
            request = backend_pb2.EstimateResourcesRequest(job=job)
            response: backend_pb2.EstimateResourcesResponse = self._stub.EstimateResources(
                request, timeout=CALL_SECONDS
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error
        return response.estimate

    def open(self, *, deadline_seconds: float = CALL_SECONDS) -> Stream:
        """Open an Execute stream."""
        return Stream(self._stub, deadline_seconds=deadline_seconds)

    def begin(self, job: backend_pb2.Job, *, execution: str = "", deadline_seconds: float = CALL_SECONDS) -> Stream:
        """Open a stream and start a job on it."""
        stream = self.open(deadline_seconds=deadline_seconds)
        stream.send(start_request(job, execution or new_execution()))
        return stream

    def run(self, job: backend_pb2.Job) -> Result:
        """Run a job to its end.

        Raises:
            ProximaError: the call or the run failed.
        """
        with self.begin(job) as stream:
            return stream.collect()

    def refusal(self, job: backend_pb2.Job) -> ProximaError:
        """Return the error that a job ends with; fails the test if it runs."""
        try:
            self.run(job)
        except ProximaError as error:
            return error
        raise AssertionError("the job was run, it should have been refused")

    def worker_pids(self) -> list[int]:
        """Return the processes that the service has started, the busiest first; empty where it is not ours."""
        if self.process is None:
            return []
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [int(pid) for file in children for pid in file.read_text().split()]
        return sorted(pids, key=_processor_ticks, reverse=True)

    def close(self) -> None:
        """Stop what was started."""
        self._channel.close()
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._folder is not None:
            self._folder.cleanup()


def new_execution() -> str:
    """Return a fresh resource name."""
    return f"executions/{uuid.uuid4()}"


def start_request(job: backend_pb2.Job, execution: str) -> backend_pb2.ExecuteRequest:
    """Return the first message of a run."""
    return backend_pb2.ExecuteRequest(start=backend_pb2.StartExecution(execution=execution, attempt=1, job=job))


def attach_request(execution: str) -> backend_pb2.ExecuteRequest:
    """Return the first message of an attach."""
    return backend_pb2.ExecuteRequest(attach=backend_pb2.AttachExecution(execution=execution, attempt=1))


def start(module: str) -> Backend:
    """Start `python -m <module>` on a Unix socket of its own and wait until it serves."""
    folder = tempfile.TemporaryDirectory(prefix="proxima-conformance-")
    target = f"unix:{folder.name}/backend.sock"
    with (Path(folder.name) / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--listen", target, "--exit-with-parent"],
            stdin=subprocess.DEVNULL,
            stderr=log,
            env=dict(os.environ),
        )
    backend = Backend(target=target, process=process, folder=folder)
    try:
        backend.load()
    except BaseException:
        print((Path(folder.name) / "log").read_text(errors="replace"), file=sys.stderr)
        backend.close()
        raise
    return backend


def connect(target: str) -> Backend:
    """Connect to a backend that runs."""
    backend = Backend(target=target)
    backend.load()
    return backend


def _processor_ticks(pid: int) -> int:
    """Return user and system time of a process, 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])
