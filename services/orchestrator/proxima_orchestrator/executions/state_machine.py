"""The states of an execution and the transitions between them.

The table lives in one shared, synchronous machine of the `transitions` library and is pure: no callback does I/O.
Writing a transition down is the store's business (`UPDATE ... WHERE state = ? AND attempt = ?`). `draw()` makes
docs/state-machine.md.
"""

from __future__ import annotations

import enum
from functools import cache

from transitions import Machine, MachineError


class State(enum.IntEnum):
    """State of an execution; the numbers are those of `proxima.orchestrator.v1.State`."""

    IDLE = 1
    PLANNING = 2
    READY = 3
    RUNNING = 4
    PAUSED = 5
    COMPLETED = 6
    ABORTED = 7
    ERROR = 8


class Trigger(enum.StrEnum):
    """What moves an execution from one state to another."""

    START = "start"
    PLAN_COMPLETE = "plan_complete"
    PLAN_FAILED = "plan_failed"
    EXECUTE = "execute"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    ABORT = "abort"
    ERROR = "error"
    RESET = "reset"
    REQUEUE = "requeue"


TERMINAL_STATES = frozenset({State.COMPLETED, State.ABORTED, State.ERROR})
"""States that only `reset` leaves."""

LIVE_STATES = tuple(state for state in State if state not in TERMINAL_STATES)
"""States that abort and error can leave, in order."""

_MEANINGS = {
    State.IDLE: "created or reset, nothing done",
    State.PLANNING: "being parsed and planned",
    State.READY: "planned; waits for room, a worker or consent",
    State.RUNNING: "a worker has it",
    State.PAUSED: "checkpointed; holds no worker and no memory",
    State.COMPLETED: "done, the result is stored; terminal",
    State.ABORTED: "aborted on request; terminal",
    State.ERROR: "failed or refused, the error says why; terminal",
}

_TRANSITIONS: tuple[tuple[Trigger, tuple[State, ...], State], ...] = (
    (Trigger.START, (State.IDLE,), State.PLANNING),
    (Trigger.PLAN_COMPLETE, (State.PLANNING,), State.READY),
    (Trigger.PLAN_FAILED, (State.PLANNING,), State.ERROR),
    (Trigger.EXECUTE, (State.READY,), State.RUNNING),
    (Trigger.PAUSE, (State.RUNNING,), State.PAUSED),
    (Trigger.RESUME, (State.PAUSED,), State.RUNNING),
    (Trigger.COMPLETE, (State.RUNNING,), State.COMPLETED),
    (Trigger.ABORT, LIVE_STATES, State.ABORTED),
    (Trigger.ERROR, LIVE_STATES, State.ERROR),
    (Trigger.RESET, tuple(sorted(TERMINAL_STATES)), State.IDLE),
    (Trigger.REQUEUE, (State.RUNNING,), State.READY),
)


class InvalidTransitionError(Exception):
    """The state does not allow the trigger."""

    def __init__(self, state: State, trigger: Trigger) -> None:
        super().__init__(f"an execution in state {state.name} cannot {trigger.value}")
        self.state = state
        self.trigger = trigger


class _Cursor:
    """The one model of the shared machine; it is put on a state before each trigger."""

    state: State


def _build() -> tuple[Machine, _Cursor]:
    cursor = _Cursor()
    machine = Machine(
        model=cursor,
        states=State,
        initial=State.IDLE,
        auto_transitions=False,
        transitions=[
            {"trigger": trigger.value, "source": list(sources), "dest": dest} for trigger, sources, dest in _TRANSITIONS
        ],
        model_override=False,
    )
    return machine, cursor


_MACHINE, _CURSOR = _build()


@cache
def next_state(state: State, trigger: Trigger) -> State:
    """Return where `trigger` leads from `state`.

    Raises:
        InvalidTransitionError: the table has no such transition.
    """
    _MACHINE.set_state(state, model=_CURSOR)
    try:
        _MACHINE.events[trigger.value].trigger(_CURSOR)
    except MachineError as error:
        raise InvalidTransitionError(state, trigger) from error
    return _CURSOR.state


def allows(state: State, trigger: Trigger) -> bool:
    """Return whether the table lets `trigger` leave `state`."""
    try:
        next_state(state, trigger)
    except InvalidTransitionError:
        return False
    return True


def draw() -> str:
    """Return docs/state-machine.md: the states, a Mermaid drawing and the whole table, all taken from the machine."""
    lines = [
        "# States of an execution",
        "",
        "Generated from `proxima_orchestrator.executions.state_machine`; a test fails when the two differ.",
        "Write it anew with `python -m proxima_orchestrator.executions.state_machine > docs/state-machine.md`.",
        "",
        "| state | meaning |",
        "|---|---|",
        *(f"| {state.name} | {_MEANINGS[state]} |" for state in State),
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> IDLE",
    ]
    for state in State:
        arrows: dict[State, list[str]] = {}
        for trigger in Trigger:
            if allows(state, trigger):
                arrows.setdefault(next_state(state, trigger), []).append(trigger.value)
        lines.extend(f"    {state.name} --> {dest.name}: {', '.join(names)}" for dest, names in arrows.items())
    lines += [
        "```",
        "",
        "Every pair of state and trigger; a dash is refused with `ERROR_REASON_INVALID_STATE`.",
        "",
        "| from | " + " | ".join(trigger.value for trigger in Trigger) + " |",
        "|---" * (len(Trigger) + 1) + "|",
    ]
    for state in State:
        cells = (next_state(state, trigger).name if allows(state, trigger) else "-" for trigger in Trigger)
        lines.append(f"| {state.name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "`requeue` is recovery's: after a restart of the orchestrator, a run that its backend no longer knows goes",
        "back to READY as attempt + 1; one that was paused before goes on from its last checkpoint. A run is PAUSED",
        "when its checkpoint is stored; `resume` keeps the attempt, and a run that no backend takes is PAUSED again.",
        "`reset` closes the attempt and keeps its record; it is in the table and not yet served.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(draw(), end="")
