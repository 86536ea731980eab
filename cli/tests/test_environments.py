"""Installing the services' environments: whole or not at all, with a remedy where it fails."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from proxima_cli.cluster.environment import service_environment
from proxima_cli.cluster.environments import _install_error
from proxima_cli.cluster.indexes import uv_environment
from proxima_cli.cluster.paths import resolve_paths
from proxima_cli.cluster.stack import Stack, find_stack
from proxima_runtime.errors import FailedPrecondition, ResourceExhausted, Unavailable

from .conftest import Proxima

FALLBACK = Path("/tmp") / f"proxima-{os.getuid()}"  # noqa: S108  # the folder is checked before it is used


def test_the_stack_is_found_from_the_package() -> None:
    """In a clone the stack is the clone, and its identity says version, place and sources."""
    stack = find_stack()
    assert {service.name for service in stack.services} == {"qiskit", "cirq", "lret", "orchestrator"}
    assert str(stack.root) in stack.identity
    assert "sources" in stack.identity


def test_a_change_of_a_lock_is_another_environment(tmp_path: Path) -> None:
    """The digest follows the lock and the versions of our projects."""
    for folder, name in (("proto/python", "p"), ("services/runtime", "r"), ("services/qiskit", "q")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
    stack = Stack(root=tmp_path, is_clone=True)
    service = stack.services[0]
    digests = set()
    for lock in ("a==1\n", "a==2\n", "a==1\n"):
        service.lock.write_text(lock)
        digests.add(stack.environment_digest(service))
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("text", "kind", "remedy"),
    [
        ("error: No space left on device (os error 28)", ResourceExhausted, "free space"),
        ("error: Request failed: error sending request for url", Unavailable, "network"),
        ("error: hash mismatch", FailedPrecondition, "could not be installed"),
    ],
)
def test_a_failed_installation_says_what_to_do(text: str, kind: type[Exception], remedy: str) -> None:
    """Disk, network and the rest are told apart by what uv says."""
    error = _install_error(find_stack().services[0], text)
    assert isinstance(error, kind)
    assert remedy in str(error)
    assert text in str(error)


def test_pips_index_is_uvs_unless_uv_has_its_own(tmp_path: Path) -> None:
    """A user who configured pip need not configure uv; what is set for uv wins."""
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = http://one.invalid/simple\nfind-links =\n    /a\n    /b\n")
    base = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "XDG_"))}
    environment = {**base, "PIP_CONFIG_FILE": str(config)}
    found = uv_environment(environment)
    assert found["UV_DEFAULT_INDEX"] == "http://one.invalid/simple"
    assert found["UV_FIND_LINKS"] == "/a,/b"
    own = uv_environment({**environment, "UV_DEFAULT_INDEX": "http://two.invalid/simple"})
    assert own["UV_DEFAULT_INDEX"] == "http://two.invalid/simple"


def test_long_or_missing_runtime_folders_fall_back_to_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket path over the kernel's limit, or a folder that others can enter, is never used."""
    long = tmp_path / ("x" * 100)
    shared = tmp_path / "shared"
    long.mkdir(mode=0o700)
    shared.mkdir(mode=0o755)
    for folder in (long, shared, tmp_path / "missing"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        runtime = resolve_paths(find_stack()).runtime
        assert runtime.parent == FALLBACK
    private = tmp_path / "run"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(private))
    expected = private if len(str(private)) < 70 else FALLBACK
    assert resolve_paths(find_stack()).runtime.parent == expected


def test_without_a_network_nothing_is_left_behind(proxima: Proxima, tmp_path: Path) -> None:
    """Offline and with an empty cache the command says what to check, and leaves no environment."""
    nowhere = "http://127.0.0.1:1/simple"
    kept = {name: value for name, value in proxima.environment.items() if not name.startswith(("PIP_", "UV_"))}
    offline = {"PIP_CONFIG_FILE": os.devnull, "UV_DEFAULT_INDEX": nowhere, "UV_HTTP_RETRIES": "0"}
    alone = replace(proxima, environment={**kept, **offline, "UV_CACHE_DIR": str(tmp_path / "cache")})
    done = alone("up", "-o", "json")
    assert done.returncode == 5, done.stderr
    assert "could not be fetched" in done.stderr
    assert "Check the network" in done.stderr
    assert [path.name for path in (tmp_path / "home" / "env").iterdir()] == [".install.lock"]


@pytest.mark.cluster
def test_a_killed_installation_is_done_again(proxima: Proxima, tmp_path: Path) -> None:
    """What `kill -9` interrupts is not taken for an environment; the next installation cleans up and succeeds."""
    folder = tmp_path / "home" / "env"
    process = proxima.start("up", "--install-only")
    while process.poll() is None and not list(folder.glob("*.partial")):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(folder.glob("*.partial"))
    done = proxima("up", "--install-only")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name.partition("-")[0] for path in folder.iterdir() if path.is_dir()) == [
        "cirq",
        "lret",
        "orchestrator",
        "qiskit",
    ]
    assert not list(folder.glob("*.partial"))


def test_the_backends_of_a_cluster_divide_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their shares of the memory sum to 1, unless the user has set another; the orchestrator gets none."""
    stack = find_stack()
    paths = resolve_paths(stack)

    def shares() -> list[str | None]:
        found = [service_environment(stack, paths, service) for service in stack.services]
        return [variables.get("PROXIMA_BACKEND_MEMORY_SHARE") for variables in found]

    monkeypatch.delenv("PROXIMA_BACKEND_MEMORY_SHARE", raising=False)
    assert shares() == ["0.333333", "0.333333", "0.333333", None]
    monkeypatch.setenv("PROXIMA_BACKEND_MEMORY_SHARE", "1")
    assert shares()[:3] == ["1", "1", "1"]


def test_the_places_of_caches_reach_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that compiles kernels keeps them where the user's caches are."""
    stack = find_stack()
    paths = resolve_paths(stack)
    for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
        monkeypatch.setenv(name, "/elsewhere")
        assert all(service_environment(stack, paths, item)[name] == "/elsewhere" for item in stack.services)
