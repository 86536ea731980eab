"""A backend that somebody else wrote joins a local cluster that runs, and leaves it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .local_cluster import LocalCluster
from .runner import Runner
from .stack import until

pytestmark = pytest.mark.cluster

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = _ROOT / ".proxima/test/stim/bin/python"
_CIRCUIT = _ROOT / "docs/examples/stim/repetition_rounds.qasm"


@contextmanager
def _registered(cluster: LocalCluster, folder: Path) -> Iterator[None]:
    """Run the Stim backend of the documentation, registered with the cluster's orchestrator."""
    assert _PYTHON.is_file(), "the environment of the Stim backend is missing: run `just environments`"
    command = [str(_PYTHON), "-m", "stim_backend", "--listen", f"unix:{folder}/stim.sock", "--exit-with-parent"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--register-with", cluster.target],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0, (folder / "log").read_text()


def _is_listed(runner: Runner) -> bool:
    backends = runner.run("backends", "list", "-o", "json").json["backends"]
    return any("stim" in backend["name"] for backend in backends)


def test_a_registered_backend_is_one_of_them(cluster: LocalCluster, runner: Runner, tmp_path: Path) -> None:
    """Stim registers itself, passes the check, runs a noisy repetition code, agrees with Aer, and leaves."""
    with _registered(cluster, tmp_path):
        until(lambda: _is_listed(runner), "the registration")
        tested = runner.run("backends", "test", "stim")
        assert tested.exit_code == 0, tested
        noise = ("--noise", "depolarizing:0.01", "--noise", "readout:0.005")
        members = ("--backends", "stim,qiskit:stabilizer", "--shots", "20000", "--seed", "3")
        compared = runner.run("compare", str(_CIRCUIT), *members, *noise, "-o", "json")
        assert compared.exit_code == 0, compared
        ran = runner.run("run", str(_CIRCUIT), "--backend", "stim", *noise, "--shots", "1000", "-o", "json")
        assert ran.exit_code == 0, ran
    until(lambda: not _is_listed(runner), "the farewell")


def test_what_a_registered_backend_cannot_run_is_refused_by_name(
    cluster: LocalCluster, runner: Runner, tmp_path: Path
) -> None:
    """A channel that Stim has no form of is refused with its name, and no other backend takes its place."""
    with _registered(cluster, tmp_path):
        until(lambda: _is_listed(runner), "the registration")
        refused = runner.run(
            "run", str(_CIRCUIT), "--backend", "stim", "--noise", "amplitude-damping:0.1", "--shots", "10"
        )
        assert refused.exit_code != 0, refused
        assert "amplitude_damping" in refused.stderr, refused
