"""What to return and how to run: the options of a run as one value, and their message."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf import duration_pb2
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_runtime.errors import InvalidArgument

from proxima_client.noise import NoiseModel
from proxima_client.noise_messages import noise_to_message
from proxima_client.observables import Observable, observable_to_message, observables_of
from proxima_client.sources import to_source

__all__ = ["METHODS", "PRECISIONS", "PREFERENCES", "RunOptions", "to_spec"]

METHODS = tuple(name.removeprefix("METHOD_").lower() for name in capabilities_pb2.Method.keys()[1:])
PRECISIONS = ("single", "double")
PREFERENCES = ("fastest", "least_memory")

MAX_SHOTS = 10**9
MAX_SEED = 2**32 - 1
_MAX_SECONDS = 10**9


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run a circuit. None leaves the choice to Proxima.

    Attributes:
        shots: samples behind the counts, 1 to 10^9. None: no counts if another result is asked for, else 1024 where the
            circuit measures.
        seed: 0 to 2^32 - 1; None: drawn, and shown in the result.
        backend: name of a backend, for example "qiskit".
        method: "statevector", "density_matrix", "stabilizer", "matrix_product_state", ...
        engine: a simulator of the backend, for example "qsim".
        precision: "single" or "double".
        probabilities, statevector, density_matrix: return these results.
        timeout: limit of the run in seconds, over 0.
        prefer: "fastest" or "least_memory".
        name: what to call the circuit in the history.
        noise: a `NoiseModel`, a short form such as "depolarizing:0.01", or the name of a .yaml file (docs/noise.md).
        observables: return expectation values of these: `Observable`s, texts such as "0.5*ZZI + XII", or "@file".
        max_error: truncation budget for methods that truncate, 0 (exact) up to, but not, 1.

    Raises InvalidArgument (reason INVALID_REQUEST, metadata field) for a value out of range.
    """

    shots: int | None = None
    seed: int | None = None
    backend: str | None = None
    method: str | None = None
    engine: str | None = None
    precision: str | None = None
    probabilities: bool = False
    statevector: bool = False
    density_matrix: bool = False
    timeout: float | None = None
    prefer: str | None = None
    name: str | None = None
    noise: NoiseModel | str | os.PathLike[str] | None = None
    observables: Sequence[Observable | str] = ()
    max_error: float = 0.0

    def __post_init__(self) -> None:
        _check_integer("shots", self.shots, 1, MAX_SHOTS)
        _check_integer("seed", self.seed, 0, MAX_SEED)
        _check_choice("method", self.method, METHODS)
        _check_choice("precision", self.precision, PRECISIONS)
        _check_choice("prefer", self.prefer, PREFERENCES)
        if self.timeout is not None and not (math.isfinite(self.timeout) and 0 < self.timeout <= _MAX_SECONDS):
            raise _invalid("timeout", f"timeout {self.timeout} must be over 0 and at most {_MAX_SECONDS} seconds")
        if not 0 <= self.max_error < 1:
            raise _invalid("max_error", f"max_error {self.max_error} must be 0 (exact) up to, but not, 1")
        if isinstance(self.observables, str):
            raise _invalid("observables", "observables must be a list of sums of Pauli strings, as ['ZZ', 'X0*X1']")


def to_spec(circuit: object, options: RunOptions) -> executions_pb2.ExecutionSpec:
    """Return the message for a circuit (see `sources.to_source`) and options.

    Raises InvalidArgument for a noise model or an observable that cannot be read, with its place.
    """
    spec = executions_pb2.ExecutionSpec(
        circuit=to_source(circuit, display_name=options.name or ""),
        results=result_pb2.ResultSpec(
            shots=options.shots or 0,
            probabilities=options.probabilities,
            statevector=options.statevector,
            density_matrix=options.density_matrix,
            observables=[observable_to_message(item) for item in observables_of(options.observables)],
        ),
        backend=f"backends/{options.backend.removeprefix('backends/')}" if options.backend else "",
        method=f"METHOD_{(options.method or 'unspecified').upper()}",
        engine=options.engine or "",
        precision=f"PRECISION_{(options.precision or 'unspecified').upper()}",
        preference=f"PREFERENCE_{(options.prefer or 'unspecified').upper()}",
        max_error=options.max_error,
    )
    if options.noise is not None:
        spec.noise.CopyFrom(noise_to_message(NoiseModel.of(options.noise)))
    if options.seed is not None:
        spec.seed = options.seed
    if options.timeout is not None:
        nanoseconds = round(options.timeout * 1e9)
        spec.timeout.CopyFrom(duration_pb2.Duration(seconds=nanoseconds // 10**9, nanos=nanoseconds % 10**9))
    return spec


def _check_integer(field: str, value: int | None, least: int, most: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid(field, f"{field} {value!r} must be a whole number from {least} to {most}")
    if not least <= value <= most:
        raise _invalid(field, f"{field} {value} is out of range; it must be from {least} to {most}")


def _check_choice(field: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise _invalid(field, f"{field} {value!r} is unknown; choose one of {', '.join(choices)}")


def _invalid(field: str, message: str) -> InvalidArgument:
    return InvalidArgument(message, reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": field})
