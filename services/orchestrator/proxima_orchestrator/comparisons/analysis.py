"""Compares the results of a comparison's members, pair by pair, off the event loop."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import numpy as np
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import capabilities_pb2

from proxima_orchestrator.artifacts import ArtifactStore
from proxima_orchestrator.comparison.findings import Judgement, PairFinding
from proxima_orchestrator.comparison.pairs import compare_pair
from proxima_orchestrator.comparison.results import MemberResult
from proxima_orchestrator.comparison.rules import Rules
from proxima_orchestrator.comparison.verdict import judge
from proxima_orchestrator.comparisons.load import load_result
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.store import Store

# Keeps the generators of the tests apart from the samplers that are seeded with the same number.
_DOMAIN = 0x70726F78


async def analyze(
    records: Sequence[tuple[int, ExecutionRecord]],
    *,
    store: Store,
    artifacts: ArtifactStore,
    rules: Rules,
    seed: int,
    with_counts: bool,
) -> list[tuple[int, int, Judgement]]:
    """Return the verdict on each pair of completed members, with their positions.

    Args:
        records: position and record of each completed member.
        store, artifacts: where the results are.
        rules: levels and thresholds.
        seed: of the comparison; the same one makes the same draws, and so the same verdicts.
        with_counts: counts were asked for; where they were not, those of a method that cannot do without do not count.

    Raises:
        NotFound: RESULT_NOT_FOUND; a result is gone.
    """
    findings: list[PairFinding] = []
    places: list[tuple[int, int]] = []
    previous: tuple[int, MemberResult] | None = None
    for (first, one), (second, other) in itertools.combinations(records, 2):
        # The first of a pair stays the same for a while; more than two results need not be in memory.
        if previous is None or previous[0] != first:
            previous = first, await load_result(one, store, artifacts, with_counts=with_counts)
        result = await load_result(other, store, artifacts, with_counts=with_counts)
        counted = [executions_pb2.Characteristics.FromString(record.characteristics) for record in (one, other)]
        finding = await asyncio.to_thread(
            compare_pair,
            previous[1],
            result,
            rules,
            instruction_count=max(item.instruction_count for item in counted),
            has_readout_error=any(capabilities_pb2.FEATURE_READOUT_ERROR in item.features for item in counted),
            rng=np.random.default_rng([_DOMAIN, seed, first, second]),
        )
        findings.append(finding)
        places.append((first, second))
    judgements = judge(findings, rules)
    return [(first, second, judgement) for (first, second), judgement in zip(places, judgements, strict=True)]
