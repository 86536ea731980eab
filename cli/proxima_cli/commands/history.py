"""`proxima history`."""

from proxima_client import Execution, State

from proxima_cli.exits import Exit
from proxima_cli.output.documents import execution_document
from proxima_cli.output.printing import add_row, new_table, print_json, print_line, print_rows
from proxima_cli.quantities import format_seconds
from proxima_cli.server import connect
from proxima_cli.session import Session, stop_with_usage

__all__ = ["history"]

_COLUMNS = ["created (UTC)", "state", "circuit", "backend", "method", "shots>", "seed>", "total>", "execution"]
_MAX_PAGE = 1000


async def history(session: Session, *, limit: int, page: str, states: list[str]) -> int:
    """Print one page of executions, newest first."""
    if not 1 <= limit <= _MAX_PAGE:
        stop_with_usage(f"--limit {limit}: must be from 1 to {_MAX_PAGE}")
    known = {state.value: state for state in State if state is not State.UNKNOWN}
    for state in states:
        if state not in known:
            stop_with_usage(f"--state {state!r}: choose of {', '.join(known)}")
    async with connect(session) as client:
        found = await client.history(page_size=limit, page_token=page, states=[known[state] for state in states])
    if session.is_json:
        print_json(
            {
                "executions": [execution_document(execution) for execution in found.executions],
                "next_page": found.next_page_token or None,
            }
        )
        return Exit.OK
    if not found.executions:
        print_line("No executions.")
        return Exit.OK
    table = new_table(_COLUMNS, boxed=session.is_boxed)
    for execution in found.executions:
        add_row(table, *_cells(execution))
    print_rows(table)
    if found.next_page_token:
        print_line(f"More: proxima history --limit {limit} --page {found.next_page_token}")
    return Exit.OK


def _cells(execution: Execution) -> tuple[str, ...]:
    producer = execution.producer
    chosen = execution.plan.chosen if execution.plan else None
    return (
        execution.create_time.strftime("%Y-%m-%d %H:%M:%S") if execution.create_time else "",
        execution.state.value,
        execution.display_name,
        producer.backend if producer else chosen.backend if chosen else "",
        producer.method if producer else chosen.method if chosen else "",
        str(execution.shots) if execution.shots else "",
        str(execution.seed),
        format_seconds(execution.times.total_seconds) if execution.times.total_seconds is not None else "",
        execution.id,
    )
