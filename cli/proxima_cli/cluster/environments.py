"""Makes the services' environments: one each, from its hash-pinned lock, whole or not at all.

An environment is built in a folder beside its place and renamed, so that an interrupted installation leaves nothing
that looks finished. A lock makes the second of two installers wait. Our own packages are put on the path by a .pth
file: there is nothing to build, and in a clone the sources are used as they are.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition, ProximaError, ResourceExhausted, Unavailable

from proxima_cli.cluster.indexes import uv_environment
from proxima_cli.cluster.paths import ClusterPaths
from proxima_cli.cluster.stack import Service, Stack
from proxima_cli.quantities import format_bytes, format_seconds

__all__ = ["ensure_environments", "environment_python", "missing_services"]

Report = Callable[[str], None]

_MARKER = "proxima-environment.json"
# A simulator's environment is about half a GB; uv unpacks beside its cache where it cannot link.
_FREE_BYTES_NEEDED = 1536 * 2**20
_ERROR_LINES = 12


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a service's environment goes."""

    service: Service
    folder: Path

    @property
    def is_ready(self) -> bool:
        return (self.folder / _MARKER).is_file() and (self.folder / "bin" / "python").exists()


def environment_python(stack: Stack, paths: ClusterPaths, service: Service) -> Path:
    """The interpreter of a service's environment, installed or not."""
    return _place(stack, paths, service).folder / "bin" / "python"


def missing_services(stack: Stack, paths: ClusterPaths) -> tuple[Service, ...]:
    """The services whose environment is not installed."""
    return tuple(service for service in stack.services if not _place(stack, paths, service).is_ready)


def ensure_environments(stack: Stack, paths: ClusterPaths, *, report: Report) -> None:
    """Install what is missing and say so through `report`, a line at a time.

    Raises:
        ResourceExhausted: the disk is full.
        Unavailable: the packages cannot be fetched.
        FailedPrecondition: uv is missing, or the lock cannot be installed here.
    """
    if not missing_services(stack, paths):
        return
    with _installer_lock(paths.environments, report=report) as lock:
        missing = missing_services(stack, paths)
        if not missing:
            return
        names = ", ".join(service.name for service in missing)
        report(f"proxima: installing environments for {names} into {paths.environments} (once; about 1 GB in all)")
        started = time.monotonic()
        for leftover in paths.environments.glob("*.partial"):
            shutil.rmtree(leftover, ignore_errors=True)
        total = sum(_install(stack, _place(stack, paths, service), lock=lock, report=report) for service in missing)
        for service in missing:
            _remove_older(stack, _place(stack, paths, service))
        took = format_seconds(time.monotonic() - started)
        report(f"proxima: environments ready: {format_bytes(total)} in {took}")


def _install(stack: Stack, place: _Place, *, lock: int, report: Report) -> int:
    """Build one environment; return its size in bytes."""
    service = place.service
    free = shutil.disk_usage(place.folder.parent).free
    if free < _FREE_BYTES_NEEDED:
        raise ResourceExhausted(
            f"{place.folder.parent} has {format_bytes(free)} free and an environment needs up to "
            f"{format_bytes(_FREE_BYTES_NEEDED)}; free space, or set PROXIMA_HOME to another disk",
            reason=errors_pb2.ERROR_REASON_STORAGE_FULL,
            metadata={"path_hint": str(place.folder.parent)},
        )
    report(f"proxima:   {service.name}: {_package_count(service.lock)} packages ...")
    started = time.monotonic()
    partial = place.folder.with_name(f"{place.folder.name}.partial")
    try:
        python = partial / "bin" / "python"
        _uv(service, lock, "venv", "--quiet", "--no-project", "--python", sys.executable, str(partial))
        _uv(
            service,
            lock,
            "pip",
            "sync",
            *(() if sys.stderr.isatty() else ("--quiet",)),
            "--require-hashes",
            "--python",
            str(python),
            str(service.lock),
        )
        _put_on_path(stack, service, next(partial.glob("lib/python*/site-packages")))
        size = _size(partial)
        seconds = time.monotonic() - started
        marker = {"service": service.name, "stack": str(stack.root), "bytes": size, "seconds": round(seconds, 1)}
        (partial / _MARKER).write_text(json.dumps(marker))
        partial.rename(place.folder)
    except OSError as error:
        raise _install_error(service, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    report(f"proxima:   {service.name}: {format_bytes(size)} in {format_seconds(seconds)}")
    return size


def _put_on_path(stack: Stack, service: Service, packages: Path) -> None:
    """Make our packages importable where they are, and let `importlib.metadata` know their versions."""
    (packages / "proxima-stack.pth").write_text("".join(f"{folder}\n" for folder in stack.import_path(service)))
    for project in stack.projects(service):
        folder = packages / f"{project.name.replace('-', '_')}-{project.version}.dist-info"
        folder.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {project.name}\nVersion: {project.version}\n"
        (folder / "METADATA").write_text(metadata)
        (folder / "INSTALLER").write_text("proxima\n")


def _uv(service: Service, lock: int, *arguments: str) -> None:
    """Run uv; on a terminal it shows its own progress. It holds the lock too, should it outlive this command."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415  # only for an installation

        command = [find_uv_bin(), *arguments]
    except (ImportError, FileNotFoundError) as error:
        raise FailedPrecondition(
            "uv is missing from this installation; install it with `pip install uv` and try again",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        ) from error
    shown = sys.stderr.isatty()
    done = subprocess.run(
        command,
        env=uv_environment(os.environ),
        pass_fds=(lock,),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno() if shown else subprocess.PIPE,
        stderr=None if shown else subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        text = (done.stdout or b"").decode(errors="replace")
        raise _install_error(service, "\n".join(text.strip().splitlines()[-_ERROR_LINES:]) or "see uv's message above")


def _install_error(service: Service, text: str) -> ProximaError:
    """The error behind a failed installation, by what uv and the system say."""
    lowered = text.lower()
    if "no space left" in lowered or "os error 28" in lowered or "disk quota" in lowered:
        return ResourceExhausted(
            f"the environment of {service.name} does not fit the disk; free space, or set PROXIMA_HOME to another "
            f"disk, and "
            f"try again. uv says: {text}",
            reason=errors_pb2.ERROR_REASON_STORAGE_FULL,
            metadata={"path_hint": str(service.folder)},
        )
    if any(word in lowered for word in ("error sending request", "dns", "connect", "timed out", "offline", "fetch")):
        return Unavailable(
            f"the packages of {service.name} could not be fetched; nothing was left behind. Check the network or "
            f"pip's index "
            f"settings (PIP_INDEX_URL, UV_DEFAULT_INDEX) and try again. uv says: {text}",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
            metadata={"backend": service.name},
        )
    return FailedPrecondition(
        f"the environment of {service.name} could not be installed from {service.lock}; nothing was left behind. uv "
        f"says: "
        f"{text}",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        metadata={"backend": service.name},
    )


@contextlib.contextmanager
def _installer_lock(folder: Path, *, report: Report) -> Iterator[int]:
    """Hold the lock of installers; yields its descriptor."""
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        file = (folder / ".install.lock").open("ab")
    except OSError as error:
        raise FailedPrecondition(
            f"{folder} cannot be written: {error.strerror}; set PROXIMA_HOME to a folder of yours",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("proxima: another command is installing the environments; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _place(stack: Stack, paths: ClusterPaths, service: Service) -> _Place:
    try:
        digest = stack.environment_digest(service)
    except OSError as error:
        raise FailedPrecondition(
            f"the lock of {service.name} cannot be read: {error.strerror}: {service.lock}",
            reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
            metadata={"backend": service.name},
        ) from error
    return _Place(service=service, folder=paths.environments / f"{service.name}-{digest}")


def _remove_older(stack: Stack, place: _Place) -> None:
    """Remove this stack's environments of a service that another lock or interpreter left behind."""
    for folder in place.folder.parent.glob(f"{place.service.name}-*"):
        if folder == place.folder:
            continue
        with contextlib.suppress(OSError, ValueError, KeyError):
            marker = json.loads((folder / _MARKER).read_text())
            if marker["stack"] == str(stack.root):
                shutil.rmtree(folder, ignore_errors=True)


def _package_count(lock: Path) -> int:
    return sum("==" in line and not line.startswith(("#", " ")) for line in lock.read_text().splitlines())


def _size(folder: Path) -> int:
    """Bytes on disk; a file with several links counts once."""
    seen: set[int] = set()
    total = 0
    for path in folder.rglob("*"):
        found = path.lstat()
        if found.st_ino not in seen:
            seen.add(found.st_ino)
            total += found.st_blocks * 512
    return total
