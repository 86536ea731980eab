"""A log file that never grows past its bound: two halves, the older one is replaced."""

from io import BufferedWriter
from pathlib import Path

__all__ = ["BoundedLog", "tail"]

MAX_BYTES = 8 * 2**20


class BoundedLog:
    """Appends bytes to `path`; at half of `max_bytes` the file becomes `path`.1. One writer only."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._half = max_bytes // 2
        self._file = self._open()

    def write(self, data: bytes) -> None:
        """Append and flush. A disk that is full loses the lines, not the service."""
        try:
            if self._file.tell() + len(data) > self._half:
                self._file.close()
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                self._file = self._open()
            self._file.write(data[-self._half :])
            self._file.flush()
        except OSError:
            # Nobody could read a message about it either.
            return

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self) -> BufferedWriter:
        return self.path.open("ab")


def tail(path: Path, *, lines: int, max_bytes: int = 2**16) -> str:
    """Return the last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - max_bytes))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
