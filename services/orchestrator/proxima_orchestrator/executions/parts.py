"""What all runs share: the parts of the orchestrator that they use, and the rules that they go by."""

from __future__ import annotations

from dataclasses import dataclass

from proxima_orchestrator.artifacts import ArtifactStore
from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.executions.history import Outcomes
from proxima_orchestrator.executions.metrics import RunMetrics
from proxima_orchestrator.executions.planner import Planner
from proxima_orchestrator.executions.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRules:
    """What running goes by.

    Attributes:
        grace_seconds: how long a lost backend is sought before the run counts as failed.
        abort_seconds: how long an abort waits for the backend's word.
        max_attempts: how often a run is started in all, over restarts of the orchestrator.
        max_result_bytes: largest result that is kept.
    """

    grace_seconds: float
    abort_seconds: float
    max_attempts: int
    max_result_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunParts:
    """What all runs share."""

    planner: Planner
    catalog: BackendCatalog
    store: Store
    artifacts: ArtifactStore
    outcomes: Outcomes
    metrics: RunMetrics
    rules: RunRules
