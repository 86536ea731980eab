"""The parser's child process: `python -m proxima_orchestrator.qasm.child PARENT_PID`.

It reads requests from standard input and writes responses to standard output (`proxima_orchestrator.qasm.wire`) until
its input ends. Each parse runs under an address-space limit above what the warm process has, and a CPU limit.
"""

import ctypes
import importlib
import math
import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from proxima_orchestrator.qasm.errors import CircuitError
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import out_of_memory, parse
from proxima_orchestrator.qasm.wire import LENGTH, decode_request, encode_circuit, encode_error

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve requests until standard input ends."""
    _die_with_parent(int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    importlib.import_module("proxima_orchestrator.qasm.unroll")  # The slow path, warm before the first request.
    warm_bytes = _address_space_bytes()
    while (request := _read(sys.stdin.buffer)) is not None:
        source, limits = decode_request(request)
        _limit(limits, warm_bytes)
        response = _respond(source, limits)
        sys.stdout.buffer.write(LENGTH.pack(len(response)))
        sys.stdout.buffer.write(response)
        sys.stdout.buffer.flush()


def _respond(source: bytes, limits: Limits) -> bytes:
    try:
        return encode_circuit(parse(source, limits))
    except CircuitError as error:
        return encode_error(error)
    except MemoryError:
        return encode_error(out_of_memory(limits))


def _read(stream: BinaryIO) -> bytes | None:
    length = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(length)[0]) if len(length) == LENGTH.size else None


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _address_space_bytes() -> int:
    if sys.platform != "linux":
        return 1 << 33
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _limit(limits: Limits, warm_bytes: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = warm_bytes + limits.parse_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(usage.ru_utime + usage.ru_stime + limits.parse_seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if hard == resource.RLIM_INFINITY else min(seconds, hard), hard))


if __name__ == "__main__":
    main()
