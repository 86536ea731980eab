"""Imports that import-linter cannot tell apart: parts of the wire namespace, and lists of what is allowed."""

from __future__ import annotations

from tests.architecture.sources import modules

# What each package may import of proxima.* (the wire).
WIRE = {
    "proxima_runtime": {"backend", "errors", "simulation"},
    "proxima_orchestrator": {"backend", "errors", "orchestrator", "simulation"},
    "proxima_backend_qiskit": {"backend", "errors", "simulation"},
    "proxima_backend_cirq": {"backend", "errors", "simulation"},
    "proxima_backend_lret": {"backend", "errors", "simulation"},
    "proxima_client": {"errors", "orchestrator", "simulation"},
    "proxima_cli": {"errors", "orchestrator", "simulation"},
}
# What a backend calls of the orchestrator: registration of itself, and nothing else.
REGISTRATION = ("proxima_runtime.backend.registration", "proxima.orchestrator.v1.backends_pb2")
CLIENT_SIDE = {"proxima_client", "proxima_cli"}
# What the packages on the user's side may import of proxima_runtime.
RUNTIME_OF_THE_CLIENT = {"address", "channel", "errors"}
CONVERTERS = {
    "proxima_client.qiskit_circuits",
    "proxima_client.qiskit_conditions",
    "proxima_client.qiskit_gates",
    "proxima_client.cirq_circuits",
    "proxima_client.cirq_conditions",
    "proxima_client.cirq_gates",
}
SIMULATORS = {"qiskit", "qiskit_aer", "cirq", "qsimcirq", "numba"}


def test_only_its_own_side_of_the_wire() -> None:
    """Client and CLI know the northbound protos only, backends the southbound ones, the orchestrator both."""
    strangers = [
        f"{module.path}: {name}"
        for module in modules()
        for name in module.imported_names()
        if name.startswith("proxima.") and name.split(".")[1] not in WIRE[module.package]
        if (module.name, name.removesuffix("_grpc")) != REGISTRATION
    ]
    assert strangers == []


def test_client_needs_little_of_the_runtime() -> None:
    """Client and CLI import only errors and channel, and the address that a channel takes, of proxima_runtime."""
    strangers = [
        f"{module.path}: {name}"
        for module in modules()
        if module.package in CLIENT_SIDE
        for name in module.imported_names()
        if name.startswith("proxima_runtime.") and name.split(".")[1] not in RUNTIME_OF_THE_CLIENT
    ]
    assert strangers == []


def test_client_imports_no_simulator_by_itself() -> None:
    """Only the converters import Qiskit and Cirq, and others import these only inside of functions that need them."""
    strangers = [
        f"{module.path}: {name}"
        for module in modules()
        if module.package in CLIENT_SIDE and module.name not in CONVERTERS
        for name in module.names_imported_first()
        if name.partition(".")[0] in SIMULATORS
        or any(name == converter or name.startswith(f"{converter}.") for converter in CONVERTERS)
    ]
    assert strangers == []


def test_no_any() -> None:
    """The product's annotations do not use typing.Any."""
    assert [str(module.path) for module in modules() if "typing.Any" in set(module.imported_names())] == []


def test_imports_are_absolute() -> None:
    """No module of the product uses a relative import."""
    relative = [
        str(module.path) for module in modules() if any(name.startswith("None.") for name in module.imported_names())
    ]
    assert relative == []
