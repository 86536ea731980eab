"""One instruction on a random product state: what an engine makes of it, and what it should."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.arrays.gates import unitary
from proxima_runtime.arrays.instructions import Instruction, Listing
from proxima_runtime.backend.outline import Outline
from proxima_runtime.backend.warm_up import unreported
from proxima_runtime.conformance import reference
from qsimcirq import qsim as library

from proxima_backend_cirq import qsim
from proxima_backend_cirq.density import Density
from proxima_backend_cirq.exact import sum_of
from proxima_backend_cirq.pure import PureState
from proxima_backend_cirq.qsim_circuits import NOISY, append_instructions, new_noisy_circuit
from proxima_backend_cirq.translate import PROJECTORS, RESET, translate

Complex = npt.NDArray[np.complex128]

_KIND = circuit_pb2.Operation
_RANDOM = frozenset((_KIND.KIND_CHANNEL, _KIND.KIND_RESET, _KIND.KIND_MEASURE))


@dataclass(frozen=True, kw_only=True)
class Probe:
    """An instruction on permuted operands among one qubit more, after a random rotation of every qubit.

    Attributes:
        listing: the rotations, then the instruction.
        states: the unnormalised states after each of its operators, shape (m, 2^n).
    """

    listing: Listing
    states: Complex

    @property
    def expected(self) -> Complex:
        """The density matrix after it, shape (2^n, 2^n)."""
        return _mixture(self.states)


def new_probe(step: Instruction, *, seed: int) -> Probe:
    """Return the probe of an instruction that has operands."""
    width = len(step.qubits) + 1
    generator = np.random.default_rng(seed)
    operands = tuple(generator.permutation(width)[: len(step.qubits)].tolist())
    angles = [tuple(row) for row in generator.uniform(-np.pi, np.pi, size=(width, 3)).tolist()]
    rotations = [
        Instruction(
            row=qubit, kind=_KIND.KIND_GATE, name="u", qubits=(qubit,), parameters=angle, matrix=unitary("u", angle)
        )
        for qubit, angle in enumerate(angles)
    ]
    last = replace(step, row=width, qubits=operands, conditions=(), readout=None, clbit=0 if step.clbit >= 0 else -1)
    steps: list[reference.Step] = [("u", (qubit,), angle) for qubit, angle in enumerate(angles)]
    if step.kind == _KIND.KIND_GATE:
        states = reference.final_state(width, [*steps, (step.name, operands, step.parameters)])[None, :]
    else:
        states = _operators(last, width) @ reference.final_state(width, steps)
    listing = Listing(
        qubit_count=width,
        clbit_count=1,
        declared_qubit_count=width,
        active_qubits=tuple(range(width)),
        global_phase=0.0,
        instructions=(*rotations, last),
        terminal=frozenset(),
    )
    return Probe(listing=listing, states=np.asarray(states, dtype=np.complex128))


def on_density_matrix(probe: Probe, *, single_precision: bool) -> Complex:
    """Return what Cirq's density matrix makes of a probe."""
    plan = Outline(is_unitary=False, terminal=frozenset(), prefix_count=0, live_bit_counts=())
    density = Density(probe.listing, plan, single_precision=single_precision, report=unreported)
    return np.asarray(sum_of(density.run()), dtype=np.complex128)


def on_state_vector(probe: Probe, *, single_precision: bool) -> Complex:
    """Return what Cirq's state vector makes of a probe, averaged over every way it can go."""
    state = PureState(probe.listing.qubit_count, single_precision=single_precision)
    operations = translate(probe.listing, state.qubits)
    *before, last = probe.listing.instructions
    for operation in operations[: len(before)]:
        if operation is not None:
            state.act(operation)
    final = operations[-1]
    if last.kind not in _RANDOM:
        if final is not None:
            state.act(final)
        return _mixture(state.vector()[None, :])
    saved, found = state.save(), np.zeros_like(probe.expected)
    for choice in state.choices(last, 0):
        if choice.probability:
            state.restore(saved)
            state.apply(choice.operator, last.qubits)
            found += choice.probability * _mixture(state.vector()[None, :])
    return found


def on_qsim(probe: Probe) -> Complex:
    """Return what qsim makes of a probe, each operator of a channel by itself; of a measurement as one run goes."""
    *_, last = probe.listing.instructions
    if last.kind == _KIND.KIND_MEASURE:
        found = _run_on_qsim(probe.listing)
        # Which way it goes is random; either way must be a projection of the start.
        distances = [np.max(np.abs(found - _normal(state))) for state in probe.states]
        chosen = int(np.argmin(distances))
        states = probe.states.copy()
        states[chosen] = found * np.linalg.norm(states[chosen])
        return _mixture(states)
    if last.kind not in _RANDOM:
        return _mixture(_run_on_qsim(probe.listing)[None, :])
    kraus = RESET if last.kind == _KIND.KIND_RESET else last.matrix
    states = probe.states.copy()
    for index, operator in enumerate(() if kraus is None else kraus):
        weight = np.linalg.norm(states[index])
        if weight > 1e-6:
            # Scaled to norm 1, so that qsim has nothing else to choose.
            scaled = operator[None, :, :] / np.linalg.norm(operator, ord=2)
            alone = replace(last, kind=_KIND.KIND_CHANNEL, matrix=scaled)
            listing = replace(probe.listing, instructions=(*probe.listing.instructions[:-1], alone))
            states[index] = weight * _run_on_qsim(listing)
    return _mixture(states)


def _run_on_qsim(listing: Listing) -> Complex:
    circuit = new_noisy_circuit(listing.qubit_count)
    append_instructions(listing, circuit, NOISY, measure_terminal=True)
    raw = qsim.call(library.qtrajectory_simulate_fullstate, qsim.options(circuit, seed=0, thread_count=1), 0)
    return np.asarray(qsim.as_state(raw, listing.qubit_count), dtype=np.complex128)


def _operators(step: Instruction, width: int) -> Complex:
    """Return what an instruction does on `width` qubits, written out entry by entry, shape (m, 2^width, 2^width)."""
    match step.kind:
        case _KIND.KIND_MEASURE:
            small = PROJECTORS
        case _KIND.KIND_RESET:
            small = RESET
        case _KIND.KIND_CHANNEL:
            small = np.asarray(step.matrix)
        case _:
            small = np.asarray(step.matrix)[None, :, :]
    size, rest = 1 << width, ~sum(1 << qubit for qubit in step.qubits)
    found = np.zeros((len(small), size, size), dtype=np.complex128)
    for row in range(size):
        for column in range(size):
            if row & rest == column & rest:
                inner = [
                    sum(((index >> q) & 1) << place for place, q in enumerate(step.qubits)) for index in (row, column)
                ]
                found[:, row, column] = small[:, inner[0], inner[1]]
    return found


def _mixture(states: npt.NDArray[np.complexfloating]) -> Complex:
    """Return the sum of |psi><psi| over states, shape (m, 2^n)."""
    return np.asarray(np.einsum("mi,mj->ij", states, states.conj()), dtype=np.complex128)


def _normal(state: Complex) -> Complex:
    norm = np.linalg.norm(state)
    return np.asarray(state / norm) if norm else state
