"""One local cluster for all scenarios, with a home of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from proxima_client import Client

from .runner import Runner

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A local cluster and the command that talks to it."""
    home = tmp_path_factory.mktemp("home")
    runner = Runner(
        directory=tmp_path_factory.mktemp("work"),
        environment={
            "PROXIMA_HOME": str(home),
            "PROXIMA_ENVIRONMENTS": str(_ROOT / ".proxima" / "env"),
            "XDG_CONFIG_HOME": str(home),
            "PROXIMA_SERVER": "",
        },
    )
    up = runner.run("up", "-o", "json", timeout=600)
    try:
        assert up.exit_code == 0, up
        assert [service["state"] for service in up.json["services"]] == ["serving"] * 3, up
        yield runner
    finally:
        down = runner.run("down")
        assert down.exit_code == 0, down


@pytest.fixture(scope="session")
def client(runner: Runner) -> Iterator[Client]:
    """The Python client, connected to the same cluster."""
    with Client(runner.run("up", "-o", "json").json["server"]) as client:
        yield client
