"""The direct routes into qsim and Cirq give what their simulators give, and their failures are typed."""

from __future__ import annotations

import cirq
import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima_backend_cirq import native, qsim
from proxima_runtime.arrays.program import Program, decode
from proxima_runtime.conformance.circuits import layered
from proxima_runtime.errors import Internal
from qsimcirq.qsim_simulator import QSimSimulator


def _silent(*, done_count: int, total_count: int, unit: str) -> None:
    """No progress is wanted."""


def _program(width: int, depth: int) -> Program:
    return decode(layered(width, depth, measure=False).message())


def _circuit(program: Program) -> tuple[cirq.Circuit, list[cirq.Qid]]:
    """The same circuit as Cirq objects, and the qubits in the order that makes its index ours."""
    qubits: list[cirq.Qid] = list(cirq.LineQubit.range(program.qubit_count))
    return cirq.Circuit(native.operations(program, qubits)), qubits[::-1]


def test_qsim_equals_its_simulator() -> None:
    """The state is what QSimSimulator gives for the same circuit, to single precision."""
    program = _program(7, 4)
    circuit = qsim.new_circuit(program.qubit_count)
    qsim.append_gates(program, circuit)
    found, _ = qsim.final_state(circuit, seed=1, thread_count=1)
    stock, order = _circuit(program)
    expected = QSimSimulator().simulate(stock, qubit_order=order).final_state_vector
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_cirq_vector_equals_its_simulator() -> None:
    """The state vector is what cirq.Simulator gives for the same circuit."""
    program = _program(6, 4)
    found, _ = native.final_state(program, density_matrix=False, single_precision=False, report=_silent)
    stock, order = _circuit(program)
    expected = cirq.Simulator(dtype=np.complex128).simulate(stock, qubit_order=order).final_state_vector
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_cirq_matrix_equals_its_simulator() -> None:
    """The density matrix is what cirq.DensityMatrixSimulator gives for the same circuit."""
    program = _program(4, 3)
    found, _ = native.final_state(program, density_matrix=True, single_precision=False, report=_silent)
    stock, order = _circuit(program)
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    expected = simulator.simulate(stock, qubit_order=order).final_density_matrix
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_cirq_counts_operations() -> None:
    """Progress counts every operation of the circuit."""
    program, seen = _program(3, 2), []

    def report(*, done_count: int, total_count: int, unit: str) -> None:
        seen.append((done_count, total_count, unit))

    native.final_state(program, density_matrix=False, single_precision=True, report=report)
    total = len(program.opcodes)
    assert seen == [(done, total, "operations") for done in range(1, total + 1)]


def test_failures_carry_the_engines_message() -> None:
    """What a simulator raises is ENGINE_FAILED with its message."""
    circuit = qsim.new_circuit(2)
    with pytest.raises(Internal) as caught:
        qsim.final_state(circuit, seed=1, thread_count=-(2**40))
    assert caught.value.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED
    assert caught.value.metadata["engine"] == "qsim"
    assert caught.value.metadata["message"]
