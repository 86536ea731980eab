"""What the lret backend is for, measured: how the rank grows, what the certificate is worth, what the time is.

    python docs/examples/lret/study.py --output plots        # minutes; --small takes seconds

Needs proxima-agent, which is the Python client; the local cluster is started where PROXIMA_SERVER names no server.
Writes rank.svg, course.svg, certificate.svg and time.svg, and prints the numbers behind them.
"""
# ruff: noqa: S101  # the checks are the point of the script

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from plot import Axis, Plot, Series, draw
from proxima_client import Client, RankHistory, Result

_STRENGTHS = (1e-4, 1e-3, 3e-3)
_BUDGET = 0.1
# Rounding of the exact simulation.
_ROUNDING = 1e-10


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How large the study is.

    Attributes:
        rank_qubits, depths: of the circuits whose rank is measured.
        certified_qubits: of those whose certificate is compared with the exact state.
        timed_qubits: of those that are timed.
        repeats: runs of which the fastest counts.
    """

    rank_qubits: int = 12
    depths: Sequence[int] = (2, 4, 6, 8, 10, 12, 14)
    certified_qubits: Sequence[int] = (10,)
    timed_qubits: Sequence[int] = (4, 5, 6, 7, 8, 9, 10, 11)
    repeats: int = 3


SMALL = Sizes(depths=(8, 10), certified_qubits=(10,), timed_qubits=(4, 5), repeats=1)


def brickwork(qubit_count: int, depth: int, *, seed: int = 1) -> str:
    """Return random rotations on every qubit and cx on neighbours, `depth` layers, as OpenQASM 2."""
    rng = np.random.default_rng(seed)
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{qubit_count}];"]
    for layer in range(depth):
        for qubit in range(qubit_count):
            a, b, c = (float(v) for v in rng.uniform(-math.pi, math.pi, 3))
            lines.append(f"u3({a!r},{b!r},{c!r}) q[{qubit}];")
        lines += [f"cx q[{i}],q[{i + 1}];" for i in range(layer % 2, qubit_count - 1, 2)]
    return "\n".join(lines) + "\n"


def noise_of(strength: float) -> str:
    """Return depolarizing noise on every qubit of each gate, as `--noise` takes it."""
    return f"depolarizing-each:{strength:g}"


def rank_against_depth(client: Client, sizes: Sizes) -> Plot:
    """Measure the most columns that a run with a budget needs, by depth and strength."""
    lines: list[Series] = []
    for strength in _STRENGTHS:
        points: list[tuple[float, float]] = []
        for depth in sizes.depths:
            circuit = brickwork(sizes.rank_qubits, depth)
            history = _history(_low_rank(client, circuit, strength=strength, max_error=_BUDGET))
            # Where the exact Pauli vector takes less from the beginning there is no rank.
            if history.points:
                points.append((float(depth), float(history.largest)))
        print(f"rank, p={strength:g}: " + ", ".join(f"depth {depth:g}: {rank:g}" for depth, rank in points))
        lines.append(Series(label=f"p = {strength:g}", points=points))
    return Plot(
        title=f"Columns that are needed, n = {sizes.rank_qubits}, max_error {_BUDGET:g}",
        x=Axis(label="depth", is_whole=True),
        y=Axis(label="largest number of columns", is_logarithmic=True),
        series=lines,
    )


def rank_over_the_course(client: Client, sizes: Sizes) -> Plot:
    """Follow the columns of one run through its circuit."""
    lines: list[Series] = []
    for strength in _STRENGTHS:
        circuit = brickwork(sizes.rank_qubits, 10)
        history = _history(_low_rank(client, circuit, strength=strength, max_error=_BUDGET))
        points = [(float(done), float(rank)) for done, rank in history.points]
        then = f", then {history.continued_as}" if history.continued_as else ""
        lines.append(Series(label=f"p = {strength:g}{then}", points=points))
    return Plot(
        title=f"Columns over the course of one circuit, n = {sizes.rank_qubits}, depth 10",
        x=Axis(label="operations done, as the engine fuses them", is_whole=True),
        y=Axis(label="columns", is_logarithmic=True),
        series=lines,
    )


def certificate_against_truth(client: Client, sizes: Sizes) -> Plot:
    """Compare the certified error with the trace distance to the state that Aer computes exactly."""
    groups: list[Series] = []
    for strength in _STRENGTHS:
        points: list[tuple[float, float]] = []
        for qubits in sizes.certified_qubits:
            circuit = brickwork(qubits, 10)
            exact = client.run(
                circuit, backend="qiskit", method="density_matrix", density_matrix=True, noise=noise_of(strength)
            )
            for budget in (0.3, 0.1, 0.03, 0.01):
                found = _low_rank(client, circuit, strength=strength, max_error=budget, wants_state=True)
                true = _trace_distance(found, exact)
                assert found.certified_error is not None
                # What the certificate promises, and the budget.
                assert true <= found.certified_error + _ROUNDING, (qubits, strength, budget, true)
                assert found.certified_error <= budget, (qubits, strength, budget)
                # Where the engine dropped nothing there is nothing to compare.
                if found.certified_error > _ROUNDING:
                    points.append((found.certified_error, true))
        shares = [certified / true for certified, true in points]
        middle = f"{statistics.median(shares):.2f}" if shares else "none"
        print(f"certificate, p={strength:g}: {len(points)} runs, median of certified/true {middle}")
        groups.append(Series(label=f"p = {strength:g}", points=points, is_joined=False))
    return Plot(
        title="What is certified and what is true",
        x=Axis(label="certified error", is_logarithmic=True),
        y=Axis(label="trace distance to the exact state", is_logarithmic=True),
        series=groups,
        has_diagonal=True,
    )


def time_against_aer(client: Client, sizes: Sizes) -> Plot:
    """Measure the seconds in the workers, depth 10, p = 0.001, the probabilities of all outcomes."""
    contenders = {
        "Aer density_matrix": ("qiskit", "density_matrix", 0.0),
        "lret pauli_vector, exact": ("lret", "pauli_vector", 0.0),
        f"lret low_rank, max_error {_BUDGET:g}": ("lret", "low_rank", _BUDGET),
    }
    lines: list[Series] = []
    for label, (backend, method, max_error) in contenders.items():
        points = []
        for qubits in sizes.timed_qubits:
            circuit = brickwork(qubits, 10)
            runs = [
                client.run(
                    circuit,
                    backend=backend,
                    method=method,
                    probabilities=True,
                    noise=noise_of(1e-3),
                    max_error=max_error,
                ).times.execution_seconds
                for _ in range(sizes.repeats)
            ]
            seconds = min(found for found in runs if found is not None)
            points.append((float(qubits), seconds))
        print(f"time, {label}: " + ", ".join(f"n={qubits:g}: {seconds * 1e3:.3g} ms" for qubits, seconds in points))
        lines.append(Series(label=label, points=points))
    return Plot(
        title="Seconds in the worker, depth 10, p = 0.001",
        x=Axis(label="qubits", is_whole=True),
        y=Axis(label="seconds", is_logarithmic=True),
        series=lines,
    )


def _low_rank(client: Client, circuit: str, *, strength: float, max_error: float, wants_state: bool = False) -> Result:
    return client.run(
        circuit,
        backend="lret",
        method="low_rank",
        probabilities=not wants_state,
        density_matrix=wants_state,
        noise=noise_of(strength),
        max_error=max_error,
    )


def _history(result: Result) -> RankHistory:
    assert result.rank_history is not None, "low_rank says how many columns it had"
    return result.rank_history


def _trace_distance(first: Result, second: Result) -> float:
    """Return half of the trace norm of the difference of two density matrices."""
    assert first.density_matrix is not None
    assert second.density_matrix is not None
    return float(np.abs(np.linalg.eigvalsh(first.density_matrix - second.density_matrix)).sum() / 2)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description="What the lret backend is for, measured.")
    parser.add_argument("--output", type=Path, default=Path(), help="folder of the plots")
    parser.add_argument("--small", action="store_true", help="circuits of a few qubits, in seconds")
    options = parser.parse_args()
    sizes = SMALL if options.small else Sizes()
    options.output.mkdir(parents=True, exist_ok=True)
    with Client() as client:
        for name, measure in (
            ("rank", rank_against_depth),
            ("course", rank_over_the_course),
            ("certificate", certificate_against_truth),
            ("time", time_against_aer),
        ):
            (options.output / f"{name}.svg").write_text(draw(measure(client, sizes)), encoding="utf-8")


if __name__ == "__main__":
    main()
