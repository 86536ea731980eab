"""Intervals, histograms, units, configuration, exit codes."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.errors.v1 import errors_pb2
from proxima_cli import __version__
from proxima_cli.config import Config, ConfigError, read_config
from proxima_cli.exits import Exit, exit_of
from proxima_cli.intervals import clopper_pearson
from proxima_cli.output.histogram import of_counts, of_probabilities
from proxima_cli.output.printing import add_row, new_table, print_field, print_rows
from proxima_cli.quantities import format_bytes, format_seconds, parse_duration
from proxima_runtime.errors import Internal


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Values of scipy.stats.binomtest(k, n).proportion_ci(method="exact").
    [
        (0, 10, 0.0, 0.30849710781876083),
        (5, 10, 0.18708602844739855, 0.8129139715526014),
        (1, 10**9, 2.53178e-11, 5.57164e-9),
    ],
)
def test_intervals_are_clopper_pearson(successes: int, trials: int, low: float, high: float) -> None:
    """The bounds are the published ones, at small and large counts."""
    assert clopper_pearson(successes, trials) == pytest.approx((low, high), rel=2e-4)


@given(st.integers(1, 10**6), st.data())
def test_an_interval_holds_its_estimate(trials: int, data: st.DataObject) -> None:
    """The estimate lies inside, and the mirrored count has the mirrored interval."""
    successes = data.draw(st.integers(0, trials))
    low, high = clopper_pearson(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    mirrored = clopper_pearson(trials - successes, trials)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-8)


def test_a_histogram_shows_the_top_and_sums_the_rest() -> None:
    """With many outcomes the most frequent are shown and the others counted together."""
    histogram = of_counts({f"{i:05b}": i for i in range(32)}, max_rows=3)
    assert [row.outcome for row in histogram.rows] == ["11111", "11110", "11101"]
    assert (histogram.rest_outcomes, histogram.rest_count) == (29, 496 - 90)


def test_a_small_histogram_is_in_order_of_the_outcomes() -> None:
    """With few outcomes all are shown, and exact values have no interval."""
    histogram = of_probabilities({"1": 0.75, "0": 0.25}, outcome_count=2)
    assert [(row.outcome, row.interval) for row in histogram.rows] == [("0", None), ("1", None)]
    assert histogram.rest_value == 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("500ms", 0.5), (" 3 s ", 3)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """Seconds without a unit, else ms, s, m or h."""
    assert parse_duration(text) == seconds


@given(st.text())
def test_any_text_is_a_duration_or_a_clear_error(text: str) -> None:
    """Nothing but ValueError comes out, and it says what is expected."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert seconds >= 0


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (format_bytes(0), "0 B"),
        (format_bytes(1536), "1.50 KiB"),
        (format_bytes(2**63 - 1), "8.00 EiB"),
        (format_bytes(None), "unknown"),
        (format_seconds(0.00193), "1.93 ms"),
        (format_seconds(1800), "30 min"),
        (format_seconds(0), "0 s"),
        (format_seconds(1e-9), "1 ns"),
        (format_seconds(1e9), "1.16e+04 days"),
    ],
)
def test_quantities_for_people(shown: str, expected: str) -> None:
    """Three digits and a unit."""
    assert shown == expected


def test_every_reason_has_an_exit_code() -> None:
    """Reasons that are listed have their own code; a failed run is 6; no code is a success."""
    names = errors_pb2.ErrorReason.keys()
    codes = {name: exit_of(Internal("", reason=getattr(errors_pb2, name))) for name in names}
    assert codes["ERROR_REASON_SYNTAX"] is Exit.BAD_CIRCUIT
    assert codes["ERROR_REASON_WORKER_KILLED"] is Exit.FAILED
    assert Exit.OK not in codes.values()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("servr = 'x'", "servr"),
        ("shots = 'many'", "shots"),
        ("output = 'xml'", "output"),
        ("idle_minutes = -1", "idle_minutes"),
        ("shots = [", "TOML"),
        ("shots = true", "shots"),
    ],
)
def test_a_wrong_configuration_names_file_and_key(tmp_path: Path, text: str, word: str) -> None:
    """The message says where and what."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=word) as caught:
        read_config(path)
    assert str(path) in str(caught.value)


def test_no_configuration_is_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default file need not exist; PROXIMA_SERVER stands in for its server."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PROXIMA_SERVER", "unix:/x")
    assert read_config(None) == Config(server="unix:/x")


def test_the_version_is_the_distributions() -> None:
    """`__version__` and pyproject.toml agree."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    assert project["project"]["version"] == __version__


def test_rows_that_do_not_fit_become_paragraphs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a narrow terminal no word of a table is broken: each row names its columns; a wide one shows a table."""
    table = new_table(["backend", "method", "time>", "excluded because"], boxed=False)
    add_row(table, "qiskit", "matrix_product_state", "1.5 ms", "")
    add_row(table, "cirq", "density_matrix", "", "cirq density_matrix takes at most 16 qubits")
    monkeypatch.setenv("COLUMNS", "50")
    print_rows(table)
    assert capsys.readouterr().out.splitlines() == [
        "qiskit",
        "  method matrix_product_state; time 1.5 ms",
        "cirq",
        "  method density_matrix; excluded because cirq",
        "  density_matrix takes at most 16 qubits",
    ]
    monkeypatch.setenv("COLUMNS", "100")
    print_rows(table)
    assert capsys.readouterr().out.splitlines()[0] == "backend  method                  time  excluded because"


def test_text_is_wrapped_beside_its_label(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal's width is kept; without one, as in a pipe, a field is one line."""
    monkeypatch.setenv("COLUMNS", "50")
    print_field("Why", "it has the least predicted time of all that can run it")
    assert capsys.readouterr().out == f"Why{'':10}it has the least predicted time of\n{'':13}all that can run it\n"
    monkeypatch.delenv("COLUMNS")
    print_field("Why", "it has the least predicted time of all that can run it")
    assert capsys.readouterr().out.count("\n") == 1
