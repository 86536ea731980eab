"""The Compose file keeps what docs/containers.md promises for every service; no engine is needed to see it."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.architecture.sources import PACKAGES, ROOT

_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
_FILE = yaml.safe_load(_TEXT)
_SERVICES = _FILE["services"]
_BACKENDS = sorted(set(_SERVICES) - {"orchestrator"})


def test_every_service_is_there() -> None:
    """The services of the file are the deployables of the tree, each with its package."""
    expected = {
        folder.removeprefix("services/"): package
        for package, folder in PACKAGES.items()
        if folder.startswith("services/") and folder != "services/runtime"
    }
    found = {entry["build"]["args"]["SERVICE"]: entry["build"]["args"]["MODULE"] for entry in _SERVICES.values()}
    assert found == expected
    assert set(_SERVICES) == set(expected)


def test_the_orchestrator_knows_and_awaits_every_backend() -> None:
    """Each backend is in the orchestrator's list, is waited for, and is called without a proxy."""
    settings = "\n".join(_SERVICES["orchestrator"]["environment"])
    for backend in _BACKENDS:
        assert f"{backend}={backend}:7070" in settings
    (direct,) = re.findall(r"no_grpc_proxy=(.*)", settings)
    assert sorted(direct.split(",")) == _BACKENDS
    waits = _SERVICES["orchestrator"]["depends_on"]
    assert {name: wait["condition"] for name, wait in waits.items()} == dict.fromkeys(_BACKENDS, "service_healthy")


@pytest.mark.parametrize("name", _SERVICES)
def test_a_service_has_limits(name: str) -> None:
    """Memory without swap beside it, processors and processes are limited."""
    service = _SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"] == service["memswap_limit"]
    assert limits["cpus"]
    assert 0 < limits["pids"] <= 256


@pytest.mark.parametrize("name", _SERVICES)
def test_a_service_has_walls(name: str) -> None:
    """Not root, read-only, no capabilities, no new privileges, nothing of the host mounted, and a health check."""
    service = _SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(volume.split(":")[0] in _FILE["volumes"] for volume in service.get("volumes", ()))
    assert service["healthcheck"]["test"][2:4] == ["-m", "proxima_runtime.health"]
    assert service["init"] is True


def test_backends_are_behind_an_internal_network() -> None:
    """Backends are on the internal network only, and one port is published, on the loopback interface."""
    assert _FILE["networks"]["backends"]["internal"] is True
    assert all(_SERVICES[name]["networks"] == ["backends"] for name in _BACKENDS)
    ports = {name: service["ports"] for name, service in _SERVICES.items() if "ports" in service}
    assert list(ports) == ["orchestrator"]
    assert all(port.startswith("127.0.0.1:") for port in ports["orchestrator"])


def test_the_drain_fits_into_the_stop() -> None:
    """Docker waits longer than a service drains by default (30 s)."""
    assert all(int(service["stop_grace_period"].removesuffix("s")) > 30 for service in _SERVICES.values())


def test_every_variable_is_documented() -> None:
    """docs/containers.md has every variable of the file that is not a service's own setting."""
    text = (ROOT / "docs/containers.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{(\w+)", _TEXT)) | {name for name in _FILE["x-build-args"] if name.isupper()}
    assert {name for name in named if f"`{name}`" not in text} == set()
