"""The engine as the runtime sees it: what it can do, what a job would take, and runs in the worker.

Nothing at module level imports numpy: the service process describes and estimates, the worker simulates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.engine import Checkpoint, ItemResult, ProgressReporter, RunControl
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.backend.warm_up import unreported

from proxima_backend_lret import __version__
from proxima_backend_lret.estimate import estimate
from proxima_backend_lret.qlret import offer as qlret
from proxima_backend_lret.qlret.estimate import estimate as estimate_qlret

if TYPE_CHECKING:
    from proxima_backend_lret.qlret.simulate import Simulator

_MAX_SHOTS = 10_000_000
_MAX_VECTOR_QUBITS = 32
_MAX_LOW_RANK_QUBITS = 30
_MAX_PAULI_QUBITS = 24
_READ = (
    result_pb2.RESULT_KIND_COUNTS,
    result_pb2.RESULT_KIND_PROBABILITIES,
    result_pb2.RESULT_KIND_EXPECTATION_VALUES,
)
_UNITARY = (
    capabilities_pb2.FEATURE_NON_CLIFFORD,
    capabilities_pb2.FEATURE_UNITARY,
    capabilities_pb2.FEATURE_DELAY,
    capabilities_pb2.FEATURE_READOUT_ERROR,
)
_ALL = (
    *_UNITARY,
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT,
    capabilities_pb2.FEATURE_RESET,
    capabilities_pb2.FEATURE_CLASSICAL_CONDITION,
    capabilities_pb2.FEATURE_CHANNEL,
    capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
)
_PACKAGES = ("proxima-backend-lret", "numba", "numpy")


class LretEngine:
    """rho = L L^dagger with a certified error, and its one-column case, the state vector."""

    name = "lret"
    version = __version__

    def __init__(self) -> None:
        self._upstream: Simulator | None = None

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """Return low_rank, pauli_vector, statevector, trajectories; then what upstream LRET offers, where it is
        installed."""
        upstream = qlret.find_capability()
        mixed = (*_READ, result_pb2.RESULT_KIND_DENSITY_MATRIX)
        sampled = (result_pb2.RESULT_KIND_COUNTS, result_pb2.RESULT_KIND_EXPECTATION_VALUES)
        return (
            _capability(
                capabilities_pb2.METHOD_LOW_RANK,
                _MAX_LOW_RANK_QUBITS,
                (*_ALL, capabilities_pb2.FEATURE_MAX_ERROR),
                mixed,
            ),
            _capability(capabilities_pb2.METHOD_PAULI_VECTOR, _MAX_PAULI_QUBITS, _ALL, mixed),
            _capability(
                capabilities_pb2.METHOD_STATEVECTOR,
                _MAX_VECTOR_QUBITS,
                _UNITARY,
                (*_READ, result_pb2.RESULT_KIND_STATEVECTOR),
            ),
            _capability(capabilities_pb2.METHOD_TRAJECTORIES, _MAX_VECTOR_QUBITS, _ALL, sampled),
            *(() if upstream is None else (upstream,)),
        )

    def unavailable_engines(self) -> Sequence[capabilities_pb2.UnavailableEngine]:
        """Return upstream LRET where it cannot be offered."""
        return qlret.unavailable_engines()

    def package_versions(self) -> Mapping[str, str]:
        """Return the versions of this backend, of numpy, and of upstream LRET where it is offered."""
        upstream = (qlret.PACKAGE,) if qlret.find_absence() is None else ()
        return {package: version(package) for package in (*_PACKAGES, *upstream)}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Say what a job would take (`estimate.py`)."""
        return estimate_qlret(job) if job.engine == qlret.ENGINE else estimate(job)

    def warm_up(self) -> None:
        """Import numpy and run a small noisy circuit; load upstream LRET where it is offered."""
        for _ in self.run(_warm_up_job(), unreported):
            pass
        if qlret.find_absence() is None:
            self._load_upstream()

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run a job; it counts operations. What upstream LRET runs counts nothing."""
        if job.engine == qlret.ENGINE:
            yield self._load_upstream().run(job)
            return
        for item in self._simulate(job, report, None, None):
            assert isinstance(item, ItemResult)  # noqa: S101 - without a control nothing is paused
            yield item

    def run_pausable(
        self, job: backend_pb2.Job, report: ProgressReporter, control: RunControl, checkpoint: memoryview | None
    ) -> Iterator[ItemResult | Checkpoint]:
        """Run a job as `run` does, from its beginning or from a checkpoint, and pause between operations when asked."""
        return self._simulate(job, report, control, checkpoint)

    @staticmethod
    def _simulate(
        job: backend_pb2.Job, report: ProgressReporter, control: RunControl | None, checkpoint: memoryview | None
    ) -> Iterator[ItemResult | Checkpoint]:
        from proxima_backend_lret.simulate import simulate  # noqa: PLC0415 - the worker alone imports numpy

        return simulate(job, report, control, checkpoint)

    def _load_upstream(self) -> Simulator:
        from proxima_backend_lret.qlret.simulate import Simulator  # noqa: PLC0415 - as above

        if self._upstream is None:
            self._upstream = Simulator()
        return self._upstream


def _capability(
    method: capabilities_pb2.Method,
    max_qubit_count: int,
    features: Sequence[capabilities_pb2.Feature],
    results: Sequence[result_pb2.ResultKind],
) -> capabilities_pb2.MethodCapability:
    return capabilities_pb2.MethodCapability(
        method=method,
        engine="lret",
        engine_version=__version__,
        precisions=(result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE),
        max_qubit_count=max_qubit_count,
        gates=tuple(STANDARD_GATES),
        features=features,
        results=results,
        max_shots=_MAX_SHOTS,
        deterministic=True,
        pause_support=capabilities_pb2.PAUSE_SUPPORT_STATE,
    )


def _warm_up_job() -> backend_pb2.Job:
    """A noisy Bell pair with every result."""
    kind = circuit_pb2.Operation
    return backend_pb2.Job(
        circuit=circuit_pb2.Circuit(
            qubit_count=2,
            clbit_count=2,
            declared_qubit_count=2,
            operations=(
                kind(kind=kind.KIND_GATE, name="h", qubit_count=1),
                kind(kind=kind.KIND_GATE, name="cx", qubit_count=2),
                kind(kind=kind.KIND_CHANNEL, name="depolarizing", qubit_count=2, parameter_count=1),
                kind(kind=kind.KIND_MEASURE, name="measure", qubit_count=1, clbit_count=1),
            ),
            opcodes=_column(2, 0, 1, 2, 3, 3),
            qubits=_column(4, 0, 0, 1, 0, 1, 0, 1),
            clbits=_column(4, 0, 1),
            # 0.5 in binary64.
            parameters=bytes.fromhex("000000000000e03f"),
        ),
        results=result_pb2.ResultSpec(shots=10, probabilities=True, density_matrix=True),
        method=capabilities_pb2.METHOD_LOW_RANK,
        engine="lret",
        precision=result_pb2.PRECISION_DOUBLE,
        max_error=0.1,
        thread_count=1,
    )


def _column(size: int, *values: int) -> bytes:
    return b"".join(value.to_bytes(size, "little") for value in values)
