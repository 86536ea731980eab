"""What the engine qlret can do here, or why it cannot be offered. Imports neither numpy nor qlret."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from proxima.simulation.v1 import capabilities_pb2, result_pb2

from proxima_backend_lret.qlret.gates import NAMES

ENGINE = "qlret"
PACKAGE = "qlret"
NATIVE_MODULE = "qlret._qlret_native"

MAX_SHOTS = 1_000_000
_MAX_QUBITS = 13
"""It writes dense matrices of 2^n x 2^n for every result: a gibibyte at 13 qubits."""


def find_absence() -> capabilities_pb2.UnavailableEngine | None:
    """Return why the engine cannot be offered, None where it can."""
    found = find_spec(PACKAGE)
    if found is None:
        return _absent(f"package {PACKAGE} is not importable", "install it in the backend's environment")
    # Looked for by itself: find_spec of a submodule would import the package.
    if PathFinder.find_spec(NATIVE_MODULE, found.submodule_search_locations) is None:
        return _absent(
            f"package {PACKAGE} has no module {NATIVE_MODULE.rpartition('.')[2]}, which its Python bindings are",
            "install it with its bindings built for this Python; its command line program is not used",
        )
    if not find_version():
        return _absent(
            f"package {PACKAGE} is importable and has no version in its metadata",
            "install it in the backend's environment",
        )
    return None


def find_version() -> str:
    """Return the version in the package's metadata; empty where there is none."""
    try:
        # None where the metadata has no such field.
        return version(PACKAGE) or ""
    except (PackageNotFoundError, KeyError):
        return ""


def find_capability() -> capabilities_pb2.MethodCapability | None:
    """Return what it can do; None where it cannot be offered.

    Without noise the L of upstream has one column, the state vector. It samples with a seed of its own, which cannot be
    set, and gives neither the state nor probabilities.
    """
    if find_absence() is not None:
        return None
    return capabilities_pb2.MethodCapability(
        method=capabilities_pb2.METHOD_STATEVECTOR,
        engine=ENGINE,
        engine_version=find_version(),
        precisions=(result_pb2.PRECISION_DOUBLE,),
        max_qubit_count=_MAX_QUBITS,
        gates=tuple(NAMES),
        features=(capabilities_pb2.FEATURE_NON_CLIFFORD,),
        results=(result_pb2.RESULT_KIND_COUNTS, result_pb2.RESULT_KIND_EXPECTATION_VALUES),
        max_shots=MAX_SHOTS,
        deterministic=False,
        pause_support=capabilities_pb2.PAUSE_SUPPORT_NONE,
    )


def unavailable_engines() -> Sequence[capabilities_pb2.UnavailableEngine]:
    """Return the engine with its reason where it cannot be offered."""
    absence = find_absence()
    return () if absence is None else (absence,)


def _absent(reason: str, remedy: str) -> capabilities_pb2.UnavailableEngine:
    return capabilities_pb2.UnavailableEngine(engine=ENGINE, reason=reason, remedy=remedy)
