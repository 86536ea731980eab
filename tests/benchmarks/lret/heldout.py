"""Jobs to hold estimates to: other seeds, depths and kinds of noise than those that the figures were fitted on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_orchestrator.noise.model import NoiseModel

from ..circuits import random_layers
from .families import FAMILIES
from .jobs import columns, depolarizing_each, each, job, readout

_SIZES = {"pauli_vector": (4, 12), "low_rank": (4, 12), "statevector": (6, 22), "trajectories": (4, 14)}
_BUDGETS = (0.1, 0.03, 0.01, 0.0)
_FIRST_SEED = 1000


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """One job.

    Attributes:
        label: circuit, size, noise, budget and results, for the lines of the worst cases.
        qubit_count: qubits.
        job: serialised.
    """

    label: str
    qubit_count: int
    job: bytes


def held_out(method: str, *, count: int, seed: int) -> Iterator[HeldOut]:
    """Yield jobs for a method, the same ones for the same seed; statevector alone gets none with noise."""
    rng = np.random.default_rng((seed, len(method)))
    low, high = _SIZES[method]
    for _ in range(count):
        qubits = int(rng.integers(low, high + 1))
        circuit_name, source = _program(rng, qubits, is_pure=method == "statevector")
        noise_name, noise = ("", NoiseModel()) if method == "statevector" else _noise(rng)
        results_name, results = _results(rng, method, qubits, measures="measure" in source)
        budget = float(rng.choice(_BUDGETS)) if method == "low_rank" else 0.0
        circuit = columns(source, noise)
        is_single = method in ("statevector", "trajectories") and bool(rng.integers(0, 2))
        words = (circuit_name, f"n={qubits}", noise_name, f"max_error={budget:g}" if budget else "", results_name)
        yield HeldOut(
            label=" ".join(word for word in (*words, "single" if is_single else "") if word),
            qubit_count=circuit.qubit_count,
            job=job(circuit, method, results=results, max_error=budget, is_single=is_single),
        )


def dynamic(qubit_count: int, *, depth: int, seed: int) -> str:
    """Return layers of random gates with a measurement, a gate under its condition and a reset after each."""
    rng = np.random.default_rng(seed)
    lines = [f"qreg q[{qubit_count}];", *(f"creg m{layer}[1];" for layer in range(depth)), f"creg c[{qubit_count}];"]
    for layer in range(depth):
        for qubit in range(qubit_count):
            angle = float(rng.uniform(-math.pi, math.pi))
            lines.append(f"{('rx', 'ry', 'rz')[rng.integers(0, 3)]}({angle!r}) q[{qubit}];")
        order = [int(x) for x in rng.permutation(qubit_count)]
        lines += [f"cx q[{order[i]}],q[{order[i + 1]}];" for i in range(0, qubit_count - 1, 2)]
        lines += [
            f"measure q[{order[0]}] -> m{layer}[0];",
            f"if(m{layer}==1) x q[{order[1]}];",
            f"reset q[{order[0]}];",
        ]
    lines.append("measure q -> c;")
    return 'OPENQASM 2.0;\ninclude "qelib1.inc";\n' + "\n".join(lines) + "\n"


def _program(rng: np.random.Generator, qubits: int, *, is_pure: bool) -> tuple[str, str]:
    names = (*FAMILIES, "random", "random", *(() if is_pure else ("dynamic",)))
    name = names[int(rng.integers(0, len(names)))]
    seed = _FIRST_SEED + int(rng.integers(0, 1000))
    if name == "random":
        depth = int(rng.integers(3, 25))
        source = random_layers(qubits, depth=depth, seed=seed, measured=bool(rng.integers(0, 2)))
    elif name == "dynamic":
        depth = int(rng.integers(1, 5))
        source = dynamic(qubits, depth=depth, seed=seed)
    else:
        depth = int(rng.integers(*{"brickwork": (3, 25), "vqe": (2, 9), "qaoa": (1, 6)}.get(name, (1, 3))))
        source = FAMILIES[name](qubits, depth=depth, seed=seed)
    return f"{name}:{depth}", source


def _noise(rng: np.random.Generator) -> tuple[str, NoiseModel]:
    strength = float(10 ** rng.uniform(-4, -1.8))
    kind = int(rng.integers(0, 3))
    if kind == 0:
        return f"depolarizing {strength:.1e}", depolarizing_each(strength)
    if kind == 1:
        return f"damping {strength:.1e}", NoiseModel(
            rules=(each("amplitude_damping", strength, 0.0), each("phase_damping", strength))
        )
    t1, duration = 1e-4, 1e-4 * strength
    return f"mixed {strength:.1e}", NoiseModel(
        rules=(
            each("depolarizing", strength / 2),
            each("thermal_relaxation", t1, t1, duration, 0.01, gates=("cx", "cz", "cp", "rzz", "swap", "ccx")),
        ),
        readout_errors=(readout(0.01, 0.02),),
    )


def _results(
    rng: np.random.Generator, method: str, qubits: int, *, measures: bool
) -> tuple[str, result_pb2.ResultSpec]:
    values = result_pb2.ResultSpec(
        observables=[observable_pb2.Observable(name="zz", paulis=["Z" * qubits], coefficients=[1.0])]
    )
    if method == "trajectories":
        shots = int(rng.integers(50, 400))
        if measures:
            return f"shots={shots}", result_pb2.ResultSpec(shots=shots)
        values.shots = shots
        return f"values, runs={shots}", values
    choices = [("probabilities", result_pb2.ResultSpec(probabilities=True)), ("values", values)]
    if measures:
        choices.append(("shots=1000", result_pb2.ResultSpec(shots=1000)))
    if method == "statevector" and not measures:
        choices.append(("state", result_pb2.ResultSpec(statevector=True)))
    return choices[int(rng.integers(0, len(choices)))]
