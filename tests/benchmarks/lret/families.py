"""The families of circuits that the benchmarks of lret run, as OpenQASM 2; none of them measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

_HEADER = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
_GROVER_ROUNDS = 2


def brickwork(qubit_count: int, *, depth: int = 10, seed: int = 1) -> str:
    """Return layers of a random u3 on every qubit and cx on neighbours, in odd and even places in turn."""
    rng = np.random.default_rng(seed)
    lines: list[str] = []
    for layer in range(depth):
        for qubit in range(qubit_count):
            a, b, c = (float(v) for v in rng.uniform(-math.pi, math.pi, 3))
            lines.append(f"u3({a!r},{b!r},{c!r}) q[{qubit}];")
        lines.extend(f"cx q[{i}],q[{i + 1}];" for i in range(layer % 2, qubit_count - 1, 2))
    return _program(qubit_count, lines)


def qaoa(qubit_count: int, *, depth: int = 2, seed: int = 1) -> str:
    """Return QAOA for the ring: from the even superposition, `depth` rounds of rzz on the edges and rx on all."""
    rng = np.random.default_rng(seed)
    lines = [f"h q[{i}];" for i in range(qubit_count)]
    for _ in range(depth):
        gamma, beta = (float(v) for v in rng.uniform(0.1, 1.4, 2))
        lines.extend(f"rzz({gamma!r}) q[{i}],q[{(i + 1) % qubit_count}];" for i in range(qubit_count))
        lines.extend(f"rx({2 * beta!r}) q[{i}];" for i in range(qubit_count))
    return _program(qubit_count, lines)


def vqe(qubit_count: int, *, depth: int = 4, seed: int = 1) -> str:
    """Return a hardware-efficient ansatz: `depth` layers of ry and rz on every qubit and a ladder of cx, then ry."""
    rng = np.random.default_rng(seed)
    lines: list[str] = []
    for _ in range(depth):
        for qubit in range(qubit_count):
            a, b = (float(v) for v in rng.uniform(-math.pi, math.pi, 2))
            lines.append(f"ry({a!r}) q[{qubit}];\nrz({b!r}) q[{qubit}];")
        lines.extend(f"cx q[{i}],q[{i + 1}];" for i in range(qubit_count - 1))
    lines.extend(f"ry({float(rng.uniform(-math.pi, math.pi))!r}) q[{i}];" for i in range(qubit_count))
    return _program(qubit_count, lines)


def ghz(qubit_count: int, *, depth: int = 1, seed: int = 1) -> str:
    """Return a GHZ circuit, `depth` times forwards and all but the last time back; the seed rotates nothing."""
    del seed
    forwards = ["h q[0];", *(f"cx q[{i}],q[{i + 1}];" for i in range(qubit_count - 1))]
    return _program(qubit_count, [*(forwards + forwards[::-1]) * (depth - 1), *forwards])


def qft(qubit_count: int, *, depth: int = 1, seed: int = 1) -> str:
    """Return `depth` quantum Fourier transforms with their swaps, of a product state with random angles."""
    rng = np.random.default_rng(seed)
    lines = [f"ry({float(rng.uniform(0, math.pi))!r}) q[{i}];" for i in range(qubit_count)]
    for _ in range(depth):
        for high in reversed(range(qubit_count)):
            lines.append(f"h q[{high}];")
            lines.extend(f"cu1({math.pi / (1 << (high - low))!r}) q[{low}],q[{high}];" for low in range(high))
        lines.extend(f"swap q[{i}],q[{qubit_count - 1 - i}];" for i in range(qubit_count // 2))
    return _program(qubit_count, lines)


def grover(qubit_count: int, *, depth: int = _GROVER_ROUNDS, seed: int = 1) -> str:
    """Return `depth` rounds of Grover's search for a random value; the gates on many qubits are chains of ccx.

    m data qubits and m - 2 ancillas where the number of qubits is even, m - 3 where it is odd; 4 qubits or more.
    """
    is_even = qubit_count % 2 == 0
    data = (qubit_count + 2) // 2 if is_even else (qubit_count + 3) // 2
    marked = int(np.random.default_rng(seed).integers(0, 1 << data))
    flips = [f"x q[{i}];" for i in range(data) if not marked >> i & 1]
    sign = list(_sign_of_all_ones(data, is_even=is_even))
    everywhere = [f"{name} q[{i}];" for name in ("h", "x") for i in range(data)]
    lines = [f"h q[{i}];" for i in range(data)]
    for _ in range(depth):
        lines += [*flips, *sign, *flips, *everywhere, *sign, *everywhere[::-1]]
    return _program(qubit_count, lines)


def _sign_of_all_ones(data: int, *, is_even: bool) -> Iterator[str]:
    """Yield a sign on |1...1> of the first `data` qubits, by ancillas that follow them."""
    joined = data - 1 if is_even else data - 2
    chain, result = [], 0
    for control in range(1, joined):
        ancilla = data + control - 1
        chain.append(f"ccx q[{result}],q[{control}],q[{ancilla}];")
        result = ancilla
    yield from chain
    if is_even:
        yield f"cz q[{result}],q[{data - 1}];"
    else:
        yield from (f"h q[{data - 1}];", f"ccx q[{result}],q[{data - 2}],q[{data - 1}];", f"h q[{data - 1}];")
    yield from reversed(chain)


def _program(qubit_count: int, lines: list[str]) -> str:
    return f"{_HEADER}qreg q[{qubit_count}];\n" + "\n".join(lines) + "\n"


Generator = Callable[..., str]

FAMILIES: Mapping[str, Generator] = MappingProxyType(
    {"brickwork": brickwork, "qaoa": qaoa, "vqe": vqe, "ghz": ghz, "qft": qft, "grover": grover}
)
"""Name to generator; each takes the number of qubits, and optionally `depth` and `seed`."""
