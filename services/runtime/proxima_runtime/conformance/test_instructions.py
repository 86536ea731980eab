"""Measurement in mid-circuit, reset, conditions, explicit unitaries, delays and phases, in every kind of result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.conformance.agreement import check
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.random_circuits import random_circuit, random_unitary

_RANDOM_CIRCUITS = 8


def bit(clbit: int, *, value: int = 1, width: int = 1, negated: bool = False) -> Comparison:
    """Return a comparison of classical bits, by default that one is 1."""
    return Comparison(first_clbit=clbit, width=width, value=value, negated=negated)


def _start(qubit_count: int, clbit_count: int) -> CircuitWriter:
    """Return a circuit whose qubits are all as likely 0 as 1, the even ones with a phase of i."""
    circuit = CircuitWriter(qubit_count=qubit_count, clbit_count=clbit_count)
    for qubit in range(qubit_count):
        circuit.gate("h", (qubit,)).gates([] if qubit % 2 else [("s", (qubit,), ())])
    return circuit


def _pair(qubit_count: int, clbit_count: int) -> CircuitWriter:
    """Return a Bell pair of the first two qubits."""
    circuit = CircuitWriter(qubit_count=qubit_count, clbit_count=clbit_count)
    return circuit.gate("h", (0,)).gate("cx", (0, 1))


def _teleportation() -> CircuitWriter:
    """Teleport h sdg |0> from qubit 0 to qubit 2."""
    circuit = CircuitWriter(qubit_count=3, clbit_count=3).gate("h", (0,)).gate("sdg", (0,))
    circuit.gate("h", (1,)).gate("cx", (1, 2)).gate("cx", (0, 1)).gate("h", (0,)).measure(0, 0).measure(1, 1)
    circuit.gate("x", (2,)).only_if(bit(1)).gate("z", (2,)).only_if(bit(0))
    return circuit.gate("s", (2,)).gate("h", (2,)).measure(2, 2)


def _syndrome() -> CircuitWriter:
    """Correct X on qubit 1 of the repetition code of three qubits by two syndrome bits and conditions on both."""
    circuit = CircuitWriter(qubit_count=5, clbit_count=5).gate("h", (0,)).gate("cx", (0, 1)).gate("cx", (0, 2))
    circuit.gate("x", (1,)).gate("cx", (0, 3)).gate("cx", (1, 3)).gate("cx", (1, 4)).gate("cx", (2, 4))
    circuit.measure(3, 0).measure(4, 1)
    for qubit, value in ((0, 1), (1, 3), (2, 2)):
        circuit.gate("x", (qubit,)).only_if(bit(0, width=2, value=value))
    return circuit.measure(0, 2).measure(1, 3).measure(2, 4)


CIRCUITS: Mapping[str, Callable[[], CircuitWriter]] = {
    "measured qubit goes on": lambda: _pair(2, 2).measure(0, 0).gate("h", (0,)).measure(0, 1),
    "measurement dephases": lambda: _pair(2, 1).measure(1, 0).gate("h", (0,)).gate("h", (1,)),
    "measured, reset and used again": lambda: (
        _pair(2, 3).measure(0, 0).reset(0).gate("h", (0,)).gate("cx", (0, 1)).measure(0, 1).measure(1, 2)
    ),
    "reset of half a pair": lambda: _pair(2, 2).reset(0).gate("h", (1,)).measure(0, 0).measure(1, 1),
    "reset of one": lambda: CircuitWriter(qubit_count=2, clbit_count=2).gate("x", (1,)).reset(1).measure_all(),
    "bit written again": lambda: _pair(2, 2).measure(0, 0).gate("x", (0,)).measure(0, 0).measure(1, 1),
    "bit of a terminal measurement written again": lambda: (
        _pair(3, 1).gate("x", (2,)).measure(0, 0).measure(2, 0).gate("x", (2,))
    ),
    "gate on another qubit by a bit": lambda: (
        _pair(3, 3).measure(0, 0).gate("x", (2,)).only_if(bit(0)).measure(1, 1).measure(2, 2)
    ),
    "gate on the measured qubit by its bit": lambda: (
        _pair(2, 2).measure(0, 0).gate("x", (0,)).only_if(bit(0)).measure(0, 1)
    ),
    "else": lambda: (
        _pair(3, 3)
        .measure(0, 0)
        .gate("h", (2,))
        .only_if(bit(0))
        .gate("x", (2,))
        .only_if(bit(0, negated=True))
        .measure(2, 2)
    ),
    "value of several bits": lambda: (
        _start(4, 4)
        .measure(0, 1)
        .measure(1, 2)
        .measure(2, 3)
        .gate("x", (3,))
        .only_if(bit(1, width=3, value=5))
        .measure(3, 0)
    ),
    "not a value of several bits": lambda: (
        _start(3, 3).measure(0, 0).measure(1, 1).gate("z", (2,)).only_if(bit(0, width=2, value=2, negated=True))
    ),
    "conjunction": lambda: (
        _start(3, 3).measure(0, 0).measure(1, 2).gate("x", (2,)).only_if(bit(0), bit(2, negated=True)).measure(2, 1)
    ),
    "conjunction that excludes itself": lambda: (
        _pair(2, 2).measure(0, 0).gate("x", (1,)).only_if(bit(0), bit(0, negated=True)).measure(1, 1)
    ),
    "bit that was never written": lambda: (
        CircuitWriter(qubit_count=1, clbit_count=2).gate("x", (0,)).only_if(bit(1, value=0)).measure(0, 0)
    ),
    "condition before the bit is written again": lambda: (
        _pair(3, 2).measure(0, 0).gate("x", (2,)).only_if(bit(0)).gate("x", (0,)).measure(0, 0).measure(2, 1)
    ),
    "widest condition": lambda: (
        CircuitWriter(qubit_count=2, clbit_count=70)
        .gate("x", (0,))
        .measure(0, 68)
        .gate("x", (1,))
        .only_if(bit(5, width=64, value=1 << 63))
        .measure(1, 69)
    ),
    "conditional measurement": lambda: _pair(3, 2).measure(0, 0).gate("h", (2,)).measure(2, 1).only_if(bit(0)),
    "conditional reset": lambda: _pair(2, 2).measure(0, 0).reset(1).only_if(bit(0)).measure(1, 1),
    "teleportation": _teleportation,
    "syndrome": _syndrome,
    "delay": lambda: _pair(2, 2).delay(0, 1e-6).gate("h", (0,)).measure(0, 0).delay(0, 1.0).measure(1, 1),
    "conditional phase": lambda: _pair(2, 2).measure(0, 0).phase(0.7).only_if(bit(0)).gate("h", (1,)).measure(1, 1),
    "conditional noise": lambda: (
        _pair(3, 3)
        .measure(0, 0)
        .gate("h", (2,))
        .only_if(bit(0))
        .channel("depolarizing", (2,), (0.9,))
        .only_if(bit(0))
        .channel("amplitude_damping", (1,), (0.7, 0.0))
        .only_if(bit(0, negated=True))
        .measure(1, 1)
        .measure(2, 2)
    ),
    "conditional unitary": lambda: (
        _pair(3, 2).measure(0, 0).unitary(random_unitary(2, 9), (2, 1)).only_if(bit(0)).measure(2, 1)
    ),
    "noise between measurements": lambda: (
        _pair(2, 4).measure(0, 0).channel("pauli_channel", (0,), (0.4, 0.0, 0.0)).measure(0, 1).reset(0).measure(1, 2)
    ),
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_circuit(backend: Backend, mode: Mode, name: str) -> None:
    """Records and states of a circuit with control by measurement are those of the reference."""
    check(backend, mode, CIRCUITS[name]())


@pytest.mark.parametrize("qubit_count", [1, 2, 3, 4])
def test_explicit_unitary(backend: Backend, mode: Mode, qubit_count: int) -> None:
    """A random unitary acts on permuted operands among one qubit more, the first operand least significant."""
    width = qubit_count + 1
    if width > mode.capability.max_qubit_count:
        pytest.skip(f"{mode.name} takes {mode.capability.max_qubit_count} qubits")
    operands = tuple(int(qubit) for qubit in np.random.default_rng(qubit_count).permutation(width)[:qubit_count])
    circuit = CircuitWriter(qubit_count=width, clbit_count=width, global_phase=0.4)
    circuit.gates(mode.start(width, 4)).unitary(random_unitary(qubit_count, 1), operands)
    circuit.unitary(random_unitary(1, 2), operands[:1])
    check(backend, mode, circuit)
    check(backend, mode, circuit.measure_all())


def test_phase_of_an_instruction(backend: Backend, mode: Mode) -> None:
    """A global phase without a condition turns the state vector."""
    if not mode.gives(result_pb2.RESULT_KIND_STATEVECTOR):
        pytest.skip(f"{mode.name} gives no state vector")
    check(backend, mode, CircuitWriter(qubit_count=1, global_phase=0.5).gate("h", (0,)).phase(0.7))


def test_delay_is_the_identity(backend: Backend, mode: Mode) -> None:
    """Idle time alone changes nothing, whatever its length."""
    check(backend, mode, CircuitWriter(qubit_count=2).gate("h", (0,)).gate("cx", (0, 1)).delay(1, 1e9).gate("h", (1,)))


@pytest.mark.parametrize("seed", range(_RANDOM_CIRCUITS))
def test_random_circuit(backend: Backend, mode: Mode, seed: int) -> None:
    """A random circuit of everything that the mode offers agrees with the reference."""
    check(backend, mode, random_circuit(mode, seed), seed=seed)


def test_equal_seeds_give_equal_runs(backend: Backend, mode: Mode) -> None:
    """Measurements in mid-circuit are drawn by the seed: equal jobs give equal counts, other seeds others."""
    if not (mode.capability.deterministic and mode.offers(capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT)):
        pytest.skip(f"{mode.name} does not promise it")
    circuit = CircuitWriter(qubit_count=1, clbit_count=8)
    for clbit in range(8):
        circuit.gate("h", (0,)).measure(0, clbit)
    first, again, other = (backend.run(mode.job(circuit, shots=200, seed=seed)).counts for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_batches_of_runs(backend: Backend, mode: Mode) -> None:
    """Batches of the plan sum to the shots and are reproducible where every shot is a run of its own."""
    if not (mode.capability.deterministic and mode.offers(capabilities_pb2.FEATURE_MID_CIRCUIT_MEASUREMENT)):
        pytest.skip(f"{mode.name} does not promise it")
    circuit = CircuitWriter(qubit_count=1, clbit_count=2).gate("h", (0,)).measure(0, 0).gate("h", (0,)).measure(0, 1)
    job = mode.job(circuit, shots=200, seed=8)
    job.segmentation.shot_batches.extend([30, 170])
    first = backend.run(job).counts
    assert sum(first.values()) == 200
    assert backend.run(job).counts == first
