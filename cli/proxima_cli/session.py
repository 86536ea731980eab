"""What every command shares: the options in force, the server they mean, and how an error ends the process."""

import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from proxima_cli.config import Config, ConfigError, read_config

__all__ = ["OUTPUTS", "Session", "open_session", "run_async", "stop_with_usage"]

OUTPUTS = ("text", "table", "json")
_USAGE = 2


@dataclass(frozen=True, kw_only=True)
class Session:
    """Options in force.

    Attributes:
        config: the configuration file, with the environment's server.
        output: "text", "table" or "json".
        verbosity: -1 for --quiet, 0, 1 for --verbose.
        server: gRPC target; None means the local cluster.
    """

    config: Config
    output: str
    verbosity: int
    server: str | None

    @property
    def is_json(self) -> bool:
        """Whether standard output is for a program."""
        return self.output == "json"

    @property
    def is_boxed(self) -> bool:
        """Whether tables are drawn with lines."""
        return self.output == "table"


def open_session(
    *, config: Path | None, output: str | None, server: str | None, verbose: bool = False, quiet: bool = False
) -> Session:
    """Return the options in force; ends the process with code 2 where they contradict each other."""
    try:
        read = read_config(config)
    except ConfigError as error:
        stop_with_usage(str(error))
    chosen = output or read.output or "text"
    if chosen not in OUTPUTS:
        stop_with_usage(f"--output {chosen!r}: choose one of {', '.join(OUTPUTS)}")
    if verbose and quiet:
        stop_with_usage("--verbose and --quiet contradict each other; give one")
    return Session(
        config=read,
        output=chosen,
        verbosity=1 if verbose else -1 if quiet else 0,
        server=server or read.server,
    )


def stop_with_usage(message: str) -> NoReturn:
    """Print the message on standard error and end with code 2."""
    print(f"proxima: {message}", file=sys.stderr)
    raise SystemExit(_USAGE)


def run_async(session: Session, work: Coroutine[object, object, int]) -> int:
    """Run a command to its end and return its exit code; an error is reported as the output format asks.

    With JSON, standard output holds exactly one object, errors too.
    """
    import asyncio  # noqa: PLC0415  # only when something runs

    from proxima_runtime.errors import ProximaError  # noqa: PLC0415

    try:
        return asyncio.run(work)
    except ProximaError as error:
        return report_error(session, error)


def report_error(session: Session, error: Exception) -> int:
    """Report an error of ours and return its exit code."""
    from proxima.errors.v1 import errors_pb2  # noqa: PLC0415
    from proxima_runtime.errors import ProximaError  # noqa: PLC0415

    from proxima_cli.exits import Exit, exit_of  # noqa: PLC0415
    from proxima_cli.output.documents import error_document  # noqa: PLC0415
    from proxima_cli.output.printing import print_json, warn  # noqa: PLC0415

    if not isinstance(error, ProximaError):
        raise error
    if session.is_json:
        print_json({"error": error_document(error)})
    warn(f"proxima: {error.message}")
    if error.reason == errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE and session.server is None:
        warn("         `proxima status` shows how each service of the local cluster does and where its log is")
    if session.verbosity > 0:
        figures = "".join(f", {key}={value}" for key, value in sorted(error.metadata.items()))
        warn(f"         {error.reason_name}{figures}")
    code: Exit = exit_of(error)
    return int(code)
