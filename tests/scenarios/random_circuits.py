"""Random OpenQASM programs for agreement tests: all standard gates, permuted and partial terminal measurement."""

from __future__ import annotations

import math

import numpy as np

# name -> (qubits, parameters), as OpenQASM 2's qelib1.inc spells them.
QELIB1 = {
    "id": (1, 0), "x": (1, 0), "y": (1, 0), "z": (1, 0), "h": (1, 0), "s": (1, 0), "sdg": (1, 0), "t": (1, 0),
    "tdg": (1, 0), "sx": (1, 0), "sxdg": (1, 0), "rx": (1, 1), "ry": (1, 1), "rz": (1, 1), "u1": (1, 1), "u2": (1, 2),
    "u3": (1, 3), "u": (1, 3), "p": (1, 1), "cx": (2, 0), "cy": (2, 0), "cz": (2, 0), "ch": (2, 0), "swap": (2, 0),
    "csx": (2, 0), "cp": (2, 1), "cu1": (2, 1), "cu3": (2, 3), "cu": (2, 4), "crx": (2, 1), "cry": (2, 1),
    "crz": (2, 1), "rxx": (2, 1), "rzz": (2, 1), "ccx": (3, 0), "cswap": (3, 0), "rccx": (3, 0), "c3x": (4, 0),
    "rc3x": (4, 0), "c3sqrtx": (4, 0), "c4x": (5, 0),
}  # fmt: skip
# The same of OpenQASM 3's stdgates.inc.
STDGATES = {
    "id": (1, 0), "x": (1, 0), "y": (1, 0), "z": (1, 0), "h": (1, 0), "s": (1, 0), "sdg": (1, 0), "t": (1, 0),
    "tdg": (1, 0), "sx": (1, 0), "rx": (1, 1), "ry": (1, 1), "rz": (1, 1), "p": (1, 1), "phase": (1, 1), "u1": (1, 1),
    "u2": (1, 2), "u3": (1, 3), "U": (1, 3), "cx": (2, 0), "CX": (2, 0), "cy": (2, 0), "cz": (2, 0), "ch": (2, 0),
    "cp": (2, 1), "cphase": (2, 1), "crx": (2, 1), "cry": (2, 1), "crz": (2, 1), "cu": (2, 4), "swap": (2, 0),
    "ccx": (3, 0), "cswap": (3, 0),
}  # fmt: skip
CLIFFORD = ("id", "x", "y", "z", "h", "s", "sdg", "sx", "cx", "cy", "cz", "swap")


def random_program(rng: np.random.Generator, *, qubit_count: int, gate_count: int, version: int, clifford: bool) -> str:
    """Return an OpenQASM program of random gates that ends in a random terminal measurement.

    Args:
        rng: source of every choice.
        qubit_count: declared qubits, 1 to 12; some may stay idle.
        gate_count: gates before the measurement.
        version: language, 2 or 3.
        clifford: only gates of the Clifford group.
    """
    gates = QELIB1 if version == 2 else STDGATES
    names = [
        name for name, (qubits, _) in gates.items() if qubits <= qubit_count and (not clifford or name in CLIFFORD)
    ]
    # Two quantum registers where possible, so that indices are not register offsets by accident.
    split = int(rng.integers(1, qubit_count)) if qubit_count > 1 else qubit_count
    labels = [f"a[{i}]" for i in range(split)] + [f"b[{i}]" for i in range(qubit_count - split)]
    sizes = [("a", split), *([("b", qubit_count - split)] if qubit_count > split else [])]
    bit_count = qubit_count + int(rng.integers(0, 2))
    if version == 2:
        lines = [
            "OPENQASM 2.0;",
            'include "qelib1.inc";',
            *(f"qreg {r}[{n}];" for r, n in sizes),
            f"creg c[{bit_count}];",
        ]
    else:
        lines = [
            "OPENQASM 3.0;",
            'include "stdgates.inc";',
            *(f"qubit[{n}] {r};" for r, n in sizes),
            f"bit[{bit_count}] c;",
        ]
    for _ in range(gate_count):
        name = str(rng.choice(names))
        qubits, parameters = gates[name]
        angles = ",".join(repr(float(a)) for a in rng.uniform(-2 * math.pi, 2 * math.pi, parameters))
        operands = ",".join(labels[int(q)] for q in rng.permutation(qubit_count)[:qubits])
        lines.append(f"{name}({angles}) {operands};" if parameters else f"{name} {operands};")
    measured = rng.permutation(qubit_count)[: int(rng.integers(1, qubit_count + 1))]
    bits = rng.permutation(bit_count)[: len(measured)]
    for qubit, bit in zip(measured, bits, strict=True):
        if version == 2:
            lines.append(f"measure {labels[int(qubit)]} -> c[{bit}];")
        else:
            lines.append(f"c[{bit}] = measure {labels[int(qubit)]};")
    return "\n".join(lines) + "\n"
