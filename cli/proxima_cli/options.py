"""Options and arguments that several commands have: their names, types and help."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "BackendName",
    "Circuit",
    "ConfigFile",
    "DensityMatrix",
    "Engine",
    "Expect",
    "MaxError",
    "Method",
    "Noise",
    "Output",
    "Precision",
    "Prefer",
    "Probabilities",
    "Quiet",
    "Save",
    "Seed",
    "Server",
    "Shots",
    "Statevector",
    "Timeout",
    "Verbose",
]

Circuit = Annotated[str, typer.Argument(metavar="FILE", help="OpenQASM 2 or 3 file; - reads standard input.")]
Output = Annotated[str | None, typer.Option("-o", "--output", help="text, table or json.  [default: text]")]
Server = Annotated[str | None, typer.Option("--server", help="unix:/path or host:port instead of the local cluster.")]
ConfigFile = Annotated[Path | None, typer.Option("-c", "--config", help="Configuration file (TOML).")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Only the answer.")]
BackendName = Annotated[str | None, typer.Option("-b", "--backend", help="Backend to use instead of choosing one.")]
Method = Annotated[str | None, typer.Option(help="statevector, density_matrix, stabilizer, matrix_product_state, ...")]
Engine = Annotated[str | None, typer.Option(help="A simulator of the backend, for example qsim.")]
Precision = Annotated[str | None, typer.Option(help="single or double.")]
Prefer = Annotated[str | None, typer.Option(help="fastest or least_memory.")]
Shots = Annotated[int | None, typer.Option(help="Samples behind the counts, 1 to 10^9.  [default: 1024]")]
Seed = Annotated[int | None, typer.Option(help="0 to 2^32 - 1; drawn and shown where not given.")]
Probabilities = Annotated[bool, typer.Option("--probabilities", help="Return exact probabilities.")]
Statevector = Annotated[bool, typer.Option("--statevector", help="Return the state vector.")]
DensityMatrix = Annotated[bool, typer.Option("--density-matrix", help="Return the density matrix.")]
Noise = Annotated[
    list[str] | None,
    typer.Option("--noise", metavar="MODEL", help="depolarizing:0.01 and the like, or a .yaml file; may be repeated."),
]
Expect = Annotated[
    list[str] | None,
    typer.Option("--expect", metavar="SUM", help='Expectation value of "0.5*ZZI + XII", or @FILE; may be repeated.'),
]
MaxError = Annotated[float | None, typer.Option(help="Truncation budget, 0 (exact) up to 1.  [default: 0]")]
Save = Annotated[Path | None, typer.Option(help="Save arrays (.npy) and result.json in this folder.")]
Timeout = Annotated[str | None, typer.Option(help="Limit of the run, as in 90, 1.5m or 2h.")]
