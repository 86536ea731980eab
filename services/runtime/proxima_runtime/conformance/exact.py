"""An exact reference of every instruction: one density matrix a classical record, for circuits of up to 8 qubits.

Written from docs/noise.md and the comments of circuit.proto, not from `proxima_runtime.arrays`: channels act by their
definitions as maps on density matrices, not as Kraus operators. Everything is complex128; qubit 0 is the least
significant bit of an index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from proxima.simulation.v1 import circuit_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.reference import Complex, Real

_KIND = circuit_pb2.Operation
_PAULIS: Mapping[str, Complex] = MappingProxyType({name: reference.unitary(name) for name in ("id", "x", "y", "z")})
_LETTERS: Mapping[str, Complex] = MappingProxyType(dict(zip("IXYZ", _PAULIS.values(), strict=True)))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A comparison of classical bits: those from `first_clbit` equal `value`, or differ where `negated`."""

    first_clbit: int
    width: int
    value: int
    negated: bool = False

    def holds(self, record: int) -> bool:
        """It holds for all classical bits as a number."""
        bits = [(record >> (self.first_clbit + place)) & 1 for place in range(self.width)]
        equal = sum(bit << place for place, bit in enumerate(bits)) == self.value
        return equal != self.negated


@dataclass(frozen=True, kw_only=True)
class Row:
    """One instruction.

    Attributes:
        kind: value of `Operation.Kind`.
        name: of a gate or channel.
        qubits: operands.
        parameters: as in the column.
        clbit: that a measurement writes.
        matrices: an explicit unitary, shape (1, 2^k, 2^k), or explicit Kraus operators, shape (m, 2^k, 2^k).
        readout: P(read | true), shape (2, 2).
        conditions: all of which must hold.
    """

    kind: circuit_pb2.Operation.Kind
    name: str = ""
    qubits: tuple[int, ...] = ()
    parameters: tuple[float, ...] = ()
    clbit: int = -1
    matrices: Complex | None = None
    readout: Real | None = None
    conditions: tuple[Comparison, ...] = ()


# Weighted density matrix of each classical record; the traces sum to 1.
Records = Mapping[int, Complex]


def evolve(width: int, rows: Iterable[Row]) -> Records:
    """Run instructions on |0...0> and return the density matrix of each record, times the record's probability."""
    start = np.zeros((1 << width, 1 << width), dtype=np.complex128)
    start[0, 0] = 1
    records: dict[int, Complex] = {0: start}
    for row in rows:
        after: dict[int, Complex] = {}
        for record, state in records.items():
            for written, branch in _run(row, record, state):
                after[written] = after[written] + branch if written in after else branch
        records = after
    return MappingProxyType(records)


def final_density_matrix(width: int, rows: Sequence[Row]) -> Complex:
    """Return the state before the terminal measurements, averaged over records, shape (2^width, 2^width)."""
    kept = [row for position, row in enumerate(rows) if not is_terminal(rows, position)]
    return np.asarray(sum(evolve(width, kept).values()))


def record_probabilities(width: int, rows: Sequence[Row]) -> Mapping[int, float]:
    """Return the probability of each value of all classical bits, readout error included."""
    return MappingProxyType({record: float(np.trace(state).real) for record, state in evolve(width, rows).items()})


def clbit_probabilities(width: int, rows: Sequence[Row]) -> tuple[list[int], Real]:
    """Return the written bits, ascending, and the probabilities over them, the first least significant."""
    written = sorted({row.clbit for row in rows if row.kind == _KIND.KIND_MEASURE})
    found = np.zeros(1 << len(written))
    for record, probability in record_probabilities(width, rows).items():
        found[sum(((record >> clbit) & 1) << place for place, clbit in enumerate(written))] += probability
    return written, found


def expectation(pauli: str, state: Complex) -> float:
    """Return Tr(P rho) of a Pauli string, highest qubit first, by the dense operator."""
    operator: Complex = np.eye(1, dtype=np.complex128)
    for letter in pauli:
        operator = np.kron(operator, _LETTERS[letter]).astype(np.complex128)
    return float(np.einsum("ab,ba->", operator, state).real)


def is_terminal(rows: Sequence[Row], position: int) -> bool:
    """Row `position` is a terminal measurement: without a condition; nothing but barriers, delays and other terminal
    measurements follow on its qubit; no later condition reads its bit, no later measurement in mid-circuit writes it.
    """
    row = rows[position]
    if row.kind != _KIND.KIND_MEASURE or row.conditions:
        return False
    for later in range(position + 1, len(rows)):
        other = rows[later]
        if other.kind == _KIND.KIND_BARRIER:
            continue
        if any(
            condition.first_clbit <= row.clbit < condition.first_clbit + condition.width
            for condition in other.conditions
        ):
            return False
        if other.kind == _KIND.KIND_MEASURE:
            shares = other.qubits == row.qubits or other.clbit == row.clbit
            if shares and not is_terminal(rows, later):
                return False
        elif other.kind != _KIND.KIND_DELAY and row.qubits[0] in other.qubits:
            return False
    return True


def channel(name: str, parameters: Sequence[float], qubits: Sequence[int], state: Complex) -> Complex:
    """Apply a named channel of docs/noise.md to `qubits` of a density matrix."""
    return _CHANNELS[name](parameters, qubits, state)


def transfer_matrix(action: Callable[[Complex], Complex], qubit_count: int) -> Complex:
    """Return the matrix of a map on row-major vec(rho), shape (4^k, 4^k), from its action on matrix units."""
    side = 1 << qubit_count
    columns = []
    for unit in np.eye(side * side):
        columns.append(action(unit.reshape(side, side).astype(np.complex128)).reshape(-1))
    return np.stack(columns, axis=1)


def _run(row: Row, record: int, state: Complex) -> Iterable[tuple[int, Complex]]:
    """Yield each record that `row` leads to, with its weighted state."""
    if not all(condition.holds(record) for condition in row.conditions):
        yield record, state
        return
    match row.kind:
        case _KIND.KIND_GATE:
            yield record, _conjugate(reference.unitary(row.name, row.parameters), row.qubits, state)
        case _KIND.KIND_UNITARY | _KIND.KIND_CHANNEL if row.matrices is not None:
            yield record, np.asarray(sum(_conjugate(matrix, row.qubits, state) for matrix in row.matrices))
        case _KIND.KIND_CHANNEL:
            yield record, channel(row.name, row.parameters, row.qubits, state)
        case _KIND.KIND_RESET:
            zero, one = (_project(row.qubits[0], value, state) for value in (0, 1))
            yield record, zero + _conjugate(_PAULIS["x"], row.qubits, one)
        case _KIND.KIND_MEASURE:
            yield from _measure(row, record, state)
        case _:
            # Barriers and delays do nothing; a phase does nothing to a density matrix.
            yield record, state


def _measure(row: Row, record: int, state: Complex) -> Iterable[tuple[int, Complex]]:
    rest = record & ~(1 << row.clbit)
    table = np.eye(2) if row.readout is None else row.readout
    for value in (0, 1):
        branch = _project(row.qubits[0], value, state)
        for read in (0, 1):
            if table[value, read] > 0:
                yield rest | (read << row.clbit), table[value, read] * branch


def _conjugate(matrix: Complex, qubits: Sequence[int], state: Complex) -> Complex:
    """Return M rho M^dagger with M on `qubits`."""
    half = reference.apply(matrix, qubits, state)
    return np.ascontiguousarray(reference.apply(matrix, qubits, half.conj().T).conj().T)


def _project(qubit: int, value: int, state: Complex) -> Complex:
    keep = (np.arange(len(state)) >> qubit) & 1 == value
    return np.asarray(state * np.outer(keep, keep))


def _depolarizing(parameters: Sequence[float], qubits: Sequence[int], state: Complex) -> Complex:
    """(1-p) rho + p Tr_Q(rho) (x) I/2^k: the second term by tracing each qubit out and putting I/2 in its place."""
    mixed = state
    for qubit in qubits:
        low, high = 1 << qubit, len(state) >> (qubit + 1)
        blocks = mixed.reshape(high, 2, low, high, 2, low)
        traced = np.einsum("abcdbf->acdf", blocks)
        mixed = np.einsum("acdf,be->abcdef", traced, np.eye(2) / 2).reshape(state.shape)
    return np.asarray((1 - parameters[0]) * state + parameters[0] * mixed)


def _pauli_channel(parameters: Sequence[float], qubits: Sequence[int], state: Complex) -> Complex:
    flips = sum(p * _conjugate(_PAULIS[name], qubits, state) for p, name in zip(parameters, "xyz", strict=True))
    return np.asarray((1 - sum(parameters)) * state + flips)


def _amplitude_damping(parameters: Sequence[float], qubits: Sequence[int], state: Complex) -> Complex:
    """The population above its equilibrium and the coherence decay: by gamma and by sqrt(1 - gamma)."""
    gamma, population = parameters
    return _relax(qubits[0], state, gamma=gamma, population=population, coherence=float(np.sqrt(1 - gamma)))


def _phase_damping(parameters: Sequence[float], qubits: Sequence[int], state: Complex) -> Complex:
    return _relax(qubits[0], state, gamma=0.0, population=0.0, coherence=float(np.sqrt(1 - parameters[0])))


def _thermal_relaxation(parameters: Sequence[float], qubits: Sequence[int], state: Complex) -> Complex:
    """sqrt((1 - gamma)(1 - lambda)) is exp(-t/T2), and is better computed so."""
    t1, t2, duration, population = parameters
    decayed, coherence = float(-np.expm1(-duration / t1)), float(np.exp(-duration / t2))
    return _relax(qubits[0], state, gamma=decayed, population=population, coherence=coherence)


def _relax(qubit: int, state: Complex, *, gamma: float, population: float, coherence: float) -> Complex:
    """Move a part gamma of the block <0|rho|0> or <1|rho|1> to the other, and scale the two blocks between them."""
    low, high = 1 << qubit, len(state) >> (qubit + 1)
    blocks = state.reshape(high, 2, low, high, 2, low)
    zero, one = blocks[:, 0, :, :, 0], blocks[:, 1, :, :, 1]
    up, down = gamma * population, gamma * (1 - population)
    found = coherence * blocks
    found[:, 0, :, :, 0] = (1 - up) * zero + down * one
    found[:, 1, :, :, 1] = up * zero + (1 - down) * one
    return np.asarray(found.reshape(state.shape))


_CHANNELS: Mapping[str, Callable[[Sequence[float], Sequence[int], Complex], Complex]] = MappingProxyType(
    {
        "depolarizing": _depolarizing,
        "pauli_channel": _pauli_channel,
        "amplitude_damping": _amplitude_damping,
        "phase_damping": _phase_damping,
        "thermal_relaxation": _thermal_relaxation,
    }
)
