"""Expansion of a noise model into channel instructions and readout errors.

Noise attaches after user-defined gates are unrolled and before idle qubits are stripped. Every column is built at once;
nothing is done an instruction at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from proxima_orchestrator.circuit import Circuit, ClassicalConditions, Kind, Operation, SymbolicParameters
from proxima_orchestrator.noise.attachment import Attached, Rows, channel_operation
from proxima_orchestrator.noise.channels import placement_fault
from proxima_orchestrator.noise.errors import NoiseError
from proxima_orchestrator.noise.model import DELAY, NoiseModel, Placement, RuleMatch
from proxima_orchestrator.noise.moments import gaps
from proxima_orchestrator.noise.ragged import entry_starts, gather
from proxima_orchestrator.noise.readout import MAX_OPERATIONS, ReadoutPlacement, with_readout
from proxima_orchestrator.qasm.errors import LimitError
from proxima_orchestrator.qasm.limits import Limits

__all__ = ["Expansion", "expand"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Expansion:
    """A circuit with its noise.

    Attributes:
        circuit: the circuit; idle qubits are not stripped.
        instruction_count: gates and explicit unitaries, and delays where a rule matched them.
        noisy_instruction_count: how many of them have at least one channel of the model after them.
        channel_count: channels added.
        rules: what each rule did, in order.
        readout: where the readout errors went; its circuit has no channels yet.
    """

    circuit: Circuit
    instruction_count: int
    noisy_instruction_count: int
    channel_count: int
    rules: tuple[RuleMatch, ...]
    readout: ReadoutPlacement


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Addition:
    """Channels of one operation: after `rows` (-1 is the start), in the order of `places` among those after a row."""

    operation: Operation
    attached: Attached
    places: Integers
    is_conditional: bool


def expand(circuit: Circuit, model: NoiseModel, *, limits: Limits) -> Expansion:
    """Return the circuit with the channels and readout errors of a model.

    After an instruction stand the channels of the rules in order, each rule's by operand; then those by moments.

    Raises:
        NoiseError: a channel does not fit an instruction that its rule matches.
        LimitError: the circuit with its noise is over a limit.
    """
    if any(rule.placement is Placement.MOMENT for rule in model.rules):
        circuit = _over_declared(circuit)
    readout = with_readout(circuit, model.readout_errors)
    additions, matches, size = [], [], 0
    rows = Rows(readout.circuit)
    for index, rule in enumerate(model.rules):
        if rule.placement is Placement.MOMENT:
            matches.append(RuleMatch(instruction_count=0, channel_count=0))
            continue
        attached = rows.attach(rule, index)
        size += int(attached.rows.size)
        _check_size(circuit.instruction_count + size, limits)
        matches.append(
            RuleMatch(instruction_count=int(np.unique(attached.rows).size), channel_count=int(attached.rows.size))
        )
        for width in np.unique(attached.widths).tolist():
            operation = channel_operation(rule.channel, width)
            of_width = _of_width(attached, width)
            places = np.full(of_width.rows.size, index, dtype=np.int64)
            additions.append(_Addition(operation=operation, attached=of_width, places=places, is_conditional=True))
    additions += _by_moments(readout.circuit, model, matches, limits, size)
    noisy = np.zeros(circuit.instruction_count, dtype=np.bool_)
    for item in additions:
        noisy[item.attached.rows[item.attached.rows >= 0]] = True
    attachable = _attachable(circuit, model)
    return Expansion(
        circuit=_merge(readout.circuit, additions, limits),
        instruction_count=int(attachable.sum()),
        noisy_instruction_count=int((noisy & attachable).sum()),
        channel_count=sum(int(item.attached.rows.size) for item in additions),
        rules=tuple(matches),
        readout=readout,
    )


def _attachable(circuit: Circuit, model: NoiseModel) -> NDArray[np.bool_]:
    """Return for each instruction whether noise can attach to it: gates, unitaries, and delays that a rule names."""
    delays = any(DELAY in rule.gate_names for rule in model.rules)
    kinds = {Kind.GATE, Kind.UNITARY, *({Kind.DELAY} if delays else ())}
    return np.array([item.kind in kinds for item in circuit.operations], dtype=np.bool_)[circuit.opcodes]


def _by_moments(
    circuit: Circuit, model: NoiseModel, matches: list[RuleMatch], limits: Limits, size: int
) -> list[_Addition]:
    """Return the channels of the rules by moments, and put what each did into `matches`."""
    chosen = [(index, rule) for index, rule in enumerate(model.rules) if rule.placement is Placement.MOMENT]
    if not chosen:
        return []
    passing = gaps(circuit)
    additions = []
    for index, rule in chosen:
        fault = placement_fault(rule.channel, 1)
        if fault is not None:
            raise NoiseError(index, f"the channel cannot act on each qubit after a moment: {fault}")
        kept = np.ones(passing.rows.size, dtype=np.bool_)
        if rule.qubits:
            kept = np.isin(passing.qubits, sorted(rule.qubits))
        counts = passing.counts[kept]
        total = int(counts.sum())
        size += total
        _check_size(circuit.instruction_count + size, limits)
        attached = Attached(
            rows=np.repeat(passing.rows[kept], counts),
            widths=np.ones(total, dtype=np.int64),
            qubits=np.repeat(passing.qubits[kept], counts),
            parameters=np.tile(np.array(rule.channel.parameters, dtype=np.float64), (total, 1)),
        )
        matches[index] = RuleMatch(instruction_count=0, channel_count=total)
        additions.append(
            _Addition(
                operation=channel_operation(rule.channel, 1),
                attached=attached,
                # Moment after moment, in each the rules in order; all after the channels of the instruction itself.
                places=len(model.rules) * (1 + np.arange(total) - np.repeat(entry_starts(counts), counts)) + index,
                is_conditional=False,
            )
        )
    return additions


def _check_size(instructions: int, limits: Limits) -> None:
    if instructions > limits.instructions:
        raise LimitError(
            f"the circuit has more than {limits.instructions} instructions with its noise, which is the limit; use a "
            "smaller circuit, or noise on fewer gates",
            details={"limit": "instructions", "maximum": str(limits.instructions)},
        )


def _of_width(attached: Attached, width: int) -> Attached:
    """Return the channels that act on so many qubits."""
    chosen = attached.widths == width
    if chosen.all():
        return attached
    starts = entry_starts(attached.widths)
    return Attached(
        rows=attached.rows[chosen],
        widths=attached.widths[chosen],
        qubits=attached.qubits[gather(starts[chosen], attached.widths[chosen])],
        parameters=attached.parameters[chosen],
    )


def _over_declared(circuit: Circuit) -> Circuit:
    """Return the circuit with a column qubit for each declared qubit: noise by moments meets the idle ones too."""
    if circuit.qubit_count == circuit.declared_qubit_count:
        return circuit
    return replace(
        circuit,
        qubit_count=circuit.declared_qubit_count,
        qubits=circuit.active_qubits[circuit.qubits].astype(np.uint32),
        active_qubits=np.arange(circuit.declared_qubit_count, dtype=np.int32),
    )


def _merge(circuit: Circuit, additions: list[_Addition], limits: Limits) -> Circuit:
    """Return the circuit with the channels put after their rows."""
    table = [*circuit.operations]
    opcode_of: dict[tuple[str, int], int] = {}
    opcodes = [circuit.opcodes.astype(np.int64)]
    rows = [np.arange(circuit.instruction_count, dtype=np.int64)]
    places = [np.full(circuit.instruction_count, -1, dtype=np.int64)]
    for item in additions:
        count = item.attached.rows.size
        opcodes.append(np.full(count, _opcode(table, opcode_of, item.operation), dtype=np.int64))
        rows.append(item.attached.rows)
        places.append(item.places)
    used, new_opcodes = np.unique(np.concatenate(opcodes), return_inverse=True)
    if used.size > MAX_OPERATIONS:
        raise LimitError(
            f"the circuit has {used.size} kinds of operations with its noise, the limit is {MAX_OPERATIONS}",
            details={"limit": "operations", "maximum": str(MAX_OPERATIONS)},
        )
    qubits = np.concatenate([circuit.qubits, *(item.attached.qubits for item in additions)])
    if qubits.size > limits.operands:
        raise LimitError(
            f"the circuit has {qubits.size} qubit operands with its noise, the limit is {limits.operands}",
            details={"limit": "operands", "maximum": str(limits.operands)},
        )
    order = np.lexsort((np.concatenate(places), np.concatenate(rows)))
    lengths = np.concatenate([circuit.qubit_counts(), *(item.attached.widths for item in additions)])
    parameters = np.concatenate([circuit.parameters, *(item.attached.parameters.ravel() for item in additions)])
    operations = tuple(table[index] for index in used.tolist())
    widths = np.array([item.parameter_count for item in operations], dtype=np.int64)[new_opcodes]
    parameter_order = gather(entry_starts(widths)[order], widths[order])
    return replace(
        circuit,
        operations=operations,
        opcodes=new_opcodes[order].astype(np.uint16),
        qubits=qubits[gather(entry_starts(lengths)[order], lengths[order])].astype(np.uint32),
        parameters=parameters[parameter_order],
        conditions=_conditions(circuit, additions, order),
        symbolic_parameters=_symbols(circuit.symbolic_parameters, parameter_order),
    )


def _opcode(table: list[Operation], known: dict[tuple[str, int], int], operation: Operation) -> int:
    """Return the opcode of a channel, which enters the table once; Kraus operators are an operation each."""
    key = (operation.name, operation.qubit_count)
    if operation.matrix is None and key in known:
        return known[key]
    table.append(operation)
    known[key] = len(table) - 1
    return len(table) - 1


def _conditions(circuit: Circuit, additions: list[_Addition], order: Integers) -> ClassicalConditions | None:
    """Return the conditions at their new rows; a channel has those of the gate that it follows."""
    old = circuit.conditions
    if old is None:
        return None
    new_row = np.empty_like(order)
    new_row[order] = np.arange(order.size)
    rows, sources = [new_row[old.instructions]], [np.arange(old.instructions.size)]
    first = circuit.instruction_count
    for item in additions:
        count = item.attached.rows.size
        if item.is_conditional:
            low = np.searchsorted(old.instructions, item.attached.rows, side="left")
            high = np.searchsorted(old.instructions, item.attached.rows, side="right")
            rows.append(np.repeat(new_row[first : first + count], high - low))
            sources.append(gather(low, high - low))
        first += count
    instructions, source = np.concatenate(rows), np.concatenate(sources)
    by_row = np.argsort(instructions, kind="stable")
    source = source[by_row]
    return ClassicalConditions(
        instructions=instructions[by_row].astype(np.uint32),
        first_clbits=old.first_clbits[source],
        widths=old.widths[source],
        values=old.values[source],
        negated=old.negated[source],
    )


def _symbols(old: SymbolicParameters | None, parameter_order: Integers) -> SymbolicParameters | None:
    if old is None:
        return None
    position = np.empty_like(parameter_order)
    position[parameter_order] = np.arange(parameter_order.size)
    return replace(old, positions=position[old.positions].astype(np.uint32))
