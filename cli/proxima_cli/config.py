"""The configuration file: defaults that a user does not want to type.

TOML, by default `proxima/config.toml` in the XDG configuration directory. What the command line says wins, then the
environment (PROXIMA_SERVER), then the file.
"""

import os
from dataclasses import dataclass, fields
from pathlib import Path

__all__ = ["Config", "ConfigError", "default_path", "read_config"]

_MAX_BYTES = 2**20


class ConfigError(ValueError):
    """The configuration cannot be used; the message names file, key and remedy."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the command; None where neither file nor environment gives a value.

    Attributes:
        server: "unix:/path" or "host:port"; None means the local cluster.
        output: "text", "table" or "json".
        shots: shots of a run where the command line gives none.
        backend: backend of a run where the command line gives none.
        timeout: limit of a run, as in "90s".
        idle_minutes: how long the local cluster stays without work; 0 means for ever.
    """

    server: str | None = None
    output: str | None = None
    shots: int | None = None
    backend: str | None = None
    timeout: str | None = None
    idle_minutes: float = 30.0


_TYPES: dict[str, tuple[type, ...]] = {
    "server": (str,),
    "output": (str,),
    "shots": (int,),
    "backend": (str,),
    "timeout": (str,),
    "idle_minutes": (int, float),
}


def default_path() -> Path:
    """Where the file is looked for."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "proxima" / "config.toml"


def read_config(path: Path | None) -> Config:
    """Read the configuration; a default file that does not exist is empty, a named one must exist.

    Raises ConfigError.
    """
    chosen = path or default_path()
    try:
        with chosen.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        if path is not None:
            raise ConfigError(f"there is no configuration file {path}") from error
        data = b""
    except OSError as error:
        raise ConfigError(f"the configuration {chosen} cannot be read: {error.strerror}") from error
    config = _parse(chosen, data)
    server = os.environ.get("PROXIMA_SERVER") or config.server
    return Config(**{field.name: getattr(config, field.name) for field in fields(Config)} | {"server": server})


def _parse(path: Path, data: bytes) -> Config:
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"the configuration {path} is over {_MAX_BYTES} bytes")
    if not data:
        return Config()
    import tomllib  # noqa: PLC0415  # most users have no file

    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the configuration {path} is no TOML: {error}") from error
    for key, value in table.items():
        if key not in _TYPES:
            raise ConfigError(f"{path}: unknown key {key!r}; known: {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[key]) or isinstance(value, bool):
            raise ConfigError(f"{path}: {key} = {value!r} must be of type {_TYPES[key][-1].__name__}")
    config = Config(**table)
    if config.output not in (None, "text", "table", "json"):
        raise ConfigError(f"{path}: output = {config.output!r} must be text, table or json")
    if config.idle_minutes < 0:
        raise ConfigError(f"{path}: idle_minutes = {config.idle_minutes} must be 0 or more")
    return config
