"""Runs a job on Aer, the way that its circuit needs (`ways.py`).

Circuits of gates and terminal measurements alone take the short way: their columns become Aer's circuit without a
Python object an instruction.
"""

from __future__ import annotations

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.arrays.instructions import Listing, is_plain, list_instructions
from proxima_runtime.arrays.program import decode
from proxima_runtime.backend.engine import ItemResult, ProgressReporter
from proxima_runtime.backend.outline import outline

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.direct import run_direct, slot_count
from proxima_backend_qiskit.gates import NATIVE
from proxima_backend_qiskit.guard import Guard
from proxima_backend_qiskit.load import DRAWN_PAULI_QUBITS
from proxima_backend_qiskit.lowering import ChannelForm, Lowering, check_count
from proxima_backend_qiskit.reading import exact_reading, reading_of
from proxima_backend_qiskit.records import run_records
from proxima_backend_qiskit.shots import memory_bits, run_shots
from proxima_backend_qiskit.translate import append_gates
from proxima_backend_qiskit.ways import Way, choose, keeps_records

_METHOD = capabilities_pb2.Method


class Simulation:
    """Runs jobs on one controller; one in a worker."""

    def __init__(self) -> None:
        self._controller = aer.Controller()
        self._guard = Guard(self._controller)

    def run(self, job: backend_pb2.Job, report: ProgressReporter) -> ItemResult:
        """Run a job of one item.

        Raises:
            MemoryError: Aer had too little memory.
            proxima_runtime.errors.Internal: Aer failed, or the translation did.
            proxima_runtime.errors.FailedPrecondition: the circuit uses what Aer is not offered for.
        """
        options = aer.RunOptions(
            method=aer.METHODS[job.method],
            single_precision=job.precision == result_pb2.PRECISION_SINGLE,
            thread_count=job.thread_count or 1,
            memory_limit_bytes=job.memory_limit_bytes,
        )
        if is_plain(job.circuit):
            return self._run_plain(job, options)
        return self._run_listing(job, options, report)

    def _run_plain(self, job: backend_pb2.Job, options: aer.RunOptions) -> ItemResult:
        program = decode(job.circuit)
        reading = exact_reading(program.measured, program.clbit_count)
        self._guard.check(program, job.method)
        circuit = aer.new_circuit(
            qubit_count=program.qubit_count,
            slot_count=slot_count(job, reading),
            global_phase=program.global_phase,
        )
        append_gates(program, NATIVE[job.method], circuit)
        return run_direct(
            job,
            circuit,
            reading=reading,
            active_qubits=program.active_qubits,
            controller=self._controller,
            options=options,
        )

    def _run_listing(self, job: backend_pb2.Job, options: aer.RunOptions, report: ProgressReporter) -> ItemResult:
        listing = list_instructions(job.circuit)
        found = outline(job.circuit, keeps_records=keeps_records(job))
        self._guard.check_listing(listing, found, job.method)
        way = choose(job, found)
        slots = memory_bits(listing) if way is Way.SHOTS else ()
        lowering = Lowering(native=NATIVE[job.method], channel_form=channel_form(job.method, listing), slots=slots)
        match way:
            case Way.SHOTS:
                return run_shots(
                    job,
                    listing,
                    lowering,
                    slots=slots,
                    controller=self._controller,
                    options=options,
                    report=report,
                )
            case Way.RECORDS:
                return run_records(
                    job, listing, lowering, found, controller=self._controller, options=options, report=report
                )
            case Way.DIRECT:
                return self._run_unitary(job, listing, lowering, options)

    def _run_unitary(
        self, job: backend_pb2.Job, listing: Listing, lowering: Lowering, options: aer.RunOptions
    ) -> ItemResult:
        reading = reading_of(listing)
        circuit = aer.new_circuit(
            qubit_count=listing.qubit_count, slot_count=slot_count(job, reading), global_phase=listing.global_phase
        )
        for position, instruction in enumerate(listing.instructions):
            if position not in listing.terminal:
                lowering.append(instruction, circuit)
        check_count(lowering, len(listing.instructions) - len(listing.terminal))
        return run_direct(
            job,
            circuit,
            reading=reading,
            active_qubits=listing.active_qubits,
            controller=self._controller,
            options=options,
        )


def channel_form(method: capabilities_pb2.Method, listing: Listing) -> ChannelForm:
    """Return how channels of a listing are given to Aer."""
    if method == _METHOD.METHOD_DENSITY_MATRIX:
        return ChannelForm.SUPEROPERATOR
    if method == _METHOD.METHOD_STABILIZER or listing.qubit_count >= DRAWN_PAULI_QUBITS:
        return ChannelForm.DRAWN_PAULI
    return ChannelForm.KRAUS
