"""Where a local cluster keeps its things, and the checks that make its socket folder private.

`PROXIMA_HOME` holds what lasts (environments, data, logs): `.proxima` in a clone, else `proxima` in the XDG data
directory. The sockets are in a folder with mode 0700 below XDG_RUNTIME_DIR, or below /tmp where that is missing or
too long.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition

from proxima_cli.cluster.stack import Stack

__all__ = ["ClusterPaths", "make_private", "resolve_paths"]

# sun_path of sockaddr_un holds 108 bytes with its terminating zero.
_MAX_SOCKET_PATH = 107
_LONGEST_SOCKET = "orchestrator.sock"


@dataclass(frozen=True, kw_only=True)
class ClusterPaths:
    """Folders of one cluster. There is one cluster a home."""

    home: Path
    environments: Path
    runtime: Path

    @property
    def data(self) -> Path:
        """The orchestrator's database and artifacts."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """One bounded log a service, and the supervisor's."""
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.runtime / "supervisor.lock"

    @property
    def control(self) -> Path:
        """The supervisor's own socket."""
        return self.runtime / "control.sock"

    def socket(self, service: str) -> Path:
        """Where a service listens."""
        return self.runtime / f"{service}.sock"


def resolve_paths(stack: Stack) -> ClusterPaths:
    """Return the folders for a stack; creates nothing."""
    named = os.environ.get("PROXIMA_HOME", "")
    if named:
        home = Path(named).absolute()
    elif stack.is_clone:
        home = stack.root / ".proxima"
    else:
        base = os.environ.get("XDG_DATA_HOME", "")
        home = (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "proxima"
    environments = os.environ.get("PROXIMA_ENVIRONMENTS", "")
    return ClusterPaths(
        home=home,
        environments=Path(environments).absolute() if environments else home / "env",
        runtime=_runtime_folder(home),
    )


def make_private(paths: ClusterPaths) -> None:
    """Create the folders; the socket folder belongs to this user alone.

    Raises FailedPrecondition where a folder cannot be made or somebody else could reach into it.
    """
    try:
        for folder in (paths.home, paths.data, paths.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (paths.runtime.parent, paths.runtime):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _unusable(f"{error.filename} cannot be made: {error.strerror}") from error
    for folder in (paths.runtime.parent, paths.runtime):
        if not _is_private(folder):
            raise _unusable(f"{folder} is not a folder of this user with mode 0700; remove it")


def _runtime_folder(home: Path) -> Path:
    name = f"proxima-{hashlib.sha256(str(home).encode()).hexdigest()[:10]}"
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    folder = base / name
    if _is_private(base) and len(str(folder / _LONGEST_SOCKET).encode()) <= _MAX_SOCKET_PATH:
        return folder
    # A fixed name in a world-writable folder: whoever made it first is checked before anything is put there.
    return Path("/tmp") / f"proxima-{os.getuid()}" / name  # noqa: S108


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.getuid()
        and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    )


def _unusable(what: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"the local cluster has no place to run: {what}, or set PROXIMA_HOME to a folder of yours",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
    )
