"""The environment variables of the cluster's processes: what they need, and no secret that happens to be set."""

import os
from collections.abc import Mapping

from proxima_cli.cluster.paths import ClusterPaths
from proxima_cli.cluster.stack import Service, Stack

__all__ = ["service_environment", "supervisor_environment"]

_KEPT = frozenset(("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR")) | frozenset(
    ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME")
)
_KEPT_PREFIXES = ("LC_", "OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "PROXIMA_BACKEND_", "PROXIMA_ORCHESTRATOR_")
_SUPERVISOR_ONLY = ("PROXIMA_HOME", "PROXIMA_ENVIRONMENTS", "PYTHONPATH", "VIRTUAL_ENV")
_DRAIN_SECONDS = "20"


def supervisor_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the supervisor gets of the command's environment."""
    kept = _filtered(environment)
    kept.update({name: environment[name] for name in _SUPERVISOR_ONLY if name in environment})
    if kept.get("PYTHONPATH"):
        # The supervisor has another working directory.
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, kept["PYTHONPATH"].split(os.pathsep)))
    return kept


def service_environment(stack: Stack, paths: ClusterPaths, service: Service) -> dict[str, str]:
    """Return the variables of one service, made in the supervisor from its own."""
    prefix = "PROXIMA_BACKEND_" if service.is_backend else "PROXIMA_ORCHESTRATOR_"
    defaults: dict[str, str] = {}
    settings = {"LISTEN": f"unix:{paths.socket(service.name)}", "LOG_FORMAT": "json"}
    if service.is_backend:
        # Runs of different backends at once must not take more memory than there is (docs/decisions/0011).
        defaults = {"MEMORY_SHARE": f"{1 / sum(other.is_backend for other in stack.services):.6f}"}
    else:
        # Only this user reaches the socket, so whoever registers a backend is who runs the circuits.
        defaults = {"REGISTRATION": "true"}
        backends = [f"{other.name}=unix:{paths.socket(other.name)}" for other in stack.services if other.is_backend]
        if more := os.environ.get(prefix + "BACKENDS"):
            backends.append(more)
        settings |= {"BACKENDS": ",".join(backends), "DATA_DIR": str(paths.data), "DRAIN_SECONDS": _DRAIN_SECONDS}
    return {
        **{prefix + name: value for name, value in defaults.items()},
        **_filtered(os.environ),
        **{prefix + name: value for name, value in settings.items()},
        "PYTHONUNBUFFERED": "1",
    }


def _filtered(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
