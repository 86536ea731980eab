"""Exit codes of the command, and which error ends with which (docs/cli.md)."""

import enum

from proxima_runtime.errors import ProximaError

__all__ = ["Exit", "exit_of"]


class Exit(enum.IntEnum):
    """Exit codes; stable."""

    OK = 0
    BUG = 1
    USAGE = 2
    BAD_CIRCUIT = 3
    REFUSED = 4
    UNAVAILABLE = 5
    FAILED = 6
    TIMEOUT = 7
    DISAGREE = 8
    NO_VERDICT = 9
    PAUSED = 10
    ABORTED = 130


_EXITS = {
    Exit.USAGE: ("INVALID_REQUEST", "INVALID_PAGE_TOKEN", "NOT_FOUND", "UNKNOWN_BACKEND", "REQUEST_ID_REUSED"),
    Exit.BAD_CIRCUIT: (
        "SYNTAX",
        "INVALID_CIRCUIT",
        "CIRCUIT_LIMIT",
        "PARSE_DEADLINE",
        "UNSUPPORTED_LANGUAGE_FEATURE",
        "MALFORMED_CIRCUIT",
        "NO_MEASUREMENT",
    ),
    Exit.REFUSED: (
        "NO_CAPABLE_BACKEND",
        "UNSUPPORTED_BY_BACKEND",
        "INSUFFICIENT_MEMORY",
        "ABOVE_SAFE_LINE",
        "CONSENT_REQUIRED",
        "QUEUE_FULL",
        "MESSAGE_LIMIT",
        "INVALID_STATE",
        "NOT_IMPLEMENTED",
        "PERMISSION_DENIED",
    ),
    Exit.UNAVAILABLE: ("BACKEND_UNAVAILABLE", "DRAINING", "VERSION_MISMATCH"),
    Exit.TIMEOUT: ("TIMEOUT",),
    Exit.ABORTED: ("ABORTED",),
}
_BY_REASON = {f"ERROR_REASON_{reason}": exit_code for exit_code, reasons in _EXITS.items() for reason in reasons}


def exit_of(error: ProximaError) -> Exit:
    """Return the exit code for an error; what is not listed is a failed run."""
    return _BY_REASON.get(error.reason_name, Exit.FAILED)
