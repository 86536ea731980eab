"""The health check that container engines run as a command."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from proxima_runtime.health import main
from proxima_runtime.testing import RunningBackend

_STATUS = health_pb2.HealthCheckResponse


@pytest.fixture
def servicer() -> health.HealthServicer:
    """The health of a server that says what a test tells it to."""
    return health.HealthServicer()


@pytest.fixture
def target(servicer: health.HealthServicer) -> Iterator[str]:
    """Where that server listens."""
    server = grpc.server(ThreadPoolExecutor(1))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def test_a_backend_that_serves_is_healthy(backend: RunningBackend, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0 and not a word."""
    assert main([backend.target]) == 0
    assert capsys.readouterr().err == ""


def test_a_server_that_takes_no_work_is_not(
    servicer: health.HealthServicer, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that warms up or drains gives status 1 and its condition."""
    servicer.set("", _STATUS.NOT_SERVING)
    assert main([target]) == 1
    assert capsys.readouterr().err == f"{target}: NOT_SERVING\n"
    servicer.set("", _STATUS.SERVING)
    assert main([target]) == 0


def test_nobody_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing listens the status is 1, with a line that names the place."""
    assert main(["unix:/nonexistent/socket", "--seconds", "2"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("unix:/nonexistent/socket: ")
    assert said.count("\n") == 1


def test_what_is_no_address_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A target that is none ends with status 2 and says what is expected."""
    with pytest.raises(SystemExit) as caught:
        main(["qiskit"])
    assert caught.value.code == 2
    assert "host:port" in capsys.readouterr().err
