"""Runs a job on upstream LRET: one call, which nothing can interrupt but the end of the worker."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.program import decode
from proxima_runtime.arrays.records import count_arrays
from proxima_runtime.backend.engine import ItemResult
from proxima_runtime.errors import ProximaError

from proxima_backend_lret.qlret.check import check_gates
from proxima_backend_lret.qlret.circuit import write_document
from proxima_backend_lret.qlret.native import Native, call, load
from proxima_backend_lret.qlret.offer import ENGINE

UNSEEDED = (
    "qlret draws its samples with a seed that it takes from the clock and does not tell: the seed of this execution "
    "has no effect on the counts, and they cannot be reproduced"
)


class Simulator:
    """Upstream in one worker: loaded and checked once."""

    def __init__(self) -> None:
        """Load the module and hold its gates to their matrices.

        What is wrong with it is printed, and is the answer to those who ask for this engine; the backend's own goes on.
        """
        self._native: Native | ProximaError
        try:
            self._native = load()
            check_gates(self._native)
        except ProximaError as error:
            print(f"engine {ENGINE} cannot be used: {error.message}", file=sys.stderr)
            self._native = error

    def run(self, job: backend_pb2.Job) -> ItemResult:
        """Run a job that the runtime has checked.

        Raises:
            MemoryError: upstream ran out of memory.
            FailedPrecondition: the module does not load.
            Internal: one of its gates is another, or the run fails.
        """
        native = self._native
        if isinstance(native, ProximaError):
            raise native.with_traceback(None)
        program, spec = decode(job.circuit), job.results
        paulis = tuple(dict.fromkeys(pauli for observable in spec.observables for pauli in observable.paulis))
        # Shots without a measurement would be for expectation values, which are exact here.
        shots = spec.shots if program.measured else 0
        answer = call(
            native,
            write_document(program, paulis=paulis, shots=shots),
            qubit_count=program.qubit_count,
            value_count=len(paulis),
            shots=shots,
        )
        value_of = dict(zip(paulis, answer.values, strict=True))
        return ItemResult(
            item_index=0,
            arrays=count_arrays(_records(answer.samples, program.measured), program.clbit_count) if shots else (),
            expectation_values=[
                result_pb2.ExpectationValue(
                    name=observable.name,
                    value=sum(
                        coefficient * value_of[pauli]
                        for pauli, coefficient in zip(observable.paulis, observable.coefficients, strict=True)
                    ),
                )
                for observable in spec.observables
            ],
            precision=result_pb2.PRECISION_DOUBLE,
            engine_seconds=answer.seconds,
            sampler=ENGINE if shots else "",
            warnings=(UNSEEDED,) if shots else (),
        )


def _records(samples: Sequence[int], measured: Mapping[int, int]) -> Counter[int]:
    """Return how often each record was seen: classical bit c is the value of qubit `measured[c]`."""
    found: Counter[int] = Counter()
    for state, times in Counter(samples).items():
        found[sum(((state >> qubit) & 1) << clbit for clbit, qubit in measured.items())] += times
    return found
