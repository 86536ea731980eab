"""Puts the sibling projects into a wheel: their packages for the command itself, their trees for the local cluster.

An editable installation needs none of it; it has the siblings on its path (`dev-mode-dirs`). A source distribution
carries the same trees under `_stack`, so that a wheel can be built from it.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKAGES = {"proto/python/proxima": "proxima", "services/runtime/proxima_runtime": "proxima_runtime"}
_TREES = (
    "proto/python/proxima",
    "proto/python/pyproject.toml",
    "services/runtime/proxima_runtime",
    "services/runtime/pyproject.toml",
)
_SERVICES = {
    "qiskit": "proxima_backend_qiskit",
    "cirq": "proxima_backend_cirq",
    "lret": "proxima_backend_lret",
    "orchestrator": "proxima_orchestrator",
}


class StackHook(BuildHookInterface[Any]):
    """Adds the stack to wheels and source distributions."""

    _copies: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name every file that comes from outside of this project's folder."""
        if self.target_name == "wheel" and version != "standard":
            return
        root = Path(self.root)
        shipped = root / "_stack"
        source = shipped if shipped.is_dir() else root.parent
        services = [
            f"services/{name}/{part}"
            for name, package in _SERVICES.items()
            for part in (package, "pyproject.toml", "requirements.lock")
        ]
        where = "_stack" if self.target_name == "sdist" else "proxima_cli/_stack"
        included = {tree: f"{where}/{tree}" for tree in (*_TREES, *services)}
        missing = [tree for tree in included if not (source / tree).exists()]
        if missing:
            raise FileNotFoundError(f"{source} lacks {', '.join(missing)}: build from a clone or a source distribution")
        for tree, target in included.items():
            self._include(build_data, source / tree, target)
        if self.target_name == "wheel":
            # One file can be included once; the packages that are also part of the stack are copied first.
            self._copies = Path(tempfile.mkdtemp(prefix="proxima-wheel-"))
            for tree, target in _PACKAGES.items():
                shutil.copytree(source / tree, self._copies / target)
                self._include(build_data, self._copies / target, target)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the copies."""
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)

    def _include(self, build_data: dict[str, Any], source: Path, target: str) -> None:
        """Name the files one by one: a folder would bring caches and locks of the moment."""
        files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
        for path in files:
            if "__pycache__" in path.parts:
                continue
            relative = path.relative_to(source)
            build_data["force_include"][str(path)] = str(Path(target) / relative) if path != source else target
