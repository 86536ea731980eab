"""Comparisons through the orchestrator, with two scripted backends: members, verdicts, aborts, crashes, bad input."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import grpc
import pytest
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import comparisons_pb2, comparisons_pb2_grpc, executions_pb2
from proxima.simulation.v1 import capabilities_pb2, result_pb2
from proxima_orchestrator.testing import RunningOrchestrator
from proxima_runtime.errors import ProximaError, from_rpc_error, from_status
from proxima_runtime.testing import start_backend

Script = Callable[..., executions_pb2.ExecutionSpec]
Comparison = comparisons_pb2.Comparison

STATEVECTOR = capabilities_pb2.METHOD_STATEVECTOR
TRAJECTORIES = capabilities_pb2.METHOD_TRAJECTORIES


class Pair:
    """An orchestrator with the backends scripted and twin."""

    def __init__(self, orchestrator: RunningOrchestrator) -> None:
        self.orchestrator = orchestrator
        self.stub = comparisons_pb2_grpc.ComparisonServiceStub(orchestrator.channel)

    async def create(self, spec: comparisons_pb2.ComparisonSpec, *, request_id: str = "") -> Comparison:
        """Create a comparison."""
        request = comparisons_pb2.CreateComparisonRequest(spec=spec, request_id=request_id)
        return (await self.stub.CreateComparison(request)).comparison

    async def refused(self, spec: comparisons_pb2.ComparisonSpec, *, request_id: str = "") -> ProximaError:
        """Create a comparison that is refused, and return why."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.create(spec, request_id=request_id)
        return from_rpc_error(caught.value)

    async def outcome(self, name: str) -> Comparison:
        """Follow a comparison to its end."""
        last = Comparison()
        async for message in self.stub.WatchComparison(comparisons_pb2.WatchComparisonRequest(name=name)):
            if message.HasField("comparison"):
                last = message.comparison
        return last

    async def finish(self, spec: comparisons_pb2.ComparisonSpec) -> Comparison:
        """Create a comparison and follow it to its end."""
        return await self.outcome((await self.create(spec)).name)

    async def until(self, name: str, state: executions_pb2.State) -> Comparison:
        """Follow a comparison until a member is in a state."""
        async for message in self.stub.WatchComparison(comparisons_pb2.WatchComparisonRequest(name=name)):
            if any(member.state == state for member in message.comparison.members):
                return message.comparison
        raise AssertionError(f"no member came to state {state}")


@contextlib.asynccontextmanager
async def pair(
    folder: Path, *, twin: Mapping[str, str] | None = None, orchestrator: Mapping[str, str] | None = None
) -> AsyncIterator[Pair]:
    """Start both backends and the orchestrator; `twin` and `orchestrator` have variables for theirs."""
    search = os.pathsep.join((str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")))
    async with (
        start_backend(listen=f"unix:{folder}/a.sock") as first,
        start_backend(
            "twin", listen=f"unix:{folder}/b.sock", environment={"PYTHONPATH": search, **(twin or {})}
        ) as other,
        RunningOrchestrator(
            folder, backends={"scripted": first.target, "twin": other.target}, environment=orchestrator
        ) as running,
    ):
        yield Pair(running)


def target(
    backend: str, method: capabilities_pb2.Method = capabilities_pb2.METHOD_UNSPECIFIED
) -> comparisons_pb2.ComparisonTarget:
    """Return a target."""
    return comparisons_pb2.ComparisonTarget(backend=f"backends/{backend}", method=method)


def comparison(
    execution: executions_pb2.ExecutionSpec,
    *targets: comparisons_pb2.ComparisonTarget,
    sequential: bool = False,
    **results: bool | int,
) -> comparisons_pb2.ComparisonSpec:
    """Return a specification; without targets, of scripted and twin. `results` replace those of the execution."""
    spec = comparisons_pb2.ComparisonSpec(
        execution=execution, targets=targets or (target("scripted"), target("twin")), sequential=sequential
    )
    spec.execution.backend = ""
    if results:
        spec.execution.results.CopyFrom(result_pb2.ResultSpec(**results))  # type: ignore[arg-type]
    return spec


async def test_equal_results_agree(folder: Path, script: Script) -> None:
    """Two members with equal results agree, as states, as distributions and as samples; the members are executions."""
    async with pair(folder) as both:
        bases = comparisons_pb2.PairComparison
        for results, basis in (
            ({"statevector": True}, bases.BASIS_STATES),
            ({"probabilities": True}, bases.BASIS_DISTRIBUTIONS),
            ({"shots": 20_000}, bases.BASIS_SAMPLES),
        ):
            last = await both.finish(comparison(script(), **results))
            assert last.state == Comparison.STATE_COMPLETED, last.error
            assert (last.verdict, last.pairs[0].basis) == (comparisons_pb2.VERDICT_AGREE, basis), last.pairs
            for member in last.members:
                execution = await both.orchestrator.get(member.execution)
                assert execution.comparison == last.name
                assert member.usage == execution.usage
            assert len(last.circuit_digest) == 64
            assert not last.divergences


async def test_different_results_disagree(folder: Path, script: Script) -> None:
    """Members with different results disagree on every basis, and the answer says that nobody looked for the gate."""
    async with pair(folder, twin={"TWIN_DISAGREES": "1"}) as both:
        for results in ({"statevector": True}, {"probabilities": True}, {"shots": 100}):
            last = await both.finish(comparison(script(), **results))
            assert last.verdict == comparisons_pb2.VERDICT_DISAGREE, last
            (divergence,) = last.divergences
            assert divergence.instruction == -1
            assert from_status(divergence.error).reason == errors_pb2.ERROR_REASON_NOT_IMPLEMENTED
        spec = comparison(script(), shots=100)
        spec.skip_diagnosis = True
        assert not (await both.finish(spec)).divergences


async def test_too_few_shots_are_no_agreement(folder: Path, script: Script) -> None:
    """Equal samples of few shots say how many would do, and as many do."""
    async with pair(folder) as both:
        few = await both.finish(comparison(script(), shots=100))
        assert few.verdict == comparisons_pb2.VERDICT_NOT_ENOUGH_SHOTS
        needed = few.pairs[0].required_shots
        assert 1000 < needed < 20_000
        assert f"{needed} would do" in few.pairs[0].reason
        enough = await both.finish(comparison(script(), shots=needed))
        assert enough.verdict == comparisons_pb2.VERDICT_AGREE


async def test_a_method_that_cannot_give_everything_gives_the_rest(folder: Path, script: Script) -> None:
    """A method without probabilities is asked for counts, says so, and is tested against the other's distribution."""
    async with pair(folder) as both:
        spec = comparison(
            script(), target("scripted", STATEVECTOR), target("twin", TRAJECTORIES), shots=20_000, probabilities=True
        )
        last = await both.finish(spec)
        assert last.pairs[0].basis == comparisons_pb2.PairComparison.BASIS_SAMPLES_AGAINST_DISTRIBUTION, last
        assert last.verdict == comparisons_pb2.VERDICT_AGREE
        assert "probabilities" in last.members[1].notes[0]
        assert not last.members[0].notes


async def test_asking_for_nothing_takes_shots_enough(folder: Path, bell: executions_pb2.ExecutionSpec) -> None:
    """Where no results are asked for, the shots see the threshold with as many outcomes as there may be."""
    async with pair(folder) as both:
        last = await both.finish(comparison(bell))
        assert last.verdict == comparisons_pb2.VERDICT_AGREE, last
        execution = await both.orchestrator.get(last.members[0].execution)
        assert execution.result_spec.shots == 7000


async def test_members_run_together_or_one_after_another(folder: Path, script: Script) -> None:
    """Members of two backends overlap in time; sequential ones do not, and the second begins after the first ended."""
    async with pair(folder) as both:
        together = await both.finish(comparison(script(("scripted_sleep", 0.5))))
        assert together.ran_in_parallel
        apart = await both.finish(comparison(script(("scripted_sleep", 0.5)), sequential=True))
        assert not apart.ran_in_parallel
        first, second = [await both.orchestrator.get(member.execution) for member in apart.members]
        assert second.create_time.ToNanoseconds() >= first.end_time.ToNanoseconds()


async def test_seeds_are_equal_or_distinct_as_asked(folder: Path, script: Script) -> None:
    """Distinct seeds, the default, follow from the comparison's; where the same is asked for, all have it."""
    async with pair(folder) as both:
        spec = comparison(script())
        spec.execution.seed = 7
        seeds = []
        for policy in (
            comparisons_pb2.SEED_POLICY_UNSPECIFIED,
            comparisons_pb2.SEED_POLICY_DISTINCT,
            comparisons_pb2.SEED_POLICY_SAME,
        ):
            spec.seed_policy = policy
            last = await both.finish(spec)
            seeds.append([(await both.orchestrator.get(member.execution)).seed for member in last.members])
        assert seeds[0] == seeds[1]
        assert len({7, *seeds[0]}) == 3
        assert seeds[2] == [7, 7]


@pytest.mark.parametrize(("qubits", "shots"), [(4, 10_000), (20, 1000)])
async def test_the_default_shots_of_a_noisy_circuit_take_minutes(folder: Path, qubits: int, shots: int) -> None:
    """With noise every shot may be a run of its own: the default of shots stays small where one takes long."""
    gates = "".join(f"h q[{index % qubits}];\n" for index in range(500))
    source = (
        f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[{qubits}] q;\nbit[{qubits}] c;\n{gates}reset q[0];\n'
        "c = measure q;\n"
    )
    spec = comparison(executions_pb2.ExecutionSpec(circuit=executions_pb2.CircuitSource(openqasm=source.encode())))
    async with pair(folder) as both:
        last = await both.finish(spec)
        execution = await both.orchestrator.get(last.members[0].execution)
        assert execution.result_spec.shots == shots


async def test_one_that_fails_leaves_the_others(folder: Path, script: Script) -> None:
    """With three members of which one fails, the other two are compared; with two the comparison fails and says why."""
    async with pair(folder, twin={"TWIN_FAILS": "1"}) as both:
        three = comparison(
            script(), target("scripted"), target("twin"), target("scripted", STATEVECTOR), probabilities=True
        )
        last = await both.finish(three)
        assert last.state == Comparison.STATE_COMPLETED, last.error
        assert [(item.first_member, item.second_member) for item in last.pairs] == [(0, 2)]
        assert last.members[1].state == executions_pb2.STATE_ERROR
        assert "twin" in from_status(last.members[1].error).message
        failed = await both.finish(comparison(script()))
        assert failed.state == Comparison.STATE_ERROR
        error = from_status(failed.error)
        assert error.reason == errors_pb2.ERROR_REASON_ENGINE_FAILED
        assert "only one member gave a result" in error.message
        assert failed.members[0].state == executions_pb2.STATE_COMPLETED


async def test_a_circuit_at_fault_is_one_error(folder: Path) -> None:
    """A syntax error is the comparison's, with its line, and no member is created."""
    async with pair(folder) as both:
        source = executions_pb2.CircuitSource(openqasm=b"OPENQASM 3.0;\nqubit[2] q;\nnonsense q[0];\n")
        last = await both.finish(comparison(executions_pb2.ExecutionSpec(circuit=source)))
        assert last.state == Comparison.STATE_ERROR
        assert from_status(last.error).metadata["line"] == "3"
        assert [member.state for member in last.members] == [executions_pb2.STATE_UNSPECIFIED] * 2
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await both.orchestrator.get(last.members[0].execution)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_bad_requests_are_refused(folder: Path, script: Script) -> None:
    """One target, the same twice, unknown backends and impossible numbers are refused by name; nothing is stored."""
    async with pair(folder) as both:
        pinned = comparison(script())
        pinned.execution.backend = "backends/scripted"
        rate, threshold = comparison(script()), comparison(script())
        rate.false_alarm_rate = 0.6
        threshold.tvd_threshold = float("nan")
        invalid = errors_pb2.ERROR_REASON_INVALID_REQUEST
        for spec, reason, words in (
            (comparison(script(), target("scripted")), invalid, "at least two"),
            (comparison(script(), target("twin"), target("twin")), invalid, "twin is given twice"),
            (comparison(script(), target("twin"), target("nil")), errors_pb2.ERROR_REASON_UNKNOWN_BACKEND, "'nil'"),
            (pinned, invalid, "targets"),
            (rate, invalid, "false_alarm_rate"),
            (threshold, invalid, "tvd_threshold"),
        ):
            error = await both.refused(spec)
            assert (error.reason, words in error.message) == (reason, True), error.message
        listed = await both.stub.ListComparisons(comparisons_pb2.ListComparisonsRequest())
        assert not listed.comparisons


async def test_a_request_id_names_one_comparison(folder: Path, script: Script) -> None:
    """The same id gives the same comparison again, and with another specification is refused."""
    async with pair(folder) as both:
        first = await both.create(comparison(script()), request_id="mine")
        again = await both.create(comparison(script()), request_id="mine")
        assert first.name == again.name
        error = await both.refused(comparison(script(), shots=99), request_id="mine")
        assert error.reason == errors_pb2.ERROR_REASON_REQUEST_ID_REUSED


async def test_comparisons_are_listed_newest_first(folder: Path, script: Script) -> None:
    """Pages follow each other without a gap, and a foreign token is refused."""
    async with pair(folder) as both:
        names = [(await both.finish(comparison(script()))).name for _ in range(3)]
        request = comparisons_pb2.ListComparisonsRequest(page_size=2)
        first = await both.stub.ListComparisons(request)
        request.page_token = first.next_page_token
        second = await both.stub.ListComparisons(request)
        assert [item.name for item in (*first.comparisons, *second.comparisons)] == names[::-1]
        assert not second.next_page_token
        request.page_token = "nonsense!"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await both.stub.ListComparisons(request)
        assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_INVALID_PAGE_TOKEN


async def test_an_abort_stops_every_member(folder: Path, script: Script) -> None:
    """Aborting a comparison aborts its members and answers when they have stopped; doing it again is the same."""
    async with pair(folder) as both:
        name = (await both.create(comparison(script(("scripted_sleep", 60))))).name
        await both.until(name, executions_pb2.STATE_RUNNING)
        request = comparisons_pb2.AbortComparisonRequest(name=name, reason="enough")
        for _ in range(2):
            answer = (await both.stub.AbortComparison(request)).comparison
            assert answer.state == Comparison.STATE_ABORTED
            assert "enough" in from_status(answer.error).message
            assert [member.state for member in answer.members] == [executions_pb2.STATE_ABORTED] * 2
        done = (await both.finish(comparison(script()))).name
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await both.stub.AbortComparison(comparisons_pb2.AbortComparisonRequest(name=done))
        assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_INVALID_STATE


async def test_an_abort_of_a_sequential_one_starts_nothing_more(folder: Path, script: Script) -> None:
    """Aborted in its first member, a sequential comparison never creates the second."""
    async with pair(folder) as both:
        name = (await both.create(comparison(script(("scripted_sleep", 60)), sequential=True))).name
        await both.until(name, executions_pb2.STATE_RUNNING)
        answer = (await both.stub.AbortComparison(comparisons_pb2.AbortComparisonRequest(name=name))).comparison
        assert [member.state for member in answer.members] == [
            executions_pb2.STATE_ABORTED,
            executions_pb2.STATE_UNSPECIFIED,
        ]


@pytest.mark.parametrize("sequential", [False, True])
async def test_a_killed_orchestrator_goes_on_after_its_restart(
    folder: Path, script: Script, *, sequential: bool
) -> None:
    """A comparison that a kill cut short goes on after the restart: members that ran finish, those to come run."""
    async with pair(folder) as both:
        spec = comparison(script(("scripted_sleep", 1.5)), sequential=sequential, probabilities=True)
        name = (await both.create(spec)).name
        await both.until(name, executions_pb2.STATE_RUNNING)
        await both.orchestrator.kill()
        await both.orchestrator.start()
        last = await both.outcome(name)
        assert (last.state, last.verdict) == (Comparison.STATE_COMPLETED, comparisons_pb2.VERDICT_AGREE), last
        again = await both.stub.GetComparison(comparisons_pb2.GetComparisonRequest(name=name))
        assert again.comparison == last


async def test_a_stop_leaves_a_comparison_to_the_next_start(folder: Path, script: Script) -> None:
    """SIGTERM past its drain time ends the watch with DRAINING, and the next start finishes the comparison."""
    environment = {"PROXIMA_ORCHESTRATOR_DRAIN_SECONDS": "0.2"}
    async with pair(folder, orchestrator=environment) as both:
        spec = comparison(script(("scripted_sleep", 4.0)), sequential=True, probabilities=True)
        name = (await both.create(spec)).name
        await both.until(name, executions_pb2.STATE_RUNNING)
        watching = asyncio.create_task(both.outcome(name))
        assert await both.orchestrator.stop() == 0
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching
        assert from_rpc_error(caught.value).reason == errors_pb2.ERROR_REASON_DRAINING
        await both.orchestrator.start()
        assert (await both.outcome(name)).verdict == comparisons_pb2.VERDICT_AGREE


async def test_the_orchestrator_answers_while_it_compares(folder: Path, script: Script) -> None:
    """While large states are compared, which takes seconds, other calls are answered at once."""
    async with pair(folder) as both:
        spec = comparison(script(("scripted_large", 256)), statevector=True)
        name = (await both.create(spec)).name
        answers = 0
        async for message in both.stub.WatchComparison(comparisons_pb2.WatchComparisonRequest(name=name)):
            if message.comparison.state == Comparison.STATE_ANALYZING:
                for _ in range(5):
                    await both.orchestrator.get(message.comparison.members[0].execution)
                    state = (await both.stub.GetComparison(comparisons_pb2.GetComparisonRequest(name=name))).comparison
                    answers += state.state == Comparison.STATE_ANALYZING
        assert answers == 5


async def test_a_watcher_sees_members_and_verdict(folder: Path, script: Script) -> None:
    """A watcher gets the snapshot of now first, progress of members, and last the terminal snapshot."""
    async with pair(folder) as both:
        name = (await both.create(comparison(script(("scripted_progress", 1.0)), probabilities=True))).name
        states, members = [], set()
        async for message in both.stub.WatchComparison(comparisons_pb2.WatchComparisonRequest(name=name)):
            if message.HasField("comparison"):
                states.append(message.comparison.state)
            else:
                members.add(message.member_progress.member)
        assert states[0] == Comparison.STATE_RUNNING
        assert states[-1] == Comparison.STATE_COMPLETED
        assert Comparison.STATE_ANALYZING in states
        assert members == {0, 1}


async def test_equal_comparisons_have_equal_verdicts(folder: Path, script: Script) -> None:
    """The figures of the tests follow from the seed: made again, the comparison says the same to the digit."""
    async with pair(folder) as both:
        spec = comparison(script(), shots=500)
        spec.execution.seed = 11
        first, second = await asyncio.gather(both.finish(spec), both.finish(spec))
        assert first.pairs == second.pairs
