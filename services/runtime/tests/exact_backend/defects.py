"""Ways to get an instruction wrong, which the conformance suite must notice."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.channels import kraus
from proxima_runtime.arrays.instructions import Instruction

from .defect import VARIABLE

_KIND = circuit_pb2.Operation


def spoil(instruction: Instruction) -> Instruction | None:
    """Return the instruction as the defect has it; None where it is lost."""
    defect = DEFECTS.get(os.environ.get(VARIABLE, ""))
    return instruction if defect is None else defect(instruction)


def _weaker_depolarizing(instruction: Instruction) -> Instruction:
    """Cirq's convention: the parameter is the probability of a Pauli error."""
    if instruction.name != "depolarizing":
        return instruction
    size = 4.0 ** len(instruction.qubits)
    p = min(instruction.parameters[0] * size / (size - 1), size / (size - 1))
    return replace(instruction, matrix=kraus("depolarizing", (p,), len(instruction.qubits)))


def _depolarizing_each(instruction: Instruction) -> Instruction:
    if instruction.name != "depolarizing" or len(instruction.qubits) != 2 or instruction.matrix is None:
        return instruction
    one = kraus("depolarizing", (min(instruction.parameters[0], 1.0),), 1)
    return replace(instruction, matrix=np.array([np.kron(a, b) for a in one for b in one]))


def _no_weak_noise(instruction: Instruction) -> Instruction | None:
    is_weak = instruction.kind == _KIND.KIND_CHANNEL and 0 < min(instruction.parameters, default=1.0) < 1e-5
    return None if is_weak and instruction.name == "depolarizing" else instruction


def _reversed_operands(kind: circuit_pb2.Operation.Kind) -> Callable[[Instruction], Instruction]:
    def spoiled(instruction: Instruction) -> Instruction:
        return replace(instruction, qubits=instruction.qubits[::-1]) if instruction.kind == kind else instruction

    return spoiled


def _swapped_population(instruction: Instruction) -> Instruction:
    if instruction.name not in ("amplitude_damping", "thermal_relaxation"):
        return instruction
    *others, population = instruction.parameters
    return replace(instruction, matrix=kraus(instruction.name, (*others, 1 - population), 1))


def _t2_capped_at_t1(instruction: Instruction) -> Instruction:
    if instruction.name != "thermal_relaxation":
        return instruction
    t1, t2, *others = instruction.parameters
    return replace(instruction, matrix=kraus(instruction.name, (t1, min(t1, t2), *others), 1))


def _transposed_readout(instruction: Instruction) -> Instruction:
    if instruction.readout is None:
        return instruction
    return replace(instruction, readout=np.ascontiguousarray(instruction.readout[::-1, ::-1]))


def _without_negation(instruction: Instruction) -> Instruction:
    return replace(instruction, conditions=tuple(replace(entry, negated=False) for entry in instruction.conditions))


def _first_condition_only(instruction: Instruction) -> Instruction:
    return replace(instruction, conditions=instruction.conditions[:1])


def _one_bit_conditions(instruction: Instruction) -> Instruction:
    narrow = tuple(replace(entry, width=1, value=entry.value & 1) for entry in instruction.conditions)
    return replace(instruction, conditions=narrow)


def _lost(kind: circuit_pb2.Operation.Kind) -> Callable[[Instruction], Instruction | None]:
    return lambda instruction: None if instruction.kind == kind else instruction


def _reset_to_one_if_one(instruction: Instruction) -> Instruction:
    """A reset that only dephases."""
    if instruction.kind != _KIND.KIND_RESET:
        return instruction
    return replace(instruction, kind=_KIND.KIND_CHANNEL, matrix=kraus("phase_damping", (1.0,), 1))


def _unconditional_noise(instruction: Instruction) -> Instruction:
    return replace(instruction, conditions=()) if instruction.kind == _KIND.KIND_CHANNEL else instruction


DEFECTS: Mapping[str, Callable[[Instruction], Instruction | None]] = {
    "weaker-depolarizing": _weaker_depolarizing,
    "depolarizing-each": _depolarizing_each,
    "no-weak-noise": _no_weak_noise,
    "reversed-channel-operands": _reversed_operands(_KIND.KIND_CHANNEL),
    "reversed-unitary-operands": _reversed_operands(_KIND.KIND_UNITARY),
    "swapped-population": _swapped_population,
    "t2-capped-at-t1": _t2_capped_at_t1,
    "transposed-readout": _transposed_readout,
    "without-negation": _without_negation,
    "first-condition-only": _first_condition_only,
    "one-bit-conditions": _one_bit_conditions,
    "lost-reset": _lost(_KIND.KIND_RESET),
    "dephasing-reset": _reset_to_one_if_one,
    "lost-unitary": _lost(_KIND.KIND_UNITARY),
    "unconditional-noise": _unconditional_noise,
}
"""Name to what it makes of an instruction."""
