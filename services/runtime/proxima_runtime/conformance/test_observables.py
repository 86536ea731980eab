"""Expectation values: names and order, sums, the order of letters, exact where the method is exact."""

from __future__ import annotations

import pytest
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import observable_pb2, result_pb2

from proxima_runtime.conformance.agreement import SHOTS, check, compare, samples
from proxima_runtime.conformance.backend import Backend
from proxima_runtime.conformance.cases import Mode
from proxima_runtime.conformance.circuits import CircuitWriter


def _observable(name: str, **terms: float) -> observable_pb2.Observable:
    return observable_pb2.Observable(name=name, paulis=list(terms), coefficients=list(terms.values()))


SUMS = (
    _observable("sum", ZZI=0.5, XII=-1.25, IYX=2.0, III=0.75),
    _observable("again", ZZI=0.5, XII=-1.25, IYX=2.0, III=0.75),
    _observable("constant", III=-3.0),
    _observable("cancels", ZIZ=1.0, III=0.0),
    observable_pb2.Observable(name="twice the same", paulis=["IIZ", "IIZ"], coefficients=[0.5, 0.25]),
    _observable("high", ZII=1.0),
    _observable("low", IIZ=1.0),
)


def _need(mode: Mode) -> None:
    if not mode.gives(result_pb2.RESULT_KIND_EXPECTATION_VALUES):
        pytest.skip(f"{mode.name} gives no expectation values")


def _circuit(mode: Mode) -> CircuitWriter:
    circuit = CircuitWriter(qubit_count=3, clbit_count=3).gates(mode.start(3, 9)).gate("h", (0,)).gate("cx", (0, 2))
    return circuit.gates(mode.random_steps(3, 6, 2))


def test_sums_of_paulis(backend: Backend, mode: Mode) -> None:
    """Sums, constants, repeated terms and observables are what the reference gives, in order."""
    _need(mode)
    check(backend, mode, _circuit(mode), observables=SUMS)


def test_first_letter_is_the_highest_qubit(backend: Backend, mode: Mode) -> None:
    """With X on qubit 0 of three, ZII is 1 and IIZ is -1."""
    _need(mode)
    circuit = CircuitWriter(qubit_count=3).gate("x", (0,))
    shots = SHOTS if samples(mode, circuit) else 0
    found = backend.run(mode.job(circuit, observables=SUMS[-2:], shots=shots)).header.expectation_values
    assert [round(entry.value, 4) for entry in found] == [1.0, -1.0]


def test_letters_are_of_the_column_qubits(backend: Backend, mode: Mode) -> None:
    """Of a stripped circuit, letters number the qubits of the columns, not the declared ones."""
    _need(mode)
    circuit = CircuitWriter(qubit_count=2, active_qubits=(3, 7), declared_qubit_count=9).gate("x", (1,)).gate("h", (0,))
    check(backend, mode, circuit, observables=[_observable("a", ZX=1.0), _observable("b", ZI=1.0)])


def test_terminal_measurements_do_not_matter(backend: Backend, mode: Mode) -> None:
    """Expectation values are those before the terminal measurements."""
    _need(mode)
    check(backend, mode, _circuit(mode).measure(1, 0).measure(0, 2), observables=SUMS)


def test_beside_everything_else(backend: Backend, mode: Mode) -> None:
    """Expectation values come with all other results in one run."""
    _need(mode)
    circuit = _circuit(mode).measure_all()
    result = backend.run(
        mode.job(
            circuit,
            shots=SHOTS,
            probabilities=mode.gives(result_pb2.RESULT_KIND_PROBABILITIES),
            statevector=mode.gives(result_pb2.RESULT_KIND_STATEVECTOR),
            density_matrix=mode.gives(result_pb2.RESULT_KIND_DENSITY_MATRIX),
            observables=SUMS,
        )
    )
    assert result.header.expectation_values
    compare(mode, circuit, result, SUMS, tolerance=mode.tolerance)


ILLEGAL = {
    "length": _observable("wrong", ZZ=1.0),
    "letters": _observable("wrong", ZAZ=1.0),
    "lower case": _observable("wrong", zzz=1.0),
    "nothing": _observable("wrong"),
    "infinite": _observable("wrong", ZZZ=float("inf")),
    "not a number": _observable("wrong", ZZZ=float("nan")),
    "coefficients": observable_pb2.Observable(name="wrong", paulis=["ZZZ"], coefficients=[1.0, 2.0]),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_illegal_observables(backend: Backend, mode: Mode, name: str) -> None:
    """An observable of another length, with other letters or with numbers that are none is refused as the request's."""
    _need(mode)
    job = mode.job(_circuit(mode).measure_all(), observables=[*SUMS[:1], ILLEGAL[name]], shots=SHOTS)
    assert backend.refusal(job).reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
