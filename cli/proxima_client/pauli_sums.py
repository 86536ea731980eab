"""The text of a real sum of Pauli strings: 0.5*ZZI + XII, or Z0*Z5 - 0.5*X3.

    sum    = [sign] term {sign term}
    term   = factor {["*"] factor}
    factor = real number | string of I, X, Y, Z, highest qubit first | letter with the index of its qubit

A term without a letter is a constant. Terms with the same string are added up.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["PauliSum", "SumError", "parse_sum"]

MAX_TERMS = 1_000_000
_MAX_LETTERS = 2**24
_MAX_INDEX = 999_999

_NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rf"\s*(?:(?P<complex>(?:{_NUMBER})?[ij](?![A-Za-z0-9]))|(?P<number>{_NUMBER})"
    r"|(?P<indexed>[IXYZ][0-9]{1,9}(?![A-Za-z0-9]))|(?P<string>[A-Za-z][A-Za-z0-9_]*)|(?P<sign>[-+])|(?P<times>\*)"
    r"|(?P<other>\S))"
)


class SumError(Exception):
    """What is wrong with a sum, and at which character, from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, kw_only=True)
class PauliSum:
    """Coefficient of each string, all of one length; `extends_with_identity` where only indices were written."""

    terms: Mapping[str, float]
    extends_with_identity: bool


@dataclass(slots=True)
class _Term:
    """A term as it is being read: `string` or `letters` by qubit, which begin at `place`."""

    coefficient: float
    place: int
    string: str = ""
    letters: dict[int, str] | None = None

    def add(self, kind: str, text: str, position: int) -> None:
        if kind == "number":
            self.coefficient *= float(text)
            if not math.isfinite(self.coefficient):
                raise SumError(f"{text[:40]} is too large a coefficient", position)
            return
        if self.string or (kind == "string" and self.letters):
            raise SumError("a term has one string, or letters with indices: put + or - between terms", position)
        if not self.letters:
            self.place = position
        if kind == "string":
            _check_letters(text, position)
            self.string = text
            return
        qubit = int(text[1:])
        if qubit > _MAX_INDEX:
            raise SumError(f"there is no qubit {qubit}; at most {_MAX_INDEX} is possible", position)
        self.letters = self.letters or {}
        if qubit in self.letters:
            raise SumError(f"qubit {qubit} is in this term twice; a product of two letters is not Hermitian", position)
        self.letters[qubit] = text[0]


def parse_sum(text: str) -> PauliSum:
    """Return the sum that a text describes.

    Raises SumError with the place of what is wrong.
    """
    terms = list(_terms(text))
    width = next((len(term.string) for term in terms if term.string), 0)
    extends = not width
    if extends:
        width = 1 + max((max(term.letters) for term in terms if term.letters), default=0)
    if width * len(terms) > _MAX_LETTERS:
        raise SumError(f"{len(terms)} terms on {width} qubits are more letters than {_MAX_LETTERS}, the limit", 0)
    found: dict[str, float] = {}
    for term in terms:
        string = _string(term, width)
        found[string] = found.get(string, 0.0) + term.coefficient
    return PauliSum(terms=found, extends_with_identity=extends)


def _terms(text: str) -> Iterator[_Term]:
    """Yield the terms in order."""
    term = _Term(coefficient=1.0, place=0)
    count = 0
    # Whether a factor has to come next, and whether the term has its sign.
    expects, has_sign = True, False
    for kind, word, position in _tokens(text):
        if kind == "sign":
            if not expects:
                yield term
                count += 1
            elif count or has_sign:
                raise SumError(f"a term is missing before this {word}", position)
            if count == MAX_TERMS:
                raise SumError(f"there are over {MAX_TERMS} terms, which is the limit", position)
            term = _Term(coefficient=-1.0 if word == "-" else 1.0, place=position + 1)
            expects, has_sign = True, True
        elif kind == "times":
            if expects:
                raise SumError("a factor is missing before this *", position)
            expects = True
        else:
            term.add(kind, word, position)
            expects = False
            has_sign = True
    if expects:
        raise SumError("a term is missing here" if text.strip() else "the sum is empty", len(text.rstrip()))
    yield term


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, text and place of each token; refuses what can be no part of a sum."""
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise SumError("this is no part of a sum of Pauli strings", position)
        kind, start = found.lastgroup, found.start(found.lastgroup)
        word = found[kind]
        if kind == "complex":
            raise SumError(f"{word[:40]} is complex: an observable is Hermitian, so its coefficients are real", start)
        if kind == "other":
            hint = "; write real coefficients without brackets, as 0.5*ZZI" if word in "()" else ""
            raise SumError(f"{word!r} is no part of a sum of Pauli strings{hint}", start)
        yield kind, word, start
        position = found.end()


def _check_letters(text: str, position: int) -> None:
    for offset, letter in enumerate(text):
        if letter in "IXYZ":
            continue
        hint = ""
        if letter.isdigit() and text[0] in "IXYZ":
            hint = "; put * between letters with indices, as Z0*Z5"
        elif letter in "ixyz":
            hint = f"; write {letter.upper()}"
        raise SumError(f"{letter!r} is no Pauli letter; they are I, X, Y and Z{hint}", position + offset)


def _string(term: _Term, width: int) -> str:
    """Return the term's string of so many letters."""
    if term.string:
        if len(term.string) != width:
            raise SumError(
                f"this string has {len(term.string)} letters, the first has {width}; write one for each qubit",
                term.place,
            )
        return term.string
    letters = term.letters or {}
    highest = max(letters, default=0)
    if highest >= width:
        raise SumError(f"there is no qubit {highest} in strings of {width} letters", term.place)
    written = ["I"] * width
    for qubit, letter in letters.items():
        written[width - 1 - qubit] = letter
    return "".join(written)
