"""The order in which tasks run, so that components are joined as late as possible. Imports no numpy.

A wire is a qubit or a classical bit. Each starts as a component of its own, a product with the others, and a task joins
the components of its wires. A wire on which nothing is left to do is narrowed to what is read of it. The time of a task
is close to the entries of its component, so an order that ends some wires before it starts others takes less time and
memory: on a line, a sweep along the diagonals of the circuit instead of layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

QUBIT_WIDTH = 2
"""Binary places of an index over I, X, Y, Z."""

_LEAST_TO_CHOOSE, _MOST_TO_CHOOSE = 1 << 13, 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A linear map on some wires.

    Attributes:
        wires: distinct wires.
        widths: binary places that each wire has after it: 2 for a qubit, 1 for a bit or for a qubit of which I and one
            letter are left, 0 where I alone is left, or a bit is summed over.
        controls: wires of bits, none of them in `wires`, whose values decide whether the map acts.
    """

    wires: tuple[int, ...]
    widths: tuple[int, ...]
    controls: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """The components at the start.

    Attributes:
        widths: binary places of each wire: 2 for a qubit; 0 for a bit that nothing has written, else 1.
        groups: wires of the components that have more than one, in the order of their places, least significant first.
    """

    widths: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What an order takes.

    Attributes:
        work: entries that its tasks go through, summed.
        peak: entries of the largest component.
    """

    work: int
    peak: int


def choose_order(tasks: Sequence[Task], start: Start) -> tuple[int, ...]:
    """Return the order of least work among the program's and sweeps from the first wire up and from the last down.

    The program's stays where its tasks take no longer than the choice would; of very many tasks only the first sweep is
    considered.
    """
    best = tuple(range(len(tasks)))
    least = cost_of(best, tasks, start)
    if max(least.peak, least.work // (len(tasks) or 1)) <= _LEAST_TO_CHOOSE:
        return best
    before, last = _dependencies(tasks, len(start.widths))
    wires = [wire for wire in range(len(last)) if last[wire] >= 0]
    behind = [found[::-1] for found in before]
    sweeps = ((wires, before), (wires[::-1], before), (wires, behind), (wires[::-1], behind))
    for ends, needs in sweeps if len(tasks) <= _MOST_TO_CHOOSE else sweeps[:1]:
        order = _sweep([last[wire] for wire in ends], needs)
        cost = cost_of(order, tasks, start)
        if (cost.work, cost.peak) < (least.work, least.peak):
            best, least = order, cost
    return best


def cost_of(order: Iterable[int], tasks: Sequence[Task], start: Start) -> Cost:
    """Return what an order takes; joins are counted with the task that needs them."""
    width = list(start.widths)
    component = list(range(len(width)))
    members = [[wire] for wire in component]
    total = list(width)
    for group in start.groups:
        for wire in group[1:]:
            component[wire] = group[0]
        members[group[0]] = list(group)
        total[group[0]] = sum(width[wire] for wire in group)
    work, peak = 0, 1 << max(total)
    for index in order:
        task = tasks[index]
        wires = task.wires
        home = component[wires[0]]
        for wire in (*wires[1:], *task.controls):
            other = component[wire]
            if other != home:
                if len(members[home]) < len(members[other]):
                    home, other = other, home
                for member in members[other]:
                    component[member] = home
                members[home] += members[other]
                total[home] += total[other]
        after = total[home]
        for wire, left in zip(wires, task.widths, strict=True):
            after += left - width[wire]
            width[wire] = left
        entries = 1 << max(total[home], after)
        total[home] = after
        work += entries
        peak = max(peak, entries)
    return Cost(work=work, peak=peak)


def _dependencies(tasks: Sequence[Task], wire_count: int) -> tuple[list[list[int]], list[int]]:
    """Return the tasks that must come right before each, in the order of its wires, and the last task of each wire."""
    last = [-1] * wire_count
    before: list[list[int]] = []
    for index, task in enumerate(tasks):
        wires = (*task.wires, *task.controls) if task.controls else task.wires
        before.append([last[wire] for wire in wires if last[wire] >= 0])
        for wire in wires:
            last[wire] = index
    return before, last


def _sweep(ends: Sequence[int], before: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the tasks so that all that leads to the first end comes first, then what the next end needs, and so on."""
    done = [False] * len(before)
    order: list[int] = []
    for end in ends:
        stack = [end]
        while stack:
            index = stack[-1]
            if not done[index]:
                waiting = next((task for task in before[index] if not done[task]), -1)
                if waiting >= 0:
                    stack.append(waiting)
                    continue
                done[index] = True
                order.append(index)
            stack.pop()
    return tuple(order)
