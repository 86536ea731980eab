"""qsim's simulation of circuits that have only gates, and the gates themselves.

It fills qsim's own circuit straight from the columns and calls the functions behind `qsimcirq.QSimSimulator`: a
`cirq.Circuit` in between costs ten times the translation and more than a small simulation. qsim numbers qubits as
Proxima does; its matrices have the first operand most significant, so operands are handed over reversed. Everything is
complex64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.arrays.gates import FIXED, PARAMETRIC
from proxima_runtime.arrays.program import Program
from proxima_runtime.errors import Internal
from qsimcirq import qsim as library

from proxima_backend_cirq.failures import mismatch

Complex64 = npt.NDArray[np.complex64]
Answer = TypeVar("Answer")

WIDE_QUBITS = 22
"""From here on gates are fused up to 4 qubits, below up to 2, as qsim's documentation advises."""


class NativeCircuit(Protocol):
    """What we use of `qsim.Circuit`."""

    num_qubits: int


# Time step, operands, parameters, circuit.
Emit = Callable[[int, list[int], list[float], NativeCircuit], None]


@dataclass(frozen=True, kw_only=True)
class Appenders:
    """qsim's functions that append to one of its two types of circuit.

    Attributes:
        gate: kind, time step, operands, parameters by name, circuit.
        matrix: time step, operands, real and imaginary parts in turn, circuit.
        control: control qubits and their values, circuit; acts on the gate appended last.
    """

    gate: Callable[[object, int, Sequence[int], Mapping[str, float], NativeCircuit], None]
    matrix: Callable[[int, Sequence[int], Sequence[float], NativeCircuit], None]
    control: Callable[[Sequence[int], Sequence[int], NativeCircuit], None]


GATES_ONLY = Appenders(gate=library.add_gate, matrix=library.add_matrix_gate, control=library.control_last_gate)
"""For circuits of gates, `new_circuit`."""

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
    emitters = tuple(emitter(name, GATES_ONLY) if name else None for name in program.names)
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
        actual = (step, at_qubit, at_parameter)
        raise mismatch("qsim", what="(gates, operands, parameters)", expected=str(expected), actual=str(actual))


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
    started = time.perf_counter()
    raw = call(library.qsim_simulate_fullstate, options(circuit, seed=seed, thread_count=thread_count), 0)
    seconds = time.perf_counter() - started
    return as_state(raw, circuit.num_qubits), seconds


def options(circuit: NativeCircuit, *, seed: int, thread_count: int) -> dict[str, object]:
    """Return the settings of one call: fusion, threads, seed (31 bits of it)."""
    return {
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


def call(function: Callable[..., Answer], *arguments: object) -> Answer:
    """Call into qsim.

    Raises:
        MemoryError: it could not allocate and said so.
        Internal: it failed for another reason (ERROR_REASON_ENGINE_FAILED).
    """
    try:
        return function(*arguments)
    except (RuntimeError, ValueError, TypeError) as error:
        raise failure(str(error)) from error


def as_state(raw: npt.NDArray[np.float32], qubit_count: int) -> Complex64:
    """Return qsim's numbers as a state, shape (2^n,).

    Raises:
        Internal: there are not as many (ERROR_REASON_ENGINE_FAILED).
    """
    state: Complex64 = raw.view(np.complex64)
    if state.shape != (1 << qubit_count,):
        raise failure(f"a state of {state.size} amplitudes for {qubit_count} qubits")
    return state


def emitter(name: str, appenders: Appenders) -> Emit:
    """Return what appends gate `name`. Raises KeyError for a gate outside the vocabulary."""
    if name in _BY_NAME:
        return _named(_BY_NAME[name], appenders)
    if name in _UNDER_CONTROLS:
        return _under_controls(flat(_UNDER_CONTROLS[name]), appenders)
    if name in PARAMETRIC:
        return _parametric(PARAMETRIC[name], appenders)
    return fixed(flat(FIXED[name]), appenders)


def _named(kind: object, appenders: Appenders) -> Emit:
    add = appenders.gate

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        add(kind, step, operands, _NO_PARAMETERS, circuit)

    return emit


def _under_controls(matrix: list[float], appenders: Appenders) -> Emit:
    add, control = appenders.matrix, appenders.control

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        *controls, target = operands
        add(step, [target], matrix, circuit)
        control(controls, [1] * len(controls), circuit)

    return emit


def _parametric(matrix_of: Callable[..., Sequence[complex]], appenders: Appenders) -> Emit:
    add = appenders.matrix

    def emit(step: int, operands: list[int], parameters: list[float], circuit: NativeCircuit) -> None:
        numbers = []
        for entry in matrix_of(*parameters):
            numbers.append(entry.real)
            numbers.append(entry.imag)
        add(step, operands[::-1], numbers, circuit)

    return emit


def fixed(matrix: list[float], appenders: Appenders) -> Emit:
    """Return what appends a matrix, given as `flat` gives it."""
    add = appenders.matrix

    def emit(step: int, operands: list[int], _: list[float], circuit: NativeCircuit) -> None:
        add(step, operands[::-1], matrix, circuit)

    return emit


def flat(matrix: Sequence[complex]) -> list[float]:
    """Return real and imaginary parts in turn."""
    return [part for entry in matrix for part in (entry.real, entry.imag)]


def failure(message: str) -> Exception:
    """Return the error for what qsim said."""
    if "bad_alloc" in message or "memory" in message:
        return MemoryError(f"qsim: {message}")
    return Internal(
        f"qsim failed: {message}",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": "qsim", "message": message},
    )
