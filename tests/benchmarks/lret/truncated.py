"""Rows "truncated" and "large": low_rank with a budget against Aer's exact density matrix."""

from __future__ import annotations

from . import aer_forms
from .certificate import true_error
from .children import Child
from .families import FAMILIES, brickwork
from .jobs import columns, depolarizing_each, job
from .options import Options
from .turns import Contender, fastest_of, ratio, run_in_turns, shown

_SIZES = (8, 10, 12)
_EXACT_QUBITS = 8
_MAX_ERROR = 0.1
_LARGE_QUBITS = 14


def run(options: Options, lret: Child, aer: Child) -> None:
    """Print time, ratio, certified and true error of the families at 1e-3; and where low_rank does not pay."""
    print(f"low_rank, max_error {_MAX_ERROR:g}, depolarizing-each 1e-3, against Aer density_matrix and pauli_vector")
    print(
        f"{'family':<10}{'n':>3}{'low_rank':>10}{'Aer':>10}{'ratio':>9}{'pauli':>10}{'ratio':>9}{'rank':>6}"
        f"{'certified':>11}{'true':>10}"
    )
    for family in options.families:
        for qubits in (size for size in _SIZES if size <= options.max_qubits):
            _print_line(family, qubits, options, lret, aer)


def _print_line(family: str, qubits: int, options: Options, lret: Child, aer: Child) -> None:
    circuit = columns(FAMILIES[family](qubits), depolarizing_each(1e-3))
    contenders = [
        Contender(child=lret, job=job(circuit, "low_rank", max_error=_MAX_ERROR)),
        Contender(child=lret, job=job(circuit, "pauli_vector")),
    ]
    if aer_forms.runs(family, qubits, options):
        contenders += aer_forms.contenders(aer, job(circuit, "density_matrix", engine="aer"))
    ours, pauli, *peers = run_in_turns(contenders)
    aer_seconds = fastest_of(peers).seconds if peers else float("inf")
    true = f"{true_error(circuit, lret, aer, max_error=_MAX_ERROR):>10.2e}" if qubits <= _EXACT_QUBITS else f"{'-':>10}"
    pays = "" if ours.seconds < pauli.seconds else "  does not pay"
    print(
        f"{family:<10}{qubits:>3}{shown(ours.seconds)}{shown(aer_seconds)}{ratio(aer_seconds, ours.seconds)}"
        f"{shown(pauli.seconds)}{ratio(pauli.seconds, ours.seconds)}{ours.answer.largest_rank:>6}"
        f"{ours.answer.certified_error:>11.2e}{true}{ours.answer.fault or pays}"
    )


def run_large(options: Options, lret: Child) -> None:
    """Print the seconds of brickwork at 14 qubits, 1e-4, budget 0.01, which no density matrix reaches in time."""
    del options
    circuit = columns(brickwork(_LARGE_QUBITS), depolarizing_each(1e-4))
    (ours,) = run_in_turns([Contender(child=lret, job=job(circuit, "low_rank", max_error=0.01))])
    print(
        f"low_rank, max_error 0.01, depolarizing-each 1e-4, brickwork n={_LARGE_QUBITS}: "
        f"{shown(ours.seconds).strip()} (at least 2 s, aim 0.5 s), certified {ours.answer.certified_error:.2e}, "
        f"rank {ours.answer.largest_rank} {ours.answer.fault}"
    )
