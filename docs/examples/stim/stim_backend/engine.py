"""Stim as the runtime sees it: what it can do, what a job would take, and what it must refuse by name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

from proxima.backend.v1 import backend_pb2
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, estimate_pb2, result_pb2
from proxima_runtime.arrays.channels import pauli_probabilities
from proxima_runtime.arrays.instructions import list_instructions
from proxima_runtime.arrays.records import count_arrays
from proxima_runtime.backend.engine import ItemResult, ProgressReporter

CHUNK_BYTES = 32 << 20
"""What the records of the shots that are sampled at once may take."""

_GATES = ["id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap", "iswap", "dcx", "ecr"]
# Channels that are mixtures of Pauli operators for some of their parameters only.
_SOMETIMES_PAULI = frozenset(("amplitude_damping", "thermal_relaxation"))
# Measured: a row as Python objects and in Stim, a distinct outcome, and what a small run takes beside them.
_ROW_BYTES, _OUTCOME_BYTES, _SMALL_RUN_BYTES = 900, 270, 16 << 20


class StimEngine:
    """Samples Clifford circuits with Pauli noise; expectation values are exact, by the Heisenberg picture.

    Equal seeds give equal counts on one machine with one version of Stim; Stim promises no more than that.
    """

    name = "stim"
    version = "0.1.0"

    def methods(self) -> Sequence[capabilities_pb2.MethodCapability]:
        """One method. Conditions are absent: Stim's sampler knows but Pauli corrections by single bits."""
        return [
            capabilities_pb2.MethodCapability(
                method=capabilities_pb2.METHOD_STABILIZER,
                engine="stim",
                engine_version=version("stim"),
                precisions=[result_pb2.PRECISION_DOUBLE],
                max_qubit_count=10_000,
                gates=_GATES,
                features=[
                    capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT,
                    capabilities_pb2.FEATURE_RESET,
                    capabilities_pb2.FEATURE_CHANNEL,
                    capabilities_pb2.FEATURE_READOUT_ERROR,
                    capabilities_pb2.FEATURE_DELAY,
                ],
                results=[result_pb2.RESULT_KIND_COUNTS, result_pb2.RESULT_KIND_EXPECTATION_VALUES],
                max_shots=10_000_000,
                deterministic=True,
                pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
            )
        ]

    def package_versions(self) -> Mapping[str, str]:
        """Versions that decide the numbers."""
        return {package: version(package) for package in ("stim", "numpy")}

    def estimate(self, job: backend_pb2.Job) -> estimate_pb2.ResourceEstimate:
        """Memory is linear in the rows and outcomes and quadratic in the qubits, so no qubit count is the largest."""
        circuit, shots = job.circuit, job.results.shots
        rows = len(circuit.opcodes) // 2
        written = min(len(circuit.clbits) // 4, circuit.clbit_count)
        outcomes = min(shots, 1 << min(written, 62))
        # Stim's table of the reference sample: 4 bits for each pair of qubits, and its transpose.
        table = circuit.qubit_count**2
        sampled = min(2 * CHUNK_BYTES, shots * (len(circuit.clbits) // 2 + circuit.qubit_count + 64))
        counted = outcomes * (_OUTCOME_BYTES + circuit.clbit_count * 3 // 8)
        terms = sum(len(observable.paulis) for observable in job.results.observables)
        return estimate_pb2.ResourceEstimate(
            peak_memory_bytes=_SMALL_RUN_BYTES + rows * _ROW_BYTES + table + sampled + counted,
            work_units=float(rows * (terms * 2000 + shots) + 100 * shots),
            rule=f"{_ROW_BYTES} bytes x {rows} instructions, n^2 bytes, {outcomes} outcomes at most",
            violations=_violations(circuit),
        )

    def warm_up(self) -> None:
        """Import Stim, compare all of its gates with Proxima's, and draw a sample."""
        from stim_backend import simulate, translate  # noqa: PLC0415 - the worker alone imports Stim

        translate.check_gates(_GATES)
        simulate.sample_nothing()

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> Iterator[ItemResult]:
        """Run the job in a worker process. What Stim raises becomes ENGINE_FAILED in the runtime."""
        from stim_backend import simulate  # noqa: PLC0415 - as above

        started = time.perf_counter()
        listing = list_instructions(job.circuit)
        counts = simulate.counts(job, listing, report) if job.results.shots and listing.written_clbits else None
        values = simulate.expectation_values(job.results.observables, listing, report)
        yield ItemResult(
            item_index=0,
            arrays=[] if counts is None else count_arrays(counts, listing.clbit_count),
            expectation_values=values,
            readout_included=counts is not None and listing.has_readout,
            precision=result_pb2.PRECISION_DOUBLE,
            engine_seconds=time.perf_counter() - started,
            sampler="" if counts is None else "stim",
        )


def _violations(circuit: circuit_pb2.Circuit) -> list[estimate_pb2.Violation]:
    """Name the first channel that is no mixture of Pauli operators."""
    channel = circuit_pb2.Operation.KIND_CHANNEL
    operations = [operation for operation in circuit.operations if operation.kind == channel]
    if not any(operation.matrix or operation.name in _SOMETIMES_PAULI for operation in operations):
        return []
    for row in list_instructions(circuit).instructions:
        if row.kind != channel:
            continue
        is_explicit = bool(circuit.operations[_opcode(circuit, row.row)].matrix)
        if is_explicit or pauli_probabilities(row.name, row.parameters, len(row.qubits)) is None:
            what = "a channel given by Kraus operators" if is_explicit else f"channel {row.name!r}"
            return [
                estimate_pb2.Violation(
                    reason=errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND),
                    description=f"instruction {row.row} is {what}, and Stim simulates mixtures of Pauli operators "
                    "only; use depolarizing, pauli_channel or phase_damping, or the method density_matrix",
                    instruction=row.row,
                )
            ]
    return []


def _opcode(circuit: circuit_pb2.Circuit, row: int) -> int:
    return int.from_bytes(circuit.opcodes[2 * row : 2 * row + 2], "little")
