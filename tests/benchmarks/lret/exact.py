"""Row "exact": pauli_vector in double precision against Aer's density matrix, with memory and sweeps."""

from __future__ import annotations

import subprocess

from ..stack import environment_python
from .aer_forms import contenders as aer_contenders
from .children import LRET_ENGINE, Child
from .families import brickwork
from .jobs import columns, depolarizing_each, job
from .messages import Request
from .options import Options
from .turns import Contender, Outcome, difference, fastest_of, ratio, run_in_turns, shown

_SIZES = (6, 8, 10, 12)
_STRENGTH = 1e-3
_MEMORY_QUBITS = 10


def run(options: Options, lret: Child, aer: Child) -> None:
    """Print one line a size: times, ratios, the largest difference of probabilities, peak memory, sweeps."""
    print(f"pauli_vector, float64, against Aer density_matrix; brickwork, depth 10, depolarizing-each {_STRENGTH:g}")
    print(
        f"{'n':>3}{'lret':>10}{'Aer':>10}{'ratio':>9}{'native':>10}{'ratio':>9}{'difference':>12}"
        f"{'peak/8*4^n':>12}{'sweeps':>8}{'GB/s':>7}"
    )
    for qubits in (size for size in _SIZES if size <= options.max_qubits):
        circuit = columns(brickwork(qubits), depolarizing_each(_STRENGTH))
        ours = job(circuit, "pauli_vector")
        theirs = job(circuit, "density_matrix", engine="aer")
        contenders = [Contender(child=lret, job=ours), *aer_contenders(aer, theirs, qubits=qubits)]
        outcome, *others = run_in_turns(contenders)
        fused = fastest_of(others[:2])
        native = others[2].seconds if len(others) > 2 else float("inf")
        line = (
            f"{qubits:>3}{shown(outcome.seconds)}{shown(fused.seconds)}{ratio(fused.seconds, outcome.seconds)}"
            f"{shown(native)}{ratio(native, outcome.seconds)}{difference(outcome, fused):>12.1e}"
        )
        if outcome.answer.fault:
            print(f"{line}  {outcome.answer.fault}")
            continue
        size = 8 * 4**qubits
        peak = peak_bytes(ours) / size if qubits >= _MEMORY_QUBITS else float("nan")
        sweep, _ = lret.ask(Request(action="sweep"), bytes(size))
        speed = 2 * size / sweep.cpu_seconds / 1e9
        print(f"{line}{peak:>12.3f}{outcome.seconds / sweep.cpu_seconds:>8.1f}{speed:>7.1f}")
        if options.errors_too:
            _print_errors(outcome, aer, theirs)


def peak_bytes(serialised: bytes) -> int:
    """Return the peak of a job over a warm process of its own, as the estimate counts it."""
    finished = subprocess.run(
        [environment_python("lret"), "-m", "proxima_runtime.conformance.peak", LRET_ENGINE],
        input=serialised,
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(finished.stdout)


def _print_errors(ours: Outcome, aer: Child, theirs: bytes) -> None:
    forms = [Contender(child=aer, job=theirs, form=form) for form in ("fused+errors", "unfused+errors")]
    slower = fastest_of(run_in_turns(forms))
    print(f"   Aer with errors as instructions {shown(slower.seconds)}{ratio(slower.seconds, ours.seconds)}")
