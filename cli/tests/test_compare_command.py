"""`proxima compare` as a process, and targets in the client, against the scripted orchestrator."""

import asyncio
import json
import signal
from collections.abc import Sequence

import pytest
from google.protobuf.duration_pb2 import Duration
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2, executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_client import Client, CompareOptions, RunOptions, Verdict
from proxima_client.comparison import Target, targets_of
from proxima_client.testing import Script
from proxima_runtime.errors import Internal, InvalidArgument, NotFound, to_status

from .conftest import Proxima, Serve

BELL = b'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q->c;'
TWO = ("--backends", "qiskit,cirq/qsim:statevector")
_Comparison = comparisons_pb2.Comparison


def member(seconds: int, memory: int) -> comparisons_pb2.ComparisonMember:
    """Return a member that completed."""
    usage = result_pb2.Usage(worker_duration=Duration(seconds=seconds), peak_memory_bytes=memory)
    return comparisons_pb2.ComparisonMember(state=executions_pb2.STATE_COMPLETED, usage=usage)


def ended(
    verdict: comparisons_pb2.Verdict, *, members: Sequence[comparisons_pb2.ComparisonMember] = (), required: int = 0
) -> Script:
    """Return a script whose comparison ends with a verdict on one pair of samples."""
    pair = comparisons_pb2.PairComparison(
        first_member=0,
        second_member=1,
        basis=comparisons_pb2.PairComparison.BASIS_SAMPLES,
        verdict=verdict,
        reason="the scripted reason",
        total_variation_distance=0.03125,
        null_quantile=0.0451,
        p_value=0.25,
        power=0.97,
        required_shots=required,
    )
    comparison = _Comparison(
        state=_Comparison.STATE_COMPLETED,
        verdict=verdict,
        members=members or (member(4, 3 << 20), member(2, 12 << 20)),
        pairs=[pair],
        ran_in_parallel=True,
    )
    return Script(comparison=comparison)


AGREE = ended(comparisons_pb2.VERDICT_AGREE)


def test_text_has_the_verdict_first_and_a_distance_never_alone(proxima: Proxima, serve: Serve) -> None:
    """The verdict comes first, then the distance beside its null quantile, then times and memory with their ratios."""
    done = proxima("compare", "-", *TWO, "--server", serve(AGREE).target, stdin=BELL)
    assert done.returncode == 0, done.stderr
    places = [
        done.stdout.index(text)
        for text in (
            "Verdict: agree",
            "0.0312",
            "0.0451",
            "0.25",
            "4 s",
            "2.00x",
            "3.00 MiB",
            "4.00x",
            "the scripted reason",
        )
    ]
    assert places[0] == 0
    assert places[1] < places[2] < places[3] < places[4]
    assert "--sequential" in done.stdout


def test_json_is_one_object_with_ratios(proxima: Proxima, serve: Serve) -> None:
    """The object has the verdict, each member's figures with ratios to the least, and each pair's."""
    done = proxima("compare", "-", *TWO, "-o", "json", "--server", serve(AGREE).target, stdin=BELL)
    document = json.loads(done.stdout)
    assert (document["verdict"], document["state"], document["ran_in_parallel"]) == ("agree", "completed", True)
    assert [item["target"] for item in document["members"]] == ["qiskit", "cirq/qsim:statevector"]
    assert [item["time_ratio"] for item in document["members"]] == [2.0, 1.0]
    assert [item["memory_ratio"] for item in document["members"]] == [1.0, 4.0]
    (pair,) = document["pairs"]
    assert (pair["basis"], pair["null_quantile"], pair["fidelity"]) == ("samples", 0.0451, None)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (comparisons_pb2.VERDICT_DISAGREE, 8),
        (comparisons_pb2.VERDICT_NOT_ENOUGH_SHOTS, 9),
        (comparisons_pb2.VERDICT_UNSPECIFIED, 9),
    ],
)
def test_the_verdict_is_the_exit_code(
    proxima: Proxima, serve: Serve, verdict: comparisons_pb2.Verdict, code: int
) -> None:
    """Disagreement ends with 8, the lack of a verdict with 9, and the shots that would do are named."""
    script = ended(verdict, required=12_345 if verdict == comparisons_pb2.VERDICT_NOT_ENOUGH_SHOTS else 0)
    done = proxima("compare", "-", *TWO, "-q", "--server", serve(script).target, stdin=BELL)
    assert done.returncode == code
    assert ("12345 would do" in done.stdout) == (verdict == comparisons_pb2.VERDICT_NOT_ENOUGH_SHOTS)


def test_the_options_arrive(proxima: Proxima, serve: Serve) -> None:
    """Targets, rates, seeds and the options of the run reach the server; no backend of the configuration does."""
    config = proxima.directory / "config.toml"
    config.write_text('backend = "qiskit"\nshots = 7\n')
    served = serve(AGREE)
    done = proxima(
        *("compare", "-", "--backends", "qiskit,cirq", "--methods", "density-matrix", "--precision", "double"),
        *("--sequential", "--threshold", "0.1", "--false-alarms", "0.01", "--distinct-seeds", "--seed", "5"),
        *("--probabilities", "--noise", "depolarizing:0.01", "--config", str(config), "--server", served.target),
        stdin=BELL,
    )
    assert done.returncode == 0, done.stderr
    (request,) = served.fake.comparisons.requests
    spec = request.spec
    assert [target.backend for target in spec.targets] == ["backends/qiskit", "backends/cirq"]
    assert {target.method for target in spec.targets} == {capabilities_pb2.METHOD_DENSITY_MATRIX}
    assert {target.precision for target in spec.targets} == {result_pb2.PRECISION_DOUBLE}
    assert (spec.sequential, spec.tvd_threshold, spec.false_alarm_rate) == (True, 0.1, 0.01)
    assert spec.seed_policy == comparisons_pb2.SEED_POLICY_DISTINCT
    execution = spec.execution
    assert (execution.seed, execution.results.probabilities, execution.results.shots) == (5, True, 0)
    assert (execution.backend, execution.method) == ("", capabilities_pb2.METHOD_UNSPECIFIED)
    assert len(execution.noise.rules) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--backends", "qiskit"), "at least two"),
        (("--backends", "qiskit,cirq,qiskit"), "given twice"),
        (("--backends", "qiskit:density-matrix,qiskit:density_matrix"), "given twice"),
        (("--backends", "qiskit,cirq:tensor"), "'tensor' is unknown"),
        (("--backends", "qiskit,ci rq"), "is no target"),
        (("--backends", "qiskit:statevector,cirq", "--methods", "statevector"), "one way or the other"),
        ((), "--backends is missing"),
        (("--backends", "qiskit,cirq", "--threshold", "0"), "threshold"),
        (("--backends", "qiskit,cirq", "--false-alarms", "0.6"), "false_alarm_rate"),
        (("--backends", "qiskit,cirq", "--show", "x"), "without FILE"),
    ],
)
def test_bad_usage_ends_with_2(proxima: Proxima, serve: Serve, arguments: tuple[str, ...], words: str) -> None:
    """What cannot be compared is refused with the remedy before anything is asked of a server."""
    served = serve(AGREE)
    done = proxima("compare", "-", *arguments, "--server", served.target, stdin=BELL)
    assert done.returncode == 2
    assert words in done.stderr
    assert not served.fake.comparisons.requests


def test_a_refusal_and_a_failure_end_with_their_codes(proxima: Proxima, serve: Serve) -> None:
    """An unknown backend ends with 2; a comparison that failed shows its members and ends with the reason's code."""
    refused = Script(refusal=NotFound("there is no backend nil", reason=errors_pb2.ERROR_REASON_UNKNOWN_BACKEND))
    done = proxima("compare", "-", *TWO, "-o", "json", "--server", serve(refused).target, stdin=BELL)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["reason"] == "ERROR_REASON_UNKNOWN_BACKEND"
    crashed = Internal("the worker died", reason=errors_pb2.ERROR_REASON_WORKER_CRASHED)
    broken = comparisons_pb2.ComparisonMember(state=executions_pb2.STATE_ERROR, error=to_status(crashed))
    failure = _Comparison(state=_Comparison.STATE_ERROR, members=[member(1, 1 << 20), broken], error=to_status(crashed))
    done = proxima("compare", "-", *TWO, "--server", serve(Script(comparison=failure)).target, stdin=BELL)
    assert done.returncode == 6
    assert "Verdict: error" in done.stdout
    assert "the worker died" in done.stdout
    assert "completed" in done.stdout


def test_ctrl_c_aborts_the_comparison(proxima: Proxima, serve: Serve) -> None:
    """Ctrl-C aborts the comparison on the server and ends with 130."""
    served = serve(Script(runs_until_aborted=True))
    path = proxima.directory / "bell.qasm"
    path.write_bytes(BELL)
    process = proxima.start("compare", str(path), *TWO, "--server", served.target)
    asyncio.run_coroutine_threadsafe(served.fake.comparisons.running.wait(), served.loop).result(60)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, (stdout, stderr)
    assert "Verdict: aborted" in stdout
    assert "aborting comparisons/" in stderr


def test_stored_comparisons_are_listed_and_shown(proxima: Proxima, serve: Serve) -> None:
    """`history --comparisons` lists what there is, newest first, and `compare --show` prints one again."""
    server = ("--server", serve(AGREE).target)
    assert "No comparisons" in proxima("history", "--comparisons", *server).stdout
    made = [json.loads(proxima("compare", "-", *TWO, "-o", "json", *server, stdin=BELL).stdout) for _ in range(2)]
    listed = json.loads(proxima("history", "--comparisons", "-o", "json", *server).stdout)
    names = [item["comparison_id"] for item in listed["comparisons"]]
    assert names == [item["comparison_id"] for item in reversed(made)]
    shown = proxima("compare", "--show", names[0], "-o", "json", *server)
    assert json.loads(shown.stdout) == made[1]
    table = proxima("history", "--comparisons", "--limit", "1", *server).stdout
    assert names[0] in table
    assert "--comparisons --limit 1 --page 1" in table
    assert proxima("compare", "--show", "00000000-0000-0000-0000-000000000000", *server).returncode == 2


def test_the_client_compares(serve: Serve) -> None:
    """`Client.compare` returns the verdict and the pairs, and raises where there is nothing to compare."""
    with Client(serve(AGREE).target) as client:
        found = client.compare(
            BELL.decode(), ["qiskit", Target(backend="cirq")], RunOptions(shots=100), CompareOptions(threshold=0.1)
        )
        assert found.verdict is Verdict.AGREE
        assert found.pairs[0].null_quantile == 0.0451
        assert client.comparison(found.id) == found
        assert [item.name for item in client.comparisons().comparisons] == [found.name]
        with pytest.raises(InvalidArgument, match="at least two"):
            client.compare(BELL.decode(), ["qiskit"])


def test_targets() -> None:
    """Backends are crossed with methods, and a target is written as it is read."""
    crossed = targets_of(["qiskit", "cirq/qsim"], methods=["statevector", "trajectories"])
    assert [str(item) for item in crossed] == [
        "qiskit:statevector",
        "qiskit:trajectories",
        "cirq/qsim:statevector",
        "cirq/qsim:trajectories",
    ]
    assert Target.of("backends/qiskit:density-matrix") == Target(backend="qiskit", method="density_matrix")
