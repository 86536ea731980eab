"""Compiled circuits run on dense density matrices, and circuits of every instruction for them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from proxima.simulation.v1 import circuit_pb2
from proxima_backend_lret.compiling.kraus import kraus_of
from proxima_backend_lret.compiling.program import MEASURE, Program, Reading
from proxima_backend_lret.compiling.transfer import transfer_of
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.conformance import reference
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_kraus, random_unitary

from tests.noisy import CLBITS, READOUT, append

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]

_EXACT = np.eye(2)


@st.composite
def circuits(draw: st.DrawFn, *, largest: int = 5, size: int = 25) -> CircuitWriter:
    """Draw a circuit of every kind of instruction on up to `largest` qubits, some conditional, measured or not."""
    width = draw(st.integers(1, largest))
    circuit = CircuitWriter(qubit_count=width, clbit_count=CLBITS)
    for _ in range(draw(st.integers(1, size))):
        qubits = draw(st.permutations(range(width)))
        choice = draw(st.integers(0, 20))
        if choice <= 12:
            append(circuit, choice, qubits, draw(st.lists(st.floats(0, 0.99), min_size=3, max_size=3)), strength=0.9)
        elif not _append(circuit, choice, qubits, draw):
            continue
        if draw(st.integers(0, 3)) == 0:
            circuit.only_if(*draw(st.lists(comparisons(), min_size=1, max_size=2)))
    if draw(st.booleans()):
        for qubit in range(min(width, CLBITS)):
            circuit.measure(qubit, draw(st.integers(0, CLBITS - 1)), readout=READOUT if draw(st.booleans()) else None)
    return circuit


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """Draw a comparison of some of the bits."""
    first = draw(st.integers(0, CLBITS - 1))
    bits = draw(st.integers(1, CLBITS - first))
    return Comparison(
        first_clbit=first, width=bits, value=draw(st.integers(0, (1 << bits) - 1)), negated=draw(st.booleans())
    )


@st.composite
def unitary_circuits(draw: st.DrawFn) -> CircuitWriter:
    """Draw a circuit of gates and explicit unitaries on up to 5 qubits, some of its qubits measured at the end."""
    width = draw(st.integers(1, 5))
    circuit = CircuitWriter(qubit_count=width, clbit_count=CLBITS, global_phase=draw(st.floats(-3, 3)))
    for _ in range(draw(st.integers(0, 25))):
        qubits = draw(st.permutations(range(width)))
        _append(circuit, draw(st.sampled_from((13, 13, 13, 15, 17, 18, 19))), qubits, draw)
    for qubit in range(draw(st.integers(0, min(width, CLBITS)))):
        circuit.measure(qubit, qubit)
    return circuit


def _append(circuit: CircuitWriter, choice: int, qubits: Sequence[int], draw: st.DrawFn) -> bool:
    count = draw(st.integers(1, min(len(qubits), 3)))
    seed = draw(st.integers(0, 50))
    match choice:
        case 13 | 14:
            names = [name for name, (needed, _) in sorted(STANDARD_GATES.items()) if needed <= len(qubits)]
            name = draw(st.sampled_from(names))
            needed, arity = STANDARD_GATES[name]
            circuit.gate(name, qubits[:needed], draw(st.lists(st.floats(-4, 4), min_size=arity, max_size=arity)))
        case 15:
            circuit.unitary(random_unitary(count, seed), qubits[:count])
        case 16:
            circuit.kraus(random_kraus(count, 2 + seed % 2, seed), qubits[:count])
        case 17:
            circuit.delay(qubits[0], 1e-6)
        case 18:
            circuit.phase(0.3)
        case 19:
            circuit.other(circuit_pb2.Operation.KIND_BARRIER, qubits)
        case _:
            circuit.channel("depolarizing", qubits[:count], (0.3,))
    return True


def evolve(program: Program, *, by_kraus: bool) -> Mapping[int, Complex]:
    """Return the weighted density matrix of each record after the steps.

    Args:
        program: transfer matrices.
        by_kraus: run the canonical Kraus operators, else the transfer matrices.
    """
    side = 1 << program.qubit_count
    records: dict[int, Complex] = {0: np.zeros((side, side), dtype=np.complex128)}
    records[0][0, 0] = 1
    operators = kraus_of(program)
    for step in range(program.step_count):
        after: dict[int, Complex] = {}
        for record, state in records.items():
            for written, branch in _run(program, step, record, state, operators[step] if by_kraus else None):
                kept = written & ~sum(1 << bit for bit in program.forgets.get(step, ()))
                after[kept] = after.get(kept, 0) + branch
        records = after
    return records


def _run(
    program: Program, step: int, record: int, state: Complex, operators: Complex | None
) -> Sequence[tuple[int, Complex]]:
    qubits = program.qubits_of(step)
    if not program.runs(step, record):
        return [(record, state)]
    if program.kinds[step] == MEASURE:
        reading = program.readings[step]
        found = []
        for read in (0, 1):
            bit = read << reading.clbit
            weighted = sum(_odds(reading)[true, read] * _project(reading.qubit, true, state) for true in (0, 1))
            found.append((record & ~(1 << reading.clbit) | bit, np.asarray(weighted)))
        return found
    if operators is not None:
        return [(record, np.asarray(sum(_conjugate(each, qubits, state) for each in operators)))]
    width = len(qubits)
    wide = width > 2
    transfer = transfer_of(program.wide[int(program.slots[step])][None])[0] if wide else program.matrix_of(step).real
    vector = reference.apply(
        superoperator(transfer), (*qubits, *(qubit + program.qubit_count for qubit in qubits)), state.reshape(-1)
    )
    return [(record, vector.reshape(state.shape))]


def record_probabilities(program: Program, records: Mapping[int, Complex]) -> Real:
    """Return the probability of each value of all classical bits, float64, shape (2^CLBITS,)."""
    found = np.zeros(1 << CLBITS)
    for record, state in records.items():
        for index, weight in enumerate(np.diagonal(state).real):
            written = {record: float(weight)}
            for clbit, reading in program.source.terminal.items():
                true = (index >> reading.qubit) & 1
                written = {
                    kept & ~(1 << clbit) | read << clbit: odds * _odds(reading)[true, read]
                    for kept, odds in written.items()
                    for read in (0, 1)
                }
            for value, odds in written.items():
                found[value] += odds
    return found


@functools.cache
def _paulis(width: int) -> Complex:
    """Return all Pauli operators, shape (4^k, 2^k, 2^k), the first operand the least significant digit."""
    letters: list[Complex] = [reference.unitary(name) for name in ("id", "x", "y", "z")]
    found: list[Complex] = [np.eye(1, dtype=np.complex128)]
    for _ in range(width):
        found = [np.asarray(np.kron(high, low)) for high in letters for low in found]
    return np.stack(found)


def superoperator(transfer: Real) -> Complex:
    """Return the map on row-major vec(rho) of a transfer matrix, written from its definition."""
    width = len(transfer).bit_length() // 2
    paulis = _paulis(width).reshape(len(transfer), -1)
    return np.asarray(np.einsum("ab,ai,bj->ij", transfer, paulis, paulis.conj(), optimize=True) / (1 << width))


def _odds(reading: Reading) -> Real:
    return _EXACT if reading.readout is None else reading.readout


def _project(qubit: int, value: int, state: Complex) -> Complex:
    return _conjugate(np.diag([1.0 - value, float(value)]).astype(np.complex128), (qubit,), state)


def _conjugate(matrix: Complex, qubits: Sequence[int], state: Complex) -> Complex:
    half = reference.apply(matrix, qubits, state)
    return np.asarray(reference.apply(matrix, qubits, half.conj().T).conj().T)
