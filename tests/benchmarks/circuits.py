"""The circuits that the benchmarks run, as OpenQASM 2."""

from __future__ import annotations

import math

import numpy as np

_HEADER = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'


def ghz(qubit_count: int) -> str:
    """Return a GHZ circuit with every qubit measured."""
    gates = ["h q[0];", *(f"cx q[{i}],q[{i + 1}];" for i in range(qubit_count - 1))]
    return f"{_HEADER}qreg q[{qubit_count}];\ncreg c[{qubit_count}];\n" + "\n".join(gates) + "\nmeasure q -> c;\n"


def random_layers(qubit_count: int, *, depth: int, seed: int, measured: bool = True) -> str:
    """Return layers of random u3 on every qubit, each followed by cx on random disjoint pairs."""
    rng = np.random.default_rng(seed)
    lines = [f"qreg q[{qubit_count}];", f"creg c[{qubit_count}];"]
    for _ in range(depth):
        for qubit in range(qubit_count):
            a, b, c = (float(v) for v in rng.uniform(-math.pi, math.pi, 3))
            lines.append(f"u3({a!r},{b!r},{c!r}) q[{qubit}];")
        order = rng.permutation(qubit_count)
        lines.extend(f"cx q[{order[i]}],q[{order[i + 1]}];" for i in range(0, qubit_count - 1, 2))
    if measured:
        lines.append("measure q -> c;")
    return _HEADER + "\n".join(lines) + "\n"


def flat_mix(gate_count: int, *, qubit_count: int = 20, seed: int = 1) -> str:
    """Return `gate_count` flat statements: h, cx, rz and u3 with angles that do not repeat, on random qubits."""
    rng = np.random.default_rng(seed)
    lines = [f"qreg q[{qubit_count}];", f"creg c[{qubit_count}];"]
    for kind in rng.integers(0, 4, gate_count):
        a, b = (int(x) for x in rng.choice(qubit_count, 2, replace=False))
        x, y, z = (float(v) for v in rng.uniform(-math.pi, math.pi, 3))
        lines.append((f"h q[{a}];", f"cx q[{a}],q[{b}];", f"rz({x!r}) q[{a}];", f"u3({x!r},{y!r},{z!r}) q[{a}];")[kind])
    return _HEADER + "\n".join(lines) + "\n"
