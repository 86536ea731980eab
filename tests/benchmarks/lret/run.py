"""Runs the rows of the benchmark that were asked for."""

from __future__ import annotations

from collections.abc import Sequence

from . import certificate, choice, exact, truncated, vector
from .children import start_aer, start_columns, start_lret
from .options import read_options


async def run(arguments: Sequence[str] = ()) -> None:
    """Print the rows named in the arguments, all of them if none is."""
    options = read_options(arguments)
    with start_lret() as lret, start_columns() as columns, start_aer() as aer:
        if "exact" in options.rows:
            exact.run(options, lret, aer)
        if "truncated" in options.rows:
            truncated.run(options, lret, columns, aer)
        if "large" in options.rows:
            truncated.run_large(options, lret)
        if "choice" in options.rows:
            choice.run(options, lret, aer)
        if "certificate" in options.rows:
            certificate.run(options, columns, aer)
        if "vector" in options.rows:
            vector.run(options, lret, aer)
