"""Row "vector": statevector in single precision against qsim, Aer and Maestro's QCSim, in process and in a worker."""

from __future__ import annotations

import numpy as np

from ..circuits import random_layers
from . import worker
from .children import Child, start_maestro, start_qsim
from .jobs import STATEVECTOR, columns, job
from .options import Options
from .turns import Contender, Outcome, fastest_of, ratio, run_in_turns, shown

_DEPTH = 20
_FORMS = ("fused", "unfused")


def run(options: Options, lret: Child, aer: Child) -> None:
    """Print one line a size, ratios to each peer, and the time in the worker."""
    print(f"statevector, complex64; random u3 and cx on random pairs, depth {_DEPTH}; the state is the result")
    print(
        f"{'n':>3}{'lret':>10}{'in worker':>10}{'qsimcirq':>10}{'ratio':>9}{'qsim':>10}{'ratio':>9}{'Aer':>10}"
        f"{'ratio':>9}{'QCSim':>10}{'ratio':>9}{'difference':>12}"
    )
    with start_qsim() as qsim:
        if options.maestro_python is None:
            for qubits in options.vector_qubits:
                _print_line(qubits, lret, aer, qsim, None)
            print("QCSim was left out: name an interpreter that has PyPI's qoro-maestro with --maestro-python")
            return
        with start_maestro(options.maestro_python) as maestro:
            for qubits in options.vector_qubits:
                _print_line(qubits, lret, aer, qsim, maestro)


def _print_line(qubits: int, lret: Child, aer: Child, qsim: Child, maestro: Child | None) -> None:
    source = random_layers(qubits, depth=_DEPTH, seed=1, measured=False)
    circuit = columns(source)
    ours_job = job(circuit, "statevector", results=STATEVECTOR, is_single=True)
    aer_job = job(circuit, "statevector", results=STATEVECTOR, is_single=True, engine="aer")
    contenders = [
        Contender(child=lret, job=ours_job),
        *(Contender(child=aer, job=aer_job, form=form) for form in _FORMS),
        *(Contender(child=qsim, job=ours_job, form=form) for form in ("simulate", "2", "3", "4")),
    ]
    if maestro is not None:
        contenders.append(Contender(child=maestro, job=source.encode(), form="statevector"))
    ours, fused, unfused, *others = run_in_turns(contenders)
    theirs, simulated, qsims = fastest_of((fused, unfused)), others[0], fastest_of(others[1:4])
    qcsim = others[4] if maestro is not None else None
    qcsim_seconds = float("inf") if qcsim is None else qcsim.seconds
    in_worker = worker.cpu_seconds(ours_job)
    faults = [
        found.answer.fault
        for found in (ours, theirs, simulated, qsims, qcsim)
        if found is not None and found.answer.fault
    ]
    print(
        f"{qubits:>3}{shown(ours.seconds)}{shown(in_worker)}{shown(simulated.seconds)}"
        f"{ratio(simulated.seconds, ours.seconds)}{shown(qsims.seconds)}{ratio(qsims.seconds, ours.seconds)}"
        f"{shown(theirs.seconds)}{ratio(theirs.seconds, ours.seconds)}{shown(qcsim_seconds)}"
        f"{ratio(qcsim_seconds, ours.seconds)}{_difference(ours, qsims):>12.1e}  {'; '.join(faults)}"
    )


def _difference(ours: Outcome, theirs: Outcome) -> float:
    """Return the largest difference of amplitudes, up to a global phase."""
    if ours.answer.fault or theirs.answer.fault:
        return float("inf")
    a, b = (found.numbers(np.complex64).astype(np.complex128) for found in (ours, theirs))
    overlap = np.vdot(b, a)
    return float(np.abs(a - b * (overlap / abs(overlap))).max())
