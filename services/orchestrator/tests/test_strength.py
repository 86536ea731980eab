"""Noise strength against the eigenvalues of Choi matrices."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from proxima_orchestrator.circuit import Circuit, Kind, Operation
from proxima_orchestrator.strength import channel_strengths, kraus_strength, noise_strength
from proxima_runtime.arrays.channels import kraus

unit = st.floats(0, 1)


def by_choi(operators: NDArray[np.complex128]) -> float:
    """1 - lambda_max of the Choi matrix over its dimension, the matrix written out."""
    columns = operators.reshape(len(operators), -1)
    choi = columns.T @ columns.conj() / operators.shape[1]
    return 1 - float(np.linalg.eigvalsh(choi)[-1])


def check(name: str, values: tuple[float, ...], qubits: int) -> None:
    """The closed form and the Gram matrix both equal the Choi matrix's eigenvalue."""
    expected = by_choi(kraus(name, values, qubits))
    assert math.isclose(channel_strengths(name, np.array([values]), qubits)[0], expected, abs_tol=1e-12)
    assert math.isclose(kraus_strength(kraus(name, values, qubits)), expected, abs_tol=1e-12)


@given(unit, st.integers(1, 3))
def test_depolarizing(share: float, qubits: int) -> None:
    """Depolarizing on one qubit has 3 p / 4; every number of qubits and the whole legal range agree with Choi."""
    check("depolarizing", (share * 4.0**qubits / (4.0**qubits - 1),), qubits)
    assert math.isclose(channel_strengths("depolarizing", np.array([[0.01]]), 1)[0], 0.0075)


@given(st.tuples(unit, unit, unit, unit).filter(lambda p: sum(p) > 0))
def test_pauli_channel(weights: tuple[float, ...]) -> None:
    """The strength of a Pauli channel is what its likeliest Pauli operator leaves."""
    total = sum(weights)
    x, y, z = (weight / total for weight in weights[1:])
    check("pauli_channel", (x, y, z), 1)


@given(unit, unit)
def test_damping(gamma: float, population: float) -> None:
    """Amplitude and phase damping agree with Choi."""
    check("amplitude_damping", (gamma, population), 1)
    check("phase_damping", (gamma,), 1)


@given(st.floats(1e-6, 1e-3), st.floats(0.01, 2), st.floats(0, 1e-2), unit)
def test_thermal_relaxation(t1: float, ratio: float, duration: float, population: float) -> None:
    """Thermal relaxation agrees with Choi on both sides of T2 = T1."""
    check("thermal_relaxation", (t1, t1 * ratio, duration, population), 1)


def test_times_beyond_all_measure_have_a_strength() -> None:
    """A relaxation over far more than T1 has decayed, and one over no time does nothing."""
    rows = np.array([[1e-300, 1e-300, 1e100, 0.0], [5e-324, 5e-324, 0.0, 0.0], [1e300, 1e-300, 1e100, 0.0]])
    assert channel_strengths("thermal_relaxation", rows, 1).tolist() == [0.5, 0.0, 0.5]


def test_weak_noise_does_not_cancel() -> None:
    """A channel of strength 1e-18 is not counted as none."""
    found = channel_strengths("amplitude_damping", np.array([[1e-18, 0.0]]), 1)
    assert math.isclose(found[0], 5e-19, rel_tol=1e-9)


def test_strength_adds_up_over_instructions() -> None:
    """Each channel of a circuit counts with its own parameters, and Kraus operators count as often as they occur."""
    flip = kraus("pauli_channel", (0.2, 0.0, 0.0), 1)
    circuit = Circuit(
        qubit_count=1,
        clbit_count=0,
        operations=(
            Operation(kind=Kind.CHANNEL, name="depolarizing", qubit_count=1, parameter_count=1),
            Operation(kind=Kind.GATE, name="rx", qubit_count=1, parameter_count=1),
            Operation(kind=Kind.CHANNEL, name="mine", qubit_count=1, matrix=flip),
        ),
        opcodes=np.array([0, 1, 0, 2, 2], dtype=np.uint16),
        qubits=np.zeros(5, dtype=np.uint32),
        clbits=np.zeros(0, dtype=np.uint32),
        parameters=np.array([0.1, 0.7, 0.2]),
        active_qubits=np.zeros(1, dtype=np.int32),
        declared_qubit_count=1,
    )
    assert math.isclose(noise_strength(circuit), 0.075 + 0.15 + 2 * 0.2)
