"""Columns that go over to the Pauli vector, wherever in the circuit that is."""

from __future__ import annotations

import numpy as np
import pytest
from proxima_backend_lret.adaptive import Adaptive
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.pauli.simulation import PauliSimulation
from proxima_backend_lret.simulation import find_wanted, needed_qubits
from proxima_runtime.conformance.circuits import CircuitWriter

from .noisy import job

_WIDTH = 8


def _ring() -> CircuitWriter:
    """A round of QAOA on a ring, noise on every qubit of each gate: what the ring leaves over acts on single qubits."""
    circuit = CircuitWriter(qubit_count=_WIDTH)
    for qubit in range(_WIDTH):
        circuit.gate("h", (qubit,))
    for qubit in range(_WIDTH):
        pair = (qubit, (qubit + 1) % _WIDTH)
        circuit.gate("rzz", pair, (0.7,))
        for each in pair:
            circuit.channel("depolarizing", (each,), (0.05,))
    for qubit in range(_WIDTH):
        circuit.gate("rx", (qubit,), (0.3,)).channel("depolarizing", (qubit,), (0.05,))
    return circuit


@pytest.mark.parametrize("break_even", [1, 8, 32, 100, 200])
def test_going_over_anywhere_gives_the_same(break_even: int) -> None:
    """Probabilities are those of the Pauli vector from the beginning, wherever columns are given up."""
    wanted = job(_ring(), probabilities=True)
    program = compile_maps(wanted.circuit, keeps_records=True, absorbs=True, needed=needed_qubits(wanted))
    asked = find_wanted(wanted, program.source)
    run = Adaptive(
        program, asked, max_error=0.0, single_precision=False, memory_limit_bytes=1 << 30, break_even=break_even
    )
    whole = PauliSimulation(program, asked, single_precision=False, memory_limit_bytes=1 << 30)
    for each in (run, whole):
        while each.position < each.step_count:
            each.advance()
    assert run.rank_history.continued_as == "pauli_vector"
    ((_, found),), ((_, expected),) = run.slot_weights(range(_WIDTH)), whole.slot_weights(range(_WIDTH))
    np.testing.assert_allclose(found, expected, atol=1e-12)
