"""Upstream's native module: loaded in the worker, called, and its answers checked."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition, Internal

from proxima_backend_lret.qlret.offer import ENGINE, NATIVE_MODULE

_ALLOCATION_FAILED = "std::bad_alloc"


class Native(Protocol):
    """What is used of the module."""

    def run_circuit_json(self, json_str: str, export_state: bool) -> str:
        """Run a document and return one; an error is a document too."""


class _OpenMp(Protocol):
    def omp_set_num_threads(self, count: int) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a run gave.

    Attributes:
        values: expectation value of each observable, in order.
        samples: one basis state a shot, qubit 0 the least significant bit.
        amplitudes: the state vector, where it was asked for; else empty.
        seconds: time of the call.
    """

    values: Sequence[float]
    samples: Sequence[int]
    amplitudes: Sequence[complex]
    seconds: float


def load() -> Native:
    """Import the module and keep it to one thread.

    Raises:
        FailedPrecondition: it does not load (ERROR_REASON_UNSUPPORTED_BY_BACKEND).
    """
    try:
        module = importlib.import_module(NATIVE_MODULE)
    except Exception as error:  # the library's boundary: whatever its import lets through is why it is not usable
        raise FailedPrecondition(
            f"{ENGINE} is installed in this backend's environment and does not load: {type(error).__name__}: {error}; "
            "install it built for this Python and this machine",
            reason=errors_pb2.ERROR_REASON_UNSUPPORTED_BY_BACKEND,
            metadata={"feature": ENGINE},
        ) from error
    # A build without OpenMP has no such function, and one thread.
    with contextlib.suppress(AttributeError):
        cast("_OpenMp", ctypes.CDLL(module.__file__)).omp_set_num_threads(1)
    return cast("Native", module)


def call(
    native: Native, document: str, *, qubit_count: int, value_count: int = 0, shots: int = 0, wants_state: bool = False
) -> Answer:
    """Run a document of as many observables and shots.

    Raises:
        MemoryError: upstream ran out of memory.
        Internal: it failed, or its answer is not what was asked for (ERROR_REASON_ENGINE_FAILED).
    """
    started = time.perf_counter()
    text = native.run_circuit_json(document, wants_state)
    seconds = time.perf_counter() - started
    found = json.loads(text)
    if found.get("status") != "success":
        message = str(found.get("message", "no reason given"))
        if message == _ALLOCATION_FAILED:
            raise MemoryError(message)
        raise _failed(message)
    values, samples = found.get("expectation_values") or [], found.get("samples") or []
    if found.get("final_rank") != 1:
        raise _failed(f"a circuit without noise ended with rank {found.get('final_rank')}, expected 1")
    if len(values) != value_count or not all(map(math.isfinite, values)):
        raise _failed(f"it gave {len(values)} expectation values, expected {value_count} finite ones")
    if len(samples) != shots or (shots and not 0 <= min(samples) <= max(samples) < 1 << qubit_count):
        raise _failed(f"it gave {len(samples)} samples, expected {shots} of {qubit_count} qubits")
    return Answer(values=values, samples=samples, amplitudes=_amplitudes(found.get("state")), seconds=seconds)


def _amplitudes(state: dict[str, list[float]] | None) -> list[complex]:
    return [] if state is None else list(map(complex, state["L_real"], state["L_imag"]))


def _failed(message: str) -> Internal:
    return Internal(
        f"engine {ENGINE} failed: {message}",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
        metadata={"engine": ENGINE, "message": message},
    )
