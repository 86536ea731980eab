"""In how many different ways a circuit's noise can push its state, counted from the columns. Imports no numpy.

Errors on a wire between two gates on several qubits push in three directions at most, X, Y and Z, whatever stands on
one qubit between them. A gate on several qubits makes new ones of those that it does not commute with: two for each
operand, and of a rotation by a small angle hardly any. A swap makes none.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proxima.simulation.v1 import circuit_pb2

_KIND = circuit_pb2.Operation
_PAIR = 2

_TURNS: Mapping[str, float] = {"cp": 0.5, "crx": 0.5, "cry": 0.5, "crz": 0.5, "rxx": 1.0, "ryy": 1.0, "rzz": 1.0}
"""Gates that turn by their first angle times this; X before and after differ by the sine."""

_MOST, _FIRST, _OF_PAIRS, _OF_MANY = 3.0, 2.0, 2.0, 1.0
"""New directions on a wire: at most, at its beginning, by a gate on two qubits, by one on more (measured)."""


_MAPS_OF_MANY = 5
"""Maps on two qubits that a gate on three becomes, about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Directions:
    """What was counted.

    Attributes:
        count: different directions.
        map_count: maps that the circuit is fused to, those on one qubit left out.
    """

    count: float
    map_count: int


def count_directions(circuit: circuit_pb2.Circuit, operator_counts: Sequence[int]) -> Directions:
    """Count the directions of a circuit that the runtime has checked.

    Args:
        circuit: the columns.
        operator_counts: Kraus operators of each entry of the table, 1 for a gate.
    """
    table = circuit.operations
    shapes = [(entry.kind, entry.name, entry.qubit_count, entry.parameter_count) for entry in table]
    qubits, parameters = array("I", circuit.qubits), array("d", circuit.parameters)
    fresh = [_FIRST] * circuit.qubit_count
    partner = [-1] * circuit.qubit_count
    total, map_count = 0.0, 0
    at_qubit = at_parameter = 0
    for code in array("H", circuit.opcodes):
        kind, name, width, arity = shapes[code]
        operands = qubits[at_qubit : at_qubit + width]
        if kind == _KIND.KIND_CHANNEL:
            found = sum(fresh[qubit] for qubit in operands)
            if width > 1:
                # Joint errors too, in proportion.
                found *= (4**width - 1) / (_MOST * width)
            total += min(found, operator_counts[code] - 1)
            for qubit in operands:
                fresh[qubit] = 0.0
        elif width > 1 and kind in (_KIND.KIND_GATE, _KIND.KIND_UNITARY):
            maps = 1 if width == _PAIR or kind != _KIND.KIND_GATE else _MAPS_OF_MANY
            new = _new(name, width, parameters[at_parameter] if arity else 0.0)
            if width == _PAIR and partner[operands[0]] == operands[1] and partner[operands[1]] == operands[0]:
                # Both act on the same pair, and are one map.
                new, maps = 0.0, 0
            map_count += maps
            if name == "swap":
                first, second = operands
                fresh[first], fresh[second] = fresh[second], fresh[first]
            for place, qubit in enumerate(operands):
                fresh[qubit] = min(fresh[qubit] + new, _MOST)
                partner[qubit] = operands[1 - place] if width == _PAIR else -1
        at_qubit += width
        at_parameter += arity
    return Directions(count=total, map_count=map_count)


def _new(name: str, width: int, angle: float) -> float:
    if name == "swap":
        return 0.0
    if name in _TURNS:
        return _OF_PAIRS * abs(math.sin(angle * _TURNS[name]))
    return _OF_PAIRS if width == _PAIR else _OF_MANY
