"""What can be wrong with a circuit's source, each with its place and its reason.

CircuitError                    every error of the front end
├── CircuitSyntaxError          not OpenQASM: empty, binary, not UTF-8, header missing, grammar
├── InvalidCircuitError         the grammar holds, the meaning does not
│   ├── NameNotFoundError       unknown gate, undeclared register or name
│   ├── RedeclarationError      a name declared twice
│   ├── OperandError            wrong number of operands or parameters, index out of range, repeated qubit
│   ├── ExpressionError         division by zero, a number that is not finite, a value of the wrong type
│   ├── GateRecursionError      a gate defined by itself
│   └── IncludeError            an include of anything but the shipped libraries
├── UnsupportedFeatureError     the language has it, Proxima does not
└── LimitError                  source, circuit, nesting or memory beyond a limit
    └── DeadlineError           time beyond the limit
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

__all__ = [
    "CircuitError",
    "CircuitSyntaxError",
    "DeadlineError",
    "ExpressionError",
    "GateRecursionError",
    "IncludeError",
    "InvalidCircuitError",
    "LimitError",
    "NameNotFoundError",
    "OperandError",
    "RedeclarationError",
    "UnsupportedFeatureError",
    "error_of",
    "in_body_of",
    "unsupported",
]

_LONGEST_MESSAGE = 600


class CircuitError(Exception):
    """An error in a circuit's source.

    `reason` is the name of a `proxima.errors.v1.ErrorReason`. `line` and `column` count from 1 and are 0 where the
    error has no place. `message` says what is wrong, what was expected and what to do. `details` holds what the
    reason's metadata needs beyond the place: `feature`, or `limit` and `maximum`.
    """

    reason: ClassVar[str] = "ERROR_REASON_INVALID_CIRCUIT"

    def __init__(
        self, message: str, *, line: int = 0, column: int = 0, details: Mapping[str, str] | None = None
    ) -> None:
        # What the source holds may be quoted in the message, and the source may be long.
        message = message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + " ..."
        self.message = message
        self.line = line
        self.column = column
        self.details: Mapping[str, str] = details or {}
        super().__init__(f"line {line}, column {column}: {message}" if line else message)


class CircuitSyntaxError(CircuitError):
    """The source is not OpenQASM text."""

    reason = "ERROR_REASON_SYNTAX"


class InvalidCircuitError(CircuitError):
    """The grammar holds, the meaning does not."""


class NameNotFoundError(InvalidCircuitError):
    """A gate, register or other name that nothing declares."""


class RedeclarationError(InvalidCircuitError):
    """A name is declared twice."""


class OperandError(InvalidCircuitError):
    """Operands or parameters do not fit the instruction."""


class ExpressionError(InvalidCircuitError):
    """An expression has no finite value, or one of the wrong type."""


class GateRecursionError(InvalidCircuitError):
    """A gate definition uses itself."""


class IncludeError(InvalidCircuitError):
    """An include of anything but the shipped libraries."""


class UnsupportedFeatureError(CircuitError):
    """The language has this feature, Proxima does not; `details["feature"]` names it."""

    reason = "ERROR_REASON_UNSUPPORTED_LANGUAGE_FEATURE"


class LimitError(CircuitError):
    """A limit of the front end is exceeded; `details` has `limit` (a field of Limits) and `maximum`."""

    reason = "ERROR_REASON_CIRCUIT_LIMIT"


class DeadlineError(LimitError):
    """Parsing took longer than `Limits.parse_seconds`."""

    reason = "ERROR_REASON_PARSE_DEADLINE"


@contextmanager
def in_body_of(gate: str) -> Iterator[None]:
    """Say in an error with a place that it is in the body of a gate."""
    try:
        yield
    except CircuitError as error:
        if error.line:
            error.message += f" (in the body of gate '{gate}')"
            error.args = (f"{error.args[0]} (in the body of gate '{gate}')",)
        raise


def unsupported(feature: str, remedy: str) -> UnsupportedFeatureError:
    """Return the error for a feature of the language that Proxima does not have, without a place."""
    return UnsupportedFeatureError(f"{feature}: not supported; {remedy}", details={"feature": feature})


_CLASSES: Mapping[str, type[CircuitError]] = {
    error_class.__name__: error_class
    for error_class in (
        CircuitSyntaxError,
        NameNotFoundError,
        RedeclarationError,
        OperandError,
        ExpressionError,
        GateRecursionError,
        IncludeError,
        InvalidCircuitError,
        UnsupportedFeatureError,
        LimitError,
        DeadlineError,
    )
}


def error_of(
    class_name: str, message: str, *, line: int, column: int, details: Mapping[str, str] | None = None
) -> CircuitError:
    """Build the error that a child process described; an unknown class name gives a plain CircuitError."""
    return _CLASSES.get(class_name, CircuitError)(message, line=line, column=column, details=details)
