"""The tree has the shape and the names that the project decided on."""

from __future__ import annotations

import ast
import re

from tests.architecture.sources import ROOT, modules, tracked_files

TOP_LEVEL_FOLDERS = {".ci", "cli", "deploy", "docs", "gateway", "proto", "services", "tests"}
TOP_LEVEL_FILES = {
    ".dockerignore",
    ".gitignore",
    ".importlinter",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "docker-compose.yml",
    "justfile",
    "mkdocs.yml",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements-docs.lock",
}
MODULE_NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "misc", "shared", "stuff"}
LINE_LIMIT = 400
# Modules past the limit, each with its reason.
LONG_MODULES = {
    "proxima_backend_lret.pauli.kernels": "one kernel and what it calls, which has to be in its file (jit.py)",
    "proxima_orchestrator.qasm.unroll": "one visitor over one syntax tree; its cases share the frame they unroll in",
}


def test_top_level_holds_what_it_should() -> None:
    """A new top-level file or folder is a decision: it is listed here, or it does not belong."""
    folders = {path.parts[0] for path in tracked_files() if len(path.parts) > 1}
    files = {path.name for path in tracked_files() if len(path.parts) == 1}
    assert folders <= TOP_LEVEL_FOLDERS
    assert files <= TOP_LEVEL_FILES


def test_modules_are_named_by_what_they_are() -> None:
    """No module is called utils, helpers, common, base or misc, nor *_manager or *_handler."""
    empty_names = [
        str(module.path)
        for module in modules()
        if module.path.stem in MODULE_NAMES_THAT_SAY_NOTHING
        or re.search(r"(^|_)(manager|handler)s?$", module.path.stem)
    ]
    assert empty_names == []


def test_classes_are_named_by_what_they_are() -> None:
    """No class is an XManager, XHandler, XHelper or XUtils."""
    empty_names = [
        f"{module.path}:{node.lineno}: {node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Manager|Handler|Helper|Utils?)$", node.name)
    ]
    assert empty_names == []


def test_modules_are_short() -> None:
    """A module past 400 lines has its reason in the list above, and the list names no other."""
    assert {module.name for module in modules() if module.line_count > LINE_LIMIT} == set(LONG_MODULES)


def test_modules_say_first_what_they_are() -> None:
    """Every module begins with a docstring."""
    assert [str(module.path) for module in modules() if not ast.get_docstring(module.tree)] == []


def test_nothing_is_unpickled() -> None:
    """The product imports no serialiser that runs what it reads; PickleBuffer is a view of memory, not a serialiser."""
    found = [
        f"{module.path}: {name}"
        for module in modules()
        for name in module.imported_names()
        if name.partition(".")[0] in {"pickle", "marshal", "shelve", "dill"} and name != "pickle.PickleBuffer"
    ]
    assert found == []


def test_nothing_is_evaluated() -> None:
    """The product calls no eval, exec or shell."""
    found = [
        f"{module.path}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _evaluates(node)
    ]
    assert found == []


def _evaluates(call: ast.Call) -> bool:
    by_name = isinstance(call.func, ast.Name) and call.func.id in {"eval", "exec"}
    by_shell = any(
        keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        for keyword in call.keywords
    )
    return by_name or by_shell


def test_no_test_patches_our_own_code() -> None:
    """Tests use the fakes at the seams, not mock.patch."""
    for path in tracked_files():
        if path.suffix == ".py" and "tests" in path.parts and path.name != "test_layout.py":
            text = (ROOT / path).read_text(encoding="utf-8")
            assert not re.search(r"\bmock\.patch\b|\bunittest\.mock\b|\bmonkeypatch\.setattr\b", text), path


def test_decision_records_are_numbered_and_whole() -> None:
    """Decision records are numbered without gaps, and each has the five parts."""
    records = sorted(path for path in tracked_files() if path.match("docs/decisions/[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = (ROOT / path).read_text(encoding="utf-8")
        for part in ("## Context", "## Decision", "## Consequences", "## Alternatives", "## Enforced by"):
            assert part in text, (path, part)
