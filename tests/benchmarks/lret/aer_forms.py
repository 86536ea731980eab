"""In which forms Aer runs a density matrix here, and which of the largest ones it runs at all."""

from __future__ import annotations

from .children import Child
from .options import Options
from .turns import Contender

_LARGE_QUBITS = 12


def contenders(aer: Child, job: bytes, *, qubits: int = 0) -> list[Contender]:
    """Return Aer with fusion and without; with `qubits` given also by its native circuit where it is small."""
    forms = ["fused", "unfused", *(["native"] if 0 < qubits <= NATIVE_QUBITS else [])]
    return [Contender(child=aer, job=job, form=form) for form in forms]


def runs(family: str, qubits: int, options: Options) -> bool:
    """Whether Aer runs this circuit: of the largest, which take it a minute, brickwork alone unless asked."""
    return qubits < _LARGE_QUBITS or family == "brickwork" or options.all_largest


NATIVE_QUBITS = 7
"""Up to here what surrounds Aer's own run takes longer than the run."""
