"""Observables: real sums of Pauli strings, and the text that people write them in.

0.5*ZZI + XII - 1e-3 * IYY      strings over all qubits, highest qubit first
Z0*Z5 - 0.5*X3                  factors with the index of their qubit
"""

import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from proxima.errors.v1 import errors_pb2
from proxima.simulation.v1 import observable_pb2
from proxima_runtime.errors import InvalidArgument

from proxima_client.pauli_sums import SumError, parse_sum

__all__ = ["Observable", "observable_to_message", "observables_of", "parse_observable", "read_observables"]

MAX_FILE_BYTES = 64 * 2**20
MAX_OBSERVABLES = 10_000
_MAX_NAME = 200
_SHOWN = 72
_NAME = re.compile(r"\s*([^:]{1,200}?)\s*:(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Observable:
    """A real linear combination of Pauli strings.

    Attributes:
        name: what to call it; the text of the sum where it was parsed.
        terms: coefficient of each Pauli string of I, X, Y, Z, highest qubit first; all strings have one length.
        extends_with_identity: the strings may be shorter than the circuit has qubits, and act as I on the higher ones.

    Raises InvalidArgument (reason INVALID_REQUEST) for anything else.
    """

    terms: Mapping[str, float]
    name: str = ""
    extends_with_identity: bool = False

    def __post_init__(self) -> None:
        if not self.terms:
            raise _invalid("an observable needs at least one term")
        for pauli, coefficient in self.terms.items():
            if not _is_real(coefficient):
                raise _invalid(f"the coefficient {coefficient!r} of {pauli[:60]} must be a finite real number")
            if not pauli or pauli.strip("IXYZ"):
                raise _invalid(f"{pauli[:60]!r} must be a string of I, X, Y, Z, highest qubit first")
        if len({len(pauli) for pauli in self.terms}) > 1:
            raise _invalid("the Pauli strings of an observable must have one length, the number of qubits")


def observables_of(sources: "Iterable[Observable | str]") -> tuple[Observable, ...]:
    """Return observables from values or texts of them; "@file" stands for those of a file, one a line.

    Raises InvalidArgument (reason INVALID_REQUEST) with the column of what is wrong.
    """
    found: list[Observable] = []
    for source in sources:
        if isinstance(source, Observable):
            found.append(source)
        elif source.startswith("@"):
            found.extend(read_observables(Path(source[1:])))
        else:
            found.append(parse_observable(source))
    if len(found) > MAX_OBSERVABLES:
        raise _invalid(f"there are {len(found)} observables, at most {MAX_OBSERVABLES} are allowed")
    return tuple(found)


def read_observables(path: "Path | os.PathLike[str]") -> tuple[Observable, ...]:
    """Read observables from a file of at most 64 MiB: one a line, as "sum" or "name: sum"; # begins a comment.

    Raises InvalidArgument (reason INVALID_REQUEST) with line and column of what is wrong.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise _invalid(f"{path} cannot be read: {error.strerror}; check the name of the file") from error
    except UnicodeDecodeError as error:
        raise _invalid(f"{path} is no text in UTF-8") from error
    if len(data) > MAX_FILE_BYTES:
        raise _invalid(f"{path} is over {MAX_FILE_BYTES >> 20} MiB, the most that observables may have")
    found: list[Observable] = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0]
        if not content.strip():
            continue
        if len(found) == MAX_OBSERVABLES:
            raise _invalid(f"{path} has over {MAX_OBSERVABLES} observables, which is the limit")
        named = _NAME.fullmatch(content)
        body, shift, name = (named[2], named.start(2), named[1]) if named else (content, 0, "")
        found.append(_parsed(body, name=name, where=f"{path}, line {number}, ", line=number, shift=shift))
    if not found:
        raise _invalid(f"{path} has no observable; write one a line, as 0.5*ZZI + XII")
    return tuple(found)


def parse_observable(text: str) -> Observable:
    """Return the observable that a text describes, named by the text.

    Raises InvalidArgument (reason INVALID_REQUEST, metadata line and column) with a caret below the place.
    """
    return _parsed(text, name="", where="", line=1, shift=0)


def _parsed(text: str, *, name: str, where: str, line: int, shift: int) -> Observable:
    try:
        found = parse_sum(text)
    except SumError as error:
        column = error.position + 1 + shift
        raise _invalid(
            f"{where}column {column}: {error}\n{_pointed(text, error.position)}", line=str(line), column=str(column)
        ) from error
    return Observable(
        name=(name or " ".join(text.split()))[:_MAX_NAME],
        terms=found.terms,
        extends_with_identity=found.extends_with_identity,
    )


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _pointed(text: str, position: int) -> str:
    """Return the text around a place with a caret below it."""
    start = max(0, position - _SHOWN // 2)
    shown = "".join(char if char.isprintable() else " " for char in text[start : start + _SHOWN])
    return f"  {shown}\n  {' ' * (position - start)}^"


def observable_to_message(observable: Observable) -> observable_pb2.Observable:
    """Return the message of an observable."""
    return observable_pb2.Observable(
        name=observable.name,
        paulis=observable.terms.keys(),
        coefficients=observable.terms.values(),
        extends_with_identity=observable.extends_with_identity,
    )


def _invalid(message: str, **metadata: str) -> InvalidArgument:
    return InvalidArgument(
        message, reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": "observables", **metadata}
    )
