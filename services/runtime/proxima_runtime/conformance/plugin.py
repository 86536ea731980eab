"""The pytest plugin of the suite: its options, the backend under test, and one test case for each capability.

A plugin and not a conftest, because pytest reads no conftest of an installed package before it parses its options.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pytest
from proxima.simulation.v1 import capabilities_pb2

from proxima_runtime.conformance.backend import Backend, connect, start
from proxima_runtime.conformance.cases import GateCase, Mode, engine_modes, gate_cases, method_modes, modes

_MODES: Mapping[str, Callable[[capabilities_pb2.Capabilities], list[Mode]]] = MappingProxyType(
    {"mode": modes, "method_mode": method_modes, "engine_mode": engine_modes}
)
_BACKEND = pytest.StashKey[Backend]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two ways to name the backend."""
    group = parser.getgroup("proxima conformance")
    group.addoption("--backend-module", help="package of a backend to start as `python -m <package> --listen ...`")
    group.addoption("--backend-target", help="target of a backend that runs, unix:/path or host:port")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start or connect to the backend before tests are collected, since its capabilities decide which there are."""
    module, target = session.config.getoption("--backend-module"), session.config.getoption("--backend-target")
    if (module is None) == (target is None):
        raise pytest.UsageError("give --backend-module or --backend-target")
    # The suite runs on machines with few processors, beside other things.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    session.config.stash[_BACKEND] = start(str(module)) if module is not None else connect(str(target))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop a backend that was started."""
    backend = session.config.stash.get(_BACKEND, None)
    if backend is not None:
        backend.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `capability`, `gate_case` or one of the sorts of modes all of them.

    What needs a new worker afterwards is tried with one precision of each method, or one method of each engine.
    """
    asked = {"capability", "gate_case", *_MODES} & set(metafunc.fixturenames)
    if not asked:
        return
    capabilities = metafunc.config.stash[_BACKEND].capabilities
    if "capability" in metafunc.fixturenames:
        entries = list(capabilities.methods)
        metafunc.parametrize("capability", entries, ids=[_name(entry) for entry in entries])
    for name in asked & set(_MODES):
        found = _MODES[name](capabilities)
        metafunc.parametrize(name, found, ids=[mode.name for mode in found])
    if "gate_case" in metafunc.fixturenames:
        cases: list[GateCase] = gate_cases(capabilities)
        metafunc.parametrize("gate_case", cases, ids=[case.name for case in cases])


@pytest.fixture(scope="session")
def backend(request: pytest.FixtureRequest) -> Backend:
    """The backend under test."""
    return request.config.stash[_BACKEND]


def _name(capability: capabilities_pb2.MethodCapability) -> str:
    method = capabilities_pb2.Method.Name(capability.method).removeprefix("METHOD_").lower()
    return f"{capability.engine}-{method}"
