"""Circuits with random instructions on qsim: one trajectory of `qtrajectory` for each shot; no classical conditions.

qsim draws which Kraus operator of a channel acts, collapses at measurements and normalises, all in complex64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import observable_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.observables import expectation
from proxima_runtime.backend.engine import ProgressReporter
from qsimcirq import qsim as library

from proxima_backend_cirq import qsim
from proxima_backend_cirq.qsim_circuits import NOISY, Reads, append_instructions, new_noisy_circuit
from proxima_backend_cirq.records import CHUNK, misread, tally
from proxima_backend_cirq.samples import Samples

Bits = npt.NDArray[np.uint8]


class Trajectories:
    """Runs one circuit."""

    def __init__(
        self,
        listing: Listing,
        *,
        counts: bool,
        observables: Sequence[observable_pb2.Observable],
        thread_count: int,
        report: ProgressReporter,
        total_shots: int,
    ) -> None:
        self._observables = observables
        self._thread_count = thread_count
        self._report = report
        self._total = total_shots * ((1 if counts else 0) + (1 if observables else 0))
        self._done = 0
        self._measured, self._unmeasured = (new_noisy_circuit(listing.qubit_count) for _ in range(2))
        self._reads: Reads | None = None
        if counts:
            self._reads = append_instructions(listing, self._measured, NOISY, measure_terminal=True)
        if observables:
            append_instructions(listing, self._unmeasured, NOISY, measure_terminal=False)
        self.samples = Samples(values=[[] for _ in observables])

    def run(self, shots: int, seed: np.random.SeedSequence) -> None:
        """Add `shots` shots to `samples`; counts and expectation values come from trajectories of their own."""
        for_counts, for_values, for_errors = seed.spawn(3)
        generator = np.random.Generator(np.random.PCG64(for_errors))
        if self._reads is not None:
            seeds = for_counts.generate_state(shots)
            for start in range(0, shots, CHUNK):
                self._count(seeds[start : start + CHUNK].tolist(), self._reads, generator)
        if self._observables:
            for state_seed in for_values.generate_state(shots).tolist():
                self._evaluate(state_seed)

    def _count(self, seeds: Sequence[int], reads: Reads, generator: np.random.Generator) -> None:
        width = len(reads.clbits)
        bits: Bits = np.empty((len(seeds), width), dtype=np.uint8)
        for shot, seed in enumerate(seeds):
            settings = qsim.options(self._measured, seed=seed, thread_count=self._thread_count)
            found = qsim.call(library.qtrajectory_sample, settings)
            if len(found) != width:
                raise qsim.failure(f"{len(found)} measured bits for {width} measurements")
            bits[shot] = found
            self._step()
        misread(bits, reads.readouts, generator)
        # A later write to a classical bit replaces an earlier one.
        column_of = {clbit: column for column, clbit in enumerate(reads.clbits)}
        clbits = sorted(column_of)
        tally(bits[:, [column_of[clbit] for clbit in clbits]], clbits, into=self.samples.records)

    def _evaluate(self, seed: int) -> None:
        settings = qsim.options(self._unmeasured, seed=seed, thread_count=self._thread_count)
        raw = qsim.call(library.qtrajectory_simulate_fullstate, settings, 0)
        state = qsim.as_state(raw, self._unmeasured.num_qubits)
        for values, observable in zip(self.samples.values, self._observables, strict=True):
            values.append(expectation(observable, state))
        self.samples.shots.append(1)
        self._step()

    def _step(self) -> None:
        self._done += 1
        self._report(done_count=self._done, total_count=self._total, unit="shots")
