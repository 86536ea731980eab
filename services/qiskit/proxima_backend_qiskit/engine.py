"""Aer as the runtime sees it: what it can do, what it would take, and runs in the worker.

Nothing at module level imports Qiskit: the service process describes and estimates, the worker simulates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.backend.warm_up import unreported, warm_up_job

from proxima_backend_qiskit import __version__, gates
from proxima_backend_qiskit.estimate import estimate

if TYPE_CHECKING:
    from proxima_backend_qiskit.simulate import Simulation

ENGINE = "aer"

_MAX_SHOTS = 10_000_000
_DOUBLE = (result_pb2.PRECISION_DOUBLE,)
_BOTH = (result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE)
_SAMPLED = (result_pb2.RESULT_KIND_COUNTS, result_pb2.RESULT_KIND_PROBABILITIES)
# What every method takes, and what the methods of amplitudes take besides.
_CLASSICAL = (
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT,
    capabilities_pb2.FEATURE_RESET,
    capabilities_pb2.FEATURE_CLASSICAL_CONDITION,
    capabilities_pb2.FEATURE_READOUT_ERROR,
    capabilities_pb2.FEATURE_DELAY,
    capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
)
_PURE = (*_CLASSICAL, capabilities_pb2.FEATURE_UNITARY, capabilities_pb2.FEATURE_NON_CLIFFORD)
_PACKAGES = ("qiskit-aer", "qiskit", "numpy")


class QiskitEngine:
    """Qiskit Aer: state vector, density matrix, trajectories, matrix product state, stabilizer."""

    name = "qiskit"
    version = __version__

    def __init__(self) -> None:
        self._simulation: Simulation | None = None

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """Return what Aer offers, the state vector first."""
        expectation_values = (result_pb2.RESULT_KIND_EXPECTATION_VALUES,)
        sampled = (*_SAMPLED, *expectation_values)
        return (
            _capability(
                capabilities_pb2.METHOD_STATEVECTOR,
                precisions=_BOTH,
                max_qubit_count=40,
                features=_PURE,
                results=(*sampled, result_pb2.RESULT_KIND_STATEVECTOR),
            ),
            _capability(
                capabilities_pb2.METHOD_DENSITY_MATRIX,
                precisions=_BOTH,
                max_qubit_count=20,
                features=(*_PURE, capabilities_pb2.FEATURE_CHANNEL),
                results=(*sampled, result_pb2.RESULT_KIND_DENSITY_MATRIX),
            ),
            _capability(
                capabilities_pb2.METHOD_TRAJECTORIES,
                precisions=_BOTH,
                max_qubit_count=40,
                features=(*_PURE, capabilities_pb2.FEATURE_CHANNEL),
                results=(result_pb2.RESULT_KIND_COUNTS, *expectation_values),
            ),
            _capability(
                capabilities_pb2.METHOD_MATRIX_PRODUCT_STATE,
                precisions=_DOUBLE,
                max_qubit_count=500,
                features=_PURE,
                results=(*sampled, result_pb2.RESULT_KIND_STATEVECTOR),
            ),
            _capability(
                capabilities_pb2.METHOD_STABILIZER,
                precisions=_DOUBLE,
                max_qubit_count=1000,
                features=(*_CLASSICAL, capabilities_pb2.FEATURE_CHANNEL),
                results=sampled,
                gate_names=gates.CLIFFORD,
            ),
        )

    def package_versions(self) -> Mapping[str, str]:
        """Return the versions of Aer, Qiskit and numpy."""
        return {package: version(package) for package in _PACKAGES}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Say what a job would take (`estimate.py`)."""
        return estimate(job)

    def warm_up(self) -> None:
        """Import Aer and run one small circuit with every method, each checked by the guard."""
        from proxima_backend_qiskit.simulate import Simulation  # noqa: PLC0415 - the worker alone imports Aer

        self._simulation = Simulation()
        for capability in self.methods():
            self._simulation.run(warm_up_job(capability), unreported)

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run a job. Aer cannot count its progress; batches and operations between its runs are reported."""
        if self._simulation is None:
            self.warm_up()
        simulation = self._simulation
        if simulation is not None:
            yield simulation.run(job, report)


def _capability(
    method: capabilities_pb2.Method,
    *,
    precisions: Sequence[result_pb2.Precision],
    max_qubit_count: int,
    features: Sequence[capabilities_pb2.Feature],
    results: Sequence[result_pb2.ResultKind],
    gate_names: Sequence[str] = gates.VOCABULARY,
) -> capabilities_pb2.MethodCapability:
    return capabilities_pb2.MethodCapability(
        method=method,
        engine=ENGINE,
        engine_version=version("qiskit-aer"),
        precisions=precisions,
        max_qubit_count=max_qubit_count,
        gates=gate_names,
        features=features,
        results=results,
        max_shots=_MAX_SHOTS,
        deterministic=True,
        pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
    )
