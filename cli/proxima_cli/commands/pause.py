"""`proxima pause` and `proxima resume`."""

from pathlib import Path

from proxima_cli.commands.run import finish
from proxima_cli.exits import Exit
from proxima_cli.output.documents import execution_document
from proxima_cli.output.printing import print_json, print_line
from proxima_cli.output.saving import check_folder
from proxima_cli.server import connect
from proxima_cli.session import Session

__all__ = ["pause", "resume"]


async def pause(session: Session, name: str) -> int:
    """Pause an execution, and say when it holds no worker and no memory."""
    async with connect(session) as client:
        execution = await client.pause(name)
    if session.is_json:
        print_json(execution_document(execution))
    else:
        print_line(f"{name}: {execution.state}; go on with `proxima resume {execution.id}`")
    return Exit.OK


async def resume(session: Session, name: str, *, follow: bool, save: Path | None) -> int:
    """Resume a paused execution; follow it to its result, or return when it runs or waits for a worker."""
    if save is not None:
        check_folder(save, ("result.json",))
    async with connect(session) as client:
        execution = await client.resume(name)
        if follow:
            return await finish(session, client, await client.follow(name), save=save)
    if session.is_json:
        print_json(execution_document(execution))
    else:
        print_line(f"{name}: {execution.state}")
    return Exit.OK
