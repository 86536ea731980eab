"""Legal ranges of the named channels."""

from __future__ import annotations

import math

import pytest
from proxima_runtime.noise import parameter_fault, width_fault


@pytest.mark.parametrize(
    ("name", "parameters", "named"),
    [
        ("depolarizing", (-1e-9,), "probability"),
        ("depolarizing", (4 / 3 + 1e-9,), "probability"),
        ("depolarizing", (math.nan,), "probability"),
        ("pauli_channel", (0.5, 0.4, 0.2), "x + y + z"),
        ("pauli_channel", (-0.1, 0.4, 0.2), "x is -0.1"),
        ("amplitude_damping", (1.1, 0.0), "gamma"),
        ("amplitude_damping", (0.1, -0.1), "excited_population"),
        ("phase_damping", (math.inf,), "lambda"),
        ("thermal_relaxation", (1e-6, 2.1e-6, 0.0, 0.0), "over 2 T1"),
        ("thermal_relaxation", (0.0, 1e-6, 0.0, 0.0), "T1"),
        ("thermal_relaxation", (1e-6, -1e-6, 0.0, 0.0), "T2"),
        ("thermal_relaxation", (1e-6, 1e-6, -1e-9, 0.0), "duration"),
        ("thermal_relaxation", (1e-6, 1e-6, math.nan, 0.0), "duration"),
    ],
)
def test_what_is_out_of_range_is_named(name: str, parameters: tuple[float, ...], named: str) -> None:
    """A parameter that is out of its range is refused by a sentence that names it."""
    fault = parameter_fault(name, parameters)
    assert fault is not None
    assert named in fault


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("depolarizing", (4 / 3,)),
        ("depolarizing", (0.0,)),
        ("pauli_channel", (0.1, 0.2, 0.7)),
        ("amplitude_damping", (1.0, 1.0)),
        ("phase_damping", (1.0,)),
        ("thermal_relaxation", (50e-6, 100e-6, 0.0, 0.5)),
    ],
)
def test_the_ends_of_the_ranges_are_legal(name: str, parameters: tuple[float, ...]) -> None:
    """The ends of each range are legal, 4/3 for depolarizing and T2 = 2 T1 among them."""
    assert parameter_fault(name, parameters) is None


def test_the_largest_depolarizing_probability_follows_the_qubits() -> None:
    """4^k / (4^k - 1) is legal on k qubits up to 4, anything above it is refused, and so are 5 qubits."""
    for width in range(1, 5):
        largest = 4**width / (4**width - 1)
        assert width_fault("depolarizing", (largest,), width) is None
        fault = width_fault("depolarizing", (math.nextafter(largest, 2),), width)
        assert "at most" in (fault or "")
    assert "at most 4 qubits" in (width_fault("depolarizing", (0.1,), 5) or "")
