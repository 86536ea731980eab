"""What a caller asks for, checked field by field."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.errors import NotFound, Unimplemented

from proxima_orchestrator.capabilities import Method, Precision
from proxima_orchestrator.convert.errors import invalid
from proxima_orchestrator.convert.noise import noise_from_message
from proxima_orchestrator.noise.model import NoiseModel
from proxima_orchestrator.planning import Observable, Options, Preference, ResultRequest

NumberT = TypeVar("NumberT", Method, Precision, Preference)

SOURCE_BYTES = 16 * 2**20
_MAX_SHOTS = 10**9
_MAX_SEED = 2**32 - 1
_MAX_TIMEOUT_SECONDS = 366 * 24 * 3600
_MAX_OBSERVABLES = 10_000
_MAX_TERMS = 1_000_000
_MAX_OBSERVABLE_NAME = 1_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Specification:
    """What to execute and how; `source` is OpenQASM text, None where `message.circuit.circuit` holds columns.

    `noise` is None where no noise model was given.
    """

    source: bytes | None
    display_name: str
    options: Options
    noise: NoiseModel | None
    message: executions_pb2.ExecutionSpec


def specification_of(message: executions_pb2.ExecutionSpec, *, seed: int, backends: Collection[str]) -> Specification:
    """Check a specification and return it; `seed` is the one drawn, for a message without one.

    Raises:
        InvalidArgument: INVALID_REQUEST; a field is missing, out of range or contradicts another.
        NotFound: UNKNOWN_BACKEND; the backend is none of `backends`.
        Unimplemented: NOT_IMPLEMENTED; bindings.
    """
    circuit = message.circuit
    if circuit.WhichOneof("source") is None:
        raise invalid("spec.circuit", "is missing; give OpenQASM text or columns")
    if len(circuit.openqasm) > SOURCE_BYTES:
        raise invalid("spec.circuit.openqasm", f"has {len(circuit.openqasm)} bytes, at most {SOURCE_BYTES} are allowed")
    if len(circuit.display_name) > 255:
        raise invalid("spec.circuit.display_name", "has more than 255 characters; use a shorter name")
    if message.HasField("bindings"):
        raise Unimplemented(
            "spec.bindings: this version does not serve it yet; leave it out",
            reason=errors_pb2.ERROR_REASON_NOT_IMPLEMENTED,
            metadata={"method": "spec.bindings"},
        )
    return Specification(
        source=circuit.openqasm if circuit.WhichOneof("source") == "openqasm" else None,
        display_name=circuit.display_name,
        options=_options(message, seed, backends),
        noise=noise_from_message(message.noise) if message.HasField("noise") else None,
        message=message,
    )


def _options(message: executions_pb2.ExecutionSpec, seed: int, backends: Collection[str]) -> Options:
    if message.HasField("seed"):
        seed = message.seed
        if not 0 <= seed <= _MAX_SEED:
            raise invalid("spec.seed", f"must be 0 to {_MAX_SEED}, not {seed}")
    if not 0 <= message.max_error < 1:
        raise invalid("spec.max_error", f"must be in [0, 1), not {message.max_error}")
    if not 0 <= message.thread_count <= 4096:
        raise invalid("spec.thread_count", f"must be 0 (the plan chooses) to 4096, not {message.thread_count}")
    if len(message.engine) > 100:
        raise invalid("spec.engine", "is no name of an engine; ListBackends lists them")
    return Options(
        results=_results(message.results),
        seed=seed,
        backend=_backend(message.backend, backends),
        method=_number("spec.method", Method, message.method),
        engine=message.engine,
        precision=_number("spec.precision", Precision, message.precision),
        timeout_seconds=_timeout(message),
        preference=_number("spec.preference", Preference, message.preference),
        max_error=message.max_error,
        thread_count=message.thread_count,
    )


def _number(field: str, kind: type[NumberT], value: int) -> NumberT:
    try:
        return kind(value)
    except ValueError as error:
        raise invalid(field, f"{value} is not one of {', '.join(item.name for item in kind)}") from error


def _backend(name: str, known: Collection[str]) -> str:
    short = name.removeprefix("backends/")
    if short and short not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise NotFound(
            f"spec.backend: there is no backend {short[:100]!r}; known are: {listed}",
            reason=errors_pb2.ERROR_REASON_UNKNOWN_BACKEND,
            metadata={"backend": short[:100], "known": listed},
        )
    return short


def _timeout(message: executions_pb2.ExecutionSpec) -> float | None:
    if not message.HasField("timeout"):
        return None
    seconds = message.timeout.seconds + message.timeout.nanos / 1e9
    if not 0.001 <= seconds <= _MAX_TIMEOUT_SECONDS:
        raise invalid("spec.timeout", f"must be 0.001 s to {_MAX_TIMEOUT_SECONDS} s, not {seconds:g} s")
    return seconds


def _results(message: result_pb2.ResultSpec) -> ResultRequest:
    if message.shots < 0 or message.shots > _MAX_SHOTS:
        raise invalid("spec.results.shots", f"must be 1 to {_MAX_SHOTS}, not {message.shots}")
    if len(message.observables) > _MAX_OBSERVABLES:
        raise invalid("spec.results.observables", f"has {len(message.observables)}, at most {_MAX_OBSERVABLES}")
    return ResultRequest(
        shots=message.shots,
        probabilities=message.probabilities,
        statevector=message.statevector,
        density_matrix=message.density_matrix,
        observables=tuple(_observable(index, item) for index, item in enumerate(message.observables)),
    )


def _observable(index: int, message: observable_pb2.Observable) -> Observable:
    field = f"spec.results.observables[{index}]"
    if not message.paulis or len(message.paulis) != len(message.coefficients) or len(message.paulis) > _MAX_TERMS:
        raise invalid(field, f"needs one coefficient a term and 1 to {_MAX_TERMS} terms")
    if not all(map(math.isfinite, message.coefficients)):
        raise invalid(f"{field}.coefficients", "must be finite")
    # Of all letters at once: an observable may have a million terms.
    if len(set(map(len, message.paulis))) != 1 or not message.paulis[0] or "".join(message.paulis).strip("IXYZ"):
        raise invalid(f"{field}.paulis", "must be strings of I, X, Y, Z of one length, the number of declared qubits")
    if len(message.name) > _MAX_OBSERVABLE_NAME:
        raise invalid(f"{field}.name", f"has more than {_MAX_OBSERVABLE_NAME} characters; use a shorter name")
    return Observable(
        name=message.name,
        paulis=tuple(message.paulis),
        coefficients=tuple(message.coefficients),
        extends_with_identity=message.extends_with_identity,
    )


def execution_id(name: str) -> str:
    """Return the UUID in "executions/{uuid}".

    Raises:
        InvalidArgument: INVALID_REQUEST; it is no name of an execution.
    """
    return _resource_id(name, "executions", "an execution")


def comparison_id(name: str) -> str:
    """Return the UUID in "comparisons/{uuid}".

    Raises:
        InvalidArgument: INVALID_REQUEST; it is no name of a comparison.
    """
    return _resource_id(name, "comparisons", "a comparison")


def _resource_id(name: str, collection: str, what: str) -> str:
    prefix, _, uuid = name.partition("/")
    if prefix != collection or not _UUID.fullmatch(uuid):
        raise invalid("name", f"{name[:100]!r} is no name of {what}; expected {collection}/{{uuid}}")
    return uuid


def request_key(request_id: str) -> str | None:
    """Return an idempotency key, None where there is none.

    Raises:
        InvalidArgument: INVALID_REQUEST; it is too long.
    """
    if len(request_id) > 128:
        raise invalid("request_id", f"has {len(request_id)} characters, at most 128 are allowed")
    return request_id or None
