"""Which defect the backend has, by the variable EXACT_BACKEND_DEFECT, and the defects of results."""

from __future__ import annotations

import os

VARIABLE = "EXACT_BACKEND_DEFECT"

RESULT_DEFECTS = ("states-with-readout", "halved-standard-error", "exact-values-without-order", "no-readout-note")
"""Defects of results, each where the result is made; `defects.py` has those of instructions."""


def has(defect: str) -> bool:
    """This defect is on."""
    return os.environ.get(VARIABLE) == defect
