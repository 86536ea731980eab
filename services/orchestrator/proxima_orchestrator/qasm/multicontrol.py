"""Gates under many controls written out in standard gates, exactly and without ancillas.

A phase under n controls halves from control to control (Barenco et al., Phys. Rev. A 52, 3457 (1995), lemma 7.5), with
`x` under many controls on borrowed qubits in between (lemmas 7.2 and 7.3): about 8 n^2 gates.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from proxima_runtime.arrays.gates import unitary

from proxima_orchestrator.qasm.matrices import Matrix, angles, eigen
from proxima_orchestrator.qasm.powers import EIGHTHS, Body

__all__ = ["Step", "written_out"]

Step = tuple[str, tuple[float, ...], tuple[int, ...]]
"""A standard gate: name, parameters, positions of its operands."""

_BY_CONTROLS = {0: "x", 1: "cx", 2: "ccx", 3: "c3x", 4: "c4x"}
_H = ("h",)
# Gates before and after a body of two qubits (positions a and b) which make it rzz.
_TO_RZZ = {
    "rzz": ((), ()),
    "rxx": (_H, _H),
    "ryy": (("sdg", "h"), ("sdg", "h")),
    "rzx": ((), _H),
}
_INVERSE = {"h": "h", "sdg": "s"}


def written_out(body: Body, controls: Sequence[bool]) -> list[Step] | None:
    """Return a body under controls as steps, or None where there is no simple way.

    Positions of operands: the controls, then the body's qubits. There is at least one control.
    """
    open_controls = [position for position, value in enumerate(controls) if not value]
    qubits = list(range(len(controls)))
    targets = [len(controls) + position for position in range(body.qubit_count)]
    inner = _inner(body, qubits, targets)
    if inner is None:
        return None
    flips: list[Step] = [("x", (), (position,)) for position in open_controls]
    return [*flips, *inner, *flips]


def _inner(body: Body, controls: list[int], targets: list[int]) -> list[Step] | None:
    if not targets:
        return list(_phase(body.phase, controls[:-1], controls[-1]))
    extra = list(_phase(body.phase, controls[:-1], controls[-1])) if body.phase else []
    if len(targets) == 1:
        return [*_one_qubit(body, controls, targets[0]), *extra]
    if body.name == "swap":
        a, b = targets
        return [("cx", (), (b, a)), *_flip([*controls, a], b), ("cx", (), (b, a)), *extra]
    if body.name in _TO_RZZ:
        a, b = targets
        before: list[Step] = [
            (name, (), (qubit,)) for qubit, names in zip(targets, _TO_RZZ[body.name], strict=True) for name in names
        ]
        after = [(_INVERSE[name], (), operands) for name, _, operands in reversed(before)]
        return [*before, ("cx", (), (a, b)), *_rz(body.parameters[0], controls, b), ("cx", (), (a, b)), *after, *extra]
    return None


def _one_qubit(body: Body, controls: list[int], target: int) -> Iterator[Step]:
    """A body of one qubit without its phase, as a phase between its eigenvectors."""
    match body.name:
        case "id":
            return
        case name if name in EIGHTHS:
            yield from _phase(math.pi / 4 * EIGHTHS[name], controls, target)
        case "x":
            yield from _flip(controls, target)
        case "rz":
            yield from _rz(body.parameters[0], controls, target)
        case "p":
            yield from _phase(body.parameters[0], controls, target)
        case _:
            matrix = unitary(body.name, body.parameters) if body.matrix is None else body.matrix
            yield from _diagonalised(np.asarray(matrix, dtype=np.complex128), controls, target)


def _diagonalised(matrix: Matrix, controls: list[int], target: int) -> Iterator[Step]:
    (first, second), vectors = eigen(matrix)
    theta, phi, lam, _ = angles(vectors)
    diagonal = not np.any(vectors[[0, 1], [1, 0]])
    if not diagonal:
        yield ("u", (-theta, -lam, -phi), (target,))
    yield from _phase(second - first, controls, target)
    if first:
        yield from _phase(first, controls[:-1], controls[-1])
    if not diagonal:
        yield ("u", (theta, phi, lam), (target,))


def _rz(angle: float, controls: list[int], target: int) -> Iterator[Step]:
    yield from _phase(angle, controls, target)
    yield from _phase(-angle / 2, controls[:-1], controls[-1])


def _phase(angle: float, controls: Sequence[int], target: int) -> Iterator[Step]:
    """exp(i angle) where the controls and the target are 1.

    With A the product of all controls but the last, b the last and t the target: 2 A b t = b t - (A xor b) t + A t.
    """
    angle = float(angle)
    for count in range(len(controls), 1, -1):
        rest, last = controls[: count - 1], controls[count - 1]
        angle /= 2
        spare = [target, *controls[count:]]
        yield ("cp", (angle,), (last, target))
        yield from _flip(rest, last, spare)
        yield ("cp", (-angle,), (last, target))
        yield from _flip(rest, last, spare)
    if controls:
        yield ("cp", (angle,), (controls[0], target))
    else:
        yield ("p", (angle,), (target,))


def _flip(controls: Sequence[int], target: int, borrowed: Sequence[int] = ()) -> Iterator[Step]:
    """`x` under controls; borrowed qubits may be in any state and come back to it."""
    count = len(controls)
    if count in _BY_CONTROLS:
        yield (_BY_CONTROLS[count], (), (*controls, target))
    elif not borrowed:
        yield ("h", (), (target,))
        yield from _phase(math.pi, controls, target)
        yield ("h", (), (target,))
    elif len(borrowed) >= count - 2:
        yield from _chain(list(controls), target, list(borrowed[: count - 2]))
    else:
        half, middle = (count + 1) // 2, borrowed[0]
        first, second = controls[:half], controls[half:]
        for _ in range(2):
            yield from _flip(first, middle, [*second, target])
            yield from _flip([*second, middle], target, first)


def _chain(controls: list[int], target: int, borrowed: list[int]) -> Iterator[Step]:
    rungs: list[Step] = []
    goal = target
    for control, link in zip(reversed(controls[2:]), reversed(borrowed), strict=True):
        rungs.append(("ccx", (), (control, link, goal)))
        goal = link
    bottom: Step = ("ccx", (), (controls[0], controls[1], goal))
    yield from (*rungs, bottom, *reversed(rungs))
    yield from (*rungs[1:], bottom, *reversed(rungs[1:]))
