"""The guard notices a translation that acts differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2
from proxima_backend_qiskit import aer
from proxima_backend_qiskit.gates import NATIVE
from proxima_backend_qiskit.guard import Guard
from proxima_backend_qiskit.lowering import ChannelForm, Lowering, check_count
from proxima_backend_qiskit.translate import append_gates
from proxima_runtime.arrays.instructions import list_instructions
from proxima_runtime.arrays.program import decode
from proxima_runtime.backend.outline import outline
from proxima_runtime.conformance.circuits import CircuitWriter, layered
from proxima_runtime.conformance.random_circuits import random_unitary
from proxima_runtime.errors import Internal

_METHOD = capabilities_pb2.Method


class _Crooked(aer.Controller):
    """A real controller whose states come out with two amplitudes exchanged."""

    runs = 0

    def run(
        self, circuit: aer.NativeCircuit, options: aer.RunOptions, errors: Sequence[aer.PauliError] = ()
    ) -> aer.Output:
        """Run and exchange."""
        self.runs += 1
        output = super().run(circuit, options, errors)
        assert output.state is not None
        return replace(output, state=output.state[np.arange(len(output.state)) ^ 1])


class _Faded(aer.Controller):
    """A real controller whose density matrices come out too mixed."""

    def run(
        self, circuit: aer.NativeCircuit, options: aer.RunOptions, errors: Sequence[aer.PauliError] = ()
    ) -> aer.Output:
        """Run and fade."""
        output = super().run(circuit, options, errors)
        assert output.state is not None
        return replace(output, state=output.state * (0.9 + 0.1 * np.eye(len(output.state))))


class _Counting(aer.Controller):
    """A real controller that counts its runs."""

    runs = 0

    def run(
        self, circuit: aer.NativeCircuit, options: aer.RunOptions, errors: Sequence[aer.PauliError] = ()
    ) -> aer.Output:
        """Run and count."""
        self.runs += 1
        return super().run(circuit, options, errors)


def test_wrong_action_is_a_mismatch() -> None:
    """A circuit that acts differently ends with TRANSLATION_MISMATCH that has the difference."""
    with pytest.raises(Internal) as caught:
        Guard(_Crooked()).check(decode(layered(3, 1).message()), _METHOD.METHOD_STATEVECTOR)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH
    assert set(caught.value.metadata) == {"engine", "expected", "actual"}


def test_verified_gates_are_not_verified_again() -> None:
    """Each set of gates is verified once for a method, and again for another method."""
    controller = _Counting()
    guard, program = Guard(controller), decode(layered(3, 1).message())
    for method in (_METHOD.METHOD_STATEVECTOR, _METHOD.METHOD_STATEVECTOR, _METHOD.METHOD_DENSITY_MATRIX):
        guard.check(program, method)
    assert controller.runs == 2


def test_large_circuits_are_not_run_twice() -> None:
    """Above the guard's size only counts are compared."""
    controller = _Counting()
    Guard(controller).check(decode(layered(9, 1).message()), _METHOD.METHOD_STATEVECTOR)
    assert controller.runs == 0


def test_counts_that_disagree_are_a_mismatch() -> None:
    """A program whose columns were not used up is TRANSLATION_MISMATCH."""
    program = decode(CircuitWriter(qubit_count=2).gate("cx", (0, 1)).message())
    circuit = aer.new_circuit(qubit_count=2, slot_count=0, global_phase=0.0)
    with pytest.raises(Internal) as caught:
        append_gates(replace(program, row_count=2), NATIVE[_METHOD.METHOD_STATEVECTOR], circuit)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH


def test_a_wrong_channel_is_a_mismatch() -> None:
    """A channel that acts differently on density matrices ends with TRANSLATION_MISMATCH that names it."""
    message = CircuitWriter(qubit_count=2).channel("depolarizing", (1, 0), (0.1,)).message()
    listing, found = list_instructions(message), outline(message, keeps_records=False)
    Guard(aer.Controller()).check_listing(listing, found, _METHOD.METHOD_DENSITY_MATRIX)
    with pytest.raises(Internal, match="depolarizing") as caught:
        Guard(_Faded()).check_listing(listing, found, _METHOD.METHOD_DENSITY_MATRIX)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH


def test_a_wrong_unitary_is_a_mismatch() -> None:
    """An explicit unitary that acts differently on state vectors ends with TRANSLATION_MISMATCH."""
    message = CircuitWriter(qubit_count=2).unitary(random_unitary(2, 1), (1, 0)).reset(0).message()
    listing, found = list_instructions(message), outline(message, keeps_records=False)
    Guard(aer.Controller()).check_listing(listing, found, _METHOD.METHOD_TRAJECTORIES)
    with pytest.raises(Internal, match="unitary"):
        Guard(_Crooked()).check_listing(listing, found, _METHOD.METHOD_TRAJECTORIES)


def test_uncounted_instructions_are_a_mismatch() -> None:
    """A lowering that has left something out ends with TRANSLATION_MISMATCH."""
    lowering = Lowering(native=NATIVE[_METHOD.METHOD_STATEVECTOR], channel_form=ChannelForm.KRAUS)
    with pytest.raises(Internal) as caught:
        check_count(lowering, 1)
    assert caught.value.reason == errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH
