"""Every channel has the transfer matrix of its definition, on every method that holds or samples mixed states.

A channel acts on one half of Bell pairs; the state that it leaves, its Choi state, is the transfer matrix up to the
order of its entries and a factor 2^k. So one run says all about a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from proxima.simulation.v1 import result_pb2

from proxima_runtime.conformance.agreement import MIXED_METHODS, SHOTS, check, compare, telling_observables
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.random_circuits import random_kraus

# Entries of a transfer matrix.
_TOLERANCE = {result_pb2.PRECISION_SINGLE: 1e-5, result_pb2.PRECISION_DOUBLE: 1e-10}
_PLACES: Mapping[int, Sequence[Sequence[int]]] = {
    1: [(1,)],
    2: [(0, 1), (3, 0)],
    3: [(4, 0, 3)],
    4: [(6, 1, 5, 2)],
}
_Write = Callable[[CircuitWriter, Sequence[int]], CircuitWriter]


def _named(name: str, *parameters: float) -> _Write:
    return lambda circuit, qubits: circuit.channel(name, qubits, parameters)


def _explicit(qubit_count: int, operator_count: int) -> _Write:
    operators = random_kraus(qubit_count, operator_count, 0)
    return lambda circuit, qubits: circuit.kraus(operators, qubits)


CHANNELS: Mapping[str, tuple[int, _Write]] = {
    "depolarizing": (1, _named("depolarizing", 0.3)),
    "depolarizing-joint": (2, _named("depolarizing", 0.4)),
    "depolarizing-joint-3": (3, _named("depolarizing", 0.25)),
    "depolarizing-largest": (1, _named("depolarizing", 4 / 3)),
    "depolarizing-joint-largest": (2, _named("depolarizing", 16 / 15)),
    "depolarizing-whole": (2, _named("depolarizing", 1.0)),
    "depolarizing-none": (1, _named("depolarizing", 0.0)),
    "depolarizing-weak": (1, _named("depolarizing", 1e-6)),
    "bit-flip": (1, _named("pauli_channel", 0.3, 0.0, 0.0)),
    "phase-flip": (1, _named("pauli_channel", 0.0, 0.0, 0.25)),
    "pauli": (1, _named("pauli_channel", 0.1, 0.2, 0.3)),
    "pauli-without-identity": (1, _named("pauli_channel", 0.2, 0.3, 0.5)),
    "amplitude-damping": (1, _named("amplitude_damping", 0.35, 0.0)),
    "amplitude-damping-generalised": (1, _named("amplitude_damping", 0.4, 0.2)),
    "amplitude-damping-whole": (1, _named("amplitude_damping", 1.0, 0.3)),
    "amplitude-damping-upwards": (1, _named("amplitude_damping", 1.0, 1.0)),
    "phase-damping": (1, _named("phase_damping", 0.4)),
    "phase-damping-whole": (1, _named("phase_damping", 1.0)),
    "thermal-relaxation-short-t2": (1, _named("thermal_relaxation", 50e-6, 30e-6, 20e-6, 0.0)),
    "thermal-relaxation-long-t2": (1, _named("thermal_relaxation", 50e-6, 90e-6, 20e-6, 0.1)),
    "thermal-relaxation-longest-t2": (1, _named("thermal_relaxation", 50e-6, 100e-6, 20e-6, 0.5)),
    "thermal-relaxation-no-time": (1, _named("thermal_relaxation", 50e-6, 70e-6, 0.0, 0.1)),
    "thermal-relaxation-almost-dephased": (1, _named("thermal_relaxation", 50e-6, 1e-6, 16e-6, 0.1)),
    "thermal-relaxation-for-ever": (1, _named("thermal_relaxation", 50e-6, 70e-6, 1.0, 0.1)),
    "kraus": (1, _explicit(1, 3)),
    "kraus-of-one-operator": (1, _explicit(1, 1)),
    "kraus-2": (2, _explicit(2, 4)),
    "kraus-2-of-16": (2, _explicit(2, 16)),
    "kraus-3": (3, _explicit(3, 2)),
}


def choi(qubit_count: int, operands: Sequence[int], write: _Write) -> CircuitWriter:
    """Return a circuit of Bell pairs between the operands and as many other qubits, with a channel on the operands."""
    circuit = CircuitWriter(qubit_count=2 * qubit_count)
    others = [qubit for qubit in range(2 * qubit_count) if qubit not in operands]
    for other, operand in zip(others, operands, strict=True):
        circuit.gate("h", (other,)).gate("cx", (other, operand))
    return write(circuit, operands)


@pytest.mark.parametrize("name", CHANNELS)
def test_transfer_matrix(backend: Backend, mode: Mode, name: str) -> None:
    """A channel's transfer matrix is its definition's, to 1e-10 in double and 1e-5 in single precision."""
    qubit_count, write = CHANNELS[name]
    if mode.capability.max_qubit_count < 2 * qubit_count:
        pytest.skip(f"{mode.name} takes {mode.capability.max_qubit_count} qubits")
    for operands in _PLACES[qubit_count]:
        circuit = choi(qubit_count, operands, write)
        if not {result_pb2.RESULT_KIND_DENSITY_MATRIX, result_pb2.RESULT_KIND_EXPECTATION_VALUES} & {
            *mode.capability.results
        }:
            _check_in_three_bases(backend, mode, circuit)
            continue
        check(backend, mode, circuit, tolerance=_TOLERANCE[mode.precision] / 2**qubit_count)


def _check_in_three_bases(backend: Backend, mode: Mode, circuit: CircuitWriter) -> None:
    """Where there are only histograms: measure along Z, X and Y."""
    for turns in ((), ("h",), ("sdg", "h")):
        turned = CircuitWriter(qubit_count=circuit.qubit_count, clbit_count=circuit.qubit_count)
        for row in circuit.rows:
            turned.append(row)
        for qubit in range(circuit.qubit_count):
            turned.gates([(name, (qubit,), ()) for name in turns])
        check(backend, mode, turned.measure_all())


def test_two_channels_in_order(backend: Backend, mode: Mode) -> None:
    """Channels do not commute, and act in the order of the program."""
    circuit = choi(1, (0,), _named("amplitude_damping", 0.5, 0.0)).gate("h", (0,))
    circuit.channel("pauli_channel", (0,), (0.3, 0.0, 0.1)).channel("amplitude_damping", (0,), (0.4, 1.0))
    check(backend, mode, circuit)


def test_channels_count(backend: Backend, mode: Mode) -> None:
    """Counts of a noisy circuit follow its exact distribution."""
    circuit = CircuitWriter(qubit_count=3, clbit_count=3).gate("h", (0,)).gate("cx", (0, 1)).gate("cx", (1, 2))
    for qubit in range(3):
        circuit.channel("depolarizing", (qubit,), (0.2,))
    check(backend, mode, circuit.channel("depolarizing", (2, 0), (0.5,)).measure_all())


def test_everything_in_one_noisy_run(backend: Backend, mode: Mode) -> None:
    """A method that holds mixed states gives all of its results of one run, and each is right."""
    if mode.capability.method not in MIXED_METHODS:
        pytest.skip(f"{mode.name} holds no mixed state")
    circuit = CircuitWriter(qubit_count=3, clbit_count=2, active_qubits=(1, 4, 5), declared_qubit_count=6)
    circuit.gate("h", (0,)).gate("cx", (0, 2)).channel("amplitude_damping", (2,), (0.3, 0.1)).gate("sx", (1,))
    circuit.channel("depolarizing", (1, 0), (0.2,)).measure(2, 0).measure(0, 1)
    mode.require(circuit)
    observables = telling_observables(circuit)
    job = mode.job(
        circuit,
        shots=SHOTS,
        probabilities=mode.gives(result_pb2.RESULT_KIND_PROBABILITIES),
        density_matrix=mode.gives(result_pb2.RESULT_KIND_DENSITY_MATRIX),
        observables=observables if mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES) else (),
    )
    result = backend.run(job)
    assert all(list(entry.axis_bits) in ([], [0, 1], [1, 4, 5]) for entry in result.descriptors.values())
    compare(mode, circuit, result, observables, tolerance=mode.tolerance)
