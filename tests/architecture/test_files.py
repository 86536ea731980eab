"""Locks, commands and text files keep the promises that the documentation makes about them."""

from __future__ import annotations

import re
import tomllib

from tests.architecture.sources import PACKAGES, ROOT, tracked_files

LOCKS = [path for path in tracked_files() if path.suffix == ".lock"]


def test_locks_name_no_place() -> None:
    """A lock has no address of an index and no absolute path, so that it works behind any mirror."""
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text, lock
        assert not re.search(r"(?<![\w.)])/[a-z]+/", text), lock


def test_locks_pin_every_requirement_by_hash() -> None:
    """Every requirement of a lock is one version with at least one SHA-256."""
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
        requirements = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        assert requirements, lock
        for line in requirements:
            assert re.match(r"^[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+ ", line), (lock, line)
            assert "--hash=sha256:" in line, (lock, line)


def test_every_deployable_has_a_lock() -> None:
    """Every project that is deployed has a requirements.lock beside its pyproject.toml; libraries have none."""
    folders = {folder for folder in PACKAGES.values() if folder != "services/runtime"}
    found = {str(path.parent) for path in LOCKS if path.name == "requirements.lock"}
    # The example of a third party's backend has its own, as theirs would.
    assert found == folders | {"docs/examples/stim"}


def test_projects_agree_on_version_and_python() -> None:
    """Every project has one version, one licence and one lowest Python."""
    seen = set()
    for path in tracked_files():
        if path.name == "pyproject.toml" and len(path.parts) > 1:
            project = tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]
            seen.add((project["version"], project["license"], project["requires-python"]))
    assert len(seen) == 1, seen


def test_distributions_have_their_names() -> None:
    """Distributions have the names of decision 9, and none takes one that belongs to somebody else."""
    names = {
        tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]["name"]
        for path in tracked_files()
        if path.name == "pyproject.toml" and len(path.parts) > 1
    }
    fixed = {"proxima-agent", "proxima-protos", "proxima-runtime", "proxima-orchestrator"}
    assert {name for name in names if not name.startswith("proxima-backend-")} == fixed


def test_ci_runs_the_line_of_the_readme() -> None:
    """.ci/run runs exactly the line of the README that runs the tests."""
    lines = [line for line in (ROOT / ".ci/run").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert lines[:2] == ["set -euo pipefail", 'cd "$(dirname "$0")/.."']
    assert len(lines) == 3
    assert lines[2] in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_readme_commands_name_files_that_exist() -> None:
    """Every file of this project that a command of the README names is there."""
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL):
        for name in re.findall(r"[\w./-]+\.(?:lock|qasm|toml|py)\b", block):
            assert (ROOT / name).is_file(), name


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of a Markdown file names a file that exists."""
    for path in tracked_files():
        if path.suffix == ".md":
            for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (ROOT / path).read_text(encoding="utf-8")):
                if "://" not in link and not link.startswith("mailto:"):
                    assert (ROOT / path.parent / link).exists(), (str(path), link)
