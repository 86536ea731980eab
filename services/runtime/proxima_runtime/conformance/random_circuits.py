"""Random circuits of every instruction that a mode offers, and random operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from proxima.simulation.v1 import capabilities_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.cases import Mode, random_step
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison
from proxima_runtime.conformance.reference import Complex, Real

WIDTH, CLBITS, ROWS = 3, 4, 16

_FEATURE = capabilities_pb2
_Generator = np.random.Generator
# Appends an instruction to a circuit, on operands in random order.
_Make = Callable[[CircuitWriter, Sequence[int], _Generator], None]


def random_unitary(qubit_count: int, seed: int) -> Complex:
    """Return a random unitary, shape (2^k, 2^k)."""
    return np.asarray(random_kraus(qubit_count, 1, seed)[0])


def random_kraus(qubit_count: int, operator_count: int, seed: int) -> Complex:
    """Return random Kraus operators, shape (m, 2^k, 2^k): a random isometry cut in pieces."""
    generator = np.random.default_rng((seed, qubit_count, operator_count))
    side = 1 << qubit_count
    shape = (operator_count * side, side)
    isometry, _ = np.linalg.qr(generator.normal(size=shape) + 1j * generator.normal(size=shape))
    return np.asarray(isometry.reshape(operator_count, side, side))


def random_readout(generator: _Generator) -> Real:
    """Return P(read | true) with errors of up to one in three."""
    up, down = generator.uniform(0, 1 / 3, size=2)
    return np.array([[1 - up, up], [down, 1 - down]])


def random_circuit(mode: Mode, seed: int) -> CircuitWriter:
    """Return a circuit of `WIDTH` qubits that the mode takes; half of the instructions are gates."""
    generator = np.random.default_rng((seed, 77))
    width = min(WIDTH, mode.capability.max_qubit_count)
    circuit = CircuitWriter(qubit_count=width, clbit_count=CLBITS).gates(mode.start(width, seed))
    names = [name for name in sorted(mode.capability.gates) if reference.qubit_count(name) <= width]
    makers = _makers(mode)
    for _ in range(ROWS):
        operands = [int(qubit) for qubit in generator.permutation(width)]
        if makers and generator.random() < 0.5:
            makers[int(generator.integers(len(makers)))](circuit, operands, generator)
        else:
            circuit.gates([random_step(str(generator.choice(names)), width, generator)])
        if mode.offers(_FEATURE.FEATURE_CLASSICAL_CONDITION) and generator.random() < 0.25:
            circuit.only_if(*_comparisons(generator))
    has_errors = mode.offers(_FEATURE.FEATURE_READOUT_ERROR)
    for qubit in range(width):
        circuit.measure(qubit, qubit, readout=random_readout(generator) if has_errors and qubit else None)
    return circuit


def _makers(mode: Mode) -> Sequence[_Make]:
    """Return what appends the instructions, other than gates, that the mode takes."""
    general = {_any_channel, _unitary} if mode.is_clifford else set()
    return [make for make, features in _NEEDS.items() if mode.offers(*features) and make not in general]


def _comparisons(generator: _Generator) -> Sequence[Comparison]:
    found = []
    for _ in range(int(generator.integers(1, 3))):
        first = int(generator.integers(CLBITS))
        width = int(generator.integers(1, CLBITS - first + 1))
        value, negated = int(generator.integers(1 << width)), bool(generator.random() < 0.5)
        found.append(Comparison(first_clbit=first, width=width, value=value, negated=negated))
    return found


def _measure(circuit: CircuitWriter, operands: Sequence[int], generator: _Generator) -> None:
    circuit.measure(operands[0], int(generator.integers(CLBITS)))


def _measure_with_errors(circuit: CircuitWriter, operands: Sequence[int], generator: _Generator) -> None:
    circuit.measure(operands[0], int(generator.integers(CLBITS)), readout=random_readout(generator))


def _reset(circuit: CircuitWriter, operands: Sequence[int], _: _Generator) -> None:
    circuit.reset(operands[0])


def _delay(circuit: CircuitWriter, operands: Sequence[int], _: _Generator) -> None:
    circuit.delay(operands[0], 1e-6)


def _pauli_channel(circuit: CircuitWriter, operands: Sequence[int], generator: _Generator) -> None:
    """A channel that keeps stabilizer states mixtures of such."""
    if generator.random() < 0.5:
        circuit.channel("pauli_channel", operands[:1], generator.dirichlet(np.ones(4))[1:].tolist())
    else:
        p = float(generator.uniform(0, 0.5))
        circuit.channel("depolarizing", operands[: int(generator.integers(1, 3))], (p,))


def _any_channel(circuit: CircuitWriter, operands: Sequence[int], generator: _Generator) -> None:
    match int(generator.integers(3)):
        case 0:
            circuit.channel("amplitude_damping", operands[:1], generator.uniform(size=2).tolist())
        case 1:
            t1, share, duration = generator.uniform(0.1, 1.0, size=3).tolist()
            circuit.channel("thermal_relaxation", operands[:1], (t1, 2 * t1 * share, duration, 0.2))
        case _:
            count = min(2, len(operands))
            circuit.kraus(random_kraus(count, 3, int(generator.integers(1000))), operands[:count])


def _unitary(circuit: CircuitWriter, operands: Sequence[int], generator: _Generator) -> None:
    count = int(generator.integers(1, len(operands) + 1))
    circuit.unitary(random_unitary(count, int(generator.integers(1000))), operands[:count])


_NEEDS: Mapping[_Make, Sequence[capabilities_pb2.Feature]] = {
    _measure: (_FEATURE.FEATURE_MID_CIRCUIT_MEASUREMENT,),
    _measure_with_errors: (_FEATURE.FEATURE_MID_CIRCUIT_MEASUREMENT, _FEATURE.FEATURE_READOUT_ERROR),
    _reset: (_FEATURE.FEATURE_RESET,),
    _delay: (_FEATURE.FEATURE_DELAY,),
    _pauli_channel: (_FEATURE.FEATURE_CHANNEL,),
    _any_channel: (_FEATURE.FEATURE_CHANNEL,),
    _unitary: (_FEATURE.FEATURE_UNITARY,),
}
