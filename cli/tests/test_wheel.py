"""The wheel: complete without the clone it was built from."""

import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from .conftest import Proxima

pytest.importorskip("hatchling")

CLI = Path(__file__).resolve().parent.parent
BELL = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q->c;'


def build(kind: str, project: Path, folder: Path) -> Path:
    """Build a distribution and return its file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    return next(folder.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the clone."""
    return build("wheel", CLI, tmp_path_factory.mktemp("wheel"))


def test_a_wheel_carries_the_stack_and_its_own_imports(wheel: Path) -> None:
    """Packages for the command, trees with locks for the services, and no test, cache or build file."""
    names = set(zipfile.ZipFile(wheel).namelist())
    stack = "proxima_cli/_stack"
    assert {
        "proxima_cli/__main__.py",
        "proxima_client/client.py",
        "proxima_runtime/errors.py",
        "proxima/errors/v1/errors_pb2.py",
        f"{stack}/proto/python/proxima/errors/v1/errors_pb2.py",
        f"{stack}/services/runtime/proxima_runtime/server.py",
        f"{stack}/services/orchestrator/requirements.lock",
        f"{stack}/services/qiskit/proxima_backend_qiskit/__main__.py",
        f"{stack}/services/cirq/pyproject.toml",
        f"{stack}/services/lret/proxima_backend_lret/__main__.py",
    } <= names
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name or "hatch_build" in name]


def test_a_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """A wheel can be made far from the clone, with the same files."""
    archive = build("sdist", CLI, tmp_path / "sdist")
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path)], check=True)  # noqa: S607
    again = build("wheel", tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path / "wheel")
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.cluster
def test_an_unpacked_wheel_runs_a_circuit(wheel: Path, proxima: Proxima, tmp_path: Path) -> None:
    """With the wheel alone on the path, the first run installs the environments, starts the cluster and answers."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    alone = replace(proxima, environment={**proxima.environment, "PYTHONPATH": str(tmp_path / "site")})
    try:
        done = alone("run", "-", stdin=BELL)
        assert done.returncode == 0, done.stderr
        assert "installing environments" in done.stderr
        version = alone("status").stdout
        assert str(tmp_path / "site" / "proxima_cli" / "_stack") in version
    finally:
        assert alone("down").returncode == 0
    assert os.path.isdir(alone.environment["PROXIMA_HOME"])
