"""The simulation: counts by Stim's sampler, expectation values exactly by pulling Pauli strings to the beginning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import stim
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing
from proxima_runtime.arrays.readout import batch_seeds
from proxima_runtime.backend.engine import ProgressReporter

from stim_backend.engine import CHUNK_BYTES
from stim_backend.translate import KIND, append_gate, probabilities, sampled_circuit

# 1 where two Pauli letters I, X, Y, Z commute, -1 where they do not.
_SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])
# A step back in time: a run of gates, the damping of each Pauli string on the operands, a measurement or a reset.
_Step = tuple[int, stim.Circuit | None, npt.NDArray[np.float64] | None, tuple[int, ...]]


def sample_nothing() -> None:
    """Draw a shot, so that the first job does not pay for it."""
    stim.Circuit("H 0\nM 0").compile_sampler(seed=0).sample(1)


def counts(job: backend_pb2.Job, listing: Listing, report: ProgressReporter) -> Counter[int]:
    """Return how often each record of all classical bits was seen; classical bit 0 is the least significant bit.

    No instruction reads a bit, so readout error is drawn after the record.
    """
    circuit = sampled_circuit(listing.instructions)
    measurements = [row for row in listing.instructions if row.kind == KIND.KIND_MEASURE]
    # The last measurement into a bit is what it records.
    last = {row.clbit: place for place, row in enumerate(measurements)}
    # Stim keeps two bits a qubit and one a measurement for each shot, we a byte a measurement and a classical bit.
    size = max(CHUNK_BYTES // (len(measurements) + listing.clbit_count + listing.qubit_count // 4 + 64), 1)
    seen: Counter[bytes] = Counter()
    for shots, seed in batch_seeds(job, 0):
        sampler_seed, readout_seed = seed.generate_state(2, np.uint64).tolist()
        sampler, generator = circuit.compile_sampler(seed=sampler_seed), np.random.default_rng(readout_seed)
        for start in range(0, shots, size):
            record = sampler.sample(min(size, shots - start))
            bits = np.zeros((len(record), listing.clbit_count), dtype=np.bool_)
            for clbit, place in last.items():
                bits[:, clbit] = _read(record[:, place], measurements[place], generator)
            packed = np.packbits(bits, axis=1, bitorder="little")
            seen.update(packed.view(f"V{packed.shape[1]}").reshape(-1).tolist())
            report(done_count=min(seen.total(), job.results.shots), total_count=job.results.shots, unit="shots")
    return Counter({int.from_bytes(record, "little"): times for record, times in seen.items()})


def _read(true: npt.NDArray[np.bool_], row: Instruction, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return what is read of true values."""
    if row.readout is None:
        return true
    return generator.random(len(true)) < row.readout[:, 1][true.astype(np.intp)]


def expectation_values(
    observables: Sequence[observable_pb2.Observable], listing: Listing, report: ProgressReporter
) -> list[result_pb2.ExpectationValue]:
    """Return exact values, those before the terminal measurements, averaged over the records of all others."""
    if not observables:
        return []
    steps = _backwards(row for place, row in enumerate(listing.instructions) if place not in listing.terminal)
    found = []
    for index, observable in enumerate(observables):
        terms = zip(observable.paulis, observable.coefficients, strict=True)
        value = math.fsum(coefficient * _mean(pauli, steps) for pauli, coefficient in terms)
        found.append(result_pb2.ExpectationValue(name=observable.name, value=value))
        report(done_count=index + 1, total_count=len(observables), unit="observables")
    return found


def _backwards(instructions: Iterable[Instruction]) -> list[_Step]:
    """Return what a Pauli string meets on its way from the end to the beginning."""
    steps: list[_Step] = []
    for row in instructions:
        if row.kind == KIND.KIND_GATE:
            if not steps or steps[-1][1] is None:
                steps.append((row.kind, stim.Circuit(), None, ()))
            gates = steps[-1][1]
            if gates is not None:
                append_gate(gates, row.name, row.qubits)
        elif row.kind == KIND.KIND_CHANNEL:
            # A channel multiplies a Pauli string by the sum of its probabilities, signed where they do not commute.
            damping = probabilities(row).reshape((4,) * len(row.qubits))
            for axis in range(damping.ndim):
                damping = np.moveaxis(np.tensordot(_SIGNS, damping, axes=(1, axis)), 0, axis)
            steps.append((row.kind, None, damping, tuple(reversed(row.qubits))))
        elif row.kind in (KIND.KIND_MEASURE, KIND.KIND_RESET):
            steps.append((row.kind, None, None, row.qubits))
    return steps[::-1]


def _mean(letters: str, steps: Iterable[_Step]) -> float:
    """Return the expectation value of a Pauli string, highest qubit first, after all steps on |0...0>."""
    pauli, factor = stim.PauliString(letters[::-1]), 1.0
    for kind, gates, damping, qubits in steps:
        if gates is not None:
            pauli = pauli.before(gates)
        elif damping is not None:
            factor *= float(damping[tuple(pauli[qubit] for qubit in qubits)])
        elif pauli[qubits[0]] in (1, 2):
            # X and Y of a qubit that is measured or reset average to 0.
            return 0.0
        elif kind == KIND.KIND_RESET:
            # Z of a qubit that was just reset is 1.
            pauli[qubits[0]] = 0
        if not factor:
            return 0.0
    flips, _ = pauli.to_numpy()
    return 0.0 if flips.any() else factor * float(pauli.sign.real)
