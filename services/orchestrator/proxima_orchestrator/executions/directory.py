"""The data directory: one process at a time, on a local file system, private to its user."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition

# Shared memory of SQLite's write-ahead log does not work across machines.
_NETWORK_FILE_SYSTEMS = frozenset(
    [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.ceph",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "panfs",
        "smb2",
        "smb3",
        "smbfs",
        "virtiofs",
        "wekafs",
    ]
)


class DataDirectory:
    """An open data directory; holds its lock until `close`."""

    def __init__(self, path: Path) -> None:
        """Create the directory where it is missing and lock it.

        Raises:
            FailedPrecondition: another process holds it, or it lies on a network file system.
            OSError: it cannot be created or written.
        """
        self.path = path.resolve()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        kind = file_system_of(self.path, Path("/proc/self/mountinfo").read_text())
        if kind in _NETWORK_FILE_SYSTEMS:
            raise FailedPrecondition(
                f"the data directory lies on a network file system ({kind}), where SQLite's write-ahead log is not "
                "safe; set PROXIMA_ORCHESTRATOR_DATA_DIR to a local disk",
                reason=errors_pb2.ERROR_REASON_STORAGE_FAILED,
                metadata={"path_hint": self.path.name},
            )
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._lock, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._lock)
            raise FailedPrecondition(
                f"another orchestrator (process {holder}) uses this data directory; stop it, or set "
                "PROXIMA_ORCHESTRATOR_DATA_DIR to another one",
                reason=errors_pb2.ERROR_REASON_STORAGE_FAILED,
                metadata={"path_hint": self.path.name},
            ) from error
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "proxima.sqlite3"

    @property
    def artifacts(self) -> Path:
        """Folder of the artifact store, where none is configured."""
        return self.path / "artifacts"

    def close(self) -> None:
        """Release the lock."""
        os.close(self._lock)


def file_system_of(path: Path, mountinfo: str) -> str:
    """Return the type of the file system that holds an absolute path, from the text of /proc/self/mountinfo."""
    best, kind = "", ""
    for line in mountinfo.splitlines():
        mount, _, source = line.partition(" - ")
        fields = mount.split()
        if len(fields) < 5 or not source:
            continue
        point = fields[4].encode().decode("unicode_escape")
        inside = path == Path(point) or Path(point) in path.parents
        # A later mount on the same point hides the earlier one.
        if inside and len(point) >= len(best):
            best, kind = point, source.split()[0]
    return kind
