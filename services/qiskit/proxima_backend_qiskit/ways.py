"""The way a job is run, and what no way can give. Imports neither numpy nor a simulator."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2
from proxima_runtime.backend.columns import counts_of
from proxima_runtime.backend.estimates import unsupported
from proxima_runtime.backend.outline import Outline

from proxima_backend_qiskit.load import PAULI_CHANNELS

MAX_RECORDS = 4096
"""Most density matrices that are kept, one a classical record."""

MAX_RECORD_ENTRIES = 1 << 26
"""Most entries of these matrices together, 1 GiB in double precision; four are always kept."""

_ALWAYS_KEPT = 4
_MIN_SAMPLES = 2
_METHOD = capabilities_pb2.Method
_KIND = circuit_pb2.Operation


class Way(Enum):
    """How a job is run."""

    DIRECT = "direct"
    """One run of a circuit that keeps a pure state pure; counts are drawn from the final state."""
    RECORDS = "records"
    """Exact density matrices, one a classical record that still matters."""
    SHOTS = "shots"
    """One run a shot."""


def choose(job: backend_pb2.Job, outline: Outline) -> Way:
    """Return the way of a job that the runtime has checked."""
    if job.method != _METHOD.METHOD_DENSITY_MATRIX:
        return Way.DIRECT if outline.is_unitary else Way.SHOTS
    return Way.RECORDS if _fits(job.circuit.qubit_count, outline.live_bit_count) else Way.SHOTS


def keeps_records(job: backend_pb2.Job) -> bool:
    """The final classical record matters: counts or probabilities are asked for."""
    return bool(job.results.shots or job.results.probabilities)


def violations(job: backend_pb2.Job, outline: Outline) -> Iterator[estimate_pb2.Violation]:
    """Yield what keeps a job from running, each with its remedy."""
    if job.segmentation.segment_starts:
        yield unsupported("Aer is not run in circuit segments by this backend; leave segment_starts empty")
    if job.method == _METHOD.METHOD_STABILIZER:
        yield from _unsuited_channels(job.circuit)
    if choose(job, outline) is not Way.SHOTS:
        return
    asked = job.results
    if job.method == _METHOD.METHOD_DENSITY_MATRIX:
        if asked.probabilities or asked.density_matrix or asked.observables:
            yield unsupported(
                f"exact results of this circuit need a density matrix for each of 2^{outline.live_bit_count} classical "
                f"records, at most {MAX_RECORDS} records and {MAX_RECORD_ENTRIES} matrix entries in all are kept; ask "
                "for counts only, or expectation values with method trajectories"
            )
        return
    name = _METHOD.Name(job.method).removeprefix("METHOD_").lower()
    why = "measurement in mid-circuit, reset, conditions or channels"
    if asked.statevector:
        yield unsupported(
            f"a circuit with {why} has no one state vector; ask for the density matrix with method density_matrix"
        )
    if asked.probabilities:
        yield unsupported(
            f"{name} runs a circuit with {why} once a shot and has no exact probabilities; ask for counts, or use "
            "method density_matrix"
        )
    if asked.observables and asked.shots < _MIN_SAMPLES:
        yield unsupported(
            f"{name} runs a circuit with {why} once a shot, and expectation values with a standard error need at least "
            f"{_MIN_SAMPLES} shots, {asked.shots} are asked; ask for shots, or use method density_matrix"
        )


def _fits(qubit_count: int, live_bit_count: int) -> bool:
    records = 1 << min(live_bit_count, 64)
    entries = records << min(2 * qubit_count, 128)
    return records <= _ALWAYS_KEPT or (records <= MAX_RECORDS and entries <= MAX_RECORD_ENTRIES)


def _unsuited_channels(circuit: circuit_pb2.Circuit) -> Iterator[estimate_pb2.Violation]:
    used = {opcode for opcode, _ in counts_of(circuit.opcodes)}
    channels = (circuit.operations[opcode] for opcode in used)
    unsuited = {
        "explicit Kraus operators" if channel.matrix else channel.name[:64]
        for channel in channels
        if channel.kind == _KIND.KIND_CHANNEL and (channel.matrix or channel.name not in PAULI_CHANNELS)
    }
    if unsuited:
        yield unsupported(
            f"stabilizer takes only mixtures of Pauli operators as channels ({', '.join(sorted(PAULI_CHANNELS))}), "
            f"the circuit has {', '.join(sorted(unsuited))}; use method density_matrix or trajectories"
        )
