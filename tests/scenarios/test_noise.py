"""Noise models and observables on the whole stack, against a density matrix evolved by the definitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from proxima_client import Client, ProximaError
from proxima_runtime.arrays.gates import unitary

from .runner import Runner, assert_refused

Complex = NDArray[np.complex128]
After = Callable[[Complex, tuple[int, ...]], Complex]

_EXACT = (("qiskit", "density_matrix"), ("cirq", "density_matrix"), ("lret", "low_rank"))
_EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "noise"
_QUBITS = 3
# In layers: every gate of a layer is in one moment.
_LAYERS: tuple[tuple[tuple[str, tuple[float, ...], tuple[int, ...]], ...], ...] = (
    (("h", (), (0,)), ("rx", (0.4,), (2,))),
    (("cx", (), (0, 1)),),
    (("ry", (1.1,), (1,)), ("cz", (), (2, 0))),
    (("t", (), (2,)),),
)
_PAULIS: dict[str, Complex] = {
    "I": np.eye(2, dtype=np.complex128),
    "X": unitary("x", ()),
    "Y": unitary("y", ()),
    "Z": unitary("z", ()),
}


def _program(*, measured: bool = False) -> str:
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{_QUBITS}] q;"]
    for layer in _LAYERS:
        for name, parameters, qubits in layer:
            shown = f"({', '.join(map(str, parameters))})" if parameters else ""
            lines.append(f"{name}{shown} {', '.join(f'q[{qubit}]' for qubit in qubits)};")
        lines.append("barrier q;")
    return "\n".join([*lines, f"bit[{_QUBITS}] c;\nc = measure q;" if measured else ""])


def _embedded(matrix: Complex, qubits: Sequence[int]) -> Complex:
    """The operator on all qubits; the first operand is the least significant bit of the matrix."""
    side = 2**_QUBITS
    full = np.zeros((side, side), dtype=np.complex128)
    rest = sum(1 << qubit for qubit in range(_QUBITS) if qubit not in qubits)
    for column in range(side):
        inner = sum(((column >> qubit) & 1) << place for place, qubit in enumerate(qubits))
        for row in range(matrix.shape[0]):
            outer = column & rest | sum(((row >> place) & 1) << qubit for place, qubit in enumerate(qubits))
            full[outer, column] += matrix[row, inner]
    return full


def _depolarized(rho: Complex, qubits: Sequence[int], p: float) -> Complex:
    """(1 - p) rho + p Tr_Q(rho) (x) I / 2^k, the partial trace as the mean over all Pauli operators on Q."""
    mixed = rho
    for qubit in qubits:
        operators = [_embedded(pauli, (qubit,)) for pauli in _PAULIS.values()]
        mixed = np.asarray(sum(item @ mixed @ item for item in operators) / 4)
    return np.asarray((1 - p) * rho + p * mixed)


def _mapped(rho: Complex, qubit: int, *kraus: object) -> Complex:
    operators = [_embedded(np.array(item, dtype=np.complex128), (qubit,)) for item in kraus]
    return np.asarray(sum(item @ rho @ item.conj().T for item in operators))


def _damped(rho: Complex, qubit: int, gamma: float, population: float) -> Complex:
    down = [[[1, 0], [0, np.sqrt(1 - gamma)]], [[0, np.sqrt(gamma)], [0, 0]]]
    up = [[[np.sqrt(1 - gamma), 0], [0, 1]], [[0, 0], [np.sqrt(gamma), 0]]]
    return (1 - population) * _mapped(rho, qubit, *down) + population * _mapped(rho, qubit, *up)


def _on_each(change: Callable[[Complex, int], Complex]) -> After:
    def after(rho: Complex, qubits: tuple[int, ...]) -> Complex:
        for qubit in qubits:
            rho = change(rho, qubit)
        return rho

    return after


_BY_GATE: dict[str, After] = {
    "depolarizing:0.1": lambda rho, qubits: _depolarized(rho, qubits, 0.1),
    "depolarizing:1.05": lambda rho, qubits: _depolarized(rho, qubits, 1.05),
    "depolarizing-each:0.1": _on_each(lambda rho, qubit: _depolarized(rho, (qubit,), 0.1)),
    "bit-flip:0.1": _on_each(lambda rho, q: _mapped(rho, q, 0.9**0.5 * _PAULIS["I"], 0.1**0.5 * _PAULIS["X"])),
    "phase-flip:0.1": _on_each(lambda rho, q: _mapped(rho, q, 0.9**0.5 * _PAULIS["I"], 0.1**0.5 * _PAULIS["Z"])),
    "bit-phase-flip:0.1": _on_each(lambda rho, q: _mapped(rho, q, 0.9**0.5 * _PAULIS["I"], 0.1**0.5 * _PAULIS["Y"])),
    "amplitude-damping:0.2,0.1": _on_each(lambda rho, qubit: _damped(rho, qubit, 0.2, 0.1)),
    "phase-damping:0.2": _on_each(lambda rho, q: _mapped(rho, q, [[1, 0], [0, 0.8**0.5]], [[0, 0], [0, 0.2**0.5]])),
}


def _density_matrix(client: Client, backend: str, method: str, noise: str) -> Complex:
    result = client.run(
        _program(), backend=backend, method=method, precision="double", noise=noise, density_matrix=True
    )
    assert result.density_matrix is not None
    return np.asarray(result.density_matrix, dtype=np.complex128)


def _evolved(after_gate: After | None, after_layer: After | None = None) -> Complex:
    rho: Complex = np.zeros((2**_QUBITS, 2**_QUBITS), dtype=np.complex128)
    rho[0, 0] = 1
    for layer in _LAYERS:
        for name, parameters, qubits in layer:
            operator = _embedded(unitary(name, parameters), qubits)
            rho = operator @ rho @ operator.conj().T
            rho = after_gate(rho, qubits) if after_gate else rho
        rho = after_layer(rho, tuple(range(_QUBITS))) if after_layer else rho
    return rho


@pytest.mark.parametrize("noise", _BY_GATE)
def test_short_forms_are_the_channels_of_the_documentation(client: Client, noise: str) -> None:
    """Every short form by gate gives on every exact method the density matrix of its definition."""
    expected = _evolved(_BY_GATE[noise])
    for backend, method in _EXACT:
        found = _density_matrix(client, backend, method, noise)
        assert np.abs(found - expected).max() < 1e-10, (backend, method)


def test_noise_by_moments_reaches_waiting_qubits(client: Client) -> None:
    """After each moment every qubit is depolarized, whether or not a gate was on it."""
    expected = _evolved(None, _on_each(lambda rho, qubit: _depolarized(rho, (qubit,), 0.1)))
    for backend, method in _EXACT:
        found = _density_matrix(client, backend, method, "depolarizing-moment:0.1")
        assert np.abs(found - expected).max() < 1e-10, (backend, method)


@pytest.mark.parametrize("path", sorted(_EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_the_example_files_mean_the_same_everywhere(client: Client, path: Path) -> None:
    """Every example file gives the same density matrix and the same probabilities on every exact method."""
    found = []
    for backend, method in _EXACT:
        result = client.run(
            _program(measured=True),
            backend=backend,
            method=method,
            precision="double",
            noise=path,
            density_matrix=True,
            probabilities=True,
        )
        assert result.plan is not None
        assert result.plan.noise is not None
        assert result.plan.noise.channel_count > 0
        assert result.density_matrix is not None
        assert result.probability_array is not None
        found.append((result.density_matrix, result.probability_array))
    for state, probabilities in found[1:]:
        assert np.abs(state - found[0][0]).max() < 1e-10
        assert np.abs(probabilities - found[0][1]).max() < 1e-10


def test_readout_error_is_in_counts_and_not_in_expectation_values(client: Client) -> None:
    """P(1|0) and P(0|1) act on the recorded bits alone."""
    source = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; x q[0]; c = measure q;'
    for backend, method in _EXACT:
        result = client.run(
            source,
            backend=backend,
            method=method,
            noise="readout:0.1,0.3",
            probabilities=True,
            observables=["IZ", "ZI"],
        )
        expected = {"00": 0.9 * 0.3, "01": 0.9 * 0.7, "10": 0.1 * 0.3, "11": 0.1 * 0.7}
        assert dict(result.probabilities or {}) == pytest.approx(expected, abs=1e-6)
        assert [value.value for value in result.expectation_values] == pytest.approx([-1, 1], abs=1e-6)
        assert result.readout_included


@pytest.mark.parametrize("backend", ["qiskit", "cirq"])
def test_sampled_expectation_values_cover_the_exact_one(client: Client, backend: str) -> None:
    """Trajectories give a mean within five standard errors of the exact value, over 1024 runs where none are asked."""
    noise, observables = "amplitude-damping:0.2,0.1", ["ZZI + 0.5*IXX", "Z0*Y2"]
    rho = _evolved(_BY_GATE[noise])
    sums = ((("ZZI", 1.0), ("IXX", 0.5)), (("YIZ", 1.0),))
    result = client.run(
        _program(), backend=backend, method="trajectories", noise=noise, observables=observables, seed=3
    )
    for value, terms in zip(result.expectation_values, sums, strict=True):
        operator = sum(
            weight * np.kron(np.kron(_PAULIS[text[0]], _PAULIS[text[1]]), _PAULIS[text[2]]) for text, weight in terms
        )
        exact = float(np.trace(rho @ operator).real)
        assert value.standard_error is not None
        assert abs(value.value - exact) < 5 * value.standard_error
    assert result.plan is not None
    assert result.plan.shots == 1024


def test_a_budget_is_certified(client: Client) -> None:
    """The truncation of low_rank stays within its budget and within what it certifies."""
    exact = _evolved(_BY_GATE["depolarizing-each:0.1"])
    result = client.run(
        _program(),
        backend="lret",
        method="low_rank",
        noise="depolarizing-each:0.1",
        max_error=0.2,
        density_matrix=True,
    )
    assert result.density_matrix is not None
    assert result.certified_error is not None
    distance = float(np.abs(np.linalg.eigvalsh(result.density_matrix - exact)).sum()) / 2
    assert distance <= result.certified_error <= 0.2


@pytest.mark.parametrize(
    ("arguments", "code", "reason", "named"),
    [
        (("--noise", "depolarizing:1.2"), 2, "INVALID_REQUEST", "jointly on the 2 qubits of cx"),
        (("--noise", "depolarizing:0.1", "--statevector"), 4, "NO_CAPABLE_BACKEND", "no single state vector"),
        (("--expect", "ZZ"), 2, "INVALID_REQUEST", "the circuit declares 3 qubits"),
        (("--expect", "Z7"), 2, "INVALID_REQUEST", "the circuit declares 3 qubits"),
    ],
)
def test_what_only_the_circuit_shows_is_refused(
    runner: Runner, arguments: tuple[str, ...], code: int, reason: str, named: str
) -> None:
    """A channel, a result or an observable that does not fit the circuit is refused with the reason."""
    outcome = runner.run_circuit(_program(), *arguments)
    assert_refused(outcome, exit_code=code, reason=f"ERROR_REASON_{reason}", mentions=[named])


def test_noise_on_gates_that_do_not_occur_is_a_warning(client: Client, tmp_path: Path) -> None:
    """The run goes on, and its plan says that 0 instructions match."""
    path = tmp_path / "noise.yaml"
    path.write_text("rules:\n  - {channel: bit_flip, probability: 0.1, gates: [swap]}\n")
    result = client.run(_program(), noise=path, probabilities=True)
    assert result.plan is not None
    assert any("matches 0 instructions" in text for text in result.plan.warnings)


def test_kraus_that_are_not_trace_preserving_are_refused(client: Client, tmp_path: Path) -> None:
    """The deviation is named; nothing runs."""
    path = tmp_path / "noise.yaml"
    path.write_text("rules:\n  - {channel: kraus, placement: each, operators: [[[1, 0], [0, 0.5]]]}\n")
    with pytest.raises(ProximaError, match="not trace preserving"):
        client.run(_program(), noise=path, probabilities=True)
