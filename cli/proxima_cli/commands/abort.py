"""`proxima abort`."""

from proxima_cli.exits import Exit
from proxima_cli.output.comparisons import comparison_document
from proxima_cli.output.documents import execution_document
from proxima_cli.output.printing import print_json, print_line
from proxima_cli.server import connect
from proxima_cli.session import Session

__all__ = ["abort"]

_REASON = "proxima abort"


async def abort(session: Session, name: str) -> int:
    """Abort an execution, or a comparison with its members, and say when it has stopped."""
    async with connect(session) as client:
        if name.startswith("comparisons/"):
            comparison = await client.abort_comparison(name, reason=_REASON)
            state, document = comparison.state.value, comparison_document(comparison)
        else:
            execution = await client.abort(name, reason=_REASON)
            state, document = execution.state.value, execution_document(execution)
    if session.is_json:
        print_json(document)
    else:
        print_line(f"{name}: {state}")
    return Exit.OK
