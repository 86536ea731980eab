"""Random circuits of every instruction, as hypothesis draws them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.conformance.circuits import CircuitWriter
from proxima_runtime.conformance.exact import Comparison

WIDTH, CLBITS = 3, 3

READOUT = np.array([[0.9, 0.1], [0.25, 0.75]])
# Not trace preserving by symmetry: the operators of two qubits decay 11 to 01 and dephase.
DECAY = np.zeros((2, 4, 4), dtype=np.complex128)
DECAY[0] = np.diag([1, 1, 1, np.sqrt(0.7)])
DECAY[1][1, 3] = np.sqrt(0.3)

comparisons = st.builds(
    lambda first, width, value, negated: Comparison(
        first_clbit=first, width=width, value=value % (1 << width), negated=negated
    ),
    first=st.integers(0, CLBITS - 1),
    width=st.just(1),
    value=st.integers(0, 7),
    negated=st.booleans(),
) | st.builds(
    lambda value, negated: Comparison(first_clbit=0, width=CLBITS, value=value, negated=negated),
    value=st.integers(0, 2**CLBITS - 1),
    negated=st.booleans(),
)


@st.composite
def circuits(draw: st.DrawFn, *, max_size: int = 10) -> CircuitWriter:
    """Draw a circuit of three qubits and bits with any instruction, some of them conditional."""
    circuit = CircuitWriter(qubit_count=WIDTH, clbit_count=CLBITS)
    for _ in range(draw(st.integers(0, max_size))):
        _append(
            circuit, draw(st.integers(0, 10)), draw(st.permutations(range(WIDTH))), draw(st.integers(0, CLBITS - 1))
        )
        if draw(st.integers(0, 3)) == 0:
            circuit.only_if(*draw(st.lists(comparisons, min_size=1, max_size=2)))
    return circuit


def _append(circuit: CircuitWriter, choice: int, qubits: Sequence[int], clbit: int) -> None:
    """Append one of eleven instructions."""
    first, second, *_ = qubits
    match choice:
        case 0:
            circuit.gate("h", (first,))
        case 1:
            circuit.gate("cx", (first, second))
        case 2:
            circuit.gate("u", (first,), (0.4, 1.1, -0.7))
        case 3:
            circuit.measure(first, clbit)
        case 4:
            circuit.measure(first, clbit, readout=READOUT)
        case 5:
            circuit.reset(first)
        case 6:
            circuit.delay(first, 1e-6)
        case 7:
            circuit.channel("depolarizing", (first, second), (0.2,))
        case 8:
            circuit.channel("thermal_relaxation", (first,), (2.0, 3.0, 0.5, 0.1))
        case 9:
            circuit.kraus(DECAY, (first, second))
        case _:
            circuit.other(circuit_pb2.Operation.KIND_BARRIER, (first, second))
