"""What the backend offers: a density matrix a classical record, and one pure state a shot."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.backend.gates import STANDARD_GATES

from .defect import has

_FEATURES = (
    capabilities_pb2.FEATURE_NON_CLIFFORD,
    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT,
    capabilities_pb2.FEATURE_RESET,
    capabilities_pb2.FEATURE_CLASSICAL_CONDITION,
    capabilities_pb2.FEATURE_UNITARY,
    capabilities_pb2.FEATURE_CHANNEL,
    capabilities_pb2.FEATURE_READOUT_ERROR,
    capabilities_pb2.FEATURE_DELAY,
    capabilities_pb2.FEATURE_GLOBAL_PHASE_INSTRUCTION,
)


class ExactEngine:
    """Exact in double precision, and slow."""

    name = "exact"
    version = "0"

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """Density matrix, and trajectories."""
        sampled = (result_pb2.RESULT_KIND_COUNTS, result_pb2.RESULT_KIND_EXPECTATION_VALUES)
        exact = (*sampled, result_pb2.RESULT_KIND_PROBABILITIES, result_pb2.RESULT_KIND_DENSITY_MATRIX)
        return [
            capabilities_pb2.MethodCapability(
                method=method,
                engine="exact",
                engine_version=self.version,
                precisions=[result_pb2.PRECISION_DOUBLE],
                max_qubit_count=qubits,
                gates=list(STANDARD_GATES),
                features=[*_FEATURES, *more],
                results=results,
                max_shots=100_000,
                deterministic=True,
                pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
            )
            for method, qubits, results, more in (
                (capabilities_pb2.METHOD_LOW_RANK, 8, exact, (capabilities_pb2.FEATURE_MAX_ERROR,)),
                (capabilities_pb2.METHOD_TRAJECTORIES, 10, sampled, ()),
            )
        ]

    def package_versions(self) -> Mapping[str, str]:
        """Versions that decide the numbers."""
        return {"numpy": version("numpy")}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Four states for each of the records that the test circuits reach."""
        power = 1 if job.method == capabilities_pb2.METHOD_TRAJECTORIES else 2
        qubits, limit = job.circuit.qubit_count, job.memory_limit_bytes // (64 * 16)
        return estimate_pb2.ResourceEstimate(
            peak_memory_bytes=64 * 16 * 2 ** (power * qubits),
            largest_fitting_qubit_count=max(limit.bit_length() - 1, 0) // power,
            work_units=1.0,
            rule="64 states of 16 bytes an entry",
        )

    def warm_up(self) -> None:
        """Import numpy."""
        from . import simulate  # noqa: F401, PLC0415 - the service process does without numpy

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run the job."""
        from .simulate import simulate  # noqa: PLC0415 - as above

        started = time.perf_counter()
        arrays, values = simulate(job)
        yield ItemResult(
            item_index=0,
            arrays=arrays,
            expectation_values=values,
            certified_error=0.0 if job.method == capabilities_pb2.METHOD_LOW_RANK else None,
            readout_included=any(entry.readout for entry in job.circuit.operations) and not has("no-readout-note"),
            precision=result_pb2.PRECISION_DOUBLE,
            engine_seconds=time.perf_counter() - started,
            sampler="numpy" if job.results.shots and job.circuit.clbits else "",
        )
