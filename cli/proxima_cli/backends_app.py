"""The commands below `proxima backends`: names, options and help."""

from typing import Annotated, Never

import typer

from proxima_cli.options import ConfigFile, Output, Server, Verbose
from proxima_cli.session import open_session, run_async

__all__ = ["backends_app"]

backends_app = typer.Typer(help="List, describe and test backends.", no_args_is_help=True, rich_markup_mode=None)


@backends_app.command("list")
def list_backends(output: Output = None, config: ConfigFile = None, server: Server = None) -> Never:
    """List backends, reachable or not."""
    session = open_session(config=config, output=output, server=server)
    from proxima_cli.commands import backends as command  # noqa: PLC0415

    raise typer.Exit(run_async(session, command.list_backends(session)))


@backends_app.command("info")
def info_backend(
    name: Annotated[str, typer.Argument(help="Name of a backend.")],
    output: Output = None,
    verbose: Verbose = False,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Describe one backend: engines, methods, limits, versions."""
    session = open_session(config=config, output=output, server=server, verbose=verbose)
    from proxima_cli.commands import backends as command  # noqa: PLC0415

    raise typer.Exit(run_async(session, command.info_backend(session, name)))


@backends_app.command("test")
def check_backend(
    name: Annotated[str, typer.Argument(help="Name of a backend.")],
    output: Output = None,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Run a Bell pair on one backend for real and check the numbers."""
    session = open_session(config=config, output=output, server=server)
    from proxima_cli.commands import backends as command  # noqa: PLC0415

    raise typer.Exit(run_async(session, command.check_backend(session, name)))
