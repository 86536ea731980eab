"""Spellings of gates are exact."""

from __future__ import annotations

import numpy as np
import pytest
from proxima.simulation.v1 import capabilities_pb2
from proxima_backend_qiskit.gates import ALIASES, CLIFFORD, NATIVE, SPELLINGS, VOCABULARY, native_name, spell
from proxima_runtime.conformance import reference

# Aer's names that the reference knows under another.
_WIRE_NAMES = {("mcx", 4): "c3x", ("mcx", 5): "c4x", ("mcsx", 4): "c3sx"}


def _spelled(name: str, parameters: list[float], native: frozenset[str]) -> np.ndarray:
    width = reference.qubit_count(name)
    state = np.eye(1 << width, dtype=np.complex128)
    for part, qubits, angles in spell(name, tuple(range(width)), parameters, native):
        wire = _WIRE_NAMES.get((part, len(qubits)), part)
        state = reference.apply(reference.unitary(wire, angles), qubits, state)
    return state


@pytest.mark.parametrize("method", [*NATIVE])
def test_every_gate_is_spelled_exactly(method: capabilities_pb2.Method) -> None:
    """Every gate of a method is, in the native gates of that method, its unitary with its phase."""
    generator = np.random.default_rng(2)
    for name in CLIFFORD if method == capabilities_pb2.METHOD_STABILIZER else VOCABULARY:
        parameters = generator.uniform(-7, 7, reference.parameter_count(name)).tolist()
        found = _spelled(name, parameters, NATIVE[method])
        np.testing.assert_allclose(found, reference.unitary(name, parameters), atol=1e-13, err_msg=name)


def test_spellings_are_of_the_vocabulary() -> None:
    """Only standard gates have spellings and aliases."""
    assert set(SPELLINGS) | set(ALIASES) <= set(VOCABULARY)


def test_a_gate_without_spelling_is_refused() -> None:
    """A gate that a method cannot spell raises KeyError."""
    native = NATIVE[capabilities_pb2.METHOD_STABILIZER]
    assert native_name("t", native) is None
    with pytest.raises(KeyError):
        list(spell("t", (0,), (), native))
