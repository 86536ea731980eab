"""The circuit that the command line names: a file, or standard input."""

import sys
from pathlib import Path

from proxima_client.sources import MAX_SOURCE_BYTES, read_source, too_large

__all__ = ["read_circuit"]


def read_circuit(name: str) -> tuple[bytes, str]:
    """Return the program's text and what to call it; `-` is standard input. At most 16 MiB are read.

    Raises ProximaError where there is no such file or it is too large.
    """
    if name != "-":
        path = Path(name)
        return read_source(path), path.name
    source = sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
    if len(source) > MAX_SOURCE_BYTES:
        raise too_large("standard input")
    return source, ""
