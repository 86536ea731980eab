"""Random circuits with every instruction, for tests against the exact reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.reference import GATE_NAMES, parameter_count, qubit_count

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a random circuit may have.

    Attributes:
        qubit_count: qubits.
        clbit_count: classical bits.
        length: instructions before the final measurements.
        channels: noise.
        conditions: `if`.
        measures: measurement in mid-circuit and reset.
    """

    qubit_count: int
    clbit_count: int
    length: int
    channels: bool = True
    conditions: bool = True
    measures: bool = True


def random_unitary(width: int, generator: np.random.Generator) -> Complex:
    """Return a random unitary on `width` qubits."""
    side = 1 << width
    matrix = generator.normal(size=(side, side)) + 1j * generator.normal(size=(side, side))
    return np.asarray(np.linalg.qr(matrix)[0], dtype=np.complex128)


def random_kraus(width: int, count: int, generator: np.random.Generator) -> Complex:
    """Return `count` random Kraus operators on `width` qubits: blocks of the columns of a unitary."""
    side = 1 << width
    matrix = generator.normal(size=(count * side, side)) + 1j * generator.normal(size=(count * side, side))
    return np.ascontiguousarray(np.linalg.qr(matrix)[0].reshape(count, side, side), dtype=np.complex128)


def random_readout(generator: np.random.Generator) -> Real:
    """Return a random P(read | true)."""
    errors = generator.uniform(0, 0.3, size=2)
    return np.array([[1 - errors[0], errors[0]], [errors[1], 1 - errors[1]]])


def random_circuit(shape: Shape, seed: int) -> CircuitWriter:
    """Return a circuit with random instructions on random operands, some measured at the end."""
    generator = np.random.default_rng(seed)
    circuit = CircuitWriter(qubit_count=shape.qubit_count, clbit_count=shape.clbit_count)
    for qubit in range(shape.qubit_count):
        circuit.gate("u", (qubit,), generator.uniform(-3, 3, size=3).tolist())
    kinds = ["gate", "gate", "gate", "unitary", "delay"]
    kinds += ["channel", "kraus", "kraus"] if shape.channels else []
    kinds += ["measure", "reset"] if shape.measures else []
    for _ in range(shape.length):
        kind = str(generator.choice(kinds))
        _append(circuit, kind, generator)
        if shape.conditions and kind != "delay" and generator.random() < 0.4:
            circuit.only_if(*(_comparison(shape.clbit_count, generator) for _ in range(generator.integers(1, 3))))
    for qubit in generator.permutation(shape.qubit_count)[: generator.integers(1, shape.qubit_count + 1)].tolist():
        readout = random_readout(generator) if generator.random() < 0.5 else None
        circuit.measure(qubit, int(generator.integers(shape.clbit_count)), readout=readout)
    return circuit


def _append(circuit: CircuitWriter, kind: str, generator: np.random.Generator) -> None:
    order = generator.permutation(circuit.qubit_count).tolist()
    match kind:
        case "gate":
            names = [name for name in sorted(GATE_NAMES) if qubit_count(name) <= circuit.qubit_count]
            name = str(generator.choice(names))
            angles = generator.uniform(-6, 6, size=parameter_count(name)).tolist()
            circuit.gate(name, tuple(order[: qubit_count(name)]), angles)
        case "unitary":
            width = int(generator.integers(1, min(4, circuit.qubit_count) + 1))
            circuit.unitary(random_unitary(width, generator), order[:width])
        case "delay":
            circuit.delay(order[0], 1e-6)
        case "channel":
            _append_channel(circuit, order, generator)
        case "kraus":
            width = int(generator.integers(1, min(3, circuit.qubit_count) + 1))
            circuit.kraus(random_kraus(width, int(generator.integers(1, 5)), generator), order[:width])
        case "measure":
            readout = random_readout(generator) if generator.random() < 0.5 else None
            circuit.measure(order[0], int(generator.integers(circuit.clbit_count)), readout=readout)
        case "reset":
            circuit.reset(order[0])


def _append_channel(circuit: CircuitWriter, order: list[int], generator: np.random.Generator) -> None:
    name = str(
        generator.choice(["depolarizing", "pauli_channel", "amplitude_damping", "phase_damping", "thermal_relaxation"])
    )
    match name:
        case "depolarizing":
            width = int(generator.integers(1, min(3, circuit.qubit_count) + 1))
            circuit.channel(name, order[:width], [float(generator.uniform(0, 4**width / (4**width - 1)))])
        case "pauli_channel":
            circuit.channel(name, order[:1], (generator.dirichlet(np.ones(4))[:3]).tolist())
        case "amplitude_damping":
            circuit.channel(name, order[:1], generator.uniform(0, 1, size=2).tolist())
        case "phase_damping":
            circuit.channel(name, order[:1], [float(generator.uniform(0, 1))])
        case _:
            t1 = float(generator.uniform(0.5, 2)) * 1e-4
            t2 = t1 * float(generator.uniform(0.1, 2))
            circuit.channel(name, order[:1], [t1, t2, 5e-5, float(generator.uniform(0, 0.3))])


def _comparison(clbit_count: int, generator: np.random.Generator) -> Comparison:
    first = int(generator.integers(clbit_count))
    width = int(generator.integers(1, clbit_count - first + 1))
    value = int(generator.integers(1 << width))
    return Comparison(first_clbit=first, width=width, value=value, negated=bool(generator.random() < 0.5))
