"""Which instructions a rule matches, and the channels that it adds there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.circuit import Circuit, Kind, Operation
from proxima_orchestrator.noise.channels import Channel, counted_qubits, placement_fault
from proxima_orchestrator.noise.errors import NoiseError
from proxima_orchestrator.noise.model import DELAY, UNITARY, Placement, Rule
from proxima_orchestrator.noise.ragged import entry_starts, gather
from proxima_orchestrator.qasm.errors import LimitError

__all__ = ["Attached", "Rows", "channel_operation", "matches_operation"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Attached:
    """Channels that follow instructions, one a row; arrays of shape (channels,) but `qubits`, which is concatenated.

    Attributes:
        rows: the instruction that each follows, int64, ascending.
        widths: qubits of each, int64.
        qubits: column qubits, int64, shape (sum of widths,).
        parameters: float64, shape (channels, parameter_count).
    """

    rows: Integers
    widths: Integers
    qubits: Integers
    parameters: NDArray[np.float64]


class Rows:
    """The rows of a circuit by operand, made once for all rules of a model."""

    def __init__(self, circuit: Circuit, *, max_work: int = 1_000_000_000) -> None:
        """Prepare to match rules; together they may look at `max_work` operands, which takes some ten seconds."""
        self._left = max_work
        self.circuit = circuit
        self.lengths = circuit.qubit_counts()
        self.of_entry = np.repeat(np.arange(circuit.instruction_count, dtype=np.int64), self.lengths)
        self.declared = circuit.active_qubits[circuit.qubits].astype(np.int64)
        self._order: Integers | None = None
        self._firsts: Integers | None = None

    def entries(self, qubits: frozenset[int]) -> Integers:
        """Return the entries of the column `qubits` that are one of these declared qubits, ascending; empty is all."""
        if not qubits:
            return np.arange(self.declared.size, dtype=np.int64)
        if self._order is None or self._firsts is None:
            self._order = np.argsort(self.declared, kind="stable")
            self._firsts = np.searchsorted(
                self.declared[self._order], np.arange(self.circuit.declared_qubit_count + 1)
            ).astype(np.int64)
        wanted = np.array(sorted(item for item in qubits if item < self.circuit.declared_qubit_count), dtype=np.int64)
        starts = self._firsts[wanted]
        return np.sort(self._order[gather(starts, self._firsts[wanted + 1] - starts)])

    def attach(self, rule: Rule, index: int) -> Attached:
        """Return the channels that a rule, number `index` of its model, places jointly or on each operand.

        Raises:
            NoiseError: the channel does not fit what the rule matches.
            LimitError: the rules look at too many operands altogether.
        """
        entries = self._matched(rule)
        rows = self.of_entry[entries]
        if rule.placement is Placement.JOINT:
            rows, widths = np.unique(rows, return_counts=True)
        else:
            widths = np.ones(rows.size, dtype=np.int64)
        self._check_widths(rule, index, rows, widths)
        parameters = np.tile(np.array(rule.channel.parameters, dtype=np.float64), (rows.size, 1))
        if rule.duration_of_delay:
            parameters[:, 2] = self._delays(index, rows)
        return Attached(
            rows=rows.astype(np.int64),
            widths=widths.astype(np.int64),
            qubits=self.circuit.qubits[entries].astype(np.int64),
            parameters=parameters,
        )

    def _matched(self, rule: Rule) -> Integers:
        """Return the entries of the column `qubits` that the rule's channel acts on, ascending."""
        circuit = self.circuit
        allowed = np.array([matches_operation(rule, item) for item in circuit.operations], dtype=np.bool_)
        if not allowed.any():
            return np.zeros(0, dtype=np.int64)
        entries = self.entries(rule.qubits or rule.target_qubits)
        self._left -= int(entries.size)
        if self._left < 0:
            raise LimitError(
                "so many noise rules on a circuit of this size take too long; name gates and qubits in fewer rules",
                details={"limit": "noise_rules"},
            )
        rows = self.of_entry[entries]
        kept = allowed[circuit.opcodes[rows]]
        if rule.instructions:
            kept &= np.isin(rows, np.array(rule.instructions, dtype=np.int64))
        entries, rows = entries[kept], rows[kept]
        if rule.qubits:
            # All operands have to be listed: as many entries are here as the row has.
            _, inverse, counts = np.unique(rows, return_inverse=True, return_counts=True)
            entries = entries[counts[inverse] == self.lengths[rows]]
            if rule.target_qubits:
                entries = entries[np.isin(self.declared[entries], sorted(rule.target_qubits))]
        return entries

    def _check_widths(self, rule: Rule, index: int, rows: Integers, widths: Integers) -> None:
        for width in np.unique(widths).tolist():
            fault = placement_fault(rule.channel, width)
            if fault is None:
                continue
            row = int(rows[int(np.argmax(widths == width))])
            name = self.circuit.operations[int(self.circuit.opcodes[row])].name
            if rule.placement is Placement.JOINT:
                raise NoiseError(
                    index,
                    f"the channel cannot act jointly on the {counted_qubits(width)} of {name}: {fault}; name the gates "
                    "that it is for, or place it on each qubit",
                )
            raise NoiseError(index, f"the channel cannot act on each qubit of {name}: {fault}; place it jointly")

    def _delays(self, index: int, rows: Integers) -> NDArray[np.float64]:
        """Return the durations of delays in seconds."""
        counts = np.array([item.parameter_count for item in self.circuit.operations], dtype=np.int64)
        durations = self.circuit.parameters[entry_starts(counts[self.circuit.opcodes])[rows]]
        if bool((durations < 0).any()):
            raise NoiseError(index, "a delay has a negative duration; relaxation needs one of 0 or more")
        return durations


def matches_operation(rule: Rule, operation: Operation) -> bool:
    """Return whether a rule applies to instructions of an operation, whatever their operands."""
    names = rule.gate_names
    if operation.kind is Kind.GATE:
        return not names or operation.name in names
    if operation.kind is Kind.UNITARY:
        return not names or UNITARY in names or operation.name in names
    return operation.kind is Kind.DELAY and DELAY in names


def channel_operation(channel: Channel, width: int) -> Operation:
    """Return the entry of the operation table for a channel on so many qubits."""
    return Operation(
        kind=Kind.CHANNEL,
        name=channel.name,
        qubit_count=width,
        parameter_count=len(channel.parameters),
        matrix=channel.kraus,
    )
