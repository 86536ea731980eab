"""The kernels of the exact engine against plain numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from proxima_backend_lret.compiling.compile import compile_maps
from proxima_backend_lret.pauli import kernels
from proxima_backend_lret.pauli import layout as layouts
from proxima_backend_lret.pauli.kernels import SPLIT
from proxima_backend_lret.pauli.layout import KIND, lay_out
from proxima_backend_lret.pauli.letters import ALL
from proxima_backend_lret.pauli.order import choose_order
from proxima_backend_lret.pauli.reference import run_plainly
from proxima_backend_lret.pauli.tape import split_matrices, write_tape
from proxima_backend_lret.pauli.tasks import find_tasks
from proxima_runtime.conformance.circuits import CircuitWriter

from .noisy import layers, random_circuit

_LETTERS = ((0,), (0, 1), (0, 2), (0, 3), ALL)


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("absorbs", [False, True])
@pytest.mark.parametrize("single_precision", [False, True])
def test_moves_are_the_reference(seed: int, absorbs: bool, single_precision: bool) -> None:
    """Joins, maps, narrowed wires, bits and conditions leave the entries that plain numpy does."""
    width = 1 + seed % 7
    circuit = random_circuit(seed, width, count=40, strength=0.3) if seed % 3 else layers(width, 4, 0.1)
    _check(circuit, seed, absorbs=absorbs, single_precision=single_precision)


def _check(circuit: CircuitWriter, seed: int, *, absorbs: bool, single_precision: bool) -> None:
    generator = np.random.default_rng(seed)
    kept = [_LETTERS[int(choice)] for choice in generator.integers(0, len(_LETTERS), circuit.qubit_count)]
    program = compile_maps(circuit.message(), keeps_records=bool(seed % 2), absorbs=absorbs)
    work = find_tasks(program, kept)
    layout = lay_out(choose_order(work.tasks, work.start), work.tasks, work.start)
    matrices = dict(work.matrices)
    matrices |= {task: program.two[slot].real for task, slot in enumerate(work.slots) if slot >= 0}

    tape = write_tape(program, work, layout, np.float32 if single_precision else np.float64)
    entries: npt.NDArray[np.floating] = np.full(tape.size, np.nan, dtype=tape.matrices.dtype)
    blocks: dict[int, npt.NDArray[np.float64]] = {}
    for component in layout.start:
        blocks[component.block] = generator.uniform(-1, 1, 1 << component.bits)
        address = tape.addresses[component.block]
        entries[address : address + (1 << component.bits)] = blocks[component.block]
    tape.run(entries, 0, len(layout.moves))
    run_plainly(layout, blocks, matrices, work.values)
    for component in layout.at(len(layout.ends)):
        address = tape.addresses[component.block]
        size = 1 << component.bits
        np.testing.assert_allclose(
            entries[address : address + size],
            blocks[component.block][:size],
            atol=2e-5 if single_precision else 1e-13,
            rtol=0,
        )


def test_splits_clifford_gates_with_local_maps_on_one_side() -> None:
    """A local map that keeps I before or after CX is written in blocks; one on both sides, or damping, is not."""
    generator = np.random.default_rng(3)

    def local() -> npt.NDArray[np.float64]:
        found = np.eye(4)
        found[1:, 1:] = np.linalg.qr(generator.normal(size=(3, 3)))[0]
        return found

    cx = CircuitWriter(qubit_count=2).gate("cx", (0, 1)).message()
    gate = compile_maps(cx, keeps_records=False, absorbs=True).two[0].real
    before, after = np.kron(local(), local()), np.kron(local(), local())
    damping = np.eye(4)
    damping[3, 0] = 1e-9
    matrices = np.stack([gate @ before, after @ gate, after @ gate @ before, np.kron(damping, local()) @ gate])
    packed, orders = split_matrices(matrices)
    assert (orders[:, 0, 0] >= 0).tolist() == [True, True, False, False]
    for matrix, entries, (rows, columns) in zip(matrices[:2], packed[:2], orders[:2], strict=True):
        rebuilt, first, entry = np.zeros((16, 16)), 0, 0
        for size in (1, 3, 3, 9):
            block = np.ix_(rows[first : first + size], columns[first : first + size])
            rebuilt[block] = entries[entry : entry + size * size].reshape(size, size)
            first, entry = first + size, entry + size * size
        np.testing.assert_allclose(rebuilt, matrix, atol=1e-15)


@pytest.mark.parametrize("single_precision", [False, True])
def test_large_components_are_the_reference(single_precision: bool) -> None:
    """Maps of components that fill caches, with matrices in blocks, leave the entries that plain numpy does."""
    circuit = layers(8, 6, 0.1)
    program = compile_maps(circuit.message(), keeps_records=False, absorbs=True)
    work = find_tasks(program, [ALL] * 8)
    layout = lay_out(choose_order(work.tasks, work.start), work.tasks, work.start)
    assert np.any(write_tape(program, work, layout, np.float64).moves[:, KIND] == SPLIT)
    _check(circuit, 4, absorbs=True, single_precision=single_precision)


def test_kernels_and_layout_agree() -> None:
    """Kinds and columns of moves, which the kernels write down again, are those of the layout."""
    names = (
        "OUTER",
        "MAP",
        "CLOSE",
        "KIND",
        "HOME",
        "HOME_BITS",
        "OTHER",
        "OTHER_BITS",
        "TASK",
        "WIRES",
        "MASK",
        "REST",
    )
    for name in (*names, "FIXED", "FIRST_WIRE"):
        assert getattr(kernels, name) == getattr(layouts, name)
