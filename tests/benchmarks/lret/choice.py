"""Row "choice": what the service chooses for itself against Aer's density matrix, every family, strength and size."""

from __future__ import annotations

import statistics

from . import aer_forms
from .children import Child
from .families import FAMILIES
from .jobs import columns, depolarizing_each, job
from .options import Options
from .turns import Contender, difference, fastest_of, ratio, run_in_turns, shown

_SIZES = range(4, 13)


def run(options: Options, lret: Child, aer: Child) -> None:
    """Print one line a circuit, and at the end how often lret was slower, the smallest ratio and the median."""
    print(f"{options.choice}, max_error {options.max_error:g}, against Aer density_matrix; depolarizing-each p")
    print(
        f"{'family':<10}{'p':>8}{'n':>3}{'lret':>10}{'Aer':>10}{'ratio':>9}{'native':>10}{'ratio':>9}"
        f"{'difference':>12}{'rank':>6}  ended as"
    )
    ratios: dict[tuple[str, float, int], float] = {}
    native_ratios: list[float] = []
    for family in options.families:
        for strength in options.strengths:
            for qubits in (size for size in _SIZES if size <= options.max_qubits):
                if not aer_forms.runs(family, qubits, options):
                    continue
                # Aer's largest is one circuit of one strength.
                if qubits == max(_SIZES) and strength != 1e-3 and not options.all_largest:
                    continue
                found = _print_line(options, lret, aer, family=family, strength=strength, qubits=qubits)
                if found is not None:
                    ratios[family, strength, qubits] = found[0]
                    native_ratios += [found[1]] if found[1] < float("inf") else []
    if not ratios:
        return
    family, strength, qubits = min(ratios, key=lambda key: ratios[key])
    print(
        f"slower than Aer: {sum(value < 1 for value in ratios.values())} of {len(ratios)}; below 3x: "
        f"{sum(value < 3 for value in ratios.values())}; median {statistics.median(ratios.values()):.3g}x; smallest "
        f"{ratios[family, strength, qubits]:.3g}x ({family}, {strength:g}, n={qubits})"
    )
    if native_ratios:
        print(
            f"slower than Aer's native call: {sum(value < 1 for value in native_ratios)} of {len(native_ratios)}; "
            f"median {statistics.median(native_ratios):.3g}x; smallest {min(native_ratios):.3g}x"
        )


def _print_line(
    options: Options, lret: Child, aer: Child, *, family: str, strength: float, qubits: int
) -> tuple[float, float] | None:
    circuit = columns(FAMILIES[family](qubits), depolarizing_each(strength))
    ours, *others = run_in_turns(
        [
            Contender(child=lret, job=job(circuit, options.choice, max_error=options.max_error)),
            *aer_forms.contenders(aer, job(circuit, "density_matrix", engine="aer"), qubits=qubits),
        ]
    )
    theirs = fastest_of(others[:2])
    native = others[2].seconds if len(others) > 2 else float("inf")
    method = ours.answer.method or options.choice
    print(
        f"{family:<10}{strength:>8g}{qubits:>3}{shown(ours.seconds)}{shown(theirs.seconds)}"
        f"{ratio(theirs.seconds, ours.seconds)}{shown(native)}{ratio(native, ours.seconds)}"
        f"{difference(ours, theirs):>12.1e}{ours.answer.largest_rank:>6}  "
        f"{ours.answer.fault or theirs.answer.fault or method}"
    )
    if ours.answer.fault or theirs.answer.fault:
        return None
    return theirs.seconds / ours.seconds, native / ours.seconds
