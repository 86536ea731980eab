"""The one module that talks to Aer.

It fills Aer's own circuit object and calls its controller, which is what `AerSimulator.run` does after it has walked a
`QuantumCircuit`, copied options and formatted the result: those steps cost more than a small simulation. The object and
the controller come with `qiskit_aer` and are not documented for users, so pyproject.toml admits one minor version and
`tests/test_aer.py` compares the results with `AerSimulator`.

What we found out about the object:

- A readout error alters the memory and not the registers, so that a condition by register misses it; expressions read
  the memory. A condition on a gate itself does not keep Aer from sampling all shots of one run, and measurements take
  none. Conditions are therefore jumps with expressions (`lowering.py`).
- A comparison in an expression misses the bits from the 33rd on; `equals` compares in pieces.
- A read-only array is read as its transpose. The functions of this module see to that.
- Shot j of seed s is shot j - 1 of seed s + 1, so that seeds near each other share shots; `shots.py` hashes them.
- Shot branching loses values saved for each shot; it stays off.

Qubits are Aer's, which has Proxima's bit order. Every exception and every failed result of Aer is translated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from types import MappingProxyType
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2
from proxima_runtime.errors import Internal
from qiskit_aer.aererror import AerError
from qiskit_aer.backends.backend_utils import LIBRARY_DIR
from qiskit_aer.backends.controller_wrappers import (
    AerBinaryExpr,
    AerBinaryOp,
    AerCircuit,
    AerConfig,
    AerExpr,
    AerUint,
    AerUintValue,
    AerVar,
    aer_controller_execute,
)

Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]
Expression: TypeAlias = AerExpr

METHODS: Mapping[capabilities_pb2.Method, str] = MappingProxyType(
    {
        capabilities_pb2.METHOD_STATEVECTOR: "statevector",
        capabilities_pb2.METHOD_DENSITY_MATRIX: "density_matrix",
        capabilities_pb2.METHOD_MATRIX_PRODUCT_STATE: "matrix_product_state",
        capabilities_pb2.METHOD_STABILIZER: "stabilizer",
        capabilities_pb2.METHOD_TRAJECTORIES: "statevector",
    }
)
"""Aer's method of each of ours; trajectories are state vectors."""

PROBABILITIES = "probabilities"
STATE = "state"
_EXPECTATION = "expectation"
# Aer's comparison of memory bits misses those from the 33rd on.
_COMPARED_BITS = 31

# How Aer words that it lacks memory; both its own preflight and the allocator's exception end in the result's status.
_MEMORY_PHRASES = ("nsufficient memory", "bad_alloc", "max memory", "std::length_error", "Cannot allocate")


class NativeCircuit(Protocol):
    """What we use of `AerCircuit`."""

    num_qubits: int
    num_memory: int
    global_phase_angle: float
    circ_id: int

    def gate(  # noqa: PLR0917 - Aer's signature, positional only
        self,
        name: str,
        qubits: Sequence[int],
        parameters: Sequence[float],
        strings: Sequence[str],
        conditional: int,
        expression: None,
        label: str,
        /,
    ) -> None:
        """Append a gate."""

    def unitary(
        self, qubits: Sequence[int], matrix: Complex, conditional: int, expression: None, label: str, /
    ) -> None:
        """Append an explicit unitary."""

    def superop(self, qubits: Sequence[int], matrix: Complex, conditional: int, expression: None, /) -> None:
        """Append a channel as a matrix on column-major vec(rho)."""

    def kraus(self, qubits: Sequence[int], matrices: Sequence[Complex], conditional: int, expression: None, /) -> None:
        """Append a channel as Kraus operators."""

    def set_qerror_loc(self, qubits: Sequence[int], label: str, conditional: int, expression: None, /) -> None:
        """Append the place of an error that the noise model defines."""

    def reset(self, qubits: Sequence[int], conditional: int, /) -> None:
        """Append resets."""

    def measure(self, qubits: Sequence[int], memory: Sequence[int], registers: Sequence[int], /) -> None:
        """Append measurements."""

    def roerror(self, memory: Sequence[int], tables: Sequence[Sequence[float]], /) -> None:
        """Append an error of bits that were measured."""

    def jump(self, qubits: Sequence[int], labels: Sequence[str], conditional: int, expression: Expression, /) -> None:
        """Append a jump to a mark that is taken where `expression` holds."""

    def mark(self, qubits: Sequence[int], labels: Sequence[str], /) -> None:
        """Append a mark."""

    def set_density_matrix(self, qubits: Sequence[int], matrices: Sequence[Complex], /) -> None:
        """Append an instruction that replaces the state."""

    def save_expval(  # noqa: PLR0917 - Aer's signature, positional only
        self,
        qubits: Sequence[int],
        kind: str,
        paulis: Sequence[str],
        coefficients: Sequence[float],
        imaginary_parts: Sequence[float],
        subtype: str,
        label: str,
        /,
    ) -> None:
        """Append an instruction that saves the expectation value of a Pauli sum."""

    def save_state(self, qubits: Sequence[int], kind: str, subtype: str, label: str, /) -> None:
        """Append an instruction that saves something about the state."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How Aer runs a circuit.

    Attributes:
        method: Aer's name of the method.
        single_precision: complex64 instead of complex128.
        shots: shots of native sampling, 1 or more; 1 where nothing is sampled.
        seed: 0 to 2^63 - 1.
        thread_count: OpenMP threads, 1 or more.
        memory_limit_bytes: what Aer may take; 0 leaves it Aer's own rule, which is the physical memory.
    """

    method: str
    single_precision: bool = False
    shots: int = 1
    seed: int = 0
    thread_count: int = 1
    memory_limit_bytes: int = 0

    def with_sampling(self, *, shots: int, seed: int) -> RunOptions:
        """Return the same options with other shots and seed."""
        return replace(self, shots=shots, seed=seed)


@dataclass(frozen=True, kw_only=True)
class PauliError:
    """An error of Aer's noise model: a Pauli operator drawn anew for each shot.

    Attributes:
        label: what `mark_error` refers to.
        qubit_count: qubits it acts on.
        probabilities: float64, shape (4^k,); base-4 index with digits I, X, Y, Z, first operand least significant.
    """

    label: str
    qubit_count: int
    probabilities: Real


@dataclass(frozen=True, kw_only=True)
class Output:
    """What Aer returned.

    Attributes:
        probabilities: float64, shape (2^k,) over the saved qubits, first least significant; None where not saved.
        expectations: expectation values in the order in which they were saved: float64, shape (1,), or (shots,) where
            they were saved for each shot.
        state: state vector, shape (2^n,), or density matrix, C-contiguous, shape (2^n, 2^n); None where not saved.
        counts: outcome in hexadecimal, memory bit 0 least significant, to how often; empty where nothing was measured.
    """

    probabilities: Real | None
    expectations: tuple[Real, ...]
    state: npt.NDArray[np.complexfloating] | None
    counts: Mapping[str, int]

    @property
    def matrix(self) -> Complex:
        """The saved density matrix in double precision, C-contiguous.

        Raises:
            Internal: none was saved (ERROR_REASON_ENGINE_FAILED).
        """
        if self.state is None or self.state.ndim != 2:
            raise _failure("no density matrix in the result")
        return np.ascontiguousarray(self.state, dtype=np.complex128)


def new_circuit(*, qubit_count: int, slot_count: int, global_phase: float) -> NativeCircuit:
    """Return an empty circuit of Aer's own type."""
    circuit: NativeCircuit = AerCircuit()
    circuit.num_qubits = qubit_count
    circuit.num_memory = slot_count
    circuit.global_phase_angle = global_phase
    circuit.circ_id = 0
    return circuit


def append_unitary(circuit: NativeCircuit, qubits: Sequence[int], matrix: Complex) -> None:
    """Append an explicit unitary, shape (2^k, 2^k); the first qubit is the least significant bit of its index."""
    circuit.unitary(qubits, _writeable(matrix), -1, None, "unitary")


def append_kraus(circuit: NativeCircuit, qubits: Sequence[int], operators: Sequence[Complex]) -> None:
    """Append a channel as Kraus operators, each of shape (2^k, 2^k)."""
    circuit.kraus(qubits, [_writeable(operator) for operator in operators], -1, None)


def append_superoperator(circuit: NativeCircuit, qubits: Sequence[int], matrix: Complex) -> None:
    """Append a channel as the sum of conj(K) (x) K, shape (4^k, 4^k), which acts on column-major vec(rho)."""
    circuit.superop(qubits, _writeable(matrix), -1, None)


def start_from(circuit: NativeCircuit, density_matrix: Complex) -> None:
    """Replace the state by a density matrix, shape (2^n, 2^n), which need not be normalised."""
    circuit.set_density_matrix(range(circuit.num_qubits), [_writeable(density_matrix)])


def _writeable(matrix: Complex) -> Complex:
    return matrix if matrix.flags.writeable and matrix.flags.c_contiguous else matrix.copy(order="C")


def save_probabilities(circuit: NativeCircuit, qubits: Sequence[int]) -> None:
    """Save the exact probabilities of `qubits`, first least significant, at this point."""
    circuit.save_state(qubits, "save_probabilities", "average", PROBABILITIES)


def save_statevector(circuit: NativeCircuit) -> None:
    """Save the state vector at this point."""
    circuit.save_state(range(circuit.num_qubits), "save_statevector", "single", STATE)


def save_density_matrix(circuit: NativeCircuit) -> None:
    """Save the density matrix at this point."""
    circuit.save_state(range(circuit.num_qubits), "save_density_matrix", "average", STATE)


def save_expectation(
    circuit: NativeCircuit, observable: observable_pb2.Observable, *, index: int, of_each_shot: bool
) -> None:
    """Save the expectation value of an observable at this point; `index` counts the observables from 0."""
    count = len(observable.paulis)
    circuit.save_expval(
        range(circuit.num_qubits),
        "save_expval",
        list(observable.paulis),
        list(observable.coefficients),
        [0.0] * count,
        "list" if of_each_shot else "average",
        f"{_EXPECTATION}{index}",
    )


def equals(bits: Sequence[int], value: int, *, negated: bool) -> Expression:
    """Return the expression that memory bits, first least significant, are (or are not) an unsigned number."""
    join, compare = (either, AerBinaryOp.NotEqual) if negated else (_both, AerBinaryOp.Equal)
    return reduce(
        join,
        (
            AerBinaryExpr(compare, AerVar(AerUint(len(part)), list(part)), AerUintValue(len(part), piece))
            for start in range(0, len(bits), _COMPARED_BITS)
            for part in (bits[start : start + _COMPARED_BITS],)
            for piece in ((value >> start) & ((1 << len(part)) - 1),)
        ),
    )


def either(left: Expression, right: Expression) -> Expression:
    """Return the expression that at least one of two holds."""
    return AerBinaryExpr(AerBinaryOp.LogicOr, left, right)


def _both(left: Expression, right: Expression) -> Expression:
    return AerBinaryExpr(AerBinaryOp.LogicAnd, left, right)


class Controller:
    """Runs native circuits; one in a worker."""

    def __init__(self) -> None:
        self._execute = aer_controller_execute()

    def run(self, circuit: NativeCircuit, options: RunOptions, errors: Sequence[PauliError] = ()) -> Output:
        """Run one circuit, with the errors that its places name.

        Raises:
            MemoryError: Aer had too little memory, by its own check or by allocation.
            Internal: Aer failed for another reason (ERROR_REASON_ENGINE_FAILED).
        """
        config = AerConfig()
        config.library_dir = LIBRARY_DIR
        config.method = options.method
        config.precision = "single" if options.single_precision else "double"
        config.n_qubits = circuit.num_qubits
        config.memory_slots = circuit.num_memory
        config.shots = options.shots
        config.seed_simulator = options.seed
        config.max_parallel_threads = options.thread_count
        config.max_parallel_experiments = 1
        config.max_parallel_shots = 1
        if options.memory_limit_bytes:
            config.max_memory_mb = max(1, options.memory_limit_bytes >> 20)
        try:
            output = self._execute.execute([circuit], _noise_model(errors) if errors else {}, config)
        except (AerError, RuntimeError, ValueError, TypeError) as error:
            raise _failure(str(error)) from error
        results = output["results"]
        if not output["success"] or not results or not results[0]["success"]:
            raise _failure(str(results[0]["status"] if results else output["status"]))
        data = results[0]["data"]
        state = data.get(STATE)
        if state is not None and state.ndim == 2:
            state = _row_major(state)
        return Output(
            probabilities=data.get(PROBABILITIES),
            expectations=_expectations(data),
            state=state,
            counts=data.get("counts", {}),
        )


def _expectations(data: Mapping[str, float | Sequence[float]]) -> tuple[Real, ...]:
    names = [name for name in data if name.startswith(_EXPECTATION)]
    return tuple(
        np.atleast_1d(np.asarray(data[f"{_EXPECTATION}{index}"], dtype=np.float64)) for index in range(len(names))
    )


def _noise_model(errors: Sequence[PauliError]) -> Mapping[str, list[Mapping[str, object]]]:
    """Return errors in the format of Aer's noise model; a Pauli string is written highest operand first."""
    return {
        "errors": [
            {
                "type": "qerror",
                "id": error.label,
                "operations": [error.label],
                "probabilities": error.probabilities.tolist(),
                "instructions": [
                    [{"name": "pauli", "qubits": list(range(error.qubit_count)), "params": [_letters(index, error)]}]
                    for index in range(len(error.probabilities))
                ],
            }
            for error in errors
        ]
    }


def _letters(index: int, error: PauliError) -> str:
    return "".join("IXYZ"[(index >> (2 * place)) & 3] for place in reversed(range(error.qubit_count)))


def _row_major(density_matrix: npt.NDArray[np.complexfloating]) -> npt.NDArray[np.complexfloating]:
    """Return a density matrix in C order, in place: Aer's is in Fortran order, and its transpose is its conjugate."""
    if density_matrix.flags.c_contiguous:
        return density_matrix
    transposed = density_matrix.T
    np.negative(transposed.imag, out=transposed.imag)
    return transposed


def _failure(message: str) -> Exception:
    text = message.removeprefix("ERROR: ").strip().strip('"')
    if any(phrase in text for phrase in _MEMORY_PHRASES):
        return MemoryError(f"Aer: {text}")
    return Internal(
        f"Aer failed: {text}", reason=errors_pb2.ERROR_REASON_ENGINE_FAILED, metadata={"engine": "aer", "message": text}
    )
