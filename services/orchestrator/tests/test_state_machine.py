"""The table of states and triggers, exhaustively."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.orchestrator.v1 import executions_pb2
from proxima_orchestrator.executions.state_machine import (
    LIVE_STATES,
    TERMINAL_STATES,
    InvalidTransitionError,
    State,
    Trigger,
    allows,
    draw,
    next_state,
)

TABLE = {
    (State.IDLE, Trigger.START): State.PLANNING,
    (State.PLANNING, Trigger.PLAN_COMPLETE): State.READY,
    (State.PLANNING, Trigger.PLAN_FAILED): State.ERROR,
    (State.READY, Trigger.EXECUTE): State.RUNNING,
    (State.RUNNING, Trigger.PAUSE): State.PAUSED,
    (State.PAUSED, Trigger.RESUME): State.RUNNING,
    (State.RUNNING, Trigger.COMPLETE): State.COMPLETED,
    (State.RUNNING, Trigger.REQUEUE): State.READY,
    (State.COMPLETED, Trigger.RESET): State.IDLE,
    (State.ABORTED, Trigger.RESET): State.IDLE,
    (State.ERROR, Trigger.RESET): State.IDLE,
    **{(state, Trigger.ABORT): State.ABORTED for state in LIVE_STATES},
    **{(state, Trigger.ERROR): State.ERROR for state in LIVE_STATES},
}


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(State, Trigger)))
def test_every_pair_is_as_the_design_says(state: State, trigger: Trigger) -> None:
    """Each pair of state and trigger leads where the table says, and every other pair is refused."""
    expected = TABLE.get((state, trigger))
    if expected is None:
        assert not allows(state, trigger)
        with pytest.raises(InvalidTransitionError) as caught:
            next_state(state, trigger)
        assert (caught.value.state, caught.value.trigger) == (state, trigger)
    else:
        assert next_state(state, trigger) is expected


@given(st.lists(st.sampled_from(Trigger)))
def test_any_walk_leaves_terminal_states_by_reset_only(triggers: list[Trigger]) -> None:
    """Whatever is triggered in whatever order, a terminal state is left by reset alone."""
    state = State.IDLE
    for trigger in triggers:
        if allows(state, trigger):
            assert state not in TERMINAL_STATES or trigger is Trigger.RESET
            state = next_state(state, trigger)


def test_numbers_are_those_of_the_contract() -> None:
    """States have the numbers and names of the contract's enumeration."""
    expected = {name: number for name, number in executions_pb2.State.items() if number}
    assert {f"STATE_{state.name}": int(state) for state in State} == expected


def test_the_drawing_in_the_docs_is_of_this_table() -> None:
    """docs/state-machine.md is what the generator draws."""
    page = Path(__file__).parents[3] / "docs" / "state-machine.md"
    assert page.read_text() == draw()
