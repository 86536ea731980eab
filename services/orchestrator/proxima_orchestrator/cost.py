"""Seconds from work units, by a stated rule that is not calibrated on this machine yet.

    seconds = t0(engine, method) + repeats * t_s(engine, method) + work_units / (rate(engine, method) * threads^0.8)

where repeats is the number of shots of a method that runs the circuit once a shot, else 0.

The backend owns the work units (amplitude updates, or what its rule says); this module owns the seconds. Rates are
single thread figures of one development machine, good to a factor of a few: the basis says "uncalibrated".
"""

from __future__ import annotations

from dataclasses import dataclass

from proxima_orchestrator.capabilities import Method, Precision

_THREAD_EXPONENT = 0.8
_STATE_ENTRIES_PER_THREAD_START = 2**16


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """Predicted seconds and how they came about."""

    seconds: float
    basis: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rate:
    """Seconds before the first unit of work, units a second on one thread in default precision, seconds a repeat."""

    fixed_seconds: float
    units_per_second: float
    repeat_seconds: float = 0.0


# One core of an AMD EPYC server: random single-qubit rotations and CX, depth 20, 1000 shots, n = 12 to 20 (density
# matrices n = 8, stabilizer n = 20 to 50). Of matrix_product_state the work is the backend's worst case.
_RATES: dict[tuple[str, Method], _Rate] = {
    ("aer", Method.STATEVECTOR): _Rate(fixed_seconds=0.0015, units_per_second=4e8),
    ("aer", Method.DENSITY_MATRIX): _Rate(fixed_seconds=0.0015, units_per_second=2e8),
    ("aer", Method.STABILIZER): _Rate(fixed_seconds=0.0015, units_per_second=2e6),
    ("aer", Method.MATRIX_PRODUCT_STATE): _Rate(fixed_seconds=0.002, units_per_second=3e7),
    ("qsim", Method.STATEVECTOR): _Rate(fixed_seconds=0.001, units_per_second=6e9),
    ("cirq", Method.STATEVECTOR): _Rate(fixed_seconds=0.004, units_per_second=2e8),
    ("cirq", Method.DENSITY_MATRIX): _Rate(fixed_seconds=0.006, units_per_second=1e8),
    # Its work units are predicted nanoseconds already, with everything in them.
    ("lret", Method.LOW_RANK): _Rate(fixed_seconds=0.0, units_per_second=1e9),
    ("lret", Method.PAULI_VECTOR): _Rate(fixed_seconds=0.0, units_per_second=1e9),
    ("lret", Method.STATEVECTOR): _Rate(fixed_seconds=0.0, units_per_second=1e9),
    ("lret", Method.TRAJECTORIES): _Rate(fixed_seconds=0.0, units_per_second=1e9),
    ("qlret", Method.STATEVECTOR): _Rate(fixed_seconds=0.001, units_per_second=1.8e8),
}

# Of methods that run the circuit once a shot: layers of rotations and CX with depolarizing noise, or with a measurement
# and a condition in the middle, n = 6 to 14 (stabilizer 8 to 20), 100 to 1000 shots.
_REPEATED_RATES: dict[tuple[str, Method], _Rate] = {
    ("aer", Method.STATEVECTOR): _Rate(fixed_seconds=0.002, units_per_second=2.7e8, repeat_seconds=7e-5),
    ("aer", Method.STABILIZER): _Rate(fixed_seconds=0.002, units_per_second=6e6),
    ("aer", Method.TRAJECTORIES): _Rate(fixed_seconds=0.002, units_per_second=3e8, repeat_seconds=5e-5),
    ("qsim", Method.TRAJECTORIES): _Rate(fixed_seconds=0.002, units_per_second=1.5e9, repeat_seconds=1.5e-4),
    ("cirq", Method.TRAJECTORIES): _Rate(fixed_seconds=0.005, units_per_second=2e8, repeat_seconds=6e-4),
}
_UNKNOWN = _Rate(fixed_seconds=0.005, units_per_second=1e8)


def predict(
    *, engine: str, method: Method, precision: Precision, work_units: float, thread_count: int, repeats: int = 0
) -> Prediction:
    """Return the predicted seconds of `work_units` in so many repeats on an engine and method with so many threads."""
    rate = (_REPEATED_RATES if repeats else _RATES).get((engine, method)) or _RATES.get((engine, method))
    known = "" if rate else f"no rate known for {engine}, default "
    rate = rate or _UNKNOWN
    threads = max(1, thread_count) ** _THREAD_EXPONENT
    repeating = repeats * rate.repeat_seconds
    seconds = rate.fixed_seconds + repeating + work_units / (rate.units_per_second * threads)
    each = f"{repeats} x {rate.repeat_seconds * 1000:g} ms + " if repeating else ""
    basis = (
        f"uncalibrated: {known}{rate.fixed_seconds * 1000:g} ms + {each}{work_units:.3g} work units at "
        f"{rate.units_per_second * threads:.2g}/s on {max(1, thread_count)} thread(s), {precision.label}"
    )
    return Prediction(seconds=seconds, basis=basis)


def threads_for(*, method: Method, qubit_count: int, requested: int, available: int) -> int:
    """Return the threads of a run: as asked, else 1 below 2^16 state entries and for tableaux, else all there are.

    Spinning threads cost far more processor time than they save on small states.
    """
    if requested:
        return max(1, min(requested, available))
    if method is Method.STABILIZER:
        return 1
    doubled = method in (Method.DENSITY_MATRIX, Method.PAULI_VECTOR)
    entries_log2 = 2 * qubit_count if doubled else qubit_count
    return 1 if entries_log2 < _STATE_ENTRIES_PER_THREAD_START.bit_length() - 1 else max(1, available)
