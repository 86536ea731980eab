"""`proxima run` and `proxima estimate`."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from proxima.errors.v1 import errors_pb2
from proxima_client import AsyncClient, Execution, Plan, RunOptions
from proxima_client.events import Outcome
from proxima_client.following import Following
from proxima_runtime.errors import Aborted, ProximaError

from proxima_cli.circuits import read_circuit
from proxima_cli.exits import Exit, exit_of
from proxima_cli.interrupts import interruptible
from proxima_cli.output.documents import MAX_INLINE_OUTCOMES, plan_document, run_document
from proxima_cli.output.plans import print_candidates, print_plan
from proxima_cli.output.printing import print_json, warn
from proxima_cli.output.runs import default_folder, print_run
from proxima_cli.output.saving import ARRAY_NAMES, SavedArray, check_folder, save_arrays, save_text
from proxima_cli.progress import ProgressDisplay
from proxima_cli.server import connect
from proxima_cli.session import Session, report_error

__all__ = ["RunCommand", "estimate", "finish", "run"]


@dataclass(frozen=True, kw_only=True)
class RunCommand:
    """What the command line of a run says.

    Attributes:
        circuit: a file name, or "-" for standard input.
        options: how to run.
        save: folder for arrays and the JSON of the run; None where none was named.
    """

    circuit: str
    options: RunOptions
    save: Path | None


async def run(session: Session, command: RunCommand) -> int:
    """Run the circuit and print its result; return the exit code."""
    source, _ = read_circuit(command.circuit)
    if command.save is not None:
        names = tuple(f"{name}.npy" for name in ARRAY_NAMES if getattr(command.options, name))
        check_folder(command.save, (*names, "result.json"))
    async with connect(session) as client:
        return await finish(session, client, await client.start(source, command.options), save=command.save)


async def finish(session: Session, client: AsyncClient, following: Following, *, save: Path | None) -> int:
    """Follow an execution to its end, print its result and return the exit code."""
    outcome = await _follow(session, client, following)
    execution = outcome.execution
    if outcome.result is None:
        return (
            _report_paused(session, execution) if execution.state == "paused" else _report_failure(session, execution)
        )
    saved = _save(session, outcome, save)
    document = run_document(execution, outcome.result, saved)
    if save is not None:
        save_text(save / "result.json", json.dumps(document, indent=2) + "\n")
    if session.is_json:
        print_json(document)
    else:
        print_run(execution, outcome.result, saved, boxed=session.is_boxed, verbosity=session.verbosity)
    return Exit.OK


async def estimate(session: Session, command: RunCommand) -> int:
    """Print the plan: what would run where, and why; return the exit code."""
    source, name = read_circuit(command.circuit)
    del name
    async with connect(session) as client:
        plan = await client.plan(source, command.options)
    if session.is_json:
        print_json(plan_document(plan))
    else:
        print_plan(plan, boxed=session.is_boxed, verbosity=session.verbosity)
    if plan.error is None:
        return Exit.OK
    warn(f"proxima: {plan.error.message}")
    return exit_of(plan.error)


async def _follow(session: Session, client: AsyncClient, following: Following) -> Outcome:
    """Follow the run to its end; Ctrl-C aborts it."""
    with interruptible() as interrupted, ProgressDisplay(enabled=session.verbosity >= 0) as display:

        async def consume() -> None:
            async for event in following.events():
                display.show(event)

        work = asyncio.create_task(consume())
        stop = asyncio.create_task(interrupted.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                return await _abort(client, following, work)
            await work
            return following.outcome()
        finally:
            for task in (work, stop):
                task.cancel()
            await asyncio.gather(work, stop, return_exceptions=True)


async def _abort(client: AsyncClient, following: Following, work: "asyncio.Task[None]") -> Outcome:
    # The name is the first thing that the server sends; until then there is nothing to abort by name.
    named = asyncio.create_task(following.named.wait())
    await asyncio.wait({work, named}, return_when=asyncio.FIRST_COMPLETED)
    named.cancel()
    if work.done():
        await work
        return following.outcome()
    warn(f"proxima: aborting {following.name} (Ctrl-C again leaves at once)")
    try:
        return Outcome(execution=await client.abort(following.name, reason="Ctrl-C"), result=None)
    except ProximaError as error:
        if error.reason != errors_pb2.ERROR_REASON_INVALID_STATE:
            raise
    warn("proxima: it had ended before the abort")
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return following.outcome()


def _report_paused(session: Session, execution: Execution) -> int:
    if session.is_json:
        print_json(run_document(execution, None, ()))
    warn(f"proxima: the run was paused and holds no worker and no memory; go on with `proxima resume {execution.id}`")
    return Exit.PAUSED


def _report_failure(session: Session, execution: Execution) -> int:
    error = execution.error or Aborted(
        f"the run is {execution.state} and has no result", reason=errors_pb2.ERROR_REASON_ABORTED
    )
    if not session.is_json:
        code = report_error(session, error)
        if execution.plan is not None and session.verbosity >= 0 and _differ(execution.plan):
            print_candidates(execution.plan, boxed=session.is_boxed, verbose=False)
        warn(f"         execution {execution.id}, state {execution.state}")
        return code
    print_json(run_document(execution, None, ()))
    warn(f"proxima: {error.message}")
    return exit_of(error)


def _differ(plan: Plan) -> bool:
    """Whether the candidates were excluded for different reasons; one for all of them is in the message already."""
    reasons = {tuple(item.description for item in candidate.exclusions) for candidate in plan.candidates}
    return len(reasons) > 1 or (len(plan.candidates) == 1 and any(reasons))


def _save(session: Session, outcome: Outcome, save: Path | None) -> tuple[SavedArray, ...]:
    """Save arrays where a folder was named, and where JSON could not carry them."""
    result, execution = outcome.result, outcome.execution
    if result is None:
        return ()
    if save is not None:
        return save_arrays(result, save)
    probabilities = result.probability_array
    large = probabilities is not None and np.count_nonzero(probabilities) > MAX_INLINE_OUTCOMES
    if not session.is_json or (
        result.active_statevector is None and result.active_density_matrix is None and not large
    ):
        return ()
    folder = default_folder(execution)
    check_folder(folder, ())
    saved = save_arrays(result, folder)
    warn(f"proxima: arrays are saved in {folder}; --save names another folder")
    return saved
