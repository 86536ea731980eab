"""What of the benchmark to run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .families import FAMILIES

ROWS = ("exact", "truncated", "large", "choice", "certificate", "vector")
_SHORT_QUBITS = 8
_SHORT_VECTOR_QUBITS = 16


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run.

    Attributes:
        rows: which of `ROWS`.
        families: which circuits, in the rows that have several.
        strengths: probabilities of depolarizing-each.
        max_qubits: no density matrix is larger; the vectors of "vector" have their own sizes.
        vector_qubits: sizes of state vectors.
        all_largest: Aer runs every family at 12 qubits, not brickwork alone.
        errors_too: Aer also with errors as instructions, which are not fused.
        choice: method of lret in the row "choice".
        max_error: its budget.
        maestro_python: an interpreter that has `qoro-maestro`; None leaves it out.
    """

    rows: tuple[str, ...] = ROWS
    families: tuple[str, ...] = tuple(FAMILIES)
    strengths: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    max_qubits: int = 12
    vector_qubits: tuple[int, ...] = (16, 20)
    all_largest: bool = False
    errors_too: bool = False
    choice: str = "low_rank"
    max_error: float = 0.0
    maestro_python: Path | None = None


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options of a command line; ends the process with a message where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="just bench lret", description="The lret backend against Aer and qsim, side by side, one thread."
    )
    parser.add_argument("--short", action="store_true", help="up to 8 qubits and one state vector: two minutes")
    parser.add_argument("--rows", type=_Names(ROWS), default=ROWS, metavar="A,B", help=", ".join(ROWS))
    parser.add_argument("--families", type=_Names(tuple(FAMILIES)), default=tuple(FAMILIES), metavar="A,B")
    parser.add_argument("--strengths", type=_numbers, default=(1e-4, 1e-3, 1e-2), metavar="P,Q")
    parser.add_argument("--max-qubits", type=int, metavar="N", help="largest density matrix, 12")
    parser.add_argument("--all-largest", action="store_true", help="Aer at 12 qubits with every family, not one")
    parser.add_argument("--errors-too", action="store_true", help="Aer also with its slower form of noise")
    parser.add_argument("--choice", default="low_rank", metavar="METHOD", help="method of the row choice")
    parser.add_argument("--max-error", type=float, default=0.0, help="budget of the row choice, 0: exact")
    parser.add_argument("--maestro-python", type=Path, help="an interpreter that has qoro-maestro")
    found = parser.parse_args(arguments)
    return Options(
        rows=found.rows,
        families=found.families,
        strengths=found.strengths,
        max_qubits=found.max_qubits or (_SHORT_QUBITS if found.short else 12),
        vector_qubits=(_SHORT_VECTOR_QUBITS,) if found.short else (16, 20),
        all_largest=found.all_largest,
        errors_too=found.errors_too,
        choice=found.choice,
        max_error=found.max_error,
        maestro_python=found.maestro_python,
    )


class _Names:
    """Reads a list of names, each one of those that there are."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self._known = known

    def __call__(self, text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        unknown = [name for name in names if name not in self._known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(self._known)}")
        return names


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))
