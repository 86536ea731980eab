"""The simulation itself: columns in, a state vector and what is read from it out. Needs numpy, so workers only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.backend.engine import ProgressReporter

State = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run gave.

    Attributes:
        state: before the terminal measurements, shape (2^n,); qubit 0 is the least significant bit of the index.
        probabilities: over `clbits` where the circuit measures, else over the qubits.
        counts: how often each value of all classical bits was seen; classical bit 0 is the least significant bit.
        clbits: classical bits that are written, ascending.
        declared_qubits: declared index of each qubit of the state.
    """

    state: State
    probabilities: Real
    counts: Counter[int]
    clbits: tuple[int, ...]
    declared_qubits: tuple[int, ...]


def unitary(name: str, parameters: Real) -> State:
    """The matrix of a gate; the first operand is the least significant bit of its index."""
    if name == "cx":
        return np.eye(4, dtype=complex)[[0, 3, 2, 1]]
    if name == "ccx":
        return np.eye(8, dtype=complex)[[0, 1, 2, 7, 4, 5, 6, 3]]
    if name == "rzz":
        return np.diag(np.exp(0.5j * parameters[0] * np.array([-1, 1, 1, -1])))
    theta, phi, lam = {
        "x": (np.pi, 0.0, np.pi),
        "h": (np.pi / 2, 0.0, np.pi),
        "s": (0.0, 0.0, np.pi / 2),
        "p": (0.0, 0.0, *parameters),
        "rx": (*parameters, -np.pi / 2, np.pi / 2),
        "u": tuple(parameters),
    }[name]
    cosine, sine = np.cos(theta / 2), np.sin(theta / 2)
    return np.array([[cosine, -np.exp(1j * lam) * sine], [np.exp(1j * phi) * sine, np.exp(1j * (phi + lam)) * cosine]])


def simulate(job: backend_pb2.Job, report: ProgressReporter) -> Outcome:
    """Run a job whose columns and capabilities the runtime has checked."""
    circuit = job.circuit
    size = circuit.qubit_count
    opcodes, qubits, clbits, parameters = (
        np.frombuffer(column, dtype)
        for column, dtype in (
            (circuit.opcodes, "<u2"),
            (circuit.qubits, "<u4"),
            (circuit.clbits, "<u4"),
            (circuit.parameters, "<f8"),
        )
    )
    state: State = np.zeros((2,) * size, dtype=complex)
    state[(0,) * size] = np.exp(1j * circuit.global_phase)
    measured: dict[int, int] = {}
    next_qubit = next_clbit = next_parameter = 0
    for index, opcode in enumerate(opcodes):
        operation = circuit.operations[opcode]
        operands = qubits[next_qubit : next_qubit + operation.qubit_count]
        values = parameters[next_parameter : next_parameter + operation.parameter_count]
        if operation.kind == circuit_pb2.Operation.KIND_GATE:
            # Axis j of the tensor is qubit n-1-j, and the last axis of the gate is its first operand.
            axes = [size - 1 - int(qubit) for qubit in reversed(operands)]
            gate = unitary(operation.name, values).reshape((2,) * (2 * len(operands)))
            product = np.tensordot(gate, state, axes=(range(len(operands), 2 * len(operands)), axes))
            state = np.moveaxis(product, range(len(operands)), axes)
        elif operation.kind == circuit_pb2.Operation.KIND_MEASURE:
            measured[int(clbits[next_clbit])] = int(operands[0])
        next_qubit += operation.qubit_count
        next_clbit += operation.clbit_count
        next_parameter += operation.parameter_count
        report(done_count=index + 1, total_count=len(opcodes), unit="operations")
    flat = np.ascontiguousarray(state).reshape(-1)
    weights = flat.real**2 + flat.imag**2
    written = dict(sorted(measured.items()))
    return Outcome(
        state=flat,
        probabilities=_over_clbits(weights, list(written.values())) if written else weights,
        counts=_sample(weights, written, shots=job.results.shots, seed=job.seed),
        clbits=tuple(written),
        declared_qubits=tuple(circuit.active_qubits) or tuple(range(size)),
    )


def _over_clbits(weights: Real, qubits: list[int]) -> Real:
    """Probabilities of the recorded bits: bit j of the new index is bit qubits[j] of the old one."""
    old = np.arange(len(weights))
    new = np.zeros_like(old)
    for position, qubit in enumerate(qubits):
        new |= ((old >> qubit) & 1) << position
    return np.bincount(new, weights=weights, minlength=1 << len(qubits)).astype(np.float64, copy=False)


def _sample(weights: Real, measured: dict[int, int], *, shots: int, seed: int) -> Counter[int]:
    """Draw shots from the basis states and key them by all classical bits."""
    counts: Counter[int] = Counter()
    if not shots:
        return counts
    drawn = np.random.default_rng(seed).multinomial(shots, weights / weights.sum())
    for basis in np.flatnonzero(drawn):
        value = sum(((int(basis) >> qubit) & 1) << clbit for clbit, qubit in measured.items())
        counts[value] += int(drawn[basis])
    return counts
