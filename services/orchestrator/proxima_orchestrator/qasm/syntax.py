"""The boundary to the `openqasm` library: one statement of text in, its typed syntax tree out.

Nothing else imports the library. Statements are parsed one at a time, so that memory follows the largest statement and
not the program, and a tree can be reused for an equal statement.

The library reads OpenQASM 2 with the words of OpenQASM 3. Identifiers of OpenQASM 2 that are such words (`output`,
`box`) are respelled with a look-alike first letter, which keeps all places, and `name_of` undoes it.
"""

import re

import openqasm
from openqasm import ast

from proxima_orchestrator.qasm.errors import LimitError

__all__ = ["NEWER_WORDS", "StatementError", "ast", "name_of", "parse_expression", "parse_statement"]

NEWER_WORDS = frozenset(
    [
        "defcalgrammar",
        "def",
        "cal",
        "defcal",
        "extern",
        "box",
        "let",
        "break",
        "continue",
        "end",
        "return",
        "for",
        "while",
        "in",
        "switch",
        "case",
        "default",
        "nop",
        "pragma",
        "input",
        "output",
        "const",
        "readonly",
        "mutable",
        "qubit",
        "bool",
        "bit",
        "int",
        "uint",
        "float",
        "angle",
        "complex",
        "array",
        "void",
        "duration",
        "stretch",
        "gphase",
        "inv",
        "pow",
        "ctrl",
        "negctrl",
        "durationof",
        "delay",
        "true",
        "false",
        "im",
        "else",
    ]
)
"""Words of OpenQASM 3 that are plain identifiers in OpenQASM 2."""

_NEWER_WORD = re.compile(r"\b(?:" + "|".join(sorted(NEWER_WORDS)) + r")\b", re.ASCII)
_DISGUISE = 0x1D41A - ord("a")  # Mathematical bold small letters.


class StatementError(Exception):
    """A syntax error at a line and column (both from 1) of the statement's own text."""

    def __init__(self, message: str, line: int, column: int) -> None:
        self.message = message
        self.line = line
        self.column = column
        super().__init__(message)


def parse_statement(text: str, version: int) -> list[ast.Statement]:
    """Return the statements in the text, spans relative to it shifted down by one line.

    Raises StatementError where the grammar is broken, and LimitError without a place where the text nests too deeply.
    """
    if version == 2:
        text = _NEWER_WORD.sub(lambda match: chr(ord(match.group()[0]) + _DISGUISE) + match.group()[1:], text)
    try:
        return openqasm.parse(f"OPENQASM {version}.0;\n{text}").statements
    except openqasm.QasmError as error:
        line, column = (error.line or 2) - 1, (error.column or 0) + 1
        message = _plain(error.message)
    except (RecursionError, MemoryError):
        raise LimitError(
            "this statement nests too deeply; split it", details={"limit": "nesting_depth", "maximum": "unknown"}
        ) from None
    except (ValueError, OverflowError, AssertionError):
        # The library converts literals unchecked: integers of more than 4300 digits, durations beyond a float.
        line, column, message = 1, 1, "a number in this statement is too large to read"
    raise StatementError(message, max(line, 1), column)


def parse_expression(text: str, version: int) -> ast.Expression:
    """Return the expression in the text; raises what parse_statement raises."""
    statements = parse_statement(f"rz({text}) q;", version)
    if len(statements) != 1 or not isinstance(statements[0], ast.GateCall) or len(statements[0].arguments) != 1:
        raise StatementError("expected an expression", 1, 1)
    return statements[0].arguments[0]


def name_of(node: ast.Identifier) -> str:
    """Return the name in the source."""
    code = ord(node.name[0]) - _DISGUISE
    return chr(code) + node.name[1:] if ord("a") <= code <= ord("z") else node.name


def _plain(message: str) -> str:
    """Undo the respelling in a message of the library."""
    return re.sub("[\U0001d41a-\U0001d433]", lambda match: chr(ord(match.group()) - _DISGUISE), message)
