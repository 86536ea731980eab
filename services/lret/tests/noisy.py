"""Noisy circuits for tests, and runs of the engine in this process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, observable_pb2, result_pb2
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.engine import LretEngine
from proxima_backend_lret.low_rank.simulation import LowRank
from proxima_backend_lret.results import read_state
from proxima_backend_lret.simulation import find_wanted
from proxima_runtime.backend.engine import ItemResult
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

CLBITS = 3
READOUT = np.array([[0.9, 0.1], [0.25, 0.75]])

LOW_RANK = capabilities_pb2.METHOD_LOW_RANK
VECTOR = capabilities_pb2.METHOD_STATEVECTOR
DOUBLE, SINGLE = result_pb2.PRECISION_DOUBLE, result_pb2.PRECISION_SINGLE

_DTYPES: dict[int, np.dtype[np.number]] = {
    result_pb2.DATA_TYPE_UINT8: np.dtype("u1"),
    result_pb2.DATA_TYPE_UINT64: np.dtype("<u8"),
    result_pb2.DATA_TYPE_FLOAT64: np.dtype("<f8"),
    result_pb2.DATA_TYPE_COMPLEX64: np.dtype("<c8"),
    result_pb2.DATA_TYPE_COMPLEX128: np.dtype("<c16"),
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One result: its arrays by role, its expectation values, and delta, 0 of methods without."""

    arrays: dict[int, npt.NDArray[np.number]]
    axis_bits: dict[int, tuple[int, ...]]
    values: tuple[float, ...]
    certified_error: float

    @property
    def density_matrix(self) -> npt.NDArray[np.complex128]:
        """The density matrix, complex128."""
        return self.arrays[result_pb2.ARRAY_ROLE_DENSITY_MATRIX].astype(np.complex128)

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """The probabilities."""
        return self.arrays[result_pb2.ARRAY_ROLE_PROBABILITIES].astype(np.float64)

    @property
    def counts(self) -> dict[int, int]:
        """How often each value of all classical bits was drawn."""
        rows = self.arrays[result_pb2.ARRAY_ROLE_COUNT_OUTCOMES]
        times = self.arrays[result_pb2.ARRAY_ROLE_COUNT_VALUES]
        return {int.from_bytes(row.tobytes(), "little"): int(time) for row, time in zip(rows, times, strict=True)}


def job(
    circuit: CircuitWriter,
    *,
    method: capabilities_pb2.Method = LOW_RANK,
    precision: result_pb2.Precision = DOUBLE,
    max_error: float = 0.0,
    shots: int = 0,
    probabilities: bool = False,
    density_matrix: bool = False,
    statevector: bool = False,
    observables: tuple[observable_pb2.Observable, ...] = (),
    memory_limit_bytes: int = 0,
    seed: int = 1,
) -> backend_pb2.Job:
    """Return a job for the engine."""
    return backend_pb2.Job(
        circuit=circuit.message(),
        results=result_pb2.ResultSpec(
            shots=shots,
            probabilities=probabilities,
            density_matrix=density_matrix,
            statevector=statevector,
            observables=observables,
        ),
        method=method,
        engine="lret",
        precision=precision,
        max_error=max_error,
        seed=seed,
        memory_limit_bytes=memory_limit_bytes,
        thread_count=1,
    )


def run(wanted: backend_pb2.Job) -> Answer:
    """Run a job in this process."""
    (item,) = LretEngine().run(wanted, silent)
    assert isinstance(item, ItemResult)
    return _answer(item)


def _answer(item: ItemResult) -> Answer:
    return Answer(
        arrays={
            array.role: np.frombuffer(array.data, dtype=_DTYPES[array.data_type]).reshape(array.shape)
            for array in item.arrays
        },
        axis_bits={array.role: array.axis_bits for array in item.arrays},
        values=tuple(value.value for value in item.expectation_values),
        certified_error=item.certified_error or 0.0,
    )


def run_columns(wanted: backend_pb2.Job) -> Answer:
    """Run a job on columns, whether or not they are what its method would choose."""
    program = compile_maps(
        wanted.circuit, keeps_records=bool(wanted.results.shots or wanted.results.probabilities), absorbs=True
    )
    found = find_wanted(wanted, program.source)
    columns = LowRank(program, found, max_error=wanted.max_error, single_precision=False, memory_limit_bytes=1 << 40)
    while columns.position < columns.step_count:
        columns.advance()
    return _answer(read_state(wanted, program.source, found, columns, single=False, seconds=0.0))


def silent(*, done_count: int, total_count: int, unit: str) -> None:
    """No progress is wanted."""


def random_circuit(seed: int, width: int, *, count: int = 60, strength: float = 0.03) -> CircuitWriter:
    """Return gates, every kind of noise, measurements with readout error, resets and conditions, at random."""
    generator = np.random.default_rng((seed, width))
    circuit = CircuitWriter(qubit_count=width, clbit_count=CLBITS)
    for _ in range(count):
        kind = int(generator.integers(0, 12))
        qubits = generator.permutation(width).tolist()
        append(circuit, kind, qubits, generator.uniform(0, 1, 3).tolist(), strength=strength)
        if generator.random() < 0.2:
            value, negated = int(generator.integers(0, 4)), bool(generator.random() < 0.5)
            circuit.only_if(Comparison(first_clbit=0, width=2, value=value, negated=negated))
    return circuit


def append(circuit: CircuitWriter, kind: int, qubits: list[int], numbers: list[float], *, strength: float) -> None:
    """Append one instruction: three kinds of gate, six of noise, measurement without and with error, reset."""
    first, (x, y, z) = qubits[:1], numbers
    pair = qubits[:2] if len(qubits) > 1 else first
    match kind:
        case 0 | 1:
            circuit.gate("u", first, (6 * x - 3, 6 * y - 3, 6 * z - 3))
        case 2 | 3 if len(pair) == 2:
            circuit.gate("cx", pair)
        case 4:
            circuit.channel("depolarizing", pair, (strength * x,))
        case 5:
            circuit.channel("depolarizing", first, (strength * x,))
        case 6:
            circuit.channel("amplitude_damping", first, (strength * x, y))
        case 7:
            circuit.channel("pauli_channel", first, (strength * x / 3, strength * y / 3, strength * z / 3))
        case 8:
            circuit.channel("thermal_relaxation", first, (50.0, 70.0, 50 * strength * x, y))
        case 9:
            circuit.channel("phase_damping", first, (strength * x,))
        case 10:
            circuit.measure(first[0], int(CLBITS * x), readout=READOUT if y < 0.5 else None)
        case 11:
            circuit.reset(first[0])
        case _:
            circuit.gate("h", first)


@st.composite
def circuits(draw: st.DrawFn) -> CircuitWriter:
    """Circuits of up to 4 qubits and 25 instructions of every kind, some conditional, measured or not."""
    width = draw(st.integers(1, 4))
    circuit = CircuitWriter(qubit_count=width, clbit_count=CLBITS)
    unit = st.floats(0, 0.99)
    for _ in range(draw(st.integers(1, 25))):
        qubits = draw(st.permutations(range(width)))
        append(circuit, draw(st.integers(0, 12)), qubits, draw(st.lists(unit, min_size=3, max_size=3)), strength=0.9)
        if draw(st.booleans()) and draw(st.booleans()):
            first = draw(st.integers(0, CLBITS - 1))
            bits = draw(st.integers(1, CLBITS - first))
            value = draw(st.integers(0, (1 << bits) - 1))
            circuit.only_if(Comparison(first_clbit=first, width=bits, value=value, negated=draw(st.booleans())))
    if draw(st.booleans()):
        for qubit in range(min(width, CLBITS)):
            circuit.measure(qubit, draw(st.integers(0, CLBITS - 1)), readout=READOUT if draw(st.booleans()) else None)
    return circuit


def layers(width: int, depth: int, probability: float) -> CircuitWriter:
    """Return layers of random rotations and CX with depolarizing noise on every qubit that a gate touches."""
    generator = np.random.default_rng(width)
    circuit = CircuitWriter(qubit_count=width)
    for layer in range(depth):
        for qubit in range(width):
            circuit.gate("u", (qubit,), tuple(generator.uniform(-3, 3, 3).tolist()))
            circuit.channel("depolarizing", (qubit,), (probability,))
        for qubit in range(layer % 2, width - 1, 2):
            circuit.gate("cx", (qubit, qubit + 1))
            circuit.channel("depolarizing", (qubit,), (probability,))
            circuit.channel("depolarizing", (qubit + 1,), (probability,))
    return circuit
