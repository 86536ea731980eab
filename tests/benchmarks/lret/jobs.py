"""From OpenQASM and a noise model to a serialised Job, by the orchestrator's own parser and expansion of noise."""

from __future__ import annotations

from collections.abc import Sequence

from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import capabilities_pb2, circuit_pb2, result_pb2
from proxima_orchestrator.circuit import strip_idle
from proxima_orchestrator.convert.circuit import circuit_to_message
from proxima_orchestrator.noise.channels import Channel
from proxima_orchestrator.noise.expansion import expand
from proxima_orchestrator.noise.model import NoiseModel, Placement, ReadoutError, Rule
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

MEMORY_BYTES = 4 << 30

METHODS = {
    "statevector": capabilities_pb2.METHOD_STATEVECTOR,
    "density_matrix": capabilities_pb2.METHOD_DENSITY_MATRIX,
    "low_rank": capabilities_pb2.METHOD_LOW_RANK,
    "pauli_vector": capabilities_pb2.METHOD_PAULI_VECTOR,
    "trajectories": capabilities_pb2.METHOD_TRAJECTORIES,
}

NOISELESS = NoiseModel()
PROBABILITIES = result_pb2.ResultSpec(probabilities=True)
DENSITY_MATRIX = result_pb2.ResultSpec(density_matrix=True)
STATEVECTOR = result_pb2.ResultSpec(statevector=True)


def depolarizing_each(probability: float) -> NoiseModel:
    """Return the noise of `--noise depolarizing-each:p`."""
    return NoiseModel(rules=(each("depolarizing", probability),))


def each(name: str, *parameters: float, gates: Sequence[str] = ()) -> Rule:
    """Return a rule that places a channel of one qubit on each qubit of the named gates, of all if none is named."""
    return Rule(
        channel=Channel(name=name, parameters=parameters), placement=Placement.EACH, gate_names=frozenset(gates)
    )


def readout(one_given_zero: float, zero_given_one: float) -> ReadoutError:
    """Return an error of reading on all qubits."""
    return ReadoutError(one_given_zero=one_given_zero, zero_given_one=zero_given_one)


def columns(source: str, noise: NoiseModel = NOISELESS) -> circuit_pb2.Circuit:
    """Return a program with its noise as a backend gets it."""
    limits = Limits()
    expansion = expand(parse(source.encode(), limits), noise, limits=limits)
    return circuit_to_message(strip_idle(expansion.circuit))


def job(
    circuit: circuit_pb2.Circuit,
    method: str,
    *,
    results: result_pb2.ResultSpec = PROBABILITIES,
    max_error: float = 0.0,
    is_single: bool = False,
    engine: str = "lret",
    memory_bytes: int = MEMORY_BYTES,
) -> bytes:
    """Return a serialised Job on one thread."""
    return backend_pb2.Job(
        circuit=circuit,
        results=results,
        method=METHODS[method],
        engine=engine,
        precision=result_pb2.PRECISION_SINGLE if is_single else result_pb2.PRECISION_DOUBLE,
        seed=1,
        thread_count=1,
        memory_limit_bytes=memory_bytes,
        max_error=max_error,
    ).SerializeToString()
