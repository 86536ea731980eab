"""What the architecture tests read: the tracked files, the product's modules and their imports, and the contract."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]

# Distribution folder of every import package that is code (not wire).
PACKAGES = {
    "proxima_runtime": "services/runtime",
    "proxima_orchestrator": "services/orchestrator",
    "proxima_backend_qiskit": "services/qiskit",
    "proxima_backend_cirq": "services/cirq",
    "proxima_backend_lret": "services/lret",
    "proxima_client": "cli",
    "proxima_cli": "cli",
}


@dataclass(frozen=True, kw_only=True)
class Module:
    """One module of the product.

    Attributes:
        name: dotted name, for example "proxima_runtime.errors".
        path: of its file, relative to the project's root.
        tree: its syntax tree.
        line_count: lines in the file.
    """

    name: str
    path: Path
    tree: ast.Module
    line_count: int

    @property
    def package(self) -> str:
        """The top-level package."""
        return self.name.partition(".")[0]

    def imported_names(self) -> Iterator[str]:
        """Yield the dotted name behind each import, `from a import b` as "a.b"; there are no relative imports."""
        for node in ast.walk(self.tree):
            yield from _names(node)

    def names_imported_first(self) -> Iterator[str]:
        """Yield what importing the module itself imports: no imports inside of functions or for type checkers only."""
        for node in self.tree.body:
            yield from _names(node)


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def tracked_files() -> tuple[Path, ...]:
    """Return the files that git tracks or would track, relative to the root, sorted."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (Path(name) for name in listing.split("\0") if name)
    return tuple(sorted(path for path in set(paths) if (ROOT / path).is_file()))


@cache
def modules() -> tuple[Module, ...]:
    """Return the modules of every package of the product, without tests and generated code."""
    found = []
    for package, folder in PACKAGES.items():
        for path in tracked_files():
            if path.suffix == ".py" and path.is_relative_to(Path(folder) / package):
                text = (ROOT / path).read_text(encoding="utf-8")
                parts = path.relative_to(folder).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                line_count = text.count("\n")
                found.append(Module(name=name, path=path, tree=ast.parse(text, str(path)), line_count=line_count))
    return tuple(found)


@cache
def contract() -> descriptor_pb2.FileDescriptorSet:
    """Return the contract with its comments, Proxima's own files only, as protoc reads it now."""
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.binpb"
        subprocess.run([sys.executable, ROOT / "proto/generate.py", "--image", image], check=True)
        whole = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes())
    own = (file for file in whole.file if file.package.startswith("proxima."))
    return descriptor_pb2.FileDescriptorSet(file=own)


@dataclass(frozen=True, kw_only=True)
class Rpc:
    """One method of the contract with its comment."""

    service: str
    method: descriptor_pb2.MethodDescriptorProto
    comment: str

    def __str__(self) -> str:
        return f"{self.service}.{self.method.name}"


@cache
def rpcs() -> tuple[Rpc, ...]:
    """Return every method of every service of the contract."""
    service_field = descriptor_pb2.FileDescriptorProto.SERVICE_FIELD_NUMBER
    method_field = descriptor_pb2.ServiceDescriptorProto.METHOD_FIELD_NUMBER
    found = []
    for file in contract().file:
        comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for service_index, service in enumerate(file.service):
            for method_index, method in enumerate(service.method):
                comment = comments.get((service_field, service_index, method_field, method_index), "")
                found.append(Rpc(service=f"{file.package}.{service.name}", method=method, comment=comment))
    return tuple(found)


@cache
def messages() -> dict[str, descriptor_pb2.DescriptorProto]:
    """Return every top-level message of the contract by its full name."""
    return {f"{file.package}.{message.name}": message for file in contract().file for message in file.message_type}
