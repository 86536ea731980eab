"""Circuits with random instructions on one pure state of Cirq: measurement in mid-circuit, reset, channels, `if`.

Every shot is a trajectory of its own. Shots that have gone the same way so far are in the same state, so they are
simulated together: at each random instruction their number is split by a multinomial draw, which gives exactly the law
of independent shots. The smaller parts go first and the largest goes on in place, so at most log2(shots) states are
saved at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2, observable_pb2
from proxima_runtime.arrays.instructions import Listing
from proxima_runtime.arrays.observables import expectation
from proxima_runtime.backend.engine import ProgressReporter

from proxima_backend_cirq.failures import cirq_failures
from proxima_backend_cirq.pure import PureState
from proxima_backend_cirq.records import CHUNK, bits_of, misread, tally
from proxima_backend_cirq.samples import Samples
from proxima_backend_cirq.sampling import sample, weights
from proxima_backend_cirq.translate import translate

Real = npt.NDArray[np.float64]

_KIND = circuit_pb2.Operation
_RANDOM = frozenset((_KIND.KIND_CHANNEL, _KIND.KIND_RESET, _KIND.KIND_MEASURE))


class Branches:
    """Runs one circuit."""

    def __init__(
        self,
        listing: Listing,
        *,
        single_precision: bool,
        counts: bool,
        observables: Sequence[observable_pb2.Observable],
        report: ProgressReporter,
        total_shots: int,
    ) -> None:
        self._listing = listing
        self._single_precision = single_precision
        self._counts = counts
        self._observables = observables
        self._report = report
        self._total = total_shots
        self._done = 0
        self.samples = Samples(values=[[] for _ in observables])
        last = listing.measured
        self._clbits = tuple(last)
        self._measured = tuple(listing.instructions[position].qubits[0] for position in last.values())
        self._readouts = tuple(listing.instructions[position].readout for position in last.values())

    def run(self, shots: int, seed: np.random.SeedSequence) -> None:
        """Add `shots` shots to `samples`."""
        generator = np.random.Generator(np.random.PCG64(seed))
        state = PureState(self._listing.qubit_count, single_precision=self._single_precision)
        operations = translate(self._listing, state.qubits)
        steps, terminal = self._listing.instructions, self._listing.terminal

        def descend(position: int, record: int, shots: int) -> None:
            for at in range(position, len(steps)):
                step = steps[at]
                if at in terminal or not step.runs(record):
                    continue
                if step.kind not in _RANDOM:
                    operation = operations[at]
                    if operation is not None:
                        state.act(operation)
                    continue
                choices = state.choices(step, record)
                chances = np.array([choice.probability for choice in choices])
                parts = generator.multinomial(shots, chances / chances.sum())
                *smaller, largest = sorted(np.flatnonzero(parts).tolist(), key=lambda part: int(parts[part]))
                saved = state.save() if smaller else None
                for part in smaller:
                    state.apply(choices[part].operator, step.qubits)
                    descend(at + 1, choices[part].record, int(parts[part]))
                    if saved is not None:
                        state.restore(saved)
                del saved
                state.apply(choices[largest].operator, step.qubits)
                record, shots = choices[largest].record, int(parts[largest])
            self._finish(state, record, shots, generator)

        with cirq_failures():
            descend(0, 0, shots)

    def _finish(self, state: PureState, record: int, shots: int, generator: np.random.Generator) -> None:
        vector = state.vector()
        for values, observable in zip(self.samples.values, self._observables, strict=True):
            values.append(expectation(observable, vector))
        self.samples.shots.append(shots)
        if self._counts:
            for clbit in self._clbits:
                record &= ~(1 << clbit)
            left = shots if self._clbits else 0
            if not self._clbits:
                self.samples.records[record] = self.samples.records.get(record, 0) + shots
            of_states = weights(vector) if left else None
            while left and of_states is not None:
                bits = bits_of(sample(of_states, min(left, CHUNK), generator), self._measured)
                tally(misread(bits, self._readouts, generator), self._clbits, start=record, into=self.samples.records)
                left -= len(bits)
        self._done += shots
        self._report(done_count=self._done, total_count=self._total, unit="shots")
