"""Tells uv about the package indexes that pip is configured for: a user who configured pip has done what is needed."""

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["uv_environment"]

_MAX_SECONDS = 30.0
_SCOPES = ("global", "install", ":env:")


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv: `environment`, and pip's settings where uv's own say nothing."""
    settings = _pip_settings(environment)
    added: dict[str, str] = {}
    if index := settings.get("index-url"):
        added["UV_DEFAULT_INDEX"] = index
    if extra := settings.get("extra-index-url"):
        added["UV_INDEX"] = " ".join(extra.split())
        # pip takes the best version of all indexes; the locks' hashes say which file may be installed.
        added["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if links := settings.get("find-links"):
        added["UV_FIND_LINKS"] = ",".join(links.split())
    if certificate := settings.get("cert"):
        added["SSL_CERT_FILE"] = certificate
    if hosts := settings.get("trusted-host"):
        added["UV_INSECURE_HOST"] = " ".join(hosts.split())
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        added["UV_NO_INDEX"] = "1"
    if timeout := settings.get("default-timeout") or settings.get("timeout"):
        added["UV_HTTP_TIMEOUT"] = timeout
    return {**added, **environment}


def _pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """What `pip config list` says; later scopes win. Empty where there is no pip."""
    said = ""
    # An environment that uv made has no pip; the interpreter below it mostly has.
    for python in (sys.executable, str(Path(sys.base_prefix) / "bin" / "python3")):
        try:
            answer = subprocess.run(
                [python, "-m", "pip", "config", "list"],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_MAX_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0:
            said = answer.stdout
            break
    found: dict[str, dict[str, str]] = {scope: {} for scope in _SCOPES}
    for line in said.splitlines():
        name, equals, quoted = line.partition("=")
        scope, _, key = name.rpartition(".")
        if equals and scope in found:
            found[scope][key] = _unquoted(quoted)
    return {key: value for scope in _SCOPES for key, value in found[scope].items()}


def _unquoted(text: str) -> str:
    """pip prints the `repr` of a string; lists are several lines in one string."""
    try:
        parts = shlex.split(text)
    except ValueError:
        return ""
    return " ".join(parts).replace("\\n", " ").strip()
