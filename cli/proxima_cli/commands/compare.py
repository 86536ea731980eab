"""`proxima compare`."""

import asyncio
import contextlib
from dataclasses import dataclass, replace

from proxima.errors.v1 import errors_pb2
from proxima_client import AsyncClient, State
from proxima_client.comparing import Comparing
from proxima_client.comparison import CompareOptions, Comparison, Verdict, targets_of
from proxima_runtime.errors import Aborted, NotFound, ProximaError, Unavailable

from proxima_cli.circuits import read_circuit
from proxima_cli.commands.run import RunCommand
from proxima_cli.exits import Exit, exit_of
from proxima_cli.interrupts import interruptible
from proxima_cli.output.comparisons import comparison_document, print_comparison
from proxima_cli.output.printing import print_json, warn
from proxima_cli.progress import ProgressDisplay
from proxima_cli.server import connect
from proxima_cli.session import Session, stop_with_usage

__all__ = ["CompareCommand", "compare", "required_circuit", "show"]

_EXITS = {
    Verdict.AGREE: Exit.OK,
    Verdict.DISAGREE: Exit.DISAGREE,
    Verdict.NOT_ENOUGH_SHOTS: Exit.NO_VERDICT,
    Verdict.UNDECIDED: Exit.NO_VERDICT,
}


@dataclass(frozen=True, kw_only=True)
class CompareCommand:
    """What the command line of a comparison says.

    Attributes:
        run: the circuit and how to run it, the same for all.
        shots: as given; None leaves them to the server, which takes as many as the threshold needs.
        backends, methods: separated by commas.
        precision: of every member.
        sequential, threshold, false_alarm_rate, distinct_seeds: as in `CompareOptions`.
    """

    run: RunCommand
    shots: int | None
    backends: str | None
    methods: str | None
    precision: str | None
    sequential: bool
    threshold: float
    false_alarm_rate: float
    distinct_seeds: bool


def required_circuit(circuit: str | None) -> str:
    """Return the circuit's file name; ends the process with code 2 where none was given."""
    if circuit is None:
        stop_with_usage("FILE is missing: name a circuit to compare, or a stored comparison with --show")
    return circuit


async def compare(session: Session, command: CompareCommand) -> int:
    """Run the circuit on every target, print what was found, and return the exit code."""
    if not command.backends:
        stop_with_usage("--backends is missing: name two or more, as in --backends qiskit,cirq")
    targets = targets_of(_listed(command.backends), methods=_listed(command.methods), precision=command.precision)
    how = CompareOptions(
        sequential=command.sequential,
        false_alarm_rate=command.false_alarm_rate,
        threshold=command.threshold,
        distinct_seeds=command.distinct_seeds,
    )
    source, _ = read_circuit(command.run.circuit)
    # A backend and shots that the configuration prefers are for single runs.
    options = replace(command.run.options, backend=None, shots=command.shots)
    async with connect(session) as client:
        comparing = await client.start_comparison(source, targets, options, how)
        await _follow(session, client, comparing)
        return _report(session, await client.comparison(comparing.name))


async def show(session: Session, name: str, *, circuit: str | None, backends: str | None) -> int:
    """Print a stored comparison, or the state of one that runs, and return its exit code."""
    if circuit is not None or backends is not None:
        stop_with_usage("--show prints a stored comparison: give it without FILE and --backends")
    async with connect(session) as client:
        return _report(session, await client.comparison(name))


def _report(session: Session, found: Comparison) -> int:
    if session.is_json:
        print_json(comparison_document(found))
    elif found.error is None or any(member.state is not None for member in found.members):
        print_comparison(found, boxed=session.is_boxed, verbosity=session.verbosity)
    if found.error is not None:
        warn(f"proxima: {found.error.message}")
        warn(f"         comparison {found.id}, state {found.state}")
        return exit_of(found.error)
    return _EXITS[found.verdict]


async def _follow(session: Session, client: AsyncClient, comparing: Comparing) -> None:
    """Follow the comparison to its end; Ctrl-C aborts it with its members."""
    with interruptible() as interrupted, ProgressDisplay(enabled=session.verbosity >= 0) as display:
        announced: set[str] = set()

        async def consume() -> None:
            async for event in comparing.events():
                display.show_comparison(event)
                for member in event.members if isinstance(event, Comparison) else ():
                    if member.state is not State.RUNNING or member.name in announced:
                        continue
                    announced.add(member.name)
                    # The snapshot of a comparison has no plans.
                    with contextlib.suppress(NotFound, Unavailable):
                        display.announce(await client.get(member.name))

        work = asyncio.create_task(consume())
        stop = asyncio.create_task(interrupted.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await _abort(client, comparing, work)
            await work
        finally:
            for task in (work, stop):
                task.cancel()
            await asyncio.gather(work, stop, return_exceptions=True)


async def _abort(client: AsyncClient, comparing: Comparing, work: "asyncio.Task[None]") -> None:
    named = asyncio.create_task(comparing.named.wait())
    await asyncio.wait({work, named}, return_when=asyncio.FIRST_COMPLETED)
    named.cancel()
    if work.done():
        return
    warn(f"proxima: aborting {comparing.name} (Ctrl-C again leaves at once)")
    try:
        await client.abort_comparison(comparing.name, reason="Ctrl-C")
    except ProximaError as error:
        if error.reason != errors_pb2.ERROR_REASON_INVALID_STATE:
            raise
        warn("proxima: it had ended before the abort")
    # The watch ends with the terminal snapshot.
    with contextlib.suppress(Aborted):
        await work


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
