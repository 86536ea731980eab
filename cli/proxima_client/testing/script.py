"""What the fake orchestrator plays: the arrays, the plan, the faults."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from google.protobuf.duration_pb2 import Duration
from numpy.typing import NDArray
from proxima.orchestrator.v1 import comparisons_pb2, executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.errors import ProximaError

__all__ = ["Script", "ScriptedArray", "scripted_counts", "scripted_plan", "scripted_state"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScriptedArray:
    """An array to send; `data` is little-endian and C-contiguous, `role` and `bit_space` are values of the contract."""

    role: result_pb2.ArrayRole
    data_type: result_pb2.DataType
    data: NDArray[np.generic]
    bit_space: result_pb2.BitSpace = result_pb2.BIT_SPACE_UNSPECIFIED
    axis_bits: tuple[int, ...] = ()


def scripted_counts(counts: Mapping[str, int]) -> tuple[ScriptedArray, ScriptedArray]:
    """Return the two arrays of counts; keys are bit strings of one width, highest index first."""
    keys = sorted(counts)
    bits = np.array([[int(bit) for bit in reversed(key)] for key in keys], dtype=np.uint8)
    return (
        ScriptedArray(
            role=result_pb2.ARRAY_ROLE_COUNT_OUTCOMES,
            data_type=result_pb2.DATA_TYPE_UINT8,
            data=np.packbits(bits, axis=1, bitorder="little"),
        ),
        ScriptedArray(
            role=result_pb2.ARRAY_ROLE_COUNT_VALUES,
            data_type=result_pb2.DATA_TYPE_UINT64,
            data=np.array([counts[key] for key in keys], dtype="<u8"),
        ),
    )


def scripted_state(state: NDArray[np.complex128], *, axis_bits: tuple[int, ...]) -> ScriptedArray:
    """Return a state vector, shape (2^len(axis_bits),)."""
    return ScriptedArray(
        role=result_pb2.ARRAY_ROLE_STATEVECTOR,
        data_type=result_pb2.DATA_TYPE_COMPLEX128,
        data=state.astype("<c16"),
        bit_space=result_pb2.BIT_SPACE_QUBITS,
        axis_bits=axis_bits,
    )


def scripted_plan() -> executions_pb2.Plan:
    """Return a plan with one candidate that was chosen and one that was excluded."""
    chosen = executions_pb2.Candidate(
        backend="backends/scripted",
        engine="scripted",
        method=capabilities_pb2.METHOD_STATEVECTOR,
        precision=result_pb2.PRECISION_DOUBLE,
        predicted_memory_bytes=64,
        available_memory_bytes=2**30,
        predicted_seconds=0.001,
        prediction_basis="scripted",
        memory_rule="16 bytes x 2^n",
        score=0.9,
        factors=[executions_pb2.ScoreFactor(name="feature_match", weight=1.0, value=0.9)],
    )
    excluded = executions_pb2.Candidate(
        backend="backends/scripted",
        engine="scripted",
        method=capabilities_pb2.METHOD_DENSITY_MATRIX,
        precision=result_pb2.PRECISION_DOUBLE,
        predicted_memory_bytes=2**36,
        available_memory_bytes=2**30,
        exclusions=[
            executions_pb2.Exclusion(
                reason="ERROR_REASON_INSUFFICIENT_MEMORY", description="density_matrix needs 64 GiB, 1 GiB free"
            )
        ],
    )
    return executions_pb2.Plan(
        chosen=chosen,
        reason="It is the only one that fits.",
        candidates=[chosen, excluded],
        thread_count=1,
        planning_duration=Duration(nanos=2_000_000),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Script:
    """How an execution goes.

    Attributes:
        arrays: the result.
        clbit_count, qubit_count: what the circuit is said to declare.
        active_qubits: the qubits said to be simulated.
        refusal: the call itself fails with this.
        failure: the run ends in state ERROR with this.
        plan: the plan of the snapshot and of PlanExecution.
        inline: send arrays inside the header.
        chunk_bytes: size of a chunk.
        lose_after: break the first stream with UNAVAILABLE after this many messages; None: never.
        withhold_result: the streams carry no result, so that the client must read it from the store.
        runs_until_aborted: stay in RUNNING until AbortExecution or, the first time, PauseExecution.
        pause_refusal: PauseExecution fails with this.
        progress: fractions to report.
        comparison: how a comparison ends: members in the order of the targets, pairs, verdict, state.
        expectation_values: of the result, exact where they have no standard error.
        certified_error: of the result; None for a method that does not truncate.
        rank_history: of the result; None for a method without columns.
        readout_included: the result says that it includes readout error.
    """

    arrays: tuple[ScriptedArray, ...] = ()
    clbit_count: int = 2
    qubit_count: int = 2
    active_qubits: tuple[int, ...] = (0, 1)
    refusal: ProximaError | None = None
    failure: ProximaError | None = None
    plan: executions_pb2.Plan | None = None
    inline: bool = True
    chunk_bytes: int = 2**20
    lose_after: int | None = None
    withhold_result: bool = False
    runs_until_aborted: bool = False
    pause_refusal: ProximaError | None = None
    progress: tuple[float, ...] = ()
    comparison: comparisons_pb2.Comparison | None = None
    expectation_values: tuple[result_pb2.ExpectationValue, ...] = ()
    certified_error: float | None = None
    rank_history: result_pb2.RankHistory | None = None
    readout_included: bool = False
