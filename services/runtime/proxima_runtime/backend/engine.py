"""The seam between the runtime and a simulator: what a backend author implements.

One object of the engine class lives in the service process, where it describes and estimates and must not import the
simulator; another lives in each worker process, where it warms up and runs. The runtime creates both with no arguments,
from the class's import path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2

# What numpy arrays and bytes both offer; the runtime itself does without numpy.
Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, kw_only=True)
class ResultArray:
    """One array of a result.

    Attributes:
        role: what it holds; decides bit order and meaning (see `ArrayRole` in the contract).
        data_type: element type, little-endian.
        shape: extent of each dimension, row-major.
        data: the elements, C-contiguous, exactly product(shape) times the element size in bytes.
        bit_space: what `axis_bits` number; unspecified for counts.
        axis_bits: declared index of each axis bit, least significant first.
    """

    role: result_pb2.ArrayRole
    data_type: result_pb2.DataType
    shape: tuple[int, ...]
    data: Buffer
    bit_space: result_pb2.BitSpace = result_pb2.BIT_SPACE_UNSPECIFIED
    axis_bits: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ItemResult:
    """The result of one item of a job.

    Attributes:
        item_index: which item, from 0.
        arrays: in the order in which they are sent.
        expectation_values: in the order of the request.
        certified_error: bound of the truncation error; None for methods that do not truncate.
        readout_included: probabilities include readout error.
        precision: the precision that was used.
        engine_seconds: seconds spent in the simulator's own calls.
        sampler: what drew the counts: the engine's name, or for example "numpy"; empty without shots.
        warnings: sentences for the user.
        rank_history: columns of a low-rank simulation; None for other methods.
    """

    item_index: int
    arrays: Sequence[ResultArray]
    precision: result_pb2.Precision
    engine_seconds: float
    expectation_values: Sequence[result_pb2.ExpectationValue] = ()
    certified_error: float | None = None
    readout_included: bool = False
    sampler: str = ""
    warnings: Sequence[str] = field(default=())
    rank_history: result_pb2.RankHistory | None = None


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything that the rest of a run depends on.

    The runtime stores with it which job it belongs to and which versions wrote it, hashes it, and gives it back whole
    or refuses it; an engine writes neither a checksum nor a description of the job. What comes back has been with a
    caller: nothing in it may be executed (no pickle), and sizes are checked before they are believed.

    Attributes:
        parts: the bytes, one part after the other. They are copied before the engine goes on, and together with what
            the run holds they have to fit the job's memory limit.
        engine_seconds: seconds spent in the simulator's own calls since this worker began.
    """

    parts: Sequence[Buffer]
    engine_seconds: float = 0.0


class ProgressReporter(Protocol):
    """Tells the user how far a run is; cheap, the runtime thins the calls out."""

    def __call__(self, *, done_count: int, total_count: int, unit: str) -> None:
        """Report counted work: `done_count` of `total_count` `unit`s ("operations", "batches", ...)."""


class RunControl(Protocol):
    """What a run may ask the runtime."""

    def pause_requested(self) -> bool:
        """Whether a pause was asked for and a checkpoint is due. Cheap enough for every operation: it reads a clock,
        and at most every 10 ms a socket. It stays true until a checkpoint was yielded.
        """


class Engine(Protocol):
    """The simulators of one backend."""

    name: str
    """Name of the backend, for example "qiskit"."""

    version: str
    """Version of the backend service."""

    # In the service process; must not import the simulator.

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """One entry for each engine and method, the backend's preferred one first."""

    def package_versions(self) -> Mapping[str, str]:
        """Versions of the distributions that decide the numbers, read from their metadata."""

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Say what a job would take. `peak_memory_bytes` counts everything over a warm worker, the returned arrays
        twice where the engine cannot hand out its own buffer (the runtime copies results into a memfd once). The
        runtime has checked the columns and the capabilities already; violations are for what only the engine knows.
        """

    # In a worker process.

    def warm_up(self) -> None:
        """Import the simulator and run a small circuit, so that the first job pays for neither."""

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run a job and yield each item's result.

        Raises:
            proxima_runtime.errors.ProximaError: with the reason that fits; MemoryError passes through.
        """


@runtime_checkable
class KnowsUnavailableEngines(Engine, Protocol):
    """An engine that can also say which simulators it would run, were they installed."""

    def unavailable_engines(self) -> Sequence[capabilities_pb2.UnavailableEngine]:
        """Simulators that are absent from `methods` here, with reason and remedy. Called in the service process, once;
        must not import the simulator (`importlib.util.find_spec` finds a package without importing it).
        """


@runtime_checkable
class PausableEngine(Engine, Protocol):
    """An engine with methods whose `pause_support` is PAUSE_SUPPORT_STATE; those are run by `run_pausable` alone."""

    def run_pausable(
        self, job: backend_pb2.Job, report: ProgressReporter, control: RunControl, checkpoint: memoryview | None
    ) -> Iterator[ItemResult | Checkpoint]:
        """Run a job as `run` does, from its beginning or from a checkpoint, and pause when asked.

        Where `control.pause_requested()` is true between two operations, the engine yields a `Checkpoint`. The runtime
        then closes the generator, unless the checkpoint does not fit the memory: then it asks for the next value, and
        the engine goes on as if nothing had been asked. Checkpoints come before the first result: once an item was
        yielded the rest of the run is not paused.

        Args:
            job: the job, equal to the one that was paused in everything but limits of memory and time.
            report: see `run`; counts go on from where the run was paused.
            control: says whether to pause.
            checkpoint: what was yielded, its parts in one piece, read-only; None begins at the beginning. It counts
                against the job's memory limit until the engine drops its last reference to it.

        Raises:
            proxima_runtime.errors.ProximaError: with the reason that fits, INVALID_REQUEST for a checkpoint that does
                not describe a state of this job; MemoryError passes through.
        """
