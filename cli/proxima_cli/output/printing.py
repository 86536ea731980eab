"""Where output goes: standard output for answers, standard error for everything else."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

from rich.box import ROUNDED
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from proxima_cli.output.documents import Json

__all__ = [
    "add_row",
    "counted",
    "new_table",
    "output_width",
    "print_field",
    "print_json",
    "print_line",
    "print_rows",
    "print_table",
    "warn",
]

_PIPE_WIDTH = 200
_LABEL_WIDTH = 13
_NARROWEST_TEXT = 30
_COLUMN_GAP, _BOXED_GAP = 2, 3


def print_json(document: Json) -> None:
    """Print one JSON object on standard output."""
    json.dump(document, sys.stdout, indent=2, allow_nan=False, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_line(text: str = "") -> None:
    """Print a line of an answer, as it is."""
    sys.stdout.write(_printable(text) + "\n")


def print_field(label: str, text: str) -> None:
    """Print what follows a label, wrapped beside it on a terminal; a pipe gets one line, whatever its length."""
    lines = [text]
    if _is_narrow():
        lines = _wrapped(text, output_width() - _LABEL_WIDTH)
    for index, line in enumerate(lines):
        print_line(f"{label if index == 0 else '':<{_LABEL_WIDTH}}{line}")


def counted(count: int, noun: str) -> str:
    """Return "1 gate" or "2 gates"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def warn(text: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(_printable(text) + "\n")
    sys.stderr.flush()


def new_table(columns: Sequence[str], *, boxed: bool, title: str = "") -> Table:
    """Return an empty table; a column whose name ends in ">" is aligned right."""
    table = Table(
        box=ROUNDED if boxed else None, title=title or None, title_justify="left", pad_edge=boxed, show_edge=boxed
    )
    for index, column in enumerate(columns):
        table.add_column(
            column.removesuffix(">"),
            justify="right" if column.endswith(">") else "left",
            overflow="fold",
            # Where there are words to wrap they are in the first column, a bit string, or in the last.
            no_wrap=0 < index < len(columns) - 1,
        )
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text: nothing in it is markup or a control sequence."""
    table.add_row(*(Text(_printable(cell)) for cell in cells))


def print_rows(table: Table) -> None:
    """Print a table, or, where its columns would not fit side by side, each row as a paragraph that names them."""
    cells = [[str(cell) for cell in column.cells] for column in table.columns]
    headers = [str(column.header) for column in table.columns]
    widths = [max(map(cell_len, (header, *column))) for header, column in zip(headers, cells, strict=True)]
    # The last column may wrap.
    needed = sum(widths[:-1]) + min(widths[-1], _NARROWEST_TEXT)
    needed += _COLUMN_GAP * (len(widths) - 1) if table.box is None else _BOXED_GAP * len(widths) + 1
    if needed <= output_width():
        print_table(table)
        return
    for row in zip(*cells, strict=True):
        named = "; ".join(f"{header} {cell}" for header, cell in zip(headers[1:], row[1:], strict=True) if cell)
        print_line(row[0])
        for line in _wrapped(named, output_width() - 2):
            print_line(f"  {line}")


def print_table(table: Table) -> None:
    """Print a table on standard output, without blanks at the ends; into a pipe it is not cut to 80 columns."""
    console = Console(file=sys.stdout, width=output_width(), highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def output_width() -> int:
    """Columns of standard output: the terminal's, or plenty in a pipe."""
    if _is_narrow():
        return shutil.get_terminal_size().columns
    return _PIPE_WIDTH


def _wrapped(text: str, width: int) -> list[str]:
    width = max(width, _NARROWEST_TEXT)
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _is_narrow() -> bool:
    """Whether lines have a width to keep to."""
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def _printable(text: str) -> str:
    """Replace control characters: names and messages come from files and servers."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)
