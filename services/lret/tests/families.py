"""Families of circuits with depolarizing noise on every qubit that a gate touches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
from proxima_runtime.conformance.circuits import CircuitWriter

Gate = tuple[str, tuple[int, ...], tuple[float, ...]]


def brickwork(width: int) -> Iterator[Gate]:
    """Yield ten layers of random rotations and CX on neighbours."""
    angles = np.random.default_rng(width).uniform(-3, 3, (10, width, 3)).tolist()
    for layer in range(10):
        for qubit in range(width):
            yield "u", (qubit,), tuple(angles[layer][qubit])
        for qubit in range(layer % 2, width - 1, 2):
            yield "cx", (qubit, qubit + 1), ()


def qaoa(width: int) -> Iterator[Gate]:
    """Yield two rounds of QAOA on a ring."""
    for qubit in range(width):
        yield "h", (qubit,), ()
    for gamma, beta in ((0.8, 0.7), (0.5, 1.1)):
        for qubit in range(width):
            yield "rzz", (qubit, (qubit + 1) % width), (gamma,)
        for qubit in range(width):
            yield "rx", (qubit,), (2 * beta,)


def vqe(width: int) -> Iterator[Gate]:
    """Yield four layers of a hardware-efficient ansatz."""
    angles = np.random.default_rng(width).uniform(-3, 3, (5, width, 2)).tolist()
    for layer in range(4):
        for qubit in range(width):
            yield "ry", (qubit,), (angles[layer][qubit][0],)
            yield "rz", (qubit,), (angles[layer][qubit][1],)
        for qubit in range(width - 1):
            yield "cx", (qubit, qubit + 1), ()
    for qubit in range(width):
        yield "ry", (qubit,), (angles[4][qubit][0],)


def ghz(width: int) -> Iterator[Gate]:
    """Yield the preparation of a GHZ state."""
    yield "h", (0,), ()
    for qubit in range(width - 1):
        yield "cx", (qubit, qubit + 1), ()


def qft(width: int) -> Iterator[Gate]:
    """Yield the Fourier transform of a random product state, with its swaps."""
    for qubit, angle in enumerate(np.random.default_rng(width).uniform(0, 3, width).tolist()):
        yield "ry", (qubit,), (angle,)
    for high in reversed(range(width)):
        yield "h", (high,), ()
        for low in range(high):
            yield "cp", (low, high), (math.pi / (1 << (high - low)),)
    for qubit in range(width // 2):
        yield "swap", (qubit, width - 1 - qubit), ()


def grover(width: int) -> Iterator[Gate]:
    """Yield two rounds of Grover's search for all ones, in (width + 2) // 2 qubits with ancillas; width is even."""
    data = (width + 2) // 2
    chain: list[Gate] = []
    result = 0
    for control in range(1, data - 1):
        chain.append(("ccx", (result, control, data + control - 1), ()))
        result = data + control - 1
    sign = [*chain, ("cz", (result, data - 1), ()), *reversed(chain)]
    around: list[Gate] = [(name, (qubit,), ()) for name in ("h", "x") for qubit in range(data)]
    for qubit in range(data):
        yield "h", (qubit,), ()
    for _ in range(2):
        yield from sign
        yield from around
        yield from sign
        yield from reversed(around)


FAMILIES: Mapping[str, Callable[[int], Iterator[Gate]]] = MappingProxyType(
    {"brickwork": brickwork, "qaoa": qaoa, "vqe": vqe, "ghz": ghz, "qft": qft, "grover": grover}
)


def noisy(family: str, width: int, probability: float) -> CircuitWriter:
    """Return a circuit of a family with depolarizing noise of this probability on each qubit after each gate."""
    circuit = CircuitWriter(qubit_count=width)
    for name, qubits, parameters in FAMILIES[family](width):
        circuit.gate(name, qubits, parameters)
        for qubit in qubits:
            circuit.channel("depolarizing", (qubit,), (probability,))
    return circuit
