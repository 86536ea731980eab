"""Every advertised gate acts as its formula says, on random inputs, with random operands and parameters."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.simulation.v1 import result_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.agreement import check
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import GateCase, Mode, random_step
from proxima_runtime.conformance.circuits import CircuitWriter

PHASE = 0.7


def _check(backend: Backend, mode: Mode, circuit: CircuitWriter) -> None:
    """Compare everything that the mode can return with the reference; global phase included where there is one."""
    width = circuit.qubit_count
    state = reference.final_state(width, circuit.steps) * np.exp(1j * circuit.global_phase)
    if mode.gives(result_pb2.RESULT_KIND_STATEVECTOR):
        found = backend.run(mode.job(circuit, statevector=True)).array(result_pb2.ARRAY_ROLE_STATEVECTOR)
        np.testing.assert_allclose(found, state, atol=mode.tolerance, rtol=0)
        return
    if mode.gives(result_pb2.RESULT_KIND_DENSITY_MATRIX):
        found = backend.run(mode.job(circuit, density_matrix=True)).array(result_pb2.ARRAY_ROLE_DENSITY_MATRIX)
        np.testing.assert_allclose(found, np.outer(state, state.conj()), atol=mode.tolerance, rtol=0)
        return
    if mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES):
        check(backend, mode, circuit)
        return
    if not mode.gives(result_pb2.RESULT_KIND_PROBABILITIES):
        pytest.skip(f"{mode.name} returns nothing exact")
    # Probabilities alone: look along other axes as well, so that phases show.
    for turn in ((), ("h",), ("sx",)):
        if not set(turn) <= set(mode.capability.gates):
            continue
        turned = CircuitWriter(qubit_count=width).gates(circuit.steps)
        for name in turn:
            turned.gates([(name, (qubit,), ()) for qubit in range(width)])
        expected = np.abs(reference.final_state(width, turned.steps)) ** 2
        found = backend.run(mode.job(turned, probabilities=True)).array(result_pb2.ARRAY_ROLE_PROBABILITIES)
        np.testing.assert_allclose(found, expected, atol=mode.tolerance, rtol=0)


def test_gate_acts_as_its_formula(backend: Backend, gate_case: GateCase) -> None:
    """A gate after a random product state, on random operands among one more qubit than it needs."""
    mode, width = gate_case.mode, reference.qubit_count(gate_case.gate) + 1
    generator = np.random.default_rng(sorted(reference.GATE_NAMES).index(gate_case.gate))
    for seed in range(2):
        circuit = CircuitWriter(qubit_count=width, global_phase=PHASE).gates(mode.start(width, seed))
        _check(backend, mode, circuit.gates([random_step(gate_case.gate, width, generator)]))


def test_random_circuits(backend: Backend, mode: Mode) -> None:
    """Random circuits of all gates of a mode on five qubits give the reference's state."""
    for seed in range(5):
        circuit = CircuitWriter(qubit_count=5, global_phase=-PHASE).gates(mode.start(5, seed))
        _check(backend, mode, circuit.gates(mode.random_steps(5, 30, seed)))


def test_large_angles(backend: Backend, mode: Mode) -> None:
    """An angle of thousands of radians keeps its value to the precision of the state."""
    if mode.is_clifford:
        pytest.skip(f"{mode.name} has no angles")
    circuit = CircuitWriter(qubit_count=2).gates(mode.start(2, 3))
    circuit.gate("rx", (0,), (12345.678,)).gate("rzz", (0, 1), (-54321.012,)).gate("u", (1,), (1e4, -2e4, 3e4))
    _check(backend, mode, circuit)


def test_no_gates(backend: Backend, mode: Mode) -> None:
    """A circuit without gates is |0...0>, with its global phase."""
    _check(backend, mode, CircuitWriter(qubit_count=2, global_phase=PHASE))


def test_one_qubit(backend: Backend, mode: Mode) -> None:
    """One qubit is enough."""
    _check(backend, mode, CircuitWriter(qubit_count=1, global_phase=PHASE).gate("h", (0,)).gate("s", (0,)))
