"""`proxima up`, `down` and `status`."""

from proxima_runtime.errors import ProximaError

from proxima_cli.cluster.protocol import ClusterStatus
from proxima_cli.cluster.start import cluster_status, ensure_cluster, install, stop_cluster, without
from proxima_cli.exits import Exit
from proxima_cli.output.documents import Json
from proxima_cli.output.printing import add_row, new_table, print_json, print_line, print_rows, warn
from proxima_cli.quantities import format_bytes, format_seconds
from proxima_cli.session import Session, report_error

__all__ = ["down", "status", "up"]


def up(session: Session, *, install_only: bool) -> int:
    """Start the local cluster where it is not running, and say where it listens; code 5 where a service is missing."""
    try:
        if install_only:
            paths = install(report=warn)
            if session.is_json:
                print_json({"environments": str(paths.environments)})
            return Exit.OK
        server = ensure_cluster(idle_minutes=session.config.idle_minutes, report=warn)
    except ProximaError as error:
        return report_error(session, error)
    found = cluster_status()
    missing = without(found) if found else "supervisor (ended)"
    if session.is_json:
        print_json({"server": server, **(_document(found) if found else {})})
    else:
        print_line(f"The local cluster is up{f' without {missing}' if missing else ''}: {server}")
        if session.verbosity >= 0 and found is not None:
            _print(session, found)
    return Exit.UNAVAILABLE if missing else Exit.OK


def down(session: Session) -> int:
    """Stop the local cluster; one that does not run is no error."""
    try:
        stopped = stop_cluster(report=warn)
    except ProximaError as error:
        return report_error(session, error)
    if session.is_json:
        print_json({"stopped": stopped})
    else:
        print_line("The local cluster is down." if stopped else "No local cluster was running.")
    return Exit.OK


def status(session: Session) -> int:
    """Print the processes of the local cluster; exit code 5 where none runs or a service does not serve."""
    try:
        found = cluster_status()
    except ProximaError as error:
        return report_error(session, error)
    if session.is_json:
        print_json(_document(found) if found else {"phase": "down", "services": []})
    elif found is None:
        print_line("No local cluster is running; `proxima up` or any run starts it.")
    else:
        _print(session, found)
    return Exit.UNAVAILABLE if found is None or without(found) else Exit.OK


def _print(session: Session, found: ClusterStatus) -> None:
    table = new_table(
        ["process", "state", "pid>", "processes>", "memory>", "up>", "restarts>", "ended last"], boxed=session.is_boxed
    )
    add_row(
        table,
        "supervisor",
        found.phase,
        str(found.pid),
        "1",
        format_bytes(found.memory_bytes),
        format_seconds(found.uptime_seconds),
    )
    for service in found.services:
        running = service.pid is not None
        add_row(
            table,
            service.name,
            service.state,
            str(service.pid or ""),
            str(service.process_count or ""),
            format_bytes(service.memory_bytes) if running else "",
            format_seconds(service.uptime_seconds) if running else "",
            str(service.restart_count),
            service.last_exit,
        )
    print_rows(table)
    limit = found.idle_limit_seconds
    print_line(f"server   {found.server}")
    print_line(f"version  {found.identity}")
    print_line(f"home     {found.home}")
    print_line(f"logs     {found.logs}")
    print_line(f"stops    {f'after {format_seconds(limit)} without work' if limit else 'only with `proxima down`'}")


def _document(found: ClusterStatus) -> dict[str, Json]:
    return {
        "phase": found.phase,
        "version": found.identity,
        "server": found.server,
        "pid": found.pid,
        "memory_bytes": found.memory_bytes,
        "uptime_seconds": found.uptime_seconds,
        "home": found.home,
        "logs": found.logs,
        "idle_limit_seconds": found.idle_limit_seconds,
        "services": [
            {
                "name": service.name,
                "state": service.state,
                "pid": service.pid,
                "process_count": service.process_count,
                "memory_bytes": service.memory_bytes,
                "uptime_seconds": service.uptime_seconds,
                "restart_count": service.restart_count,
                "last_exit": service.last_exit or None,
                "target": service.target,
                "log": service.log,
            }
            for service in found.services
        ],
    }
