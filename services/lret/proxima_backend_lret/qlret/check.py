"""Whether upstream's gates are those of docs/gates.md: every gate, on every order of operands, once a worker."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from types import MappingProxyType

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima_runtime.arrays.program import Program
from proxima_runtime.backend.gates import STANDARD_GATES
from proxima_runtime.conformance import reference
from proxima_runtime.errors import Internal

from proxima_backend_lret.qlret.circuit import write_document
from proxima_backend_lret.qlret.gates import NAMES
from proxima_backend_lret.qlret.native import Native, call

_WIDTH = 3
_TOLERANCE = 1e-12
# Any angles that are no multiples of a fraction of pi.
_ANGLES = (0.3, 1.1, -0.7)
_PREPARATION: Sequence[reference.Step] = (
    ("u", (0,), (0.4, 1.3, 0.2)),
    ("u", (1,), (2.1, -0.6, 0.9)),
    ("u", (2,), (1.2, 0.5, -1.7)),
)


def check_gates(native: Native) -> None:
    """Compare the state after each gate on a product state with the reference.

    Raises:
        Internal: a gate acts differently (ERROR_REASON_TRANSLATION_MISMATCH).
    """
    for name in NAMES:
        width, arity = STANDARD_GATES[name]
        for operands in permutations(range(_WIDTH), width):
            steps = (*_PREPARATION, (name, operands, _ANGLES[:arity]))
            answer = call(native, write_document(program_of(_WIDTH, steps)), qubit_count=_WIDTH, wants_state=True)
            found, expected = np.array(answer.amplitudes), reference.final_state(_WIDTH, steps)
            if found.shape != expected.shape or not np.allclose(found, expected, rtol=0, atol=_TOLERANCE):
                raise Internal(
                    f"qlret's {NAMES[name]} on wires {list(operands)} is not the gate {name}; nothing is run on it, "
                    "use engine lret",
                    reason=errors_pb2.ERROR_REASON_TRANSLATION_MISMATCH,
                    metadata={"engine": "qlret", "expected": name, "actual": NAMES[name]},
                )


def program_of(qubit_count: int, steps: Sequence[reference.Step]) -> Program:
    """Return gates as a program, without measurements."""
    names = tuple(dict.fromkeys(name for name, _, _ in steps))
    return Program(
        qubit_count=qubit_count,
        clbit_count=0,
        active_qubits=tuple(range(qubit_count)),
        global_phase=0.0,
        names=names,
        qubit_counts=tuple(STANDARD_GATES[name][0] for name in names),
        parameter_counts=tuple(STANDARD_GATES[name][1] for name in names),
        opcodes=[names.index(name) for name, _, _ in steps],
        qubits=[qubit for _, operands, _ in steps for qubit in operands],
        parameters=[angle for _, _, angles in steps for angle in angles],
        measured=MappingProxyType({}),
        row_count=len(steps),
        set_aside_count=0,
    )
