"""The result of a run."""

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from proxima.simulation.v1 import result_pb2

from proxima_client.arrays import Array, ResultReceiver
from proxima_client.bits import packed_bit_strings, placed_bit_strings
from proxima_client.convert import to_expectation_value, to_producer, to_rank_history
from proxima_client.values import Execution, ExpectationValue, Plan, Producer, RankHistory, Times

__all__ = ["BIT_ORDER", "Result", "build_result"]

BIT_ORDER = "qubit 0 is the least significant bit; bit strings are written highest index first"
_MAX_EXPANDED_QUBITS = 30
_SHOWN_ROWS = 10

Complex = NDArray[np.complex64] | NDArray[np.complex128]


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a run computed, who computed it and what it took.

    Attributes:
        execution: snapshot of the completed execution, with its plan.
        producer: who computed it.
        declared_qubit_count, clbit_count: bits that the circuit declares.
        active_qubits: declared indices of the simulated qubits, ascending; the others were idle and are in |0>.
        shots: samples behind `counts`; 0 where none were asked.
        expectation_values: in the order of the request.
        certified_error: bound of the truncation error (trace distance); None for methods that do not truncate.
        readout_included: counts and probabilities include readout error; states and expectation values never do.
        warnings: what the user should know about these numbers.
        rank_history: columns over the course of a low-rank simulation; None for other methods.
        arrays: what was received, as it was received.
    """

    execution: Execution
    producer: Producer
    declared_qubit_count: int
    clbit_count: int
    active_qubits: tuple[int, ...]
    shots: int
    expectation_values: tuple[ExpectationValue, ...]
    certified_error: float | None
    readout_included: bool
    warnings: tuple[str, ...]
    rank_history: RankHistory | None
    arrays: tuple[Array, ...] = field(repr=False)

    @cached_property
    def counts(self) -> Mapping[str, int] | None:
        """How often each outcome was seen; keys are all classical bits, highest index first. None where not asked."""
        outcomes, values = (
            self._array(result_pb2.ARRAY_ROLE_COUNT_OUTCOMES),
            self._array(result_pb2.ARRAY_ROLE_COUNT_VALUES),
        )
        if outcomes is None or values is None or self.clbit_count == 0:
            return None
        keys = packed_bit_strings(outcomes.data.view(np.uint8), width=self.clbit_count)
        return dict(zip(keys, values.data.tolist(), strict=True))

    @cached_property
    def probabilities(self) -> Mapping[str, float] | None:
        """Probability of each outcome that is not exactly 0, in ascending order of the bit string. None where not
        asked.

        Keys are all classical bits where the circuit measures, else all declared qubits; highest index first.
        """
        array = self._array(result_pb2.ARRAY_ROLE_PROBABILITIES)
        if array is None:
            return None
        return dict(sorted(self._probabilities(array, np.flatnonzero(array.data)).items()))

    def likeliest(self, count: int) -> Mapping[str, float]:
        """The `count` likeliest outcomes of `probabilities`, the likeliest first, without making all the others."""
        array = self._array(result_pb2.ARRAY_ROLE_PROBABILITIES)
        if array is None:
            return {}
        top = np.arange(array.data.size)
        if count < top.size:
            top = np.argpartition(array.data, top.size - count)[top.size - count :]
        top = top[np.argsort(-array.data[top].view(np.float64), kind="stable")]
        return self._probabilities(array, top[array.data[top] != 0])

    @property
    def probability_array(self) -> NDArray[np.float64] | None:
        """Probabilities as sent: float64, shape (2^b,); bit j of the index is bit `probability_bits[j]`."""
        array = self._array(result_pb2.ARRAY_ROLE_PROBABILITIES)
        return None if array is None else array.data.view(np.float64)

    @property
    def probability_bits(self) -> tuple[int, ...]:
        """Declared index of each bit of `probability_array`'s index, least significant first; clbits if it measures."""
        array = self._array(result_pb2.ARRAY_ROLE_PROBABILITIES)
        return () if array is None else array.axis_bits

    @property
    def active_statevector(self) -> Complex | None:
        """State before the terminal measurements: shape (2^a,), bit j of the index is qubit active_qubits[j]."""
        array = self._array(result_pb2.ARRAY_ROLE_STATEVECTOR)
        return None if array is None else _complex(array.data)

    @property
    def active_density_matrix(self) -> Complex | None:
        """Density matrix before the terminal measurements over `active_qubits`: shape (2^a, 2^a)."""
        array = self._array(result_pb2.ARRAY_ROLE_DENSITY_MATRIX)
        return None if array is None else _complex(array.data)

    @cached_property
    def statevector(self) -> Complex | None:
        """State before the terminal measurements over all declared qubits: shape (2^n,). None where not asked.

        Raises MemoryError where idle qubits make it larger than 2^30 amplitudes; use `active_statevector`.
        """
        active = self.active_statevector
        if active is None or self._indices is None:
            return active
        full = np.zeros(2**self.declared_qubit_count, dtype=active.dtype)
        full[self._indices] = active
        return _complex(full)

    @cached_property
    def density_matrix(self) -> Complex | None:
        """Density matrix before the terminal measurements over all declared qubits: shape (2^n, 2^n). None where not
        asked.

        Raises MemoryError where idle qubits make it larger than 2^30 entries; use `active_density_matrix`.
        """
        active = self.active_density_matrix
        if active is None or self._indices is None:
            return active
        if 2 * self.declared_qubit_count > _MAX_EXPANDED_QUBITS:
            raise MemoryError(f"4^{self.declared_qubit_count} entries with idle qubits; use active_density_matrix")
        full = np.zeros((2**self.declared_qubit_count,) * 2, dtype=active.dtype)
        full[np.ix_(self._indices, self._indices)] = active
        return _complex(full)

    @property
    def plan(self) -> Plan | None:
        """What was predicted and why this backend was chosen."""
        return self.execution.plan

    @property
    def times(self) -> Times:
        """Measured seconds."""
        return self.execution.times

    @cached_property
    def _indices(self) -> NDArray[np.intp] | None:
        """Index over the declared qubits of each index over the active ones; None where they are the same."""
        if self.active_qubits == tuple(range(self.declared_qubit_count)):
            return None
        if self.declared_qubit_count > _MAX_EXPANDED_QUBITS:
            raise MemoryError(
                f"2^{self.declared_qubit_count} amplitudes with idle qubits; use active_statevector, which is over the "
                f"{len(self.active_qubits)} simulated ones"
            )
        inner = np.arange(2 ** len(self.active_qubits), dtype=np.intp)
        outer = np.zeros_like(inner)
        for j, qubit in enumerate(self.active_qubits):
            outer |= ((inner >> j) & 1) << qubit
        return outer

    def _probabilities(self, array: Array, indices: NDArray[np.intp]) -> dict[str, float]:
        width = self.clbit_count if array.over_clbits else self.declared_qubit_count
        keys = placed_bit_strings(indices, axis_bits=array.axis_bits, width=max(width, 1))
        return dict(zip(keys, array.data[indices].tolist(), strict=True))

    def _array(self, role: int) -> Array | None:
        return next((array for array in self.arrays if array.role == role), None)

    def __repr__(self) -> str:
        who = f"{self.producer.backend}/{self.producer.engine} {self.producer.method}"
        return f"<Result {self.execution.name} by {who}, seed {self.producer.seed}, shots {self.shots}>"

    def _repr_html_(self) -> str:
        """A small table for notebooks: the likeliest outcomes, the expectation values, and who computed them."""
        shown: Mapping[str, float] = self.counts or self.likeliest(_SHOWN_ROWS)
        rows = sorted(shown.items(), key=lambda item: -item[1])[:_SHOWN_ROWS]
        body = "".join(f"<tr><td><code>{key}</code></td><td>{value:.6g}</td></tr>" for key, value in rows)
        rest = f"<tr><td colspan=2>and {len(shown) - len(rows)} more</td></tr>" if len(shown) > len(rows) else ""
        who = self.producer
        caption = html.escape(
            f"{who.backend} {who.engine} {who.engine_version}, {who.method}, {who.precision}, seed {who.seed}"
        )
        head = "count" if self.counts else "probability"
        outcomes = f"<tr><th>outcome</th><th>{head}</th></tr>{body}{rest}" if shown else ""
        return f"<table><caption>{caption}</caption>{outcomes}{self._expectation_rows()}</table>"

    def _expectation_rows(self) -> str:
        rows = [
            f"<tr><td><code>{html.escape(value.name)}</code></td><td>{value.value:.6g}"
            f"{'' if value.standard_error is None else f' ± {value.standard_error:.2g}'}</td></tr>"
            for value in self.expectation_values
        ]
        return "".join(["<tr><th>observable</th><th>value</th></tr>", *rows]) if rows else ""


def build_result(execution: Execution, receiver: ResultReceiver) -> Result:
    """Return the result of a completed execution from what was received. Raises Internal where bytes are missing."""
    arrays = receiver.arrays()
    header = receiver.header
    assert header is not None  # noqa: S101  # arrays() has checked
    return Result(
        execution=execution,
        producer=to_producer(header.producer),
        declared_qubit_count=header.declared_qubit_count,
        clbit_count=header.clbit_count,
        active_qubits=tuple(header.active_qubits),
        shots=header.shots,
        expectation_values=tuple(to_expectation_value(value) for value in header.expectation_values),
        certified_error=header.certified_error if header.HasField("certified_error") else None,
        readout_included=header.readout_included,
        warnings=tuple(header.warnings),
        rank_history=to_rank_history(header.rank_history) if header.HasField("rank_history") else None,
        arrays=arrays,
    )


def _complex(data: NDArray[np.generic]) -> Complex:
    return data.view(np.complex64) if data.dtype == np.complex64 else data.view(np.complex128)
