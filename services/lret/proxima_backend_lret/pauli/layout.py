"""Where the entries of each component are while tasks run in some order, and the memory that this takes, without numpy.

A component is a block of 2^b entries. Each of its wires has some places of the binary index, side by side: two places
are the digits I, X, Y, Z = 0..3 of a qubit. What a task adds to an index goes above all that is there, so a component
grows where it is; a place that a task frees is closed by moving entries down. A component that is joined is copied into
the greater one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proxima_backend_lret.pauli.order import Start, Task

OUTER, MAP, CLOSE = 0, 1, 2
"""Kinds of moves: multiply one component into another, map wires of a component, close the places that are free."""

KIND, HOME, HOME_BITS, OTHER, OTHER_BITS, TASK, WIRES, MASK, REST, FIXED, FIRST_WIRE = range(11)
"""Columns of a move.

HOME, OTHER: blocks; OTHER is -1 where there is none. HOME_BITS, OTHER_BITS: places of them before the move. TASK: index
of the task. WIRES: how many wires a map has. MASK: of CLOSE the places that stay; of a map that takes OTHER in, the
places of OTHER that it does not act on; REST: where these go. FIXED: places of HOME that a map neither acts on nor goes
through. From FIRST_WIRE on four columns a wire of a map: first place before (HOME_BITS and more: in OTHER), width
before, first place after, width after.
"""

MAX_WIRES = 6
MOVE_LENGTH = FIRST_WIRE + 4 * MAX_WIRES

_TAKEN_IN_BITS = 6
_MAPPED_BITS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A component at some time.

    Attributes:
        block: the block of memory that it is in.
        wires: its wires that have places, least significant first.
        widths: how many places each has.
    """

    block: int
    wires: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def bits(self) -> int:
        """Places in all."""
        return sum(self.widths)


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The moves of all tasks.

    Attributes:
        moves: rows of MOVE_LENGTH columns.
        controls: for each move with controls its places of them, in the order of the task.
        ends: for each task in its order, the number of moves when it is done.
        start: the components at the start.
        components: those when each task is done, without those that it did not touch; see `at`.
        block_bits: the binary logarithm of each block's greatest size; -1 for a block that is never used.
    """

    moves: tuple[tuple[int, ...], ...]
    controls: Mapping[int, tuple[int, ...]]
    ends: tuple[int, ...]
    start: tuple[Component, ...]
    components: tuple[tuple[Component, tuple[int, ...]], ...]
    block_bits: tuple[int, ...]

    @property
    def entries(self) -> int:
        """Entries of all blocks."""
        return sum(1 << bits for bits in self.block_bits if bits >= 0)

    def at(self, position: int) -> tuple[Component, ...]:
        """Return the components when `position` tasks are done."""
        found = {component.block: component for component in self.start}
        for component, taken in self.components[:position]:
            for block in taken:
                del found[block]
            found[component.block] = component
        return tuple(found.values())


def lay_out(order: Sequence[int], tasks: Sequence[Task], start: Start) -> Layout:
    """Return the moves that do the tasks in an order that their wires allow."""
    desk = _Desk(start)
    first = desk.components()
    ends: list[int] = []
    history: list[tuple[Component, tuple[int, ...]]] = []
    for index in order:
        history.append(desk.do(index, tasks[index]))
        ends.append(len(desk.moves))
    return Layout(
        moves=tuple(desk.moves),
        controls=desk.controls,
        ends=tuple(ends),
        start=first,
        components=tuple(history),
        block_bits=tuple(desk.most),
    )


class _Desk:
    """Components as they are while moves are written."""

    def __init__(self, start: Start) -> None:
        self.moves: list[tuple[int, ...]] = []
        self.controls: dict[int, tuple[int, ...]] = {}
        self._width = list(start.widths)
        self._block = list(range(len(start.widths)))
        # Wires with places, least significant first.
        self._members = [[wire] if width else [] for wire, width in enumerate(start.widths)]
        self._bits = list(start.widths)
        for group in start.groups:
            for wire in group:
                self._block[wire] = group[0]
                self._members[wire], self._bits[wire] = [], 0
            self._members[group[0]] = [wire for wire in group if start.widths[wire]]
            self._bits[group[0]] = sum(start.widths[wire] for wire in group)
        self.most = [bits or -1 for bits in self._bits]

    def components(self) -> tuple[Component, ...]:
        """Return all components."""
        return tuple(self._component(block) for block, bits in enumerate(self._bits) if bits)

    def do(self, index: int, task: Task) -> tuple[Component, tuple[int, ...]]:
        """Write the moves of a task; return its component and the blocks that were taken into it."""
        wires = task.wires
        blocks = list(dict.fromkeys([self._block[wire] for wire in (*wires, *task.controls)]))
        home = blocks[0]
        if len(blocks) > 1:
            blocks.sort(key=lambda block: (-self._bits[block], -self.most[block]))
            home = blocks[0]
        # Of a bit that is not written yet there is nothing to copy, nor of a component that is read off no more.
        others = [block for block in blocks[1:] if self.most[block] >= 0]
        for block in blocks[1:]:
            for wire in range(len(self._block)):
                if self._block[wire] == block:
                    self._block[wire] = home
        taken = -1
        if len(others) == 1 and not task.controls and self._can_take_in(others[0], home, wires):
            taken = others[0]
        else:
            for block in others:
                self._multiply(index, home, block)
        self._map(index, task, home, taken)
        return self._component(home), tuple(others)

    def _component(self, block: int) -> Component:
        wires = tuple(self._members[block])
        return Component(block=block, wires=wires, widths=tuple([self._width[wire] for wire in wires]))

    def _can_take_in(self, block: int, home: int, wires: Sequence[int]) -> bool:
        inside = sum(self._width[wire] for wire in wires if wire not in self._members[block])
        total = sum(self._width[wire] for wire in wires)
        return self._bits[block] <= _TAKEN_IN_BITS and inside <= _MAPPED_BITS and total <= _TAKEN_IN_BITS

    def _multiply(self, index: int, home: int, block: int) -> None:
        bits, more = self._bits[home], self._bits[block]
        self._write([OUTER, home, bits, block, more, index])
        self._members[home] += self._members[block]
        self._grow(home, bits + more)

    def _map(self, index: int, task: Task, home: int, taken: int) -> None:
        """Write the map of a task on `home`, which takes the block `taken` in, and close the places that it frees."""
        bits = top = self._bits[home]
        place = self._places(home, 0)
        rest = going = 0
        others: list[int] = []
        if taken >= 0:
            others = self._members[taken]
            inside = self._places(taken, bits)
            place |= inside
            for wire in others:
                if wire not in task.wires:
                    mask = (1 << self._width[wire]) - 1
                    rest |= mask << (inside[wire] - bits)
                    going |= mask << top
                    self._members[home].append(wire)
                    top += self._width[wire]
        columns: list[int] = []
        free = 0
        for wire, after in zip(task.wires, task.widths, strict=True):
            before, at = self._width[wire], place.get(wire, 0)
            if before and at < bits:
                columns += (at, before, at, after)
                free |= ((1 << before) - (1 << after)) << at
                if not after:
                    self._members[home].remove(wire)
            else:
                columns += (at, before, top, after)
                top += after
                if after:
                    self._members[home].append(wire)
            self._width[wire] = after
        fixed = 0
        if task.controls:
            self.controls[len(self.moves)] = tuple([place[wire] for wire in task.controls])
            fixed = sum(1 << place[wire] for wire in task.controls)
        other_bits = self._bits[taken] if taken >= 0 else 0
        self._write([MAP, home, bits, taken, other_bits, index, len(task.wires), rest, going, fixed, *columns])
        self._grow(home, top)
        if free:
            stays = ((1 << top) - 1) & ~free
            self._bits[home] = left = stays.bit_count()
            if stays != (1 << left) - 1:
                self._write([CLOSE, home, top, -1, 0, index, 0, stays])

    def _places(self, block: int, first: int) -> dict[int, int]:
        found: dict[int, int] = {}
        for wire in self._members[block]:
            found[wire] = first
            first += self._width[wire]
        return found

    def _grow(self, home: int, bits: int) -> None:
        self._bits[home] = bits
        self.most[home] = max(self.most[home], bits)

    def _write(self, move: list[int]) -> None:
        self.moves.append((*move, *([0] * (MOVE_LENGTH - len(move)))))
