"""Turns whatever the user calls a circuit into the contract's `CircuitSource`.

Qiskit and Cirq are imported only when the object comes from them.
"""

import os
import stat
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima_runtime.errors import InvalidArgument, NotFound, ProximaError

__all__ = ["MAX_SOURCE_BYTES", "read_source", "to_source"]

MAX_SOURCE_BYTES = 16 * 2**20
_MAX_NAME = 255


def to_source(circuit: object, *, display_name: str = "") -> executions_pb2.CircuitSource:
    """Return the message for a circuit.

    Args:
        circuit: OpenQASM 2 or 3 as `str` or `bytes`, a `pathlib.Path` of such a file, a Qiskit `QuantumCircuit` or a
        Cirq
            `Circuit`. A `str` is always program text, never a path.
        display_name: what to call it; by default the file's or the circuit's name.

    Raises:
        NotFound: the file does not exist.
        InvalidArgument: the source is over 16 MiB, cannot be read, or is of another type.
    """
    if isinstance(circuit, str):
        return _from_bytes(circuit.encode(), display_name)
    if isinstance(circuit, bytes | bytearray | memoryview):
        return _from_bytes(bytes(circuit), display_name)
    if isinstance(circuit, os.PathLike):
        path = Path(os.fspath(circuit))
        return _from_bytes(read_source(path), display_name or path.name)
    family = {kind.__module__.partition(".")[0] for kind in type(circuit).__mro__}
    if "qiskit" in family:
        from qiskit.circuit import QuantumCircuit  # noqa: PLC0415  # only where the user has it

        if isinstance(circuit, QuantumCircuit):
            from proxima_client import qiskit_circuits  # noqa: PLC0415

            name = (display_name or circuit.name or "")[:_MAX_NAME]
            return executions_pb2.CircuitSource(circuit=qiskit_circuits.convert(circuit), display_name=name)
    if "cirq" in family:
        import cirq  # noqa: PLC0415  # only where the user has it

        if isinstance(circuit, cirq.AbstractCircuit):
            from proxima_client import cirq_circuits  # noqa: PLC0415

            columns = cirq_circuits.convert(circuit.unfreeze())
            return executions_pb2.CircuitSource(circuit=columns, display_name=display_name[:_MAX_NAME])
    raise InvalidArgument(
        f"a circuit of type {type(circuit).__module__}.{type(circuit).__qualname__} is not supported; give OpenQASM "
        f"text, a "
        "pathlib.Path, a Qiskit QuantumCircuit or a Cirq Circuit",
        reason=errors_pb2.ERROR_REASON_INVALID_REQUEST,
        metadata={"field": "circuit"},
    )


def read_source(path: Path) -> bytes:
    """Read a program of at most 16 MiB from a regular file or a pipe.

    Raises:
        NotFound: there is no such file.
        InvalidArgument: it is a directory or a device, cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
                raise _unreadable(path, "is neither a file nor a pipe")
            source = file.read(MAX_SOURCE_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound(
            f"there is no file {path}; check the name",
            reason=errors_pb2.ERROR_REASON_NOT_FOUND,
            metadata={"resource": str(path)},
        ) from error
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    if len(source) > MAX_SOURCE_BYTES:
        raise too_large(str(path))
    return source


def too_large(name: str) -> ProximaError:
    """Return the error for a source over the limit."""
    return InvalidArgument(
        f"{name} is larger than {MAX_SOURCE_BYTES >> 20} MiB, the most that a circuit's text may have; use loops or "
        f"gate "
        "definitions, or split the circuit",
        reason=errors_pb2.ERROR_REASON_CIRCUIT_LIMIT,
        metadata={"limit": "source_bytes", "maximum": str(MAX_SOURCE_BYTES)},
    )


def _from_bytes(source: bytes, display_name: str) -> executions_pb2.CircuitSource:
    if len(source) > MAX_SOURCE_BYTES:
        raise too_large(display_name or "the circuit")
    return executions_pb2.CircuitSource(openqasm=source, display_name=display_name[:_MAX_NAME])


def _unreadable(path: Path, why: str) -> InvalidArgument:
    return InvalidArgument(
        f"{path} {why}", reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": "circuit"}
    )
