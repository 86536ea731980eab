"""The command line: names, options and help. What the commands do is imported when one runs, so that help is fast."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from proxima_cli.backends_app import backends_app
from proxima_cli.options import (
    BackendName,
    Circuit,
    ConfigFile,
    DensityMatrix,
    Engine,
    Expect,
    MaxError,
    Method,
    Noise,
    Output,
    Precision,
    Prefer,
    Probabilities,
    Quiet,
    Save,
    Seed,
    Server,
    Shots,
    Statevector,
    Timeout,
    Verbose,
)
from proxima_cli.session import Session, open_session, run_async

if TYPE_CHECKING:
    from proxima_cli.commands.run import RunCommand

__all__ = ["app"]

app = typer.Typer(
    name="proxima",
    help="Run quantum circuits on several simulators and see who computed what.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(backends_app, name="backends")


@app.command()
def run(
    circuit: Circuit,
    *,
    backend: BackendName = None,
    method: Method = None,
    engine: Engine = None,
    precision: Precision = None,
    prefer: Prefer = None,
    shots: Shots = None,
    seed: Seed = None,
    probabilities: Probabilities = False,
    statevector: Statevector = False,
    density_matrix: DensityMatrix = False,
    noise: Noise = None,
    expect: Expect = None,
    max_error: MaxError = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan only, as estimate does.")] = False,
    timeout: Timeout = None,
    save: Save = None,
    output: Output = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Run a circuit and print its result."""
    session = open_session(config=config, output=output, server=server, verbose=verbose, quiet=quiet)
    from proxima_cli.commands import run as command  # noqa: PLC0415

    work = _run_command(
        session,
        circuit,
        backend=backend,
        method=method,
        engine=engine,
        precision=precision,
        prefer=prefer,
        shots=shots,
        seed=seed,
        probabilities=probabilities,
        statevector=statevector,
        density_matrix=density_matrix,
        noise=noise,
        expect=expect,
        max_error=max_error,
        timeout=timeout,
        save=save,
    )
    raise typer.Exit(run_async(session, command.estimate(session, work) if dry_run else command.run(session, work)))


@app.command()
def estimate(
    circuit: Circuit,
    *,
    backend: BackendName = None,
    method: Method = None,
    engine: Engine = None,
    precision: Precision = None,
    prefer: Prefer = None,
    shots: Shots = None,
    probabilities: Probabilities = False,
    statevector: Statevector = False,
    density_matrix: DensityMatrix = False,
    noise: Noise = None,
    expect: Expect = None,
    max_error: MaxError = None,
    output: Output = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Say what a run would take, and where."""
    session = open_session(config=config, output=output, server=server, verbose=verbose, quiet=quiet)
    from proxima_cli.commands import run as command  # noqa: PLC0415

    work = _run_command(
        session,
        circuit,
        backend=backend,
        method=method,
        engine=engine,
        precision=precision,
        prefer=prefer,
        shots=shots,
        probabilities=probabilities,
        statevector=statevector,
        density_matrix=density_matrix,
        noise=noise,
        expect=expect,
        max_error=max_error,
    )
    raise typer.Exit(run_async(session, command.estimate(session, work)))


@app.command()
def history(
    *,
    limit: Annotated[int, typer.Option(help="Rows on a page, 1 to 1000.")] = 20,
    page: Annotated[str, typer.Option(help="Page to show, as the page before names it.")] = "",
    state: Annotated[list[str] | None, typer.Option(help="Only this state, such as error; may be repeated.")] = None,
    comparisons: Annotated[bool, typer.Option("--comparisons", help="List comparisons instead of executions.")] = False,
    output: Output = None,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """List executions, or comparisons, newest first."""
    session = open_session(config=config, output=output, server=server)
    from proxima_cli.commands import history as command  # noqa: PLC0415

    if comparisons:
        raise typer.Exit(run_async(session, command.comparisons(session, limit=limit, page=page, states=state or [])))
    raise typer.Exit(run_async(session, command.history(session, limit=limit, page=page, states=state or [])))


@app.command()
def abort(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="An execution as history lists it, or comparisons/ID of a comparison.")
    ],
    *,
    output: Output = None,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Stop an execution, or a comparison with its members."""
    session = open_session(config=config, output=output, server=server)
    from proxima_cli.commands import abort as command  # noqa: PLC0415

    raise typer.Exit(run_async(session, command.abort(session, name)))


@app.command()
def pause(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An execution as history lists it.")],
    *,
    output: Output = None,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Pause an execution: store its state and give its worker and memory back."""
    session = open_session(config=config, output=output, server=server)
    from proxima_cli.commands import pause as command  # noqa: PLC0415

    raise typer.Exit(run_async(session, command.pause(session, name)))


@app.command()
def resume(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A paused execution as history lists it.")],
    *,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait for the result and print it.")] = True,
    save: Save = None,
    output: Output = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Go on with a paused execution from where it was."""
    session = open_session(config=config, output=output, server=server, verbose=verbose, quiet=quiet)
    from proxima_cli.commands import pause as command  # noqa: PLC0415
    from proxima_cli.session import stop_with_usage  # noqa: PLC0415

    if save is not None and not follow:
        stop_with_usage("--save keeps a result, which --no-follow does not wait for; leave one of them out")
    raise typer.Exit(run_async(session, command.resume(session, name, follow=follow, save=save)))


@app.command()
def compare(
    circuit: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="OpenQASM file; - reads standard input.")
    ] = None,
    *,
    backends: Annotated[
        str | None,
        typer.Option("--backends", metavar="A,B,...", help="Two or more of backend, backend/engine, backend:method."),
    ] = None,
    methods: Annotated[
        str | None, typer.Option(metavar="M,N,...", help="Each backend with each of these methods.")
    ] = None,
    show: Annotated[str | None, typer.Option(metavar="NAME", help="Show a stored comparison instead.")] = None,
    sequential: Annotated[bool, typer.Option("--sequential", help="One after another, for comparable times.")] = False,
    threshold: Annotated[float, typer.Option(help="Total variation distance that samples shall tell.")] = 0.05,
    false_alarms: Annotated[float, typer.Option(help="Rate at which equal results may be called different.")] = 1e-3,
    distinct_seeds: Annotated[
        bool, typer.Option("--distinct-seeds/--same-seed", help="A seed of its own for each.")
    ] = True,
    precision: Precision = None,
    shots: Annotated[int | None, typer.Option(help="Samples of each.  [default: what the threshold needs]")] = None,
    seed: Seed = None,
    probabilities: Probabilities = False,
    statevector: Statevector = False,
    density_matrix: DensityMatrix = False,
    noise: Noise = None,
    expect: Expect = None,
    max_error: MaxError = None,
    timeout: Timeout = None,
    output: Output = None,
    verbose: Verbose = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
    server: Server = None,
) -> Never:
    """Run a circuit on several backends or methods and say whether they agree."""
    session = open_session(config=config, output=output, server=server, verbose=verbose, quiet=quiet)
    from proxima_cli.commands import compare as command  # noqa: PLC0415

    if show is not None:
        raise typer.Exit(run_async(session, command.show(session, show, circuit=circuit, backends=backends)))
    work = _run_command(
        session,
        command.required_circuit(circuit),
        backend=None,
        method=None,
        engine=None,
        precision=None,
        prefer=None,
        shots=shots,
        seed=seed,
        probabilities=probabilities,
        statevector=statevector,
        density_matrix=density_matrix,
        noise=noise,
        expect=expect,
        max_error=max_error,
        timeout=timeout,
    )
    how = command.CompareCommand(
        run=work,
        shots=shots,
        backends=backends,
        methods=methods,
        precision=precision,
        sequential=sequential,
        threshold=threshold,
        false_alarm_rate=false_alarms,
        distinct_seeds=distinct_seeds,
    )
    raise typer.Exit(run_async(session, command.compare(session, how)))


@app.command()
def up(
    *,
    install_only: Annotated[bool, typer.Option("--install-only", help="Install environments, start nothing.")] = False,
    output: Output = None,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> Never:
    """Start the local cluster, unless it runs already."""
    session = open_session(config=config, output=output, server=None, quiet=quiet)
    from proxima_cli.commands import cluster as command  # noqa: PLC0415

    raise typer.Exit(command.up(session, install_only=install_only))


@app.command()
def down(output: Output = None, config: ConfigFile = None) -> Never:
    """Stop the local cluster."""
    session = open_session(config=config, output=output, server=None)
    from proxima_cli.commands import cluster as command  # noqa: PLC0415

    raise typer.Exit(command.down(session))


@app.command()
def status(output: Output = None, config: ConfigFile = None) -> Never:
    """Show the local cluster (code 5 if it does not serve)."""
    session = open_session(config=config, output=output, server=None)
    from proxima_cli.commands import cluster as command  # noqa: PLC0415

    raise typer.Exit(command.status(session))


@app.command()
def version(output: Output = None, config: ConfigFile = None, server: Server = None) -> Never:
    """Print versions; starts nothing."""
    session = open_session(config=config, output=output, server=server)
    from proxima_cli.commands import version as command  # noqa: PLC0415

    raise typer.Exit(run_async(session, command.version(session)))


def _run_command(
    session: Session,
    circuit: str,
    *,
    backend: str | None,
    method: str | None,
    engine: str | None,
    precision: str | None,
    prefer: str | None,
    shots: int | None,
    seed: int | None = None,
    probabilities: bool,
    statevector: bool,
    density_matrix: bool,
    noise: list[str] | None,
    expect: list[str] | None,
    max_error: float | None,
    timeout: str | None = None,
    save: Path | None = None,
) -> "RunCommand":
    """Put the options together; ends the process with code 2 where a value is out of range."""
    from proxima_client.noise import NoiseModel  # noqa: PLC0415
    from proxima_client.observables import observables_of  # noqa: PLC0415
    from proxima_client.options import RunOptions  # noqa: PLC0415
    from proxima_runtime.errors import ProximaError  # noqa: PLC0415

    from proxima_cli.commands.run import RunCommand  # noqa: PLC0415
    from proxima_cli.quantities import parse_duration  # noqa: PLC0415
    from proxima_cli.session import report_error, stop_with_usage  # noqa: PLC0415

    limit = timeout or session.config.timeout
    asks_nothing = not (probabilities or statevector or density_matrix or expect)
    try:
        seconds = parse_duration(limit) if limit is not None else None
        options = RunOptions(
            shots=shots if shots is not None else session.config.shots if asks_nothing else None,
            seed=seed,
            backend=backend or session.config.backend,
            method=method.replace("-", "_") if method else None,
            engine=engine,
            precision=precision,
            probabilities=probabilities,
            statevector=statevector,
            density_matrix=density_matrix,
            timeout=seconds,
            prefer=prefer.replace("-", "_") if prefer else None,
            name="" if circuit == "-" else Path(circuit).name,
            noise=NoiseModel.joined(map(NoiseModel.of, noise)) if noise else None,
            observables=observables_of(expect or ()),
            max_error=max_error or 0.0,
        )
    except ValueError as error:
        stop_with_usage(f"--timeout: {error}")
    except ProximaError as error:
        raise SystemExit(report_error(session, error)) from error
    return RunCommand(circuit=circuit, options=options, save=save)
