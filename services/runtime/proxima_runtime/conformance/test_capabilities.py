"""What a backend says about itself is complete and consistent."""

from __future__ import annotations

from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_runtime.conformance import reference
from proxima_runtime.conformance.backend import Backend

# HealthCheckResponse.SERVING.
_SERVING = 1
# The gates of docs/gates.md that are Clifford gates whatever their parameters.
_CLIFFORD = frozenset(
    ("id", "x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "cx", "cy", "cz", "swap", "iswap", "dcx", "ecr")
)


def test_names_itself(backend: Backend) -> None:
    """A backend gives its name, its version and the versions that decide its numbers."""
    capabilities = backend.capabilities
    assert capabilities.backend
    assert capabilities.version
    assert capabilities.package_versions
    assert all(capabilities.package_versions.values())


def test_has_limits(backend: Backend) -> None:
    """Memory cap, workers and threads are positive."""
    capabilities = backend.capabilities
    assert capabilities.memory_cap_bytes > 0
    assert capabilities.worker_count >= 1
    assert capabilities.thread_count >= 1


def test_each_engine_and_method_once(backend: Backend) -> None:
    """An engine offers a method in one entry."""
    pairs = [(entry.engine, entry.method) for entry in backend.capabilities.methods]
    assert pairs
    assert len(pairs) == len(set(pairs))


def test_method_is_described(capability: capabilities_pb2.MethodCapability) -> None:
    """An entry gives method, engine, version, precisions, results, qubits and pause support."""
    assert capability.method != capabilities_pb2.METHOD_UNSPECIFIED
    assert capability.engine
    assert capability.engine_version
    assert capability.precisions
    assert result_pb2.PRECISION_UNSPECIFIED not in capability.precisions
    assert capability.results
    assert result_pb2.RESULT_KIND_UNSPECIFIED not in capability.results
    assert capability.max_qubit_count >= 1
    assert capability.pause_support != capabilities_pb2.PAUSE_SUPPORT_UNSPECIFIED


def test_gates_are_of_the_vocabulary(capability: capabilities_pb2.MethodCapability) -> None:
    """Advertised gates are standard gates, each named once."""
    assert set(capability.gates) <= reference.GATE_NAMES
    assert len(capability.gates) == len(set(capability.gates))


def test_says_whether_it_leaves_the_clifford_group(capability: capabilities_pb2.MethodCapability) -> None:
    """A method that offers another gate than the Clifford gates says FEATURE_NON_CLIFFORD, and no other does."""
    leaves = bool(set(capability.gates) - _CLIFFORD)
    assert (capabilities_pb2.FEATURE_NON_CLIFFORD in capability.features) == leaves


def test_can_sample_where_it_counts(capability: capabilities_pb2.MethodCapability) -> None:
    """max_shots is positive exactly where counts are offered."""
    assert (capability.max_shots > 0) == (result_pb2.RESULT_KIND_COUNTS in capability.results)


def test_unavailable_engines_are_explained(backend: Backend) -> None:
    """An engine that is known and not offered has a name, a reason and a remedy, and is not among the methods."""
    offered = {entry.engine for entry in backend.capabilities.methods}
    absent = backend.capabilities.unavailable_engines
    assert all(entry.engine and entry.reason and entry.remedy for entry in absent)
    assert offered.isdisjoint(entry.engine for entry in absent)


def test_serves(backend: Backend) -> None:
    """Health says SERVING once a worker is warm."""
    assert backend.health() == _SERVING
