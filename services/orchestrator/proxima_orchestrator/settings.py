"""Settings of the orchestrator; every field is an environment variable PROXIMA_ORCHESTRATOR_<FIELD> and an option."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from proxima_runtime.address import parse_address
from proxima_runtime.settings import ServiceSettings
from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from proxima_orchestrator.backends import BackendTarget
from proxima_orchestrator.executions.parts import RunRules
from proxima_orchestrator.executions.planner import PlanningRules
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.selection import Weights

_BACKEND_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class OrchestratorSettings(ServiceSettings):
    """Settings of the orchestrator.

    Attributes:
        backends: "name=target,..." with targets "unix:/path" or "host:port"; a name given twice has two instances.
        registration: let instances of backends register themselves. Whoever can reach the orchestrator can then have
            circuits sent to an address of their choice, so leave it off where not everybody is trusted.
        data_dir: where executions and results are kept; on a local disk, one orchestrator at a time.
        database_url: SQLAlchemy URL of the store; absent means SQLite in the data directory.
        synchronous: normal survives a kill of the process, full a power cut as well.
        artifact_dir: folder of large results, or a URL of fsspec; absent means in the data directory.
        safe_fraction: share of a backend's memory cap that may be used without consent.
        max_in_flight: executions sent to one backend instance at once; 0 means 2 a worker and 2 more.
        score_weights: weights of the selection's score; they sum to 1.
        grace_seconds: how long a backend goes on without the orchestrator, and a lost backend is sought.
        abort_seconds: how long an abort waits for the backend's word.
        patience_seconds: how long planning waits for backends that are starting up.
        max_attempts: how often a run is started in all, over restarts.
        max_result_bytes: largest result that is kept, bytes.
        max_source_bytes, max_instructions, parse_seconds: limits of the parser.
    """

    model_config = SettingsConfigDict(env_prefix="PROXIMA_ORCHESTRATOR_", frozen=True, extra="forbid")

    backends: str = ""
    registration: bool = False
    data_dir: Path
    database_url: str | None = None
    synchronous: Literal["normal", "full"] = "normal"
    artifact_dir: str | None = None
    safe_fraction: float = Field(default=0.8, gt=0, le=1)
    max_in_flight: int = Field(default=0, ge=0, le=10_000)
    score_weights: str = "feature_match=0.4,performance=0.3,memory=0.2,history=0.1"
    grace_seconds: float = Field(default=30.0, ge=0.1, le=86_400)
    abort_seconds: float = Field(default=10.0, ge=0.1, le=600)
    patience_seconds: float = Field(default=10.0, ge=0, le=600)
    max_attempts: int = Field(default=3, ge=1, le=100)
    max_result_bytes: int = Field(default=64 * 2**30, ge=2**20)
    max_source_bytes: int = Field(default=Limits().source_bytes, ge=1, le=2**30)
    max_instructions: int = Field(default=Limits().instructions, ge=1)
    parse_seconds: float = Field(default=Limits().parse_seconds, gt=0)

    @field_validator("backends")
    @classmethod
    def _are_targets(cls, text: str) -> str:
        _targets(text)
        return text

    @field_validator("score_weights")
    @classmethod
    def _are_weights(cls, text: str) -> str:
        _weights(text)
        return text

    @property
    def targets(self) -> list[BackendTarget]:
        """`backends`, parsed."""
        return _targets(self.backends)

    @property
    def planning_rules(self) -> PlanningRules:
        """What planning goes by."""
        limits = Limits(
            source_bytes=self.max_source_bytes, instructions=self.max_instructions, parse_seconds=self.parse_seconds
        )
        return PlanningRules(
            limits=limits,
            weights=_weights(self.score_weights),
            safe_fraction=self.safe_fraction,
            grace_seconds=self.grace_seconds,
            patience_seconds=self.patience_seconds,
        )

    @property
    def run_rules(self) -> RunRules:
        """What running goes by."""
        return RunRules(
            grace_seconds=self.grace_seconds,
            abort_seconds=self.abort_seconds,
            max_attempts=self.max_attempts,
            max_result_bytes=self.max_result_bytes,
        )


def _targets(text: str) -> list[BackendTarget]:
    targets = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, target = part.partition("=")
        if not equals or not _BACKEND_NAME.fullmatch(name):
            raise ValueError(f"{part!r} is not name=target, as in qiskit=unix:/run/proxima/qiskit.sock")
        parse_address(target.removeprefix("dns:///"))
        targets.append(BackendTarget(backend=name, target=target))
    return targets


def _weights(text: str) -> Weights:
    values: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name not in Weights.__dataclass_fields__:
            raise ValueError(f"{part!r} is none of feature_match, performance, memory, history =number")
        values[name] = float(value)
    missing = set(Weights.__dataclass_fields__) - set(values)
    if missing:
        raise ValueError(f"no weight for {', '.join(sorted(missing))}")
    return Weights(**values)
