"""The one module that talks to Aer.

It fills Aer's own circuit object and calls its controller, which is what `AerSimulator.run` does after it has walked a
`QuantumCircuit`, copied options and formatted the result: those steps cost more than a small simulation. The object and
the controller come with `qiskit_aer` and are not documented for users, so pyproject.toml admits one minor version and
`tests/test_aer.py` compares the results with `AerSimulator`.

Qubits are Aer's, which has Proxima's bit order. Every exception and every failed result of Aer is translated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import Internal
from qiskit_aer.aererror import AerError
from qiskit_aer.backends.backend_utils import LIBRARY_DIR
from qiskit_aer.backends.controller_wrappers import AerCircuit, AerConfig, aer_controller_execute

PROBABILITIES = "probabilities"
STATE = "state"

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

    def measure(self, qubits: Sequence[int], memory: Sequence[int], registers: Sequence[int], /) -> None:
        """Append measurements."""

    def save_state(self, qubits: Sequence[int], kind: str, subtype: str, label: str, /) -> None:
        """Append an instruction that saves something about the state."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How Aer runs a circuit.

    Attributes:
        method: Aer's name of the method.
        single_precision: complex64 instead of complex128.
        shots: shots of native sampling, 1 or more; 1 where nothing is sampled.
        seed: 0 to 2^32 - 1.
        thread_count: OpenMP threads, 1 or more.
        memory_limit_bytes: what Aer may take; 0 leaves it Aer's own rule, which is the physical memory.
    """

    method: str
    single_precision: bool = False
    shots: int = 1
    seed: int = 0
    thread_count: int = 1
    memory_limit_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Output:
    """What Aer returned.

    Attributes:
        probabilities: float64, shape (2^k,) over the saved qubits, first least significant; None where not saved.
        state: state vector, shape (2^n,), or density matrix, C-contiguous, shape (2^n, 2^n); None where not saved.
        counts: outcome in hexadecimal, memory bit 0 least significant, to how often; empty where nothing was measured.
    """

    probabilities: npt.NDArray[np.float64] | None
    state: npt.NDArray[np.complexfloating] | None
    counts: Mapping[str, int]


def new_circuit(*, qubit_count: int, slot_count: int, global_phase: float) -> NativeCircuit:
    """Return an empty circuit of Aer's own type."""
    circuit: NativeCircuit = AerCircuit()
    circuit.num_qubits = qubit_count
    circuit.num_memory = slot_count
    circuit.global_phase_angle = global_phase
    circuit.circ_id = 0
    return circuit


def save_probabilities(circuit: NativeCircuit, qubits: Sequence[int]) -> None:
    """Save the exact probabilities of `qubits`, first least significant, at this point."""
    circuit.save_state(qubits, "save_probabilities", "average", PROBABILITIES)


def save_statevector(circuit: NativeCircuit) -> None:
    """Save the state vector at this point."""
    circuit.save_state(range(circuit.num_qubits), "save_statevector", "single", STATE)


def save_density_matrix(circuit: NativeCircuit) -> None:
    """Save the density matrix at this point."""
    circuit.save_state(range(circuit.num_qubits), "save_density_matrix", "average", STATE)


class Controller:
    """Runs native circuits; one in a worker."""

    def __init__(self) -> None:
        self._execute = aer_controller_execute()

    def run(self, circuit: NativeCircuit, options: RunOptions) -> Output:
        """Run one circuit.

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
            output = self._execute.execute([circuit], {}, config)
        except (AerError, RuntimeError, ValueError, TypeError) as error:
            raise _failure(str(error)) from error
        results = output["results"]
        if not output["success"] or not results or not results[0]["success"]:
            raise _failure(str(results[0]["status"] if results else output["status"]))
        data = results[0]["data"]
        state = data.get(STATE)
        if state is not None and state.ndim == 2:
            state = _row_major(state)
        return Output(probabilities=data.get(PROBABILITIES), state=state, counts=data.get("counts", {}))


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
