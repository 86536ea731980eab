"""What the runtime asks of a simulator: capabilities and estimates in the service, runs in the workers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, estimate_pb2, result_pb2
from proxima_runtime.backend.engine import ItemResult, ProgressReporter, ResultArray

if TYPE_CHECKING:
    from example_backend.simulate import Outcome

_STATES_AT_PEAK = 3  # the state, the product that replaces it, and the probabilities or the returned copy


class ExampleEngine:
    """An exact state vector in double precision."""

    name = "example"
    version = "0.1.0"

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """One method; what is not listed here is refused by the runtime, by name."""
        return [
            capabilities_pb2.MethodCapability(
                method=capabilities_pb2.METHOD_STATEVECTOR,
                engine="example",
                engine_version=self.version,
                precisions=[result_pb2.PRECISION_DOUBLE],
                max_qubit_count=16,
                gates=["x", "h", "s", "p", "rx", "u", "cx", "rzz", "ccx"],
                features=[capabilities_pb2.FEATURE_NON_CLIFFORD],
                results=[
                    result_pb2.RESULT_KIND_COUNTS,
                    result_pb2.RESULT_KIND_PROBABILITIES,
                    result_pb2.RESULT_KIND_STATEVECTOR,
                ],
                max_shots=1_000_000,
                deterministic=True,
                pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
            )
        ]

    def package_versions(self) -> Mapping[str, str]:
        """Versions that decide the numbers."""
        return {"numpy": version("numpy")}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Bytes and work; the runtime has checked the columns and the capabilities already."""
        state_bytes = 16 * 2**job.circuit.qubit_count
        fitting = job.memory_limit_bytes // (16 * _STATES_AT_PEAK)
        return estimate_pb2.ResourceEstimate(
            peak_memory_bytes=_STATES_AT_PEAK * state_bytes,
            largest_fitting_qubit_count=max(fitting.bit_length() - 1, 0),
            work_units=float(len(job.circuit.opcodes) // 2) * 2.0**job.circuit.qubit_count,
            rule=f"{_STATES_AT_PEAK} states of 16 bytes x 2^n, complex128",
        )

    def warm_up(self) -> None:
        """Import what a run needs, so that the first job does not pay for it."""
        import example_backend.simulate  # noqa: F401, PLC0415 - the service process does without numpy

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run the job in a worker process; a MemoryError passes through."""
        from example_backend.simulate import simulate  # noqa: PLC0415 - as above

        started = time.perf_counter()
        outcome = simulate(job, report)
        yield ItemResult(
            item_index=0,
            arrays=_arrays(job, outcome),
            precision=result_pb2.PRECISION_DOUBLE,
            engine_seconds=time.perf_counter() - started,
            sampler="numpy" if job.results.shots else "",
        )


def _arrays(job: backend_pb2.Job, outcome: Outcome) -> list[ResultArray]:
    """The arrays that were asked for, described as the contract wants them."""
    arrays = []
    if job.results.shots:
        width = (job.circuit.clbit_count + 7) // 8
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
                data_type=result_pb2.DATA_TYPE_UINT8,
                shape=(len(outcome.counts), width),
                data=b"".join(value.to_bytes(width, "little") for value in sorted(outcome.counts)),
            )
        )
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
                data_type=result_pb2.DATA_TYPE_UINT64,
                shape=(len(outcome.counts),),
                data=b"".join(outcome.counts[value].to_bytes(8, "little") for value in sorted(outcome.counts)),
            )
        )
    if job.results.probabilities:
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_PROBABILITIES,
                data_type=result_pb2.DATA_TYPE_FLOAT64,
                shape=outcome.probabilities.shape,
                data=outcome.probabilities.data,
                bit_space=result_pb2.BIT_SPACE_CLBITS if outcome.clbits else result_pb2.BIT_SPACE_QUBITS,
                axis_bits=outcome.clbits or outcome.declared_qubits,
            )
        )
    if job.results.statevector:
        arrays.append(
            ResultArray(
                role=result_pb2.ARRAY_ROLE_STATEVECTOR,
                data_type=result_pb2.DATA_TYPE_COMPLEX128,
                shape=outcome.state.shape,
                data=outcome.state.view("<f8").data,
                bit_space=result_pb2.BIT_SPACE_QUBITS,
                axis_bits=outcome.declared_qubits,
            )
        )
    return arrays
