"""qsim and Cirq as the runtime sees them: what they can do, what a job would take, and runs in the worker.

Nothing at module level imports Cirq or qsim: the service process describes and estimates, the worker simulates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.backend.warm_up import unreported, warm_up_job

from proxima_backend_cirq import __version__
from proxima_backend_cirq.estimate import estimate

if TYPE_CHECKING:
    from proxima_backend_cirq.simulate import Simulation

_MAX_SHOTS = 10_000_000
_PRECISIONS = {
    "qsim": (result_pb2.PRECISION_SINGLE,),
    "cirq": (result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE),
}
_RESULTS = {
    capabilities_pb2.METHOD_STATEVECTOR: (
        result_pb2.RESULT_KIND_COUNTS,
        result_pb2.RESULT_KIND_PROBABILITIES,
        result_pb2.RESULT_KIND_STATEVECTOR,
        result_pb2.RESULT_KIND_EXPECTATION_VALUES,
    ),
    capabilities_pb2.METHOD_DENSITY_MATRIX: (
        result_pb2.RESULT_KIND_COUNTS,
        result_pb2.RESULT_KIND_PROBABILITIES,
        result_pb2.RESULT_KIND_DENSITY_MATRIX,
        result_pb2.RESULT_KIND_EXPECTATION_VALUES,
    ),
    capabilities_pb2.METHOD_TRAJECTORIES: (
        result_pb2.RESULT_KIND_COUNTS,
        result_pb2.RESULT_KIND_EXPECTATION_VALUES,
    ),
}
# Of every engine and method; conditions and channels come on top.
_FEATURES = (
    capabilities_pb2.FEATURE_NON_CLIFFORD,
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT,
    capabilities_pb2.FEATURE_RESET,
    capabilities_pb2.FEATURE_UNITARY,
    capabilities_pb2.FEATURE_READOUT_ERROR,
    capabilities_pb2.FEATURE_DELAY,
    capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
)
_PACKAGES = ("cirq-core", "qsimcirq", "numpy")
_PACKAGE_OF = {"qsim": "qsimcirq", "cirq": "cirq-core"}


class CirqEngine:
    """qsim's state vector and trajectories; Cirq's own state vector, density matrix and trajectories."""

    name = "cirq"
    version = __version__

    def __init__(self) -> None:
        self._simulation: Simulation | None = None

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """Return what the engines offer, the preferred first. qsim has no classical conditions."""
        return (
            _capability("qsim", capabilities_pb2.METHOD_STATEVECTOR, max_qubit_count=40),
            _capability("cirq", capabilities_pb2.METHOD_STATEVECTOR, max_qubit_count=32),
            _capability("cirq", capabilities_pb2.METHOD_DENSITY_MATRIX, max_qubit_count=16),
            _capability("qsim", capabilities_pb2.METHOD_TRAJECTORIES, max_qubit_count=40),
            _capability("cirq", capabilities_pb2.METHOD_TRAJECTORIES, max_qubit_count=32),
        )

    def package_versions(self) -> Mapping[str, str]:
        """Return the versions of Cirq, qsim and numpy."""
        return {package: version(package) for package in _PACKAGES}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Say what a job would take (`estimate.py`)."""
        return estimate(job)

    def warm_up(self) -> None:
        """Import Cirq and qsim and run one small circuit with every method, each checked by the guard."""
        from proxima_backend_cirq.simulate import Simulation  # noqa: PLC0415 - the worker alone imports Cirq

        self._simulation = Simulation()
        for capability in self.methods():
            self._simulation.run(warm_up_job(capability), unreported)

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run a job. Cirq's own simulation counts operations; qsim cannot count its progress."""
        if self._simulation is None:
            self.warm_up()
        simulation = self._simulation
        if simulation is not None:
            yield simulation.run(job, report)


def _capability(
    engine: str, method: capabilities_pb2.Method, *, max_qubit_count: int
) -> capabilities_pb2.MethodCapability:
    features = list(_FEATURES)
    if engine == "cirq":
        features.append(capabilities_pb2.FEATURE_CLASSICAL_CONDITION)
    if method != capabilities_pb2.METHOD_STATEVECTOR:
        features.append(capabilities_pb2.FEATURE_CHANNEL)
    return capabilities_pb2.MethodCapability(
        method=method,
        engine=engine,
        engine_version=version(_PACKAGE_OF[engine]),
        precisions=_PRECISIONS[engine],
        max_qubit_count=max_qubit_count,
        gates=tuple(STANDARD_GATES),
        features=features,
        results=_RESULTS[method],
        max_shots=_MAX_SHOTS,
        deterministic=True,
        pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
    )
