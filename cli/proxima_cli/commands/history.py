"""`proxima history`."""

from proxima_client import Comparison, Execution, State

from proxima_cli.exits import Exit
from proxima_cli.output.comparisons import comparison_document
from proxima_cli.output.documents import execution_document
from proxima_cli.output.printing import add_row, new_table, print_json, print_line, print_rows
from proxima_cli.quantities import format_seconds
from proxima_cli.server import connect
from proxima_cli.session import Session, stop_with_usage

__all__ = ["comparisons", "history"]

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


async def comparisons(session: Session, *, limit: int, page: str, states: list[str]) -> int:
    """Print one page of comparisons, newest first."""
    if not 1 <= limit <= _MAX_PAGE:
        stop_with_usage(f"--limit {limit}: must be from 1 to {_MAX_PAGE}")
    if states:
        stop_with_usage("--state is for executions; leave it out with --comparisons")
    async with connect(session) as client:
        found = await client.comparisons(page_size=limit, page_token=page)
    if session.is_json:
        documents = [comparison_document(item) for item in found.comparisons]
        print_json({"comparisons": documents, "next_page": found.next_page_token or None})
        return Exit.OK
    if not found.comparisons:
        print_line("No comparisons.")
        return Exit.OK
    table = new_table(["created (UTC)", "state", "verdict", "circuit", "members", "comparison"], boxed=session.is_boxed)
    for item in found.comparisons:
        add_row(table, *_comparison_cells(item))
    print_rows(table)
    if found.next_page_token:
        print_line(f"More: proxima history --comparisons --limit {limit} --page {found.next_page_token}")
    return Exit.OK


def _comparison_cells(found: Comparison) -> tuple[str, ...]:
    return (
        found.create_time.strftime("%Y-%m-%d %H:%M:%S") if found.create_time else "",
        found.state.value,
        found.verdict.value.replace("_", " ") if found.state == "completed" else "",
        found.display_name,
        ", ".join(str(member.target) for member in found.members),
        found.id,
    )


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
