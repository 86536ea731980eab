"""From bytes to text: decoding, comments, the version header, statements and places."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from proxima_orchestrator.qasm.errors import CircuitSyntaxError, LimitError
from proxima_orchestrator.qasm.limits import Limits

__all__ = ["Header", "Place", "blank_comments", "decode", "place", "read_header", "statements"]

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_COMMENT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|//[^\n]*|/\*.*?\*/|/\*", re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")
_HEADER = re.compile(r"\s*OPENQASM\s+(\d{1,9})(?:\.(\d{1,9}))?\s*;")
_REMEDY = 'start the file with "OPENQASM 2.0;" or "OPENQASM 3.0;"'

# A statement without braces, strings and annotations ends at its first semicolon.
_SIMPLE = re.compile(r"[^;{}\"'@#]*+;")
_MARK = re.compile(r"[;{}()\[\]\"']")
_SPACE = re.compile(r"\s*")
_ELSE = re.compile(r"\s*else\b")
_LINE_STATEMENT = re.compile(r"(?:#pragma|pragma)\b[^\n]*")
_ANNOTATION = re.compile(r"@[^\n]*\s*")
_VALUE_BRACE = re.compile(r"(?:=|\bin)\s*\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The language version, and where the text after the header begins."""

    version: int
    text: str
    end: int


def place(text: str, offset: int) -> Place:
    """Return the place of a character of the text."""
    return Place(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def decode(source: bytes, limits: Limits) -> str:
    """Return the source as text.

    Raises LimitError when it is too long, and CircuitSyntaxError when it is empty, binary, has a byte order mark or is
    not UTF-8.
    """
    if len(source) > limits.source_bytes:
        raise LimitError(
            f"the source has {len(source)} bytes, the limit is {limits.source_bytes}; "
            "write repetition as loops or gate definitions, or split the circuit",
            details={"limit": "source_bytes", "maximum": str(limits.source_bytes)},
        )
    if source.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise CircuitSyntaxError(
            "the source begins with a byte order mark; save it as UTF-8 without one", line=1, column=1
        )
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8")
        at = place(before, len(before))
        raise CircuitSyntaxError(
            f"byte 0x{source[error.start]:02x} is not UTF-8; save the source as UTF-8 text",
            line=at.line,
            column=at.column,
        ) from None
    if (control := _CONTROL.search(text)) is not None:
        at = place(text, control.start())
        raise CircuitSyntaxError(
            f"control character 0x{ord(control.group()):02x}: this is a binary file; OpenQASM is text",
            line=at.line,
            column=at.column,
        )
    if not text.strip():
        raise CircuitSyntaxError(f"the source is empty; {_REMEDY}", line=1, column=1)
    return text


def blank_comments(text: str) -> str:
    """Return the text with every comment replaced by spaces, all places unchanged."""
    if "//" not in text and "/*" not in text:
        return text

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] in "\"'":
            return found
        if found == "/*":
            at = place(text, match.start())
            raise CircuitSyntaxError("this comment never ends; close it with */", line=at.line, column=at.column)
        return " " * len(found) if found[1] == "/" else _NOT_NEWLINE.sub(" ", found)

    return _COMMENT.sub(blank, text)


def read_header(text: str) -> Header:
    """Return the version that the text (comments blanked) declares; raises CircuitSyntaxError without a known one."""
    match = _HEADER.match(text)
    if match is None:
        at = place(text, len(text) - len(text.lstrip()))
        raise CircuitSyntaxError(f"the version header is missing; {_REMEDY}", line=at.line, column=at.column)
    major, minor = int(match.group(1)), int(match.group(2) or 0)
    if (major, minor) not in {(2, 0), (3, 0), (3, 1)}:
        at = place(text, match.start(1))
        raise CircuitSyntaxError(
            f"OpenQASM {major}.{minor} is not known; Proxima reads 2.0, 3.0 and 3.1", line=at.line, column=at.column
        )
    return Header(version=major, text=text, end=match.end())


def statements(header: Header, limits: Limits) -> Iterator[tuple[int, str]]:
    """Yield (offset, text) of each top-level statement; together they cover everything but whitespace.

    A piece that is no statement is yielded all the same, for the parser to refuse with its place. Raises LimitError
    where brackets nest deeper than the limit.
    """
    text, position, size = header.text, header.end, len(header.text)
    while True:
        begin = _space_end(text, position)
        if begin >= size:
            return
        simple = _SIMPLE.match(text, begin)
        if simple is not None and not _may_nest(simple.group()):
            position = simple.end()
        elif (line := _LINE_STATEMENT.match(text, begin)) is not None:
            position = line.end()
        else:
            position = _statement_end(text, begin, limits)
        yield begin, text[begin:position]


def _space_end(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return position if match is None else match.end()


def _may_nest(piece: str) -> bool:
    return "if" in piece or piece.count("(") > 8 or piece.count("[") > 16


def _statement_end(text: str, begin: int, limits: Limits) -> int:
    position = begin
    while (annotation := _ANNOTATION.match(text, position)) is not None:
        position = annotation.end()
    depth = 0
    value_braces: list[int] = []
    while (mark := _MARK.search(text, position)) is not None:
        position = mark.end()
        character = mark.group()
        if character in "\"'":
            closing = text.find(character, position)
            newline = text.find("\n", position)
            if closing < 0 or 0 <= newline < closing:
                return len(text) if newline < 0 else newline
            position = closing + 1
        elif character in "{([":
            if character == "{" and _VALUE_BRACE.search(text, max(begin, mark.start() - 64), mark.start()):
                value_braces.append(depth)
            depth += 1
            if depth > limits.nesting_depth:
                at = place(text, mark.start())
                raise LimitError(
                    f"brackets and blocks nest deeper than {limits.nesting_depth}; flatten them",
                    line=at.line,
                    column=at.column,
                    details={"limit": "nesting_depth", "maximum": str(limits.nesting_depth)},
                )
        elif character in "})]":
            depth -= 1
            if depth < 0:
                return position
            of_value = bool(value_braces) and value_braces[-1] == depth
            if of_value:
                value_braces.pop()
            if character == "}" and depth == 0 and not of_value and not _ELSE.match(text, position):
                return position
        elif depth == 0 and not _ELSE.match(text, position):
            return position
    return len(text)
