"""What a user should know about a noise model and where it attached."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from proxima_orchestrator.circuit import Circuit, Kind
from proxima_orchestrator.gates import STANDARD_GATES
from proxima_orchestrator.noise.expansion import Expansion
from proxima_orchestrator.noise.model import DELAY, UNITARY, NoiseModel, ReadoutError, Rule

__all__ = ["noise_warnings"]

_LISTED = 3
_NAMES = 8


def noise_warnings(model: NoiseModel, source: Circuit, expansion: Expansion) -> tuple[str, ...]:
    """Return a sentence for each thing worth saying: what was changed, and what matched nothing."""
    found = list(model.notices)
    idle = _idle(model, expansion)
    occurring = _occurring(source)
    for group in idle[:_LISTED]:
        rule = model.rules[group[0]]
        which = f"noise rule {group[0] + 1} ({_described(rule)}) matches"
        if len(group) > 1:
            which = f"{len(group)} noise rules (the first is {_described(rule)}) match"
        hint = _hint(rule)
        found.append(f"{which} 0 instructions: {occurring}{f'; {hint}' if hint else ''}")
    if len(idle) > _LISTED:
        rest = sum(map(len, idle[_LISTED:]))
        found.append(f"{rest} more of the {len(model.rules)} noise rules match 0 instructions")
    unmatched = expansion.readout.unmatched
    for index in unmatched[:_LISTED]:
        found.append(
            f"readout error {index + 1} ({_readout(model.readout_errors[index])}) decides 0 measurements: no measured "
            "qubit has it, or a later one wins"
        )
    if len(unmatched) > _LISTED:
        found.append(f"{len(unmatched) - _LISTED} more readout errors decide 0 measurements")
    if expansion.readout.kept_count:
        found.append(
            f"{expansion.readout.kept_count} measurement(s) keep the readout error that the circuit gives them, "
            "whatever the noise model says"
        )
    return tuple(found)


def _idle(model: NoiseModel, expansion: Expansion) -> list[list[int]]:
    """Return the rules that match nothing, in groups.

    A table of a device has a rule for each gate and qubit: those of one gate count together, and matter where none of
    them matches. That no delay occurs is no surprise to a rule that lasts as long as one.
    """
    groups: dict[tuple[frozenset[str], str] | int, list[int]] = {}
    for index, rule in enumerate(model.rules):
        if not rule.duration_of_delay:
            key = (rule.gate_names, rule.channel.name) if rule.gate_names and rule.target_qubits else index
            groups.setdefault(key, []).append(index)
    return [group for group in groups.values() if not any(expansion.rules[index].channel_count for index in group)]


def _described(rule: Rule) -> str:
    parts = [" ".join([rule.channel.name, *(f"{value:g}" for value in rule.channel.parameters)])]
    if rule.gate_names:
        parts.append(f"gates {_listed(sorted(rule.gate_names))}")
    for name, indices in (
        ("qubits", sorted(rule.qubits)),
        ("on qubits", sorted(rule.target_qubits)),
        ("instructions", list(rule.instructions)),
    ):
        if indices:
            parts.append(f"{name} {_listed([str(item) for item in indices])}")
    return ", ".join(parts)


def _readout(error: ReadoutError) -> str:
    where = f"qubits {_listed([str(item) for item in sorted(error.qubits)])}" if error.qubits else "all qubits"
    return f"{error.one_given_zero:g}, {error.zero_given_one:g}, {where}"


def _occurring(source: Circuit) -> str:
    used = {source.operations[opcode] for opcode in set(source.opcodes.tolist())}
    names = sorted({item.name for item in used if item.kind in (Kind.GATE, Kind.UNITARY, Kind.DELAY)})
    return f"the circuit has {_listed(names)}" if names else "the circuit has no gates"


def _hint(rule: Rule) -> str:
    """Return which name may have been meant, for the first that is no gate of the vocabulary."""
    known = [*STANDARD_GATES, UNITARY, DELAY]
    for name in sorted(rule.gate_names - set(known)):
        near = difflib.get_close_matches(name, known, n=1)
        meant = f", {near[0]} is" if near else ""
        return f"{name[:40]!r} is no name of a gate{meant} (docs/gates.md)"
    return ""


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMES
    return ", ".join(name[:40] for name in names[:_NAMES]) + (f" and {rest} more" if rest > 0 else "")
