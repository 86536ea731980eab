"""`proxima backends list|info|test`."""

from collections.abc import Mapping

from proxima.errors.v1 import errors_pb2
from proxima_client import Backend, RunOptions, UnavailableEngine
from proxima_client.events import Outcome
from proxima_runtime.errors import Internal

from proxima_cli.exits import Exit, exit_of
from proxima_cli.intervals import clopper_pearson
from proxima_cli.output.documents import backend_document, error_document
from proxima_cli.output.printing import add_row, counted, new_table, print_json, print_line, print_rows, warn
from proxima_cli.quantities import format_bytes, format_seconds
from proxima_cli.server import connect
from proxima_cli.session import Session

__all__ = ["check_backend", "info_backend", "list_backends"]

_BELL = b'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'
_SHOTS = 4096
# A right backend fails this test once in a million runs.
_CONFIDENCE = 1 - 1e-6


async def list_backends(session: Session) -> int:
    """Print every backend, reachable or not."""
    async with connect(session) as client:
        backends = await client.backends()
    if session.is_json:
        print_json({"backends": [backend_document(backend) for backend in backends]})
        return Exit.OK
    table = new_table(
        ["backend", "state", "version", "engines", "methods", "memory a run>", "workers>", "answers in>"],
        boxed=session.is_boxed,
    )
    for backend in backends:
        for instance in backend.instances:
            engines = dict.fromkeys(f"{method.engine} {method.engine_version}" for method in instance.methods)
            methods = dict.fromkeys(method.method for method in instance.methods)
            add_row(
                table,
                backend.name,
                instance.condition.replace("_", " "),
                instance.version,
                ", ".join(engines),
                ", ".join(methods),
                format_bytes(instance.memory_cap_bytes) if instance.memory_cap_bytes else "",
                str(instance.worker_count or ""),
                format_seconds(instance.health_seconds) if instance.health_seconds and instance.error is None else "",
            )
    print_rows(table)
    for backend in backends:
        for instance in backend.instances:
            if instance.error is not None:
                print_line(f"{backend.name}: {instance.error.message}")
        absent = dict.fromkeys(entry for instance in backend.instances for entry in instance.unavailable_engines)
        for entry in absent:
            print_line(_unavailable(f"{backend.name}/{entry.engine}", entry))
    return Exit.OK


async def info_backend(session: Session, name: str) -> int:
    """Print what one backend can do."""
    async with connect(session) as client:
        backend = await client.backend(name)
    if session.is_json:
        print_json(backend_document(backend))
    else:
        _print_backend(session, backend)
    return Exit.OK


async def check_backend(session: Session, name: str) -> int:
    """Run a Bell circuit on the backend and check the numbers: only 00 and 11, each about half."""
    async with connect(session) as client:
        await client.backend(name)
        following = await client.start(_BELL, RunOptions(backend=name, shots=_SHOTS, name="backend test"))
        async for _ in following.events():
            pass
        outcome = following.outcome()
    error = outcome.execution.error or _fault(outcome)
    seconds = outcome.execution.times.total_seconds
    counts = dict(outcome.result.counts or {}) if outcome.result else {}
    if session.is_json:
        print_json(
            {
                "backend": name,
                "passed": error is None,
                "execution_id": outcome.execution.id,
                "shots": _SHOTS,
                "counts": counts,
                "total_seconds": seconds,
                "error": error_document(error),
            }
        )
    elif error is None:
        print_line(
            f"{name} passed: a Bell pair gave {_listed(counts)} in {_SHOTS} shots, {format_seconds(seconds)} in all"
        )
    if error is None:
        return Exit.OK
    warn(f"proxima: {name} failed: {error.message}")
    return exit_of(error)


def _fault(outcome: Outcome) -> Internal | None:
    """What is wrong with the counts, if anything."""
    counts = dict(outcome.result.counts or {}) if outcome.result else {}
    low, high = clopper_pearson(counts.get("00", 0), max(sum(counts.values()), 1), confidence=_CONFIDENCE)
    if sum(counts.values()) == _SHOTS and set(counts) <= {"00", "11"} and low <= 1 / 2 <= high:
        return None
    return Internal(
        f"a Bell pair gave {_listed(counts)} in {_SHOTS} shots; only 00 and 11 can occur, each with probability 1/2. "
        "Do not trust this backend",
        reason=errors_pb2.ERROR_REASON_ENGINE_FAILED,
    )


def _unavailable(name: str, absent: UnavailableEngine) -> str:
    """The line of an engine that is not offered."""
    return f"{name}: unavailable: {absent.reason}; {absent.remedy}"


def _listed(counts: Mapping[str, int]) -> str:
    """The counts as text, those of a broken backend too."""
    shown = ", ".join(f"{outcome} {count} times" for outcome, count in sorted(counts.items())[:8])
    return shown or "nothing"


def _print_backend(session: Session, backend: Backend) -> None:
    for instance in backend.instances:
        print_line(f"{instance.name} at {instance.target}: {instance.condition.replace('_', ' ')}")
        if instance.error is not None:
            print_line(f"  {instance.error.message}")
        if not instance.version:
            continue
        packages = ", ".join(f"{name} {version}" for name, version in instance.package_versions.items())
        print_line(f"  version {instance.version} with {packages}")
        print_line(
            f"  {counted(instance.worker_count, 'worker')}, {counted(instance.thread_count, 'thread')} a run, at most "
            f"{format_bytes(instance.memory_cap_bytes)} a run"
        )
        table = new_table(
            ["engine", "method", "precision", "qubits>", "shots>", "results", "features"], boxed=session.is_boxed
        )
        for method in instance.methods:
            add_row(
                table,
                f"{method.engine} {method.engine_version}",
                method.method,
                ", ".join(method.precisions),
                str(method.max_qubit_count),
                f"{method.max_shots:g}",
                ", ".join(method.results),
                ", ".join(method.features),
            )
        print_rows(table)
        for absent in instance.unavailable_engines:
            print_line(_unavailable(f"  {absent.engine}", absent))
        if session.verbosity > 0:
            for method in instance.methods:
                print_line(f"  gates of {method.engine} {method.method}: {' '.join(method.gates)}")
