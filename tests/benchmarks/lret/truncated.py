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


def run(options: Options, lret: Child, columns_only: Child, aer: Child) -> None:
    """Print time, ratio, certified and true error of the families at 1e-3; and where columns do not pay."""
    print(
        f"low_rank, max_error {_MAX_ERROR:g}, depolarizing-each 1e-3, against Aer density_matrix; "
        "columns alone against pauli_vector"
    )
    print(
        f"{'family':<10}{'n':>3}{'low_rank':>10}{'Aer':>10}{'ratio':>9}{'columns':>10}{'pauli':>10}{'ratio':>9}{'rank':>6}"
        f"{'certified':>11}{'true':>10}"
    )
    for family in options.families:
        for qubits in (size for size in _SIZES if size <= options.max_qubits):
            _print_line(options, lret, columns_only, aer, family=family, qubits=qubits)


def _print_line(options: Options, lret: Child, columns_only: Child, aer: Child, *, family: str, qubits: int) -> None:
    circuit = columns(FAMILIES[family](qubits), depolarizing_each(1e-3))
    ours_job = job(circuit, "low_rank", max_error=_MAX_ERROR)
    contenders = [
        Contender(child=lret, job=ours_job),
        Contender(child=columns_only, job=ours_job),
        Contender(child=lret, job=job(circuit, "pauli_vector")),
    ]
    if aer_forms.runs(family, qubits, options):
        contenders += aer_forms.contenders(aer, job(circuit, "density_matrix", engine="aer"))
    ours, alone, pauli, *peers = run_in_turns(contenders)
    aer_seconds = fastest_of(peers).seconds if peers else float("inf")
    true = true_error(circuit, columns_only, aer, max_error=_MAX_ERROR) if qubits <= _EXACT_QUBITS else float("nan")
    pays = "" if alone.seconds < pauli.seconds else "  columns do not pay"
    print(
        f"{family:<10}{qubits:>3}{shown(ours.seconds)}{shown(aer_seconds)}{ratio(aer_seconds, ours.seconds)}"
        f"{shown(alone.seconds)}{shown(pauli.seconds)}{ratio(pauli.seconds, alone.seconds)}"
        f"{alone.answer.largest_rank:>6}{alone.answer.certified_error:>11.2e}{true:>10.2e}"
        f"{ours.answer.fault or alone.answer.fault or pays}"
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
