"""Shots of any circuit: batches of pure states, each of which draws its own errors and outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.observables import mean_with_error, pauli_masks
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted
from proxima_runtime.quantities import readable_bytes

from proxima_backend_lret.columns.paulis import pauli_values
from proxima_backend_lret.compiling.kraus import kraus_of
from proxima_backend_lret.compiling.program import MEASURE, Integers, Program, Real
from proxima_backend_lret.simulation import Saved, Wanted
from proxima_backend_lret.trajectories.batches import WORKING_BYTES, column_bytes, column_count, split
from proxima_backend_lret.trajectories.columns import apply, apply_where, draw_rows
from proxima_backend_lret.trajectories.instruments import Instrument, instrument, measurement
from proxima_backend_lret.trajectories.numbers import Numbers
from proxima_backend_lret.trajectories.records import Bits, Counts, counted, holding, packed, read

Planes = npt.NDArray[np.floating]

MIN_SAMPLES = 2
"""Shots that a standard error needs."""

_IDENTITY = (0, 0, 0)


class Trajectories:
    """The shots of one job.

    The position counts, for each batch of columns, its steps and then its reading. What is drawn for a shot depends
    on the seed of its batch of the plan alone (`numbers`), so neither pauses nor memory change it.
    """

    def __init__(
        self,
        program: Program,
        wanted: Wanted,
        *,
        batches: Sequence[tuple[int, np.random.SeedSequence]],
        single_precision: bool,
        memory_limit_bytes: int | None,
    ) -> None:
        """Begin before the first shot.

        Args:
            program: of `compile_maps`, with maps on one qubit absorbed.
            wanted: counts where it has a readout, and expectation values.
            batches: shots and seed of each batch of the plan (`batch_seeds`).
            single_precision: complex64 instead of complex128.
            memory_limit_bytes: most that the run may take; None for no limit.

        Raises:
            ResourceExhausted: not one state fits (ERROR_REASON_INSUFFICIENT_MEMORY).
            FailedPrecondition: too few shots for a standard error (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        self._program, self._wanted = program, wanted
        self._dtype = np.dtype(np.float32 if single_precision else np.float64)
        planned = [shots for shots, _ in batches]
        shots = sum(planned)
        _check_shots(wanted, shots)
        most = _fitting(program.qubit_count, single_precision=single_precision, memory_limit_bytes=memory_limit_bytes)
        self._batches = tuple(split(planned, most))
        self._numbers = [Numbers(seed) for _, seed in batches]
        self._operands = [program.qubits_of(step) for step in range(program.step_count)]
        self._instruments = _instruments(program)
        self._position = 0
        self._outcomes = np.zeros((shots, -(-program.source.clbit_count // 8)), dtype=np.uint8)
        self._values = np.zeros((len(wanted.observables), shots))
        self._planes: Planes = np.zeros((2, 0, 0), dtype=self._dtype)
        self._bits: Bits = np.zeros((0, 0), dtype=np.uint8)
        self._begin()

    @property
    def step_count(self) -> int:
        """Steps and readings of all batches."""
        return len(self._batches) * self._stride

    @property
    def position(self) -> int:
        """Steps and readings done."""
        return self._position

    @property
    def warnings(self) -> tuple[str, ...]:
        """None."""
        return ()

    def advance(self) -> None:
        """Do the next step of a batch, or its reading."""
        step = self._position % self._stride
        if step < self._program.step_count:
            self._step(step)
            self._position += 1
        else:
            self._read()
            self._position += 1
            self._begin()

    def save(self) -> Saved:
        """Return the columns and bits of the batch that runs, and what the shots so far left."""
        return {
            "position": self._position,
            "planes": self._planes,
            "bits": self._bits,
            "outcomes": self._outcomes,
            "values": self._values,
        }

    def restore(self, saved: Saved) -> None:
        """Go on from where `save` was called.

        Raises:
            ValueError: it does not describe a state of this run.
        """
        position = saved.get("position")
        if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position <= self.step_count:
            raise ValueError(f"position {position!r} is none of 0 to {self.step_count}")
        self._position = position
        self._begin()
        held = {"planes": self._planes, "bits": self._bits, "outcomes": self._outcomes, "values": self._values}
        for name, array in held.items():
            found = saved.get(name)
            if not isinstance(found, np.ndarray) or found.dtype != array.dtype or found.shape != array.shape:
                raise ValueError(f"{name} are not {array.dtype} of shape {array.shape}")
            np.copyto(array, found)
        flat = self._planes.reshape(-1)
        with np.errstate(over="ignore", invalid="ignore"):
            norm = float(flat @ flat)
        if not np.isfinite(norm):
            raise ValueError("planes have entries that are not finite")

    def outcomes(self) -> tuple[Bits, Counts]:
        """Return what the shots recorded: packed outcomes, rows ascending, and how often each was seen."""
        return counted(self._outcomes)

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return the mean of each observable over the shots, with its standard error."""
        found: list[result_pb2.ExpectationValue] = []
        for observable, values in zip(self._wanted.observables, self._values, strict=True):
            mean, error = mean_with_error(values)
            found.append(result_pb2.ExpectationValue(name=observable.name, value=mean, standard_error=error))
        return found

    @property
    def _stride(self) -> int:
        return self._program.step_count + 1

    def _begin(self) -> None:
        """Hold the columns of the batch that the position is in, all |0...0>."""
        if self._position == self.step_count:
            self._planes, self._bits = np.zeros((2, 0, 0), dtype=self._dtype), np.zeros((0, 0), dtype=np.uint8)
            return
        shots = self._batches[self._position // self._stride].shots
        shape = (2, 1 << self._program.qubit_count, shots)
        if self._planes.shape == shape:
            self._planes[...] = 0
        else:
            # What was held goes before its successor comes.
            self._planes = np.zeros((2, 0, 0), dtype=self._dtype)
            self._planes = np.zeros(shape, dtype=self._dtype)
        self._planes[0, 0] = 1
        self._bits = np.zeros((self._program.source.clbit_count, shots), dtype=np.uint8)

    def _draw(self, draw: int) -> Real:
        batch = self._batches[self._position // self._stride]
        return self._numbers[batch.seed_index].draw(draw, first_shot=batch.first_shot, shots=batch.shots)

    def _step(self, step: int) -> None:
        found, qubits = self._instruments[step], self._operands[step]
        where: Integers = np.arange(self._planes.shape[2])
        conditions = self._program.conditions_of(step)
        if conditions:
            where = holding(conditions, self._bits)
        points = self._draw(2 * step) if found.is_random else np.zeros(self._planes.shape[2])
        if not conditions:
            picked = apply(self._planes, found, qubits, points)
        else:
            picked = apply_where(self._planes, found, qubits, points, where)
        if self._program.kinds[step] == MEASURE:
            reading = self._program.readings[step]
            misread = self._draw(2 * step + 1) if reading.readout is not None else points
            self._bits[reading.clbit, where] = read(picked, reading.readout, misread[where])

    def _read(self) -> None:
        """Evaluate the observables, then measure."""
        batch = self._batches[self._position // self._stride]
        part = slice(batch.start, batch.start + batch.shots)
        if self._wanted.observables:
            self._values[:, part] = self._evaluated()
        if not self._program.source.written_clbits:
            return
        terminal = self._program.source.terminal
        first = 2 * self._program.step_count
        if terminal:
            rows = draw_rows(self._planes, self._draw(first))
            for place, (clbit, reading) in enumerate(terminal.items(), start=1):
                true = (rows >> reading.qubit) & 1
                points = self._draw(first + place) if reading.readout is not None else np.zeros(batch.shots)
                self._bits[clbit] = read(true, reading.readout, points)
        self._outcomes[part] = packed(self._bits)

    def _evaluated(self) -> Real:
        """Return each observable in each column, shape (observables, columns)."""
        observables = self._wanted.observables
        strings = {pauli: pauli_masks(pauli) for entry in observables for pauli in entry.paulis}
        columns = self._planes.shape[2]
        values = pauli_values(self._planes, rank=columns, strings=[*strings.values(), _IDENTITY])
        value_of = dict(zip(strings, values[:-1] / values[-1], strict=True))
        found = np.zeros((len(observables), columns))
        for index, entry in enumerate(observables):
            for pauli, coefficient in zip(entry.paulis, entry.coefficients, strict=True):
                found[index] += coefficient * value_of[pauli]
        return found


def _instruments(program: Program) -> list[Instrument]:
    """Return the instrument of each step; steps that share operators share it."""
    known: dict[int, Instrument] = {}
    measuring = measurement()
    found: list[Instrument] = []
    for operators in kraus_of(program):
        if operators is None:
            found.append(measuring)
            continue
        if id(operators) not in known:
            known[id(operators)] = instrument(operators)
        found.append(known[id(operators)])
    return found


def _check_shots(wanted: Wanted, shots: int) -> None:
    if wanted.observables and shots < MIN_SAMPLES:
        raise FailedPrecondition(
            f"trajectories give expectation values with a standard error, which needs at least {MIN_SAMPLES} shots, "
            f"{shots} are asked; ask for shots, or use another method",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": "expectation values of too few trajectories"},
        )


def _fitting(qubit_count: int, *, single_precision: bool, memory_limit_bytes: int | None) -> int:
    found = column_count(qubit_count, single_precision=single_precision, memory_limit_bytes=memory_limit_bytes)
    if found or memory_limit_bytes is None:
        return found
    needed = column_bytes(qubit_count, single_precision=single_precision) + WORKING_BYTES
    raise ResourceExhausted(
        f"a trajectory of {qubit_count} qubits needs {readable_bytes(needed)}, {readable_bytes(memory_limit_bytes)} "
        "are available; use single precision or allow more memory",
        reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
        metadata={"needed_bytes": str(needed), "available_bytes": str(memory_limit_bytes)},
    )
