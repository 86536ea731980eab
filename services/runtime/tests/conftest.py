"""One event loop for all tests, and a scripted backend for each module."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar

import pytest
from proxima_runtime.testing import BackendCaller, RunningBackend, start_backend

T = TypeVar("T")


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """The event loop of the session."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def backend(runner: asyncio.Runner) -> Iterator[RunningBackend]:
    """A scripted backend with one worker, shared by a module."""
    context = start_backend(environment={"PROXIMA_BACKEND_MEMORY_CAP_BYTES": str(2**30)})
    running = runner.run(_enter(context.__aenter__()))
    yield running
    runner.run(_enter(context.__aexit__(None, None, None)))


@pytest.fixture
def caller(runner: asyncio.Runner, backend: RunningBackend) -> Iterator[BackendCaller]:
    """A caller of the shared backend."""
    caller = runner.run(_open(backend.target))
    yield caller
    runner.run(caller.__aexit__(None, None, None))


async def _enter(awaitable: Coroutine[None, None, T]) -> T:
    return await awaitable


async def _open(target: str) -> BackendCaller:
    # A channel belongs to the loop that it was made in.
    return BackendCaller(target)
