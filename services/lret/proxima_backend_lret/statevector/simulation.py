"""One run of a circuit that keeps a pure state pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.arrays.observables import pauli_masks
from proxima_runtime.errors import ResourceExhausted
from proxima_runtime.quantities import readable_bytes

from proxima_backend_lret.columns import kernels as columns_kernels
from proxima_backend_lret.columns.paulis import pauli_values
from proxima_backend_lret.compiling.program import Complex, Program, Real
from proxima_backend_lret.simulation import Saved, Wanted
from proxima_backend_lret.statevector import kernels
from proxima_backend_lret.statevector.arrangement import exchange, exchanged, places
from proxima_backend_lret.statevector.schedule import schedule

Planes = npt.NDArray[np.floating]

WORKING_BYTES = 2**20
"""What a run takes beside the state and its results, apart from its program."""

_PREPARED = 1024
_NORM_TOLERANCE = 0.1


class StateVector:
    """The state as planes, and how far the run is."""

    def __init__(
        self, program: Program, wanted: Wanted, *, single_precision: bool, memory_limit_bytes: int | None
    ) -> None:
        """Begin at |0...0>.

        Args:
            program: of `compile_unitary`, with gates on one qubit absorbed.
            wanted: what is to be read off the end.
            single_precision: complex64 instead of complex128.
            memory_limit_bytes: most that the run may take; None for no limit.

        Raises:
            ResourceExhausted: the state is larger than that (ERROR_REASON_INSUFFICIENT_MEMORY).
        """
        self._program, self._wanted = program, wanted
        self._dtype = np.dtype(np.float32 if single_precision else np.float64)
        self._width = program.qubit_count
        needed = state_bytes(self._width, single_precision=single_precision) + WORKING_BYTES
        if memory_limit_bytes is not None and needed > memory_limit_bytes:
            raise ResourceExhausted(
                f"a state vector of {self._width} qubits needs {readable_bytes(needed)}, "
                f"{readable_bytes(memory_limit_bytes)} are available; use single precision or allow more memory",
                reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
                metadata={"needed_bytes": str(needed), "available_bytes": str(memory_limit_bytes)},
            )
        self._operands = [program.qubits_of(step) for step in range(program.step_count)]
        self._schedule = schedule(self._operands, qubit_count=self._width)
        self._positions = self._schedule.positions
        self._position = 0
        self._planes = np.zeros((2, 1 << self._width), dtype=self._dtype)
        self._planes[0, 0] = 1
        self._parts: dict[int, Planes] = {}

    @property
    def step_count(self) -> int:
        """Matrices and exchanges in all."""
        return len(self._schedule.actions)

    @property
    def position(self) -> int:
        """Matrices and exchanges done."""
        return self._position

    @property
    def certified_error(self) -> float | None:
        """None: nothing is dropped."""
        return None

    @property
    def missing(self) -> float:
        """0: nothing is dropped."""
        return 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def rank_history(self) -> result_pb2.RankHistory | None:
        """None: there are no columns."""
        return None

    def advance(self) -> None:
        """Do the next operation."""
        action = self._schedule.actions[self._position]
        if action < 0:
            found = self._schedule.exchanges[-1 - action]
            exchange(self._planes, found)
            self._positions = exchanged(self._positions, found)
        else:
            self._apply(action)
        self._position += 1

    def save(self) -> Saved:
        """Return the state and the position."""
        return {"planes": self._planes, "position": self._position}

    def restore(self, saved: Saved) -> None:
        """Go on from where `save` was called.

        Raises:
            ValueError: it does not describe a state of this run.
        """
        planes, position = saved.get("planes"), saved.get("position")
        if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position <= self.step_count:
            raise ValueError(f"position {position!r} is none of 0 to {self.step_count}")
        if not isinstance(planes, np.ndarray) or planes.dtype != self._dtype or planes.shape != self._planes.shape:
            raise ValueError(f"planes are not {self._dtype} of shape {self._planes.shape}")
        np.copyto(self._planes, planes)
        flat = self._planes.reshape(-1)
        with np.errstate(over="ignore", invalid="ignore"):
            norm = float(flat @ flat)
        if not abs(norm - 1) < _NORM_TOLERANCE:
            raise ValueError(f"planes have a squared norm of {norm:.3g}, a state has 1")
        self._positions, self._position = self._schedule.positions, position
        self._parts = {}
        for action in self._schedule.actions[:position]:
            if action < 0:
                self._positions = exchanged(self._positions, self._schedule.exchanges[-1 - action])

    def slot_weights(self, qubits: Sequence[int]) -> list[tuple[int, Real]]:
        """Return the probabilities of the values of `qubits`, qubits[0] least significant, for the empty record 0."""
        found = np.zeros(1 << len(qubits))
        kernels.add_weights(self._planes, *places(self._positions, qubits), found)
        return [(0, found)]

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return those of `Wanted.observables`."""
        paulis = {pauli: pauli_masks(pauli) for entry in self._wanted.observables for pauli in entry.paulis}
        moved = [(self._moved(x), self._moved(z), y_count) for x, z, y_count in paulis.values()]
        values = pauli_values(self._planes[:, :, np.newaxis], rank=1, strings=moved)[:, 0].tolist()
        value_of = dict(zip(paulis, values, strict=True))
        return [
            result_pb2.ExpectationValue(
                name=entry.name,
                value=math.fsum(
                    coefficient * value_of[pauli]
                    for pauli, coefficient in zip(entry.paulis, entry.coefficients, strict=True)
                ),
            )
            for entry in self._wanted.observables
        ]

    def density_matrix(self) -> npt.NDArray[np.complexfloating]:
        """Return |state><state|, shape (2^n, 2^n)."""
        state = self.statevector()
        return cast("npt.NDArray[np.complexfloating]", np.outer(state, state.conj()))

    def statevector(self) -> npt.NDArray[np.complexfloating]:
        """Return the state, shape (2^n,), complex64 or complex128, with its global phase."""
        dtype = np.complex64 if self._dtype == np.float32 else np.complex128
        found: npt.NDArray[np.complexfloating] = np.empty(1 << self._width, dtype=dtype)
        kernels.write_amplitudes(self._planes, *places(self._positions, range(self._width)), found)
        if self._program.source.global_phase:
            found *= dtype(np.exp(1j * self._program.source.global_phase))
        return found

    def _apply(self, step: int) -> None:
        operands = self._operands[step]
        if len(operands) > 2:
            matrix = self._program.wide[int(self._program.slots[step])][0]
            qubits = [self._positions[qubit] for qubit in operands]
            columns_kernels.apply(self._planes[:, :, np.newaxis], rank=1, qubits=qubits, matrix=matrix)
            return
        if step not in self._parts:
            self._prepare()
        parts = self._parts[step]
        first = 1 << self._positions[operands[0]]
        if len(operands) == 1:
            columns_kernels.apply_one(self._planes, first, first, 1, 1, parts)
        else:
            second = 1 << self._positions[operands[1]]
            columns_kernels.apply_two(self._planes, first, second, min(first, second), 1, 1, parts)

    def _prepare(self) -> None:
        """Convert the matrices of the next operations, all at once."""
        coming = [
            action for action in self._schedule.actions[self._position : self._position + _PREPARED] if action >= 0
        ]
        self._parts = {}
        for width, table in ((1, self._program.one), (2, self._program.two)):
            steps = [step for step in coming if len(self._operands[step]) == width]
            matrices: Complex = np.asarray(table[self._program.slots[steps]], dtype=np.complex128)
            parts = np.stack([matrices.real, matrices.imag], axis=1).astype(self._dtype)
            self._parts.update(zip(steps, parts, strict=True))

    def _moved(self, mask: int) -> int:
        """Return a mask over qubits as one over positions."""
        return sum(1 << position for qubit, position in enumerate(self._positions) if (mask >> qubit) & 1)


def state_bytes(qubit_count: int, *, single_precision: bool) -> int:
    """Return the bytes of a state vector."""
    return (8 if single_precision else 16) << qubit_count
