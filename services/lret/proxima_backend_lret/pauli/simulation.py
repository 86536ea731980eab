"""A run of the exact engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import result_pb2
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted
from proxima_runtime.quantities import readable_bytes

from proxima_backend_lret.compiling.program import Program
from proxima_backend_lret.pauli.layout import HOME_BITS, OTHER_BITS, Component, Layout, lay_out
from proxima_backend_lret.pauli.letters import ALL, kept_letters
from proxima_backend_lret.pauli.order import choose_order
from proxima_backend_lret.pauli.readings import Factor, density_bytes, density_of, expectations, weights_by_record
from proxima_backend_lret.pauli.tape import write_tape
from proxima_backend_lret.pauli.tasks import find_tasks
from proxima_backend_lret.simulation import Complex, Real, Saved, Wanted

_GROUP_ENTRIES = 1 << 18
_LEAST_PROBABILITY = {"float64": -1e-12, "float32": -1e-5}
_ALIGNMENT = 64


class PauliSimulation:
    """The vector of Pauli coefficients of the state, in components that are joined as late as possible.

    An operation is one task, or several that take little time.
    """

    certified_error: float | None = None
    missing = 0.0
    rank_history: result_pb2.RankHistory | None = None

    def __init__(
        self,
        program: Program,
        wanted: Wanted,
        *,
        single_precision: bool,
        memory_limit_bytes: int,
        first_step: int = 0,
        vectors: Mapping[int, Real] | None = None,
    ) -> None:
        """Plan a run, and allocate what it takes.

        Args:
            program: compiled by `compile_maps`.
            wanted: what is to be read at the end; nothing else can be.
            single_precision: the entries are float32.
            memory_limit_bytes: what the run may take.
            first_step: the step of the program that is next.
            vectors: the state there: Tr(P rho), shape (4^n,), qubit 0 the least significant digit, of each classical
                record that has any weight, weighted by it. Without, the state is |0...0> at step 0.

        Raises:
            ResourceExhausted: it would take more memory (ERROR_REASON_INSUFFICIENT_MEMORY).
            FailedPrecondition: too many classical bits matter at once (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        self._qubit_count = program.qubit_count
        self._wanted = wanted
        self._kept = kept_letters(
            program.qubit_count,
            measured=wanted.qubits if wanted.weights else (),
            paulis=[pauli for observable in wanted.observables for pauli in observable.paulis],
            density_matrix=wanted.density_matrix,
        )
        live = sorted({bit for record in vectors or () for bit in range(record.bit_length()) if (record >> bit) & 1})
        work = find_tasks(program, self._kept, first=first_step, live=live, joined=vectors is not None)
        order = choose_order(work.tasks, work.start)
        self._layout = layout = lay_out(order, work.tasks, work.start)
        self._bits = work.bits
        self._type: np.dtype[np.floating] = np.dtype(np.float32) if single_precision else np.dtype(np.float64)
        self._least = 0.0
        needed = layout.entries * self._type.itemsize
        if wanted.density_matrix:
            needed += density_bytes(self._qubit_count, len(layout.at(len(order))), self._type.itemsize)
        if needed > memory_limit_bytes:
            raise ResourceExhausted(
                f"the exact state of {self._qubit_count} qubits needs {readable_bytes(needed)}, "
                f"{readable_bytes(memory_limit_bytes)} are available; use fewer qubits, single precision or "
                "trajectories",
                reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY,
                metadata={
                    "needed_bytes": str(needed),
                    "available_bytes": str(memory_limit_bytes),
                    "largest_qubit_count": "0",
                },
            )
        self._tape = write_tape(program, work, layout, self._type)
        self._ends = _group(layout)
        self._position = 0
        self._entries = _aligned(self._tape.size, self._type)
        for component in layout.start:
            self._block(component)[:] = _START if len(component.wires) == 1 else 0
        if vectors is not None:
            (component,) = layout.start
            size = 1 << (2 * self._qubit_count)
            for record, vector in vectors.items():
                value = sum(1 << place for place, bit in enumerate(live) if (record >> bit) & 1)
                self._block(component)[value * size : (value + 1) * size] = vector

    @property
    def step_count(self) -> int:
        """Operations in all."""
        return len(self._ends)

    @property
    def position(self) -> int:
        """Operations done."""
        return self._position

    @property
    def state_bytes(self) -> int:
        """Bytes of the entries, known before the run."""
        return self._entries.nbytes

    def advance(self) -> None:
        """Do the next operation."""
        first, last = self._task_count(self._position), self._task_count(self._position + 1)
        ends = self._layout.ends
        self._tape.run(self._entries, ends[first - 1] if first else 0, ends[last - 1])
        self._position += 1

    def save(self) -> Saved:
        """Return the components as they are; views."""
        arrays: dict[str, npt.NDArray[np.generic]] = {
            f"block{component.block}": self._block(component) for component in self._components
        }
        return {"position": self._position, **arrays}

    def restore(self, saved: Saved) -> None:
        """Go on from where `save` was called."""
        position = saved.get("position")
        if not isinstance(position, int) or not 0 <= position <= self.step_count:
            raise ValueError(f"there are {self.step_count} operations, the saved position is {position!r}")
        self._position = position
        for component in self._components:
            entries = saved.get(f"block{component.block}")
            if (
                not isinstance(entries, np.ndarray)
                or entries.dtype != self._type
                or entries.shape != (1 << component.bits,)
            ):
                raise ValueError(
                    f"block {component.block} has {1 << component.bits} entries of {self._type} after operation "
                    f"{position}"
                )
            self._block(component)[:] = entries

    @property
    def warnings(self) -> tuple[str, ...]:
        """Probabilities that came out negative by more than rounding explains."""
        if self._least >= _LEAST_PROBABILITY[self._type.name]:
            return ()
        return (f"a probability came out as {self._least:.3g}; negative ones were set to 0",)

    def slot_weights(self, qubits: Sequence[int]) -> list[tuple[int, Real]]:
        """Return the probabilities of the values of `qubits` in each classical record that has any."""
        found, least = weights_by_record(self._factors, qubits, self._bits, self._qubit_count)
        self._least = min(self._least, least)
        return found

    def expectation_values(self) -> list[result_pb2.ExpectationValue]:
        """Return those of the wanted observables."""
        observables = self._wanted.observables
        paulis = {pauli for observable in observables for pauli in observable.paulis}
        values = expectations(self._factors, sorted(paulis), self._qubit_count)
        return [
            result_pb2.ExpectationValue(
                name=observable.name,
                value=math.fsum(
                    coefficient * values[pauli]
                    for pauli, coefficient in zip(observable.paulis, observable.coefficients, strict=True)
                ),
            )
            for observable in observables
        ]

    def density_matrix(self) -> Complex:
        """Return the state, shape (2^n, 2^n)."""
        return density_of(self._factors, self._qubit_count)

    def statevector(self) -> Complex:
        """Refuse: the vector of Pauli coefficients does not hold the phase.

        Raises:
            FailedPrecondition: always (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
        """
        raise FailedPrecondition(
            "pauli_vector does not give a state vector; use the method statevector",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": "a state vector of pauli_vector"},
        )

    @property
    def _components(self) -> tuple[Component, ...]:
        return self._layout.at(self._task_count(self._position))

    @property
    def _factors(self) -> list[Factor]:
        """The components when all is done."""
        found = []
        for component in self._components:
            letters = tuple(
                (0, 1) if wire >= self._qubit_count else self._kept[wire] if width < 2 else ALL
                for wire, width in zip(component.wires, component.widths, strict=True)
            )
            found.append(Factor(entries=self._block(component), wires=component.wires, letters=letters))
        return found

    def _task_count(self, position: int) -> int:
        return self._ends[position - 1] if position else 0

    def _block(self, component: Component) -> npt.NDArray[np.floating]:
        start = self._tape.addresses[component.block]
        return self._entries[start : start + (1 << component.bits)]


_START = (1.0, 0.0, 0.0, 1.0)


def _group(layout: Layout) -> tuple[int, ...]:
    """Return how many tasks are done after each operation."""
    found: list[int] = []
    entries = first = 0
    for done, end in enumerate(layout.ends, start=1):
        entries += sum(1 << (move[HOME_BITS] + move[OTHER_BITS]) for move in layout.moves[first:end])
        first = end
        if entries >= _GROUP_ENTRIES or done == len(layout.ends):
            found.append(done)
            entries = 0
    return tuple(found)


def _aligned(size: int, dtype: np.dtype[np.floating]) -> npt.NDArray[np.floating]:
    """Return room for entries, not set, at an address that vectors of registers are aligned to."""
    raw = np.empty(size + _ALIGNMENT // dtype.itemsize, dtype=dtype)
    skipped = -raw.ctypes.data % _ALIGNMENT // dtype.itemsize
    return raw[skipped : skipped + size]
