"""`proxima run` as a process, against the scripted orchestrator."""

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import result_pb2
from proxima_client.testing import Script, scripted_counts, scripted_plan, scripted_state
from proxima_runtime.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    ProximaError,
    ResourceExhausted,
    Unavailable,
)

from .conftest import Proxima, Serve

BELL = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q->c;'
SCRIPT = Script(arrays=scripted_counts({"00": 500, "11": 524}))
STATE = np.array([0.6, 0, 0, 0.8j])

RUN_KEYS = {
    "execution_id",
    "state",
    "name",
    "backend",
    "engine",
    "method",
    "precision",
    "versions",
    "sampler",
    "seed",
    "shots",
    "thread_count",
    "bit_order",
    "declared_qubit_count",
    "clbit_count",
    "active_qubits",
    "counts",
    "probabilities",
    "expectation_values",
    "certified_error",
    "max_error",
    "rank_history",
    "noise",
    "readout_included",
    "arrays",
    "times",
    "peak_memory_bytes",
    "predicted",
    "selection",
    "circuit",
    "warnings",
    "error",
}


def test_text_has_the_answer_first_then_the_producer(proxima: Proxima, serve: Serve) -> None:
    """The histogram with intervals comes before who computed it, what it took and why there."""
    done = proxima("run", "-", "--shots", "1024", "--seed", "7", "--server", serve(SCRIPT).target, stdin=BELL)
    assert done.returncode == 0, done.stderr
    places = [
        done.stdout.index(text)
        for text in (
            "1024 shots",
            "0.4883",
            "0.4572 to 0.5194",
            "pointwise",
            "scripted 0.0.0, statevector",
            "predicted 1 ms",
        )
    ]
    assert places == sorted(places)
    assert "seed 7" in done.stdout
    assert "It is the only one that fits." in done.stdout
    assert done.stderr == ""


def test_quiet_prints_the_answer_only(proxima: Proxima, serve: Serve) -> None:
    """With -q nothing follows the histogram."""
    done = proxima("run", "-", "-q", "--server", serve(SCRIPT).target, stdin=BELL)
    assert "outcome" in done.stdout
    assert "Computed by" not in done.stdout


def test_json_is_one_stable_object(proxima: Proxima, serve: Serve) -> None:
    """The object has exactly the documented keys, and the numbers of the run."""
    done = proxima("run", "-", "-o", "json", "--shots", "1024", "--server", serve(SCRIPT).target, stdin=BELL)
    document = json.loads(done.stdout)
    assert set(document) == RUN_KEYS
    assert document["counts"] == {"00": 500, "11": 524}
    assert document["shots"] == 1024
    assert set(document["times"]) == {"planning_seconds", "queued_seconds", "execution_seconds", "total_seconds"}
    assert document["selection"]["candidates"][1]["excluded"][0]["reason"] == "ERROR_REASON_INSUFFICIENT_MEMORY"
    assert document["error"] is None


def test_arrays_are_saved_whole_and_never_over_others(proxima: Proxima, serve: Serve) -> None:
    """--save writes .npy files that JSON names; the same folder again is refused before the run."""
    script = Script(arrays=(scripted_state(STATE, axis_bits=(0, 1)),))
    served = serve(script)
    arguments = ("run", "-", "--statevector", "--save", "out", "-o", "json", "--server", served.target)
    first = proxima(*arguments, stdin=BELL)
    named = json.loads(first.stdout)["arrays"]["statevector"]
    assert np.array_equal(np.load(proxima.directory / named["path"]), STATE)
    assert (named["dtype"], named["shape"], named["bits"]) == ("complex128", [4], [0, 1])
    assert json.loads((proxima.directory / "out" / "result.json").read_text())["state"] == "completed"
    second = proxima(*arguments, stdin=BELL)
    assert second.returncode == 2
    assert "never overwritten" in json.loads(second.stdout)["error"]["message"]
    assert len(served.fake.requests) == 1
    assert sorted(path.name for path in (proxima.directory / "out").iterdir()) == ["result.json", "statevector.npy"]


def test_json_saves_arrays_where_no_folder_was_named(proxima: Proxima, serve: Serve) -> None:
    """A state vector asked for with JSON is not lost: it is saved, named, and said on standard error."""
    script = Script(arrays=(scripted_state(STATE, axis_bits=(0, 1)),))
    done = proxima("run", "-", "--statevector", "-o", "json", "--server", serve(script).target, stdin=BELL)
    path = json.loads(done.stdout)["arrays"]["statevector"]["path"]
    assert path.startswith("proxima-results/")
    assert np.array_equal(np.load(proxima.directory / path), STATE)
    assert "--save" in done.stderr


_FAILURES: list[tuple[ProximaError, int]] = [
    (InvalidArgument("line 5: ;", reason=errors_pb2.ERROR_REASON_SYNTAX, metadata={"line": "5", "column": "2"}), 3),
    (InvalidArgument("no measure", reason=errors_pb2.ERROR_REASON_NO_MEASUREMENT), 3),
    (ResourceExhausted("64 GiB", reason=errors_pb2.ERROR_REASON_INSUFFICIENT_MEMORY), 4),
    (FailedPrecondition("reset", reason=errors_pb2.ERROR_REASON_NO_CAPABLE_BACKEND), 4),
    (FailedPrecondition("no yes", reason=errors_pb2.ERROR_REASON_CONSENT_REQUIRED), 4),
    (Unavailable("qiskit", reason=errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE, metadata={"backend": "qiskit"}), 5),
    (Internal("SIGSEGV", reason=errors_pb2.ERROR_REASON_WORKER_CRASHED), 6),
    (ResourceExhausted("cap", reason=errors_pb2.ERROR_REASON_OUT_OF_MEMORY), 6),
    (DeadlineExceeded("1 s", reason=errors_pb2.ERROR_REASON_TIMEOUT), 7),
]


@pytest.mark.parametrize(("failure", "code"), _FAILURES, ids=[error.reason_name for error, _ in _FAILURES])
def test_a_failed_run_has_its_exit_code_and_one_object(
    proxima: Proxima, serve: Serve, failure: ProximaError, code: int
) -> None:
    """Each kind of failure has a code of its own; JSON carries the run with its error, place included."""
    target = serve(replace(SCRIPT, failure=failure)).target
    done = proxima("run", "-", "-o", "json", "--server", target, stdin=BELL)
    assert done.returncode == code
    document = json.loads(done.stdout)
    assert set(document) == RUN_KEYS
    assert document["state"] == "error"
    assert document["error"]["reason"] == failure.reason_name
    assert document["error"]["message"] == failure.message
    if "line" in failure.metadata:
        assert (document["error"]["line"], document["error"]["column"]) == (5, 2)


def test_a_refused_call_is_an_object_too(proxima: Proxima, serve: Serve) -> None:
    """Where no execution exists the object holds the error alone."""
    refusal = NotFound("no backend x", reason=errors_pb2.ERROR_REASON_UNKNOWN_BACKEND, metadata={"known": "qiskit"})
    target = serve(replace(SCRIPT, refusal=refusal)).target
    done = proxima("run", "-", "-o", "json", "--server", target, stdin=BELL)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["metadata"] == {"known": "qiskit"}


def test_a_server_that_does_not_answer_is_code_5(proxima: Proxima) -> None:
    """The message names the server and the remedy."""
    done = proxima("run", "-", "--server", "127.0.0.1:1", stdin=BELL)
    assert done.returncode == 5
    assert "127.0.0.1:1" in done.stderr
    assert "proxima up" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--shots", "0"), "shots"),
        (("--shots", "many"), "shots"),
        (("--seed", "4294967296"), "seed"),
        (("--method", "guess"), "method"),
        (("--timeout", "soon"), "timeout"),
        (("--timeout", "0"), "timeout"),
        (("-v", "-q"), "contradict"),
        (("-o", "xml"), "xml"),
        (("-c", "missing.toml"), "missing.toml"),
    ],
)
def test_wrong_options_are_code_2_and_name_the_option(proxima: Proxima, arguments: tuple[str, ...], word: str) -> None:
    """A usage error never reaches a server."""
    done = proxima("run", "-", "--server", "127.0.0.1:1", *arguments, stdin=BELL)
    assert done.returncode == 2, done.stderr
    assert word in done.stderr


def test_a_missing_file_is_named(proxima: Proxima) -> None:
    """The error names the file."""
    done = proxima("run", "nothing.qasm", "--server", "127.0.0.1:1")
    assert done.returncode == 2
    assert "nothing.qasm" in done.stderr


@pytest.mark.parametrize("name", ["/dev/zero", "."])
def test_what_is_no_file_is_refused(proxima: Proxima, name: str) -> None:
    """A device or a directory is not read."""
    done = proxima("run", name, "--server", "127.0.0.1:1")
    assert done.returncode == 2
    assert name in done.stderr


def test_endless_standard_input_is_bounded(proxima: Proxima) -> None:
    """Over 16 MiB from standard input are refused with the limit."""
    done = proxima("run", "-", "-o", "json", "--server", "127.0.0.1:1", stdin=b"x" * (17 * 2**20))
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["reason"] == "ERROR_REASON_CIRCUIT_LIMIT"


def test_interrupting_aborts_the_run_and_says_so(proxima: Proxima, serve: Serve) -> None:
    """Ctrl-C stops the execution on the server and ends with code 130."""
    served = serve(replace(SCRIPT, runs_until_aborted=True))
    (proxima.directory / "bell.qasm").write_bytes(BELL)
    process = proxima.start("run", "bell.qasm", "-o", "json", "--server", served.target)
    asyncio.run_coroutine_threadsafe(served.fake.running.wait(), served.loop).result(timeout=60)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "aborting executions/" in stderr
    assert json.loads(stdout)["state"] == "aborted"


def test_a_lost_connection_is_said_and_survived(proxima: Proxima, serve: Serve) -> None:
    """The run ends well and standard error says what happened."""
    done = proxima("run", "-", "--server", serve(replace(SCRIPT, lose_after=2)).target, stdin=BELL)
    assert done.returncode == 0
    assert "following the run again" in done.stderr


def test_estimate_and_dry_run_list_the_candidates(proxima: Proxima, serve: Serve) -> None:
    """Both show the plan, the excluded candidates and why, and execute nothing."""
    served = serve(SCRIPT)
    for arguments in (("estimate", "-"), ("run", "-", "--dry-run")):
        done = proxima(*arguments, "--server", served.target, stdin=BELL)
        assert done.returncode == 0, done.stderr
        assert "density_matrix needs 64 GiB, 1 GiB free" in done.stdout
        assert "Predicted" in done.stdout
    assert served.fake.requests == []


def test_the_configuration_gives_defaults(proxima: Proxima, serve: Serve) -> None:
    """Server, output and shots come from the file; the command line wins."""
    served = serve(SCRIPT)
    path = Path(proxima.environment["XDG_CONFIG_HOME"]) / "proxima" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'server = "{served.target}"\noutput = "json"\nshots = 99\n')
    assert proxima("run", "-", stdin=BELL).returncode == 0
    assert proxima("run", "-", "--shots", "5", stdin=BELL).stdout.startswith("{")
    assert [request.spec.results.shots for request in served.fake.requests] == [99, 5]


def test_history_pages(proxima: Proxima, serve: Serve) -> None:
    """A page ends with the command that shows the next."""
    served = serve(SCRIPT)
    for _ in range(3):
        proxima("run", "-", "-q", "--server", served.target, stdin=BELL)
    first = proxima("history", "--limit", "2", "--server", served.target)
    assert "More: proxima history --limit 2 --page 2" in first.stdout
    second = json.loads(proxima("history", "--page", "2", "-o", "json", "--server", served.target).stdout)
    assert len(second["executions"]) == 1
    assert second["next_page"] is None


def test_backends_are_listed_and_tested(proxima: Proxima, serve: Serve) -> None:
    """list and info show what the server says; test runs a Bell pair and judges the counts."""
    served = serve(Script(arrays=scripted_counts({"00": 2050, "11": 2046})))
    assert "scripted" in proxima("backends", "list", "--server", served.target).stdout
    assert "1.00 GiB" in proxima("backends", "info", "scripted", "--server", served.target).stdout
    assert proxima("backends", "info", "other", "--server", served.target).returncode == 2
    passed = proxima("backends", "test", "scripted", "--server", served.target)
    assert passed.returncode == 0, passed.stderr


def test_unavailable_engines_are_shown_with_reason_and_remedy(proxima: Proxima, serve: Serve) -> None:
    """list and info say which engines a backend cannot offer, why, and what to do; the JSON has the three apart."""
    served = serve(Script())
    sentence = "unwritten: unavailable: nobody has written its script; use engine scripted"
    assert f"scripted/{sentence}" in proxima("backends", "list", "--server", served.target).stdout
    assert sentence in proxima("backends", "info", "scripted", "--server", served.target).stdout
    shown = json.loads(proxima("backends", "info", "scripted", "-o", "json", "--server", served.target).stdout)
    assert shown["instances"][0]["unavailable_engines"] == [
        {"engine": "unwritten", "reason": "nobody has written its script", "remedy": "use engine scripted"}
    ]


@pytest.mark.parametrize("counts", [{"00": 3000, "11": 1096}, {"00": 2048, "01": 2048}, {"00": 10}])
def test_a_backend_with_wrong_numbers_fails_its_test(proxima: Proxima, serve: Serve, counts: dict[str, int]) -> None:
    """Numbers that a Bell pair cannot give end with code 6."""
    done = proxima("backends", "test", "scripted", "--server", serve(Script(arrays=scripted_counts(counts))).target)
    assert done.returncode == 6
    assert "Do not trust" in done.stderr


NOISY_PLAN = executions_pb2.Plan()
NOISY_PLAN.CopyFrom(scripted_plan())
NOISY_PLAN.chosen.max_error = 0.1
NOISY_PLAN.noise.CopyFrom(
    executions_pb2.NoiseSummary(
        instruction_count=3,
        noisy_instruction_count=2,
        channel_count=4,
        measurement_count=2,
        noisy_measurement_count=1,
        rules=[executions_pb2.NoiseRuleMatch(instruction_count=2, channel_count=4)],
        noiseless_digest="ab",
    )
)
SAMPLED = Script(
    plan=NOISY_PLAN,
    expectation_values=(
        result_pb2.ExpectationValue(name="0.5*ZZ", value=0.25, standard_error=0.01),
        result_pb2.ExpectationValue(name="XX", value=1.0),
        result_pb2.ExpectationValue(name="YY", value=-1.0, standard_error=0.0),
    ),
    certified_error=0.0123,
    rank_history=result_pb2.RankHistory(
        points=[result_pb2.RankPoint(operation=2, rank=5), result_pb2.RankPoint(operation=4, rank=3)],
        largest_rank=6,
        operation_count=4,
    ),
    readout_included=True,
)


def test_expectation_values_come_with_their_error(proxima: Proxima, serve: Serve) -> None:
    """A sampled value has standard error and interval beside it, the noise is summed up, the truncation certified."""
    target = serve(SAMPLED).target
    done = proxima("run", "-", "--expect", "0.5*ZZ", "--expect", "XX", "--server", target, stdin=BELL)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "0.5*ZZ 0.25 0.01 0.2304 to 0.2696" in lines
    assert "XX 1 exact" in lines
    assert "YY -1 0 none: all runs gave this value" in lines
    assert "Noise 2 of 3 gates got noise, 4 channels in all; 1 of 2 measurements a readout error" in lines
    assert "Truncation certified error at most 0.0123 (trace distance), budget 0.1" in lines
    assert "Rank 3 columns at the end, 6 at most" in lines
    assert any("never in expectation values" in line for line in lines)


def test_json_has_expectation_values_and_noise(proxima: Proxima, serve: Serve) -> None:
    """Intervals are null for values that were not sampled; the noise has its counts and the digest without it."""
    arguments = ("run", "-", "--expect", "ZZ", "-o", "json", "--server", serve(SAMPLED).target)
    document = json.loads(proxima(*arguments, stdin=BELL).stdout)
    sampled, exact, _ = document["expectation_values"]
    assert sampled["standard_error"] == 0.01
    assert sampled["interval"] == pytest.approx([0.2304, 0.2696], abs=1e-4)
    assert exact == {"name": "XX", "value": 1.0, "standard_error": None, "interval": None}
    assert document["noise"] == {
        "instruction_count": 3,
        "noisy_instruction_count": 2,
        "channel_count": 4,
        "measurement_count": 2,
        "noisy_measurement_count": 1,
        "rule_channel_counts": [4],
        "noiseless_digest": "ab",
    }
    assert document["rank_history"] == {
        "points": [[2, 5], [4, 3]],
        "largest": 6,
        "operation_count": 4,
        "continued_as": "",
        "continued_after": 0,
    }
    assert (document["max_error"], document["certified_error"], document["readout_included"]) == (0.1, 0.0123, True)


def test_noise_and_observables_reach_the_server(proxima: Proxima, serve: Serve) -> None:
    """Repeated flags are one model and one list, files are read here, and asking for values asks for no counts."""
    served = serve(SAMPLED)
    (proxima.directory / "noise.yaml").write_text("rules:\n  - {channel: bit_flip, probability: 0.1, gates: [x]}\n")
    (proxima.directory / "sums.txt").write_text("first: ZZ\nXX + YY\n")
    arguments = ["--noise", "depolarizing:0.01", "--noise", "noise.yaml", "--noise", "readout:0.02"]
    arguments += ["--expect", "@sums.txt", "--expect", "Z0", "--max-error", "0.05"]
    done = proxima("run", "-", *arguments, "--server", served.target, stdin=BELL)
    assert done.returncode == 0, done.stderr
    (request,) = served.fake.requests
    spec = request.spec
    assert [rule.channel.WhichOneof("kind") for rule in spec.noise.rules] == ["depolarizing", "pauli"]
    assert len(spec.noise.readout_errors) == 1
    assert [item.name for item in spec.results.observables] == ["first", "XX + YY", "Z0"]
    assert (spec.max_error, spec.results.shots) == (0.05, 0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--noise", "depolarizing:2"), "probability is 2.0"),
        (("--noise", "depolarising:0.1"), "Did you mean depolarizing:p?"),
        (("--noise", "missing.yaml"), "missing.yaml cannot be read"),
        (("--noise", "huge.yaml"), "1 MiB"),
        (("--noise", "unknown.yaml"), "unknown.yaml, line 2, column 6: unknown key 'gate'; did you mean 'gates'?"),
        (("--noise", "bomb.yaml"), "bomb.yaml, line 1, column 4: anchors"),
        (("--expect", "ZZ + XXX"), "column 6: this string has 3 letters"),
        (("--expect", "ZQ"), "'Q' is no Pauli letter"),
        (("--expect", "0.5i*ZZ"), "Hermitian"),
        (("--expect", "@missing.txt"), "missing.txt cannot be read"),
        (("--max-error", "1"), "max_error 1.0"),
        (("--max-error", "-0.1"), "max_error -0.1"),
        (("--max-error", "nan"), "max_error nan"),
    ],
)
@pytest.mark.parametrize("command", ["run", "estimate"])
def test_bad_noise_and_observables_are_code_2_and_reach_no_server(
    proxima: Proxima, command: str, arguments: tuple[str, ...], named: str
) -> None:
    """The place and the remedy are said before anything is started."""
    folder = proxima.directory
    (folder / "unknown.yaml").write_text("rules:\n  - {gate: [x], channel: bit_flip, probability: 0.1}\n")
    (folder / "bomb.yaml").write_text("a: &a [x]\nb: [*a, *a]\n")
    (folder / "huge.yaml").touch()
    os.truncate(folder / "huge.yaml", 100_000_000)
    done = proxima(command, "-", "--server", "127.0.0.1:1", *arguments, stdin=BELL)
    assert done.returncode == 2, done.stderr
    assert named in done.stderr


def test_estimate_shows_the_noise(proxima: Proxima, serve: Serve) -> None:
    """A plan says how many of how many gates got noise, in text and in JSON, and what truncation it allows."""
    served = serve(SAMPLED)
    text = proxima("estimate", "-", "--noise", "bit-flip:0.1", "--server", served.target, stdin=BELL)
    assert "2 of 3 gates got noise" in text.stdout
    assert "truncation: at most 0.1" in text.stdout
    document = json.loads(proxima("estimate", "-", "-o", "json", "--server", served.target, stdin=BELL).stdout)
    assert document["noise"]["channel_count"] == 4
    assert document["max_error"] == 0.1


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (0, "Rank no columns: run by pauli_vector from the beginning, which takes less"),
        (3, "Rank 6 columns at most; after 3 of 9 operations the run went on by pauli_vector"),
    ],
)
def test_says_where_a_low_rank_run_became_exact(proxima: Proxima, serve: Serve, after: int, line: str) -> None:
    """A run that went over to another method says when, or that it was by that method from the beginning."""
    history = result_pb2.RankHistory(
        largest_rank=6, operation_count=9, continued_as="pauli_vector", continued_after=after
    )
    target = serve(Script(plan=NOISY_PLAN, certified_error=1e-9, rank_history=history)).target
    done = proxima("run", "-", "--server", target, stdin=BELL)
    assert line in [" ".join(text.split()) for text in done.stdout.splitlines()], done.stdout
