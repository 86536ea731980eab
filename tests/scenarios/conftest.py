"""One stack for all scenarios: the local cluster, or the stack in containers where PROXIMA_SCENARIOS=compose."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from proxima_client import Client

from .compose_stack import ComposeStack, require_docker
from .local_cluster import LocalCluster
from .runner import Runner
from .stack import Stack

_IN_CONTAINERS = {"local": False, "compose": True}[os.environ.get("PROXIMA_SCENARIOS", "local")]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack that the scenarios run on."""
    folder = tmp_path_factory.mktemp("stack")
    if _IN_CONTAINERS:
        require_docker()
        with ComposeStack.started(folder, {"PROXIMA_QISKIT_MEMORY": "4g"}, build=True) as containers:
            yield containers
    else:
        with LocalCluster.started(folder, {}) as cluster:
            yield cluster


@pytest.fixture(scope="session")
def runner(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """The command that talks to the stack."""
    return Runner(directory=tmp_path_factory.mktemp("work"), environment=stack.environment)


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Client]:
    """The Python client, connected to the same stack."""
    with Client(stack.target) as client:
        yield client


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> LocalCluster:
    """The local cluster, for what only that has."""
    if _IN_CONTAINERS:
        pytest.skip("about the local cluster: run `just scenarios local`")
    stack = request.getfixturevalue("stack")
    assert isinstance(stack, LocalCluster)
    return stack


@pytest.fixture(scope="session")
def containers(request: pytest.FixtureRequest) -> ComposeStack:
    """The stack in containers, for what only that has."""
    if not _IN_CONTAINERS:
        pytest.skip("about the stack in containers, needs Docker: run `just scenarios compose`")
    stack = request.getfixturevalue("stack")
    assert isinstance(stack, ComposeStack)
    return stack
