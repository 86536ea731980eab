"""The one module that talks to qsim.

It fills qsim's own circuit straight from the columns and calls the functions behind `qsimcirq.QSimSimulator`: a
`cirq.Circuit` in between costs ten times the translation and more than a small simulation. qsim numbers qubits as
Proxima does; its matrices have the first operand most significant, so operands are handed over reversed. Everything is
complex64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.arrays.gates import FIXED, PARAMETRIC
from proxima_runtime.arrays.program import Program
from proxima_runtime.errors import Internal
from qsimcirq import qsim as library

Complex64 = npt.NDArray[np.complex64]

WIDE_QUBITS = 22
"""From here on gates are fused up to 4 qubits, below up to 2, as qsim's documentation advises."""


class NativeCircuit(Protocol):
    """What we use of `qsim.Circuit`."""

    num_qubits: int


# Time step, operands, parameters, circuit.
_Emit = Callable[[int, list[int], list[float], NativeCircuit], None]

_NO_PARAMETERS: Mapping[str, float] = {}
_BY_NAME = {
    "id": library.kI1,
    "x": library.kX,
    "y": library.kY,
    "z": library.kZ,
    "h": library.kH,
    "s": library.kS,
    "t": library.kT,
    "cx": library.kCX,
    "cz": library.kCZ,
    "swap": library.kSWAP,
    "iswap": library.kISWAP,
    "ccx": library.kCCX,
    "ccz": library.kCCZ,
    "cswap": library.kCSwapGate,
}
# Too wide to be worth a matrix: a one-qubit matrix under controls.
_UNDER_CONTROLS: Mapping[str, Sequence[complex]] = {"c3x": (0, 1, 1, 0), "c3sx": FIXED["sx"], "c4x": (0, 1, 1, 0)}


def append_gates(program: Program, circuit: NativeCircuit) -> None:
    """Append the gates of `program` to an empty circuit.

    Raises:
        Internal: not every instruction and operand of the columns was used exactly once
            (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    emitters = tuple(_emitter(name) if name else None for name in program.names)
    widths, arities = program.qubit_counts, program.parameter_counts
    qubits, parameters = program.qubits, program.parameters
    at_qubit = at_parameter = step = 0
    for opcode in program.opcodes:
        next_qubit = at_qubit + widths[opcode]
        next_parameter = at_parameter + arities[opcode]
        emit = emitters[opcode]
        if emit is not None:
            emit(step, qubits[at_qubit:next_qubit], parameters[at_parameter:next_parameter], circuit)
            step += 1
        at_qubit, at_parameter = next_qubit, next_parameter
    expected = (program.row_count - program.set_aside_count, len(qubits), len(parameters))
    if (step, at_qubit, at_parameter) != expected:
        raise Internal(
            f"the translated circuit has (gates, operands, parameters) {(step, at_qubit, at_parameter)}, "
            f"the columns have {expected}; report this with the circuit",
            reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
            metadata={"engine": "qsim", "expected": str(expected), "actual": str((step, at_qubit, at_parameter))},
        )


def new_circuit(qubit_count: int) -> NativeCircuit:
    """Return an empty circuit of qsim's own type."""
    circuit: NativeCircuit = library.Circuit()
    circuit.num_qubits = qubit_count
    return circuit


def final_state(circuit: NativeCircuit, *, seed: int, thread_count: int) -> tuple[Complex64, float]:
    """Return the state, shape (2^n,), qubit 0 least significant, and the seconds that qsim took.

    Raises:
        MemoryError: qsim could not allocate and said so.
        Internal: qsim failed for another reason (ERROR_REASON_ENGINE_FAILED).
    """
    options = {
        "c": circuit,
        "s": seed & 0x7FFFFFFF,
        "f": 4 if circuit.num_qubits >= WIDE_QUBITS else 2,
        "t": thread_count,
        "r": 1,
        "g": False,
        "gmode": 0,
        "gsst": 512,
        "gdb": 16,
        "v": 0,
        "z": False,
    }
    started = time.perf_counter()
    try:
        raw = library.qsim_simulate_fullstate(options, 0)
    except (RuntimeError, ValueError, TypeError) as error:
        raise _failure(str(error)) from error
    seconds = time.perf_counter() - started
    state: Complex64 = raw.view(np.complex64)
    if state.shape != (1 << circuit.num_qubits,):
        raise _failure(f"a state of {state.size} amplitudes for {circuit.num_qubits} qubits")
    return state, seconds


def _emitter(name: str) -> _Emit:
    """Return what appends gate `name`. Raises KeyError for a gate outside the vocabulary."""
    if name in _BY_NAME:
        return _named(_BY_NAME[name])
    if name in _UNDER_CONTROLS:
        return _under_controls(_flat(_UNDER_CONTROLS[name]))
    if name in PARAMETRIC:
        return _parametric(PARAMETRIC[name])
    return _fixed(_flat(FIXED[name]))


def _named(kind: object) -> _Emit:
    add = library.add_gate

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        add(kind, step, operands, _NO_PARAMETERS, circuit)

    return emit


def _under_controls(matrix: list[float]) -> _Emit:
    add, control = library.add_matrix_gate, library.control_last_gate

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        *controls, target = operands
        add(step, [target], matrix, circuit)
        control(controls, [1] * len(controls), circuit)

    return emit


def _parametric(matrix_of: Callable[..., Sequence[complex]]) -> _Emit:
    add = library.add_matrix_gate

    def emit(step: int, operands: list[int], parameters: list[float], circuit: NativeCircuit) -> None:
        flat = []
        for entry in matrix_of(*parameters):
            flat.append(entry.real)
            flat.append(entry.imag)
        add(step, operands[::-1], flat, circuit)

    return emit


def _fixed(matrix: list[float]) -> _Emit:
    add = library.add_matrix_gate

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        add(step, operands[::-1], matrix, circuit)

    return emit


def _flat(matrix: Sequence[complex]) -> list[float]:
    return [part for entry in matrix for part in (entry.real, entry.imag)]


def _failure(message: str) -> Exception:
    if "bad_alloc" in message or "memory" in message:
        return MemoryError(f"qsim: {message}")
    return Internal(
        f"qsim failed: {message}",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": "qsim", "message": message},
    )
