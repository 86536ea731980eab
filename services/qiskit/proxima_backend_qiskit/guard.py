"""Checks that a translated circuit acts as the columns say.

Instruction, operand and parameter counts are compared after every translation (`translate.append_gates`,
`lowering.check_count`). The action is compared for small circuits that use an instruction which this worker has not
verified for the method yet: the circuit is run on a random product state by Aer and by
`proxima_runtime.conformance`, and its instructions then count as verified. So a warm worker pays one set
comparison for a small circuit, a new instruction some milliseconds, once. Of circuits that are run once a shot the
unconditional gates and unitaries are compared, the rest is random; a density matrix is compared with everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2
from proxima_runtime.arrays.instructions import Instruction, Listing
from proxima_runtime.arrays.program import Program
from proxima_runtime.backend.outline import Outline
from proxima_runtime.conformance import exact, reference
from proxima_runtime.errors import Internal

from proxima_backend_qiskit import aer
from proxima_backend_qiskit.branches import Branches, Wanted
from proxima_backend_qiskit.gates import NATIVE
from proxima_backend_qiskit.lowering import ChannelForm, Lowering
from proxima_backend_qiskit.translate import append_gates

MAX_QUBITS = 8
MAX_GATES = 256
# Density matrices with records are compared up to these.
MAX_LISTING_QUBITS = 5
MAX_LISTING_LENGTH = 64
MAX_LIVE_BITS = 4
TOLERANCE = 1e-9
# Aer drops Schmidt coefficients whose squares sum to less than 1e-16.
MPS_TOLERANCE = 1e-7
SEED = 20_240_229

_METHOD = capabilities_pb2.Method
_KIND = circuit_pb2.Operation
# A stabilizer state takes only Clifford gates in front; these leave every Pauli axis in play.
_CLIFFORD_STARTS = ("h", "sx", "sdg", "x")

State = npt.NDArray[np.complex128]


class Guard:
    """Remembers which instructions are verified, by method; one in a worker."""

    def __init__(self, controller: aer.Controller) -> None:
        self._controller = controller
        self._verified: dict[int, frozenset[str]] = {}

    def check(self, program: Program, method: capabilities_pb2.Method) -> None:
        """Compare the action of a small circuit of gates with unverified ones.

        Raises:
            Internal: it acts differently (ERROR_REASON_TRANSLATION_MISMATCH).
        """
        if program.qubit_count > MAX_QUBITS or len(program.opcodes) > MAX_GATES:
            return
        names = program.gate_names
        if names <= self._known(method):
            return
        steps = _steps(program)
        distance = self._distance(
            method,
            width=program.qubit_count,
            global_phase=program.global_phase,
            append=lambda circuit: append_gates(program, NATIVE[method], circuit),
            act=lambda state: reference.final_state(program.qubit_count, steps, initial=state),
        )
        self._conclude(method, names, distance)

    def check_listing(self, listing: Listing, outline: Outline, method: capabilities_pb2.Method) -> None:
        """Compare the action of a small circuit of any instructions with unverified ones.

        Args:
            listing: the circuit.
            outline: its outline.
            method: value of `Method`.

        Raises:
            Internal: it acts differently (ERROR_REASON_TRANSLATION_MISMATCH).
        """
        if len(listing.instructions) > MAX_LISTING_LENGTH or listing.qubit_count > MAX_LISTING_QUBITS:
            return
        if method == _METHOD.METHOD_DENSITY_MATRIX:
            signatures = frozenset(map(_signature, listing.instructions))
            if outline.live_bit_count <= MAX_LIVE_BITS and not signatures <= self._known(method):
                self._conclude(method, signatures, self._matrix_distance(listing, outline))
            return
        pure = tuple(
            step
            for step in listing.instructions
            if step.kind in (_KIND.KIND_GATE, _KIND.KIND_UNITARY) and not step.conditions
        )
        signatures = frozenset(map(_signature, pure))
        if signatures <= self._known(method):
            return
        lowering = Lowering(native=NATIVE[method], channel_form=ChannelForm.KRAUS)

        def append(circuit: aer.NativeCircuit) -> None:
            for step in pure:
                lowering.append(step, circuit)

        distance = self._distance(
            method,
            width=listing.qubit_count,
            global_phase=listing.global_phase,
            append=append,
            act=lambda state: _act(pure, state),
        )
        self._conclude(method, signatures, distance)

    def _known(self, method: capabilities_pb2.Method) -> frozenset[str]:
        return self._verified.get(method, frozenset())

    def _conclude(self, method: capabilities_pb2.Method, names: frozenset[str], distance: float) -> None:
        tolerance = MPS_TOLERANCE if method == _METHOD.METHOD_MATRIX_PRODUCT_STATE else TOLERANCE
        if not distance <= tolerance:
            raise Internal(
                f"Aer's {_METHOD.Name(method)} and the reference differ by {distance:.3g} on a circuit of "
                f"{', '.join(sorted(names))}; nothing was returned, report this with the circuit",
                reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
                metadata={"engine": "aer", "expected": f"at most {tolerance:g}", "actual": f"{distance:.3g}"},
            )
        self._verified[method] = self._known(method) | names

    def _distance(
        self,
        method: capabilities_pb2.Method,
        *,
        width: int,
        global_phase: float,
        append: Callable[[aer.NativeCircuit], None],
        act: Callable[[State], State],
    ) -> float:
        """Return the largest difference of an entry of the state, or of a probability for stabilizer states."""
        start = _start(width, clifford=method == _METHOD.METHOD_STABILIZER)
        # Without phases to look at, a last turn makes relative phases visible.
        turn: list[reference.Step] = [("h", (qubit,), ()) for qubit in range(width)]
        circuit = aer.new_circuit(qubit_count=width, slot_count=0, global_phase=global_phase)
        for name, qubits, parameters in start:
            circuit.gate(name, qubits, parameters, [], -1, None, name)
        append(circuit)
        state = act(reference.final_state(width, start)) * np.exp(1j * global_phase)
        if method == _METHOD.METHOD_STABILIZER:
            for name, qubits, parameters in turn:
                circuit.gate(name, qubits, parameters, [], -1, None, name)
            aer.save_probabilities(circuit, range(width))
            turned = np.abs(reference.final_state(width, turn, initial=state)) ** 2
            return _difference(turned, self._run(circuit, method).probabilities)
        if method == _METHOD.METHOD_DENSITY_MATRIX:
            aer.save_density_matrix(circuit)
            return _difference(np.outer(state, state.conj()), self._run(circuit, method).state)
        aer.save_statevector(circuit)
        return _difference(state, self._run(circuit, method).state)

    def _matrix_distance(self, listing: Listing, outline: Outline) -> float:
        """Return the largest difference of an entry of the density matrix, averaged over records."""
        method = _METHOD.METHOD_DENSITY_MATRIX
        steps = _start(listing.qubit_count, clifford=False)
        start = tuple(
            Instruction(row=-1, kind=_KIND.KIND_GATE, name=name, qubits=tuple(qubits), parameters=tuple(parameters))
            for name, qubits, parameters in steps
        )
        started = replace(
            listing,
            instructions=start + listing.instructions,
            terminal=frozenset(position + len(start) for position in listing.terminal),
        )
        lowering = Lowering(native=NATIVE[method], channel_form=ChannelForm.SUPEROPERATOR)
        wanted = Wanted(probability_qubits=None, density_matrix=True, observables=())
        options = aer.RunOptions(method=aer.METHODS[method])
        branches = Branches(started, lowering, controller=self._controller, options=options)
        found = branches.run(outline, wanted, lambda *, done_count, total_count, unit: None)
        expected = exact.final_density_matrix(listing.qubit_count, [_row(step) for step in started.instructions])
        return _difference(expected, found.density_matrix)

    def _run(self, circuit: aer.NativeCircuit, method: capabilities_pb2.Method) -> aer.Output:
        return self._controller.run(circuit, aer.RunOptions(method=aer.METHODS[method]))


def _signature(step: Instruction) -> str:
    """Return what is verified of an instruction; of an unconditional gate that is its name."""
    if step.kind == _KIND.KIND_GATE and not step.conditions:
        return step.name
    kind = _KIND.Kind.Name(_KIND.Kind.ValueType(step.kind)).removeprefix("KIND_").lower()
    name = f"{step.name[:64]} " if step.kind in (_KIND.KIND_GATE, _KIND.KIND_CHANNEL) else ""
    conditional = " if" if step.conditions else ""
    misread = " with readout error" if step.readout is not None else ""
    return f"{name}{kind} on {len(step.qubits)}{conditional}{misread}"


def _act(steps: Iterable[Instruction], state: State) -> State:
    """Apply gates and explicit unitaries."""
    for step in steps:
        unitary = reference.unitary(step.name, step.parameters) if step.kind == _KIND.KIND_GATE else step.matrix
        if unitary is not None:
            state = reference.apply(unitary, step.qubits, state)
    return state


def _row(step: Instruction) -> exact.Row:
    """Return an instruction as the reference takes it: gates and named channels by name, not by our matrices."""
    has_matrices = step.kind == _KIND.KIND_UNITARY or (step.kind == _KIND.KIND_CHANNEL and not step.parameters)
    matrices = step.matrix if has_matrices else None
    return exact.Row(
        kind=_KIND.Kind.ValueType(step.kind),
        name=step.name,
        qubits=step.qubits,
        parameters=step.parameters,
        clbit=step.clbit,
        matrices=None if matrices is None else matrices.reshape(-1, *matrices.shape[-2:]),
        readout=step.readout,
        conditions=tuple(
            exact.Comparison(
                first_clbit=condition.first_clbit,
                width=condition.width,
                value=condition.value,
                negated=condition.negated,
            )
            for condition in step.conditions
        ),
    )


def _difference(expected: npt.NDArray[np.inexact], found: npt.NDArray[np.inexact] | None) -> float:
    return float("nan") if found is None else float(np.max(np.abs(found - expected)))


def _steps(program: Program) -> list[reference.Step]:
    steps: list[reference.Step] = []
    at_qubit = at_parameter = 0
    for opcode in program.opcodes:
        next_qubit = at_qubit + program.qubit_counts[opcode]
        next_parameter = at_parameter + program.parameter_counts[opcode]
        steps.append(
            (
                program.names[opcode],
                program.qubits[at_qubit:next_qubit],
                program.parameters[at_parameter:next_parameter],
            )
        )
        at_qubit, at_parameter = next_qubit, next_parameter
    return steps


def _start(width: int, *, clifford: bool) -> list[reference.Step]:
    generator = np.random.default_rng(SEED)
    if clifford:
        picks = generator.integers(len(_CLIFFORD_STARTS), size=(2, width)).tolist()
        return [(_CLIFFORD_STARTS[pick], (qubit,), ()) for row in picks for qubit, pick in enumerate(row)]
    angles = generator.uniform(-np.pi, np.pi, size=(width, 3)).tolist()
    return [("u", (qubit,), tuple(row)) for qubit, row in enumerate(angles)]
