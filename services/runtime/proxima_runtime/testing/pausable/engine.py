"""The scripted engine with a second method, pauli_vector, that can be paused where its script says.

Its state is a digest of what it has done and the memory that it took, and its answer is that digest, so a run that was
resumed with anything missing or done twice answers something else. Beside the gates of the scripted engine it has:

    scripted_boundary       -          pauses here if that was asked for
    scripted_await_pause    -          waits until a pause is asked for, and pauses
    scripted_pass_pause     -          waits until a pause is asked for, and goes on: it comes too late
    scripted_state          MiB        the state, and so the checkpoint, grows by this
    scripted_checkpoint     -          yields a checkpoint that was not asked for
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Iterator, Sequence

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2

from proxima_runtime.backend.engine import Checkpoint, ItemResult, ProgressReporter, ResultArray, RunControl
from proxima_runtime.errors import InvalidArgument
from proxima_runtime.testing.scripted import ScriptedEngine, script_steps, scripted_job

PAUSABLE_GATES = (
    "scripted_boundary",
    "scripted_await_pause",
    "scripted_pass_pause",
    "scripted_state",
    "scripted_checkpoint",
)

_MIB = 2**20
_LOOK_SECONDS = 0.002
# Gates done, digest, size of the state that follows.
_HEAD = struct.Struct("<Q32sQ")


def pausable_job(*steps: tuple[str, float], seed: int = 1) -> backend_pb2.Job:
    """Return a job of the pausable method; see `scripted_job`."""
    job = scripted_job(*steps, probabilities=True, seed=seed)
    job.method = capabilities_pb2.METHOD_PAULI_VECTOR
    return job


class PausableScriptedEngine(ScriptedEngine):
    """See the module; a `PausableEngine`."""

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """See `Engine`."""
        plain = super().methods()[0]
        pausable = capabilities_pb2.MethodCapability()
        pausable.CopyFrom(plain)
        pausable.method = capabilities_pb2.METHOD_PAULI_VECTOR
        pausable.gates.extend(PAUSABLE_GATES)
        del pausable.results[:]
        pausable.results.append(result_pb2.RESULT_KIND_PROBABILITIES)
        pausable.pause_support = capabilities_pb2.PAUSE_SUPPORT_STATE
        return [pausable, plain]

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """See `Engine`: what the scripted engine says, and the state."""
        found = super().estimate(job)
        found.peak_memory_bytes += sum(
            int(argument * _MIB) for name, argument in script_steps(job) if name == "scripted_state"
        )
        return found

    def run_pausable(
        self, job: backend_pb2.Job, report: ProgressReporter, control: RunControl, checkpoint: memoryview | None
    ) -> Iterator[ItemResult | Checkpoint]:
        """See `PausableEngine`."""
        started = time.perf_counter()
        script = list(script_steps(job))
        position, digest, state = 0, hashlib.sha256(struct.pack("<q", job.seed)).digest(), bytearray()
        if checkpoint is not None:
            position, digest, state = _restore(checkpoint, step_count=len(script))
        del checkpoint
        while position < len(script):
            name, argument = script[position]
            match name:
                case "scripted_await_pause" | "scripted_pass_pause":
                    while not control.pause_requested():
                        time.sleep(_LOOK_SECONDS)
                case "scripted_boundary" | "scripted_checkpoint":
                    pass
                case "scripted_state":
                    # In pieces, so that it takes no more than it keeps.
                    for _ in range(int(argument)):
                        state += digest * (_MIB // len(digest))
                case _:
                    self.step(name, argument, report)
            digest = hashlib.sha256(digest + name.encode() + struct.pack("<d", argument)).digest()
            position += 1
            report(done_count=position, total_count=len(script), unit="operations")
            pauses_here = name in ("scripted_boundary", "scripted_await_pause") and control.pause_requested()
            if pauses_here or name == "scripted_checkpoint":
                head = _HEAD.pack(position, digest, len(state))
                yield Checkpoint(parts=(head, state), engine_seconds=time.perf_counter() - started)
        size = 8 * 2**job.circuit.qubit_count
        answer = hashlib.shake_128(digest)
        answer.update(state)
        yield ItemResult(
            item_index=0,
            arrays=[
                ResultArray(
                    role=result_pb2.ARRAY_ROLE_PROBABILITIES,
                    data_type=result_pb2.DATA_TYPE_FLOAT64,
                    shape=(size // 8,),
                    data=answer.digest(size),
                    bit_space=result_pb2.BIT_SPACE_QUBITS,
                    axis_bits=tuple(job.circuit.active_qubits) or tuple(range(job.circuit.qubit_count)),
                )
            ],
            precision=result_pb2.PRECISION_DOUBLE,
            engine_seconds=time.perf_counter() - started,
            warnings=("scripted: these numbers are made up",),
        )


def uninterrupted(job: backend_pb2.Job) -> bytes:
    """Return the array that a pausable job answers with when nothing stops it, run in this process."""
    for value in PausableScriptedEngine().run_pausable(job, _ignore, _Always(), None):
        if isinstance(value, ItemResult):
            return bytes(value.arrays[0].data)
    raise AssertionError("the script ended without a result")


class _Always:
    """Lets what waits for a pause go on."""

    def pause_requested(self) -> bool:
        return True


def _ignore(*, done_count: int, total_count: int, unit: str) -> None:
    pass


def _restore(checkpoint: memoryview, *, step_count: int) -> tuple[int, bytes, bytearray]:
    if len(checkpoint) < _HEAD.size:
        raise _invalid(f"has {len(checkpoint)} bytes")
    position, digest, size = _HEAD.unpack_from(checkpoint)
    if position > step_count or size != len(checkpoint) - _HEAD.size:
        raise _invalid(f"is at gate {position} of {step_count} with {size} bytes of state")
    return position, digest, bytearray(checkpoint[_HEAD.size :])


def _invalid(problem: str) -> InvalidArgument:
    return InvalidArgument(f"the checkpoint {problem}", reason=errors_pb2.ERROR_REASON_INVALID_REQUEST)
