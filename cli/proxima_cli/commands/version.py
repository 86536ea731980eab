"""`proxima version`."""

from proxima_client import AsyncClient
from proxima_runtime.errors import ProximaError

from proxima_cli import __version__
from proxima_cli.exits import Exit
from proxima_cli.output.printing import print_json, print_line
from proxima_cli.session import Session

__all__ = ["version"]


async def version(session: Session) -> int:
    """Print the versions of client, server and backends; a server that does not run is said, and not started."""
    target = session.server or _running_cluster()
    server, backends, problem = None, [], "no local cluster is running" if target is None else ""
    if target is not None:
        try:
            async with AsyncClient(target) as client:
                server = (await client.server_info()).version
                backends = [
                    (backend.name, instance.version, instance.package_versions)
                    for backend in await client.backends()
                    for instance in backend.instances
                ]
        except ProximaError as error:
            problem = error.message
    if session.is_json:
        print_json(
            {
                "client": __version__,
                "server": server,
                "backends": [
                    {"name": name, "version": number or None, "packages": dict(packages)}
                    for name, number, packages in backends
                ],
                "problem": problem or None,
            }
        )
        return Exit.OK
    print_line(f"client    {__version__}")
    print_line(f"server    {server or problem}")
    for name, number, packages in backends:
        listed = ", ".join(f"{package} {of}" for package, of in packages.items())
        print_line(f"{name:<9} {number or 'does not answer'}{f' ({listed})' if listed else ''}")
    return Exit.OK


def _running_cluster() -> str | None:
    from proxima_cli.cluster.start import running_server  # noqa: PLC0415  # only without a named server

    return running_server()
