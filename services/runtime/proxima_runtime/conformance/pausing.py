"""Runs of a few seconds on any method, paused in the middle, and what a resumed one gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2

from proxima_runtime.conformance.backend import Backend, Result, Stream, new_execution
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.errors import from_status

_METHOD = capabilities_pb2.Method
# Qubits on which a gate takes long enough that a circuit of seconds is no large message.
_WIDTHS = {
    _METHOD.METHOD_STATEVECTOR: 16,
    _METHOD.METHOD_DENSITY_MATRIX: 7,
    _METHOD.METHOD_PAULI_VECTOR: 10,
    _METHOD.METHOD_LOW_RANK: 10,
}
_OTHER_WIDTH = 8
_SHOTS = 200
# A pause comes after half a second, when the first progress does; the run is to be far from its end then.
_LEAST_SECONDS = 1.0
_FIRST_DEPTH, _LAST_DEPTH = 8, 2**15
_CHUNK_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class LongRun:
    """A job of some seconds.

    Attributes:
        job: the job.
        result: what it gives when nothing stops it.
        checkpoint: of its middle.
    """

    job: backend_pb2.Job
    result: Result
    checkpoint: bytes


class LongRuns:
    """One long run of each mode, made when it is first asked for."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._made: dict[str, LongRun] = {}

    def of(self, mode: Mode) -> LongRun:
        """Return the long run of a mode; skips the test where it cannot pause."""
        if mode.capability.pause_support != capabilities_pb2.PAUSE_SUPPORT_STATE:
            pytest.skip(f"{mode.name} does not write its state")
        if mode.name not in self._made:
            asked, result = _long_run(self._backend, mode)
            with self._backend.begin(asked) as stream:
                stream.until("progress")
                self._made[mode.name] = LongRun(job=asked, result=result, checkpoint=pause(stream))
        return self._made[mode.name]


def _dynamic(mode: Mode, depth: int) -> CircuitWriter:
    """Return layers of gates with everything random or classical that a mode offers."""
    feature = capabilities_pb2.Feature
    width = min(_WIDTHS.get(mode.capability.method, _OTHER_WIDTH), mode.capability.max_qubit_count)
    circuit = CircuitWriter(qubit_count=width, clbit_count=width)
    # Of a state vector everything else would leave only samples, each a run of its own.
    is_pure = mode.capability.method == _METHOD.METHOD_STATEVECTOR
    for layer in range(depth):
        for qubit in range(width):
            circuit.gate("u", (qubit,), (0.3 + 0.1 * layer, 0.2 * qubit, 0.1))
        for qubit in range(layer % 2, width - 1, 2):
            circuit.gate("cx", (qubit, qubit + 1))
        if mode.offers(feature.FEATURE_CHANNEL) and not is_pure:
            circuit.channel("amplitude_damping", (layer % width,), (0.05, 0.0))
        if mode.offers(feature.FEATURE_RESET) and not is_pure and layer % 7 == 3:
            circuit.reset(layer % width)
    return circuit.measure_all()


def _job(mode: Mode, depth: int) -> backend_pb2.Job:
    """Return a job with every result of a mode that is small."""
    kind = result_pb2.ResultKind
    circuit = _dynamic(mode, depth)
    observables = [
        observable_pb2.Observable(paulis=["Z" * circuit.qubit_count], coefficients=[1.0]),
        observable_pb2.Observable(paulis=["X" + "I" * (circuit.qubit_count - 1)], coefficients=[0.5]),
    ]
    return mode.job(
        circuit,
        shots=_SHOTS if mode.gives(kind.RESULT_KIND_COUNTS) else 0,
        probabilities=mode.gives(kind.RESULT_KIND_PROBABILITIES) and mode.capability.max_shots > 0,
        observables=observables if mode.gives(kind.RESULT_KIND_EXPECTATION_VALUES) else (),
    )


def _long_run(backend: Backend, mode: Mode) -> tuple[backend_pb2.Job, Result]:
    """Return a job that takes seconds on this machine, run once to its end."""
    depth = _FIRST_DEPTH
    while True:
        asked = _job(mode, depth)
        result = backend.run(asked)
        seconds = result.done.usage.worker_duration.ToNanoseconds() / 1e9
        if seconds >= _LEAST_SECONDS:
            return asked, result
        assert depth < _LAST_DEPTH, f"{mode.name} runs {depth} layers in {seconds:.3g} s"
        # What a run takes beside its gates makes the guess too low, never far too high.
        depth = min(int(depth * min(max(1.3 * _LEAST_SECONDS / seconds, 2.0), 8.0)), _LAST_DEPTH)


def pause(stream: Stream) -> bytes:
    """Ask for a pause and return the checkpoint; fails the test if the run does not pause."""
    stream.send(backend_pb2.ExecuteRequest(pause=backend_pb2.PauseExecution()))
    checkpoint, digest = bytearray(), ""
    for response in stream:
        match response.WhichOneof("message"):
            case "checkpoint_chunk":
                chunk = response.checkpoint_chunk
                assert chunk.offset == len(checkpoint), "the checkpoint has gaps"
                checkpoint += chunk.data
                digest = chunk.sha256
            case "pause_refused":
                raise from_status(response.pause_refused.status)
            case "result_header" | "result_chunk":
                raise AssertionError("a result came from a run that was to pause; was it over already?")
            case "done":
                assert response.done.outcome == backend_pb2.Done.OUTCOME_PAUSED, response.done
                assert digest == hashlib.sha256(checkpoint).hexdigest(), "the checkpoint is not what its SHA-256 says"
                return bytes(checkpoint)
    raise AssertionError("the stream ended without done")


def resume(backend: Backend, asked: backend_pb2.Job, checkpoint: bytes) -> Stream:
    """Open a stream that resumes a job from a checkpoint."""
    stream = backend.open()
    start = backend_pb2.StartExecution(execution=new_execution(), attempt=1, job=asked, resume=True)
    stream.send(backend_pb2.ExecuteRequest(start=start))
    for chunk in chunks(checkpoint, sha256=hashlib.sha256(checkpoint).hexdigest()):
        stream.send(backend_pb2.ExecuteRequest(input_chunk=chunk))
    return stream


def chunks(checkpoint: bytes, *, sha256: str) -> Iterator[backend_pb2.InputChunk]:
    """Yield the pieces of a checkpoint."""
    for offset in range(0, len(checkpoint), _CHUNK_BYTES):
        data = checkpoint[offset : offset + _CHUNK_BYTES]
        last = offset + len(data) == len(checkpoint)
        yield backend_pb2.InputChunk(offset=offset, data=data, last=last, sha256=sha256 if last else "")


def assert_same(found: Result, expected: Result) -> None:
    """Fail the test unless two results are the same to the last bit."""
    assert list(found.descriptors) == list(expected.descriptors)
    for role, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[role], array)
    for name in ("expectation_values", "certified_error", "producer", "warnings", "shots", "readout_included"):
        assert getattr(found.header, name) == getattr(expected.header, name), name
