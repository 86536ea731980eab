"""Readout error alters the recorded bit, before a condition uses it, and never the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from proxima.simulation.v1 import capabilities_pb2

from proxima_runtime.conformance.agreement import check
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

# P(read | true): rows are the true value. Asymmetric, so that a transposed table shows.
OFTEN_UP = np.array([[0.7, 0.3], [0.05, 0.95]])
OFTEN_DOWN = np.array([[0.9, 0.1], [0.4, 0.6]])
ALWAYS_WRONG = np.array([[0.0, 1.0], [1.0, 0.0]])
EXACT = np.eye(2)

_IF_READ = Comparison(first_clbit=0, width=1, value=1)


def _pair(clbit_count: int) -> CircuitWriter:
    return CircuitWriter(qubit_count=2, clbit_count=clbit_count).gate("h", (0,)).gate("cx", (0, 1))


def _one() -> CircuitWriter:
    return CircuitWriter(qubit_count=2, clbit_count=2).gate("x", (0,))


TERMINAL: Mapping[str, Callable[[], CircuitWriter]] = {
    "one read as zero": lambda: _one().measure(0, 0, readout=OFTEN_DOWN).measure(1, 1),
    "zero read as one": lambda: _one().measure(0, 0).measure(1, 1, readout=OFTEN_UP),
    "each bit by its own table": lambda: _pair(2).measure(0, 1, readout=OFTEN_UP).measure(1, 0, readout=OFTEN_DOWN),
    "always wrong": lambda: _one().measure(0, 1, readout=ALWAYS_WRONG).measure(1, 0),
    "a table without errors": lambda: _pair(2).measure(0, 0, readout=EXACT).measure(1, 1),
    "two readings of one qubit err apart": lambda: (
        _pair(3).measure(0, 0, readout=OFTEN_UP).measure(0, 2, readout=OFTEN_UP).measure(1, 1)
    ),
    "the last reading into a bit counts": lambda: (
        _one().measure(0, 0, readout=OFTEN_UP).measure(1, 0, readout=OFTEN_DOWN)
    ),
    "some bits of several": lambda: _pair(5).measure(0, 4, readout=OFTEN_DOWN).measure(1, 1),
}

MID_CIRCUIT: Mapping[str, Callable[[], CircuitWriter]] = {
    "a condition uses what was read": lambda: (
        _one().measure(0, 0, readout=OFTEN_DOWN).gate("x", (1,)).only_if(_IF_READ).measure(1, 1)
    ),
    "the qubit stays what it truly is": lambda: (
        _pair(3).measure(0, 0, readout=OFTEN_UP).gate("x", (0,)).measure(0, 2).measure(1, 1)
    ),
    "an error in a correction": lambda: (
        _pair(2).measure(0, 0, readout=OFTEN_UP).gate("x", (1,)).only_if(_IF_READ).measure(1, 1, readout=OFTEN_DOWN)
    ),
    "a reading under a condition": lambda: (
        _pair(2).measure(0, 0, readout=OFTEN_UP).measure(1, 1, readout=OFTEN_DOWN).only_if(_IF_READ)
    ),
}


@pytest.mark.parametrize("name", TERMINAL)
def test_terminal_readout(backend: Backend, mode: Mode, name: str) -> None:
    """Counts and probabilities include the errors and say so; states and expectation values do not."""
    check(backend, mode, TERMINAL[name]())


@pytest.mark.parametrize("name", MID_CIRCUIT)
def test_readout_in_mid_circuit(backend: Backend, mode: Mode, name: str) -> None:
    """A condition sees the value that was read, a later measurement the true one."""
    check(backend, mode, MID_CIRCUIT[name]())


def test_readout_beside_noise(backend: Backend, mode: Mode) -> None:
    """Noise acts on the state and readout error on the bits, each once."""
    if not mode.offers(capabilities_pb2.FEATURE_CHANNEL):
        pytest.skip(f"{mode.name} does not offer channels")
    circuit = _pair(2).channel("depolarizing", (0, 1), (0.3,)).channel("pauli_channel", (1,), (0.2, 0.0, 0.0))
    check(backend, mode, circuit.measure(0, 0, readout=OFTEN_UP).measure(1, 1, readout=OFTEN_DOWN))
