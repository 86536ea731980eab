"""The stack: where the services' sources and locks are, and which version of them this is.

In a clone that is the clone itself, known by `proto/` and `services/` beside `cli/`; in an installed wheel it is the
copy of the same tree at `proxima_cli/_stack`.
"""

import hashlib
import platform
import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import FailedPrecondition

from proxima_cli import __version__

__all__ = ["ORCHESTRATOR", "Project", "Service", "Stack", "find_stack"]

ORCHESTRATOR = "orchestrator"
_MODULES = {
    "qiskit": "proxima_backend_qiskit",
    "cirq": "proxima_backend_cirq",
    "lret": "proxima_backend_lret",
    ORCHESTRATOR: "proxima_orchestrator",
}


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of the stack: its name, the module that `python -m` runs, and its project folder."""

    name: str
    module: str
    folder: Path

    @property
    def is_backend(self) -> bool:
        """Whether it is a backend, or else the orchestrator."""
        return self.name != ORCHESTRATOR

    @property
    def lock(self) -> Path:
        """Its hash-pinned requirements."""
        return self.folder / "requirements.lock"


@dataclass(frozen=True, kw_only=True)
class Project:
    """Name and version of a distribution of ours."""

    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A tree with `proto/python` and `services/*`. `is_clone` says whether it is a working tree that may change."""

    root: Path
    is_clone: bool

    @property
    def services(self) -> tuple[Service, ...]:
        """The services, backends first."""
        return tuple(
            Service(name=name, module=module, folder=self.root / "services" / name) for name, module in _MODULES.items()
        )

    def import_path(self, service: Service) -> tuple[Path, ...]:
        """Folders that hold the packages of ours that a service imports."""
        return self.root / "proto" / "python", self.root / "services" / "runtime", service.folder

    def environment_digest(self, service: Service) -> str:
        """Digest of what decides a service's environment: lock, interpreter, and place and version of our projects."""
        sha = hashlib.sha256(service.lock.read_bytes())
        interpreter = (sys.implementation.cache_tag or "", platform.machine(), sys.platform, sys.base_prefix)
        projects = (part for project in self.projects(service) for part in (project.name, project.version))
        for part in (*interpreter, *projects, str(self.root)):
            sha.update(part.encode() + b"\0")
        return sha.hexdigest()[:12]

    def projects(self, service: Service) -> tuple[Project, ...]:
        """Name and version of the projects of ours that a service imports, as their pyproject.toml gives them."""
        tables = [tomllib.loads((folder / "pyproject.toml").read_text()) for folder in self.import_path(service)]
        return tuple(Project(name=table["project"]["name"], version=table["project"]["version"]) for table in tables)

    @cached_property
    def identity(self) -> str:
        """Version of what runs. Two clusters are the same if this is: version, place, and, in a clone, the sources."""
        return f"{__version__} at {self.root}" + (f", sources {self._sources_digest()}" if self.is_clone else "")

    def _sources_digest(self) -> str:
        """Digest of name, size and time of every source file and lock; reads none of them."""
        sha = hashlib.sha256()
        folders = {folder for service in self.services for folder in self.import_path(service)}
        for folder in sorted(folders):
            packages = [path for path in folder.iterdir() if path.name.startswith("proxima") and path.is_dir()]
            files = [path for package in packages for path in package.rglob("*.py")]
            for path in sorted((*files, folder / "requirements.lock")):
                if path.exists():
                    found = path.stat()
                    sha.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
        return sha.hexdigest()[:8]


def find_stack() -> Stack:
    """Return the stack that this installation belongs to.

    Raises FailedPrecondition where neither a clone nor a wheel's copy is there.
    """
    package = Path(__file__).resolve().parent.parent
    clone = package.parent.parent
    if (clone / "proto" / "buf.yaml").is_file() and (clone / "services" / ORCHESTRATOR).is_dir():
        return Stack(root=clone, is_clone=True)
    shipped = package / "_stack"
    if (shipped / "services" / ORCHESTRATOR).is_dir():
        return Stack(root=shipped, is_clone=False)
    raise FailedPrecondition(
        f"the services are neither beside {package} nor inside it: this installation cannot start a local cluster. "
        f"Install "
        "the wheel of proxima-agent, or name a server with --server",
        reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE,
    )
