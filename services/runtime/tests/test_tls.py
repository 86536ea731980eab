"""TLS: a server that other machines may reach."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import Unavailable
from proxima_runtime.testing import start_backend

OPENSSL = shutil.which("openssl") or ""


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A fresh self-signed certificate for localhost, and its key."""
    if not OPENSSL:
        pytest.skip("openssl is not installed; it makes the certificate of this test")
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)),
        ],
        check=True,
        capture_output=True,
    )
    return pem, key


def test_a_server_with_tls_shows_its_certificate(runner: asyncio.Runner, certificate: tuple[Path, Path]) -> None:
    """A caller that trusts the certificate is served; one without TLS, or, under mutual TLS, without one of its own, is
    not.
    """
    pem, key = (path.read_bytes() for path in certificate)
    port = free_port()
    target = f"127.0.0.1:{port}"
    environment = {
        "PROXIMA_BACKEND_TLS_CERTIFICATE_FILE": str(certificate[0]),
        "PROXIMA_BACKEND_TLS_KEY_FILE": str(certificate[1]),
        "PROXIMA_BACKEND_TLS_CLIENT_CA_FILE": str(certificate[0]),
    }
    known = grpc.ssl_channel_credentials(root_certificates=pem, private_key=key, certificate_chain=pem)
    nameless = grpc.ssl_channel_credentials(root_certificates=pem)

    async def scenario() -> None:
        async with start_backend(listen=target, environment=environment, wait=False):
            async with open_channel(target, credentials=known) as channel:
                request = health_pb2.HealthCheckRequest()
                watch = health_pb2_grpc.HealthStub(channel).Watch(request, wait_for_ready=True, timeout=60)
                async for answer in watch:
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        break
            for credentials in (None, nameless):
                async with open_channel(target, credentials=credentials) as channel:
                    with pytest.raises(Unavailable):
                        await unary(health_pb2_grpc.HealthStub(channel).Check, request, deadline_seconds=20)

    runner.run(scenario())


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
