"""What the store keeps of an execution."""

from __future__ import annotations

from dataclasses import dataclass, field

from proxima_orchestrator.executions.state_machine import State


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionRecord:
    """One row of the table of executions.

    Times are microseconds since the Unix epoch, None until reached. The byte fields are parts of the contract's
    Execution message, serialised by `convert`; empty where absent. `results` is an Execution message that holds the
    headers only.

    Attributes:
        id: UUID of the execution, without "executions/".
        owner: who owns it.
        request_id: the caller's idempotency key; None where there is none.
        payload_sha256: digest of the specification, to tell a repeated request from a reused key.
        attempt: from 1; the fencing token of every write.
        backend, engine, method: the choice; empty and 0 until planned.
        instance: resource name of the backend instance that has or had it.
        comparison: UUID of the comparison that it is a member of; empty where it is none.
        checkpoint: name of the kept file that it resumes from, which ends in the SHA-256; empty where it never paused.
        checkpoint_bytes: size of that file.
        usage: of a paused run, what it took so far.
        closed_attempts: an Execution message that holds the attempts before this one only; kept in a table of its own.
    """

    id: str
    owner: str
    request_id: str | None
    payload_sha256: bytes
    attempt: int
    state: State
    display_name: str
    seed: int
    create_time: int
    plan_time: int | None = None
    ready_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    circuit_digest: str = ""
    backend: str = ""
    engine: str = ""
    method: int = 0
    instance: str = ""
    comparison: str = ""
    checkpoint: str = ""
    checkpoint_bytes: int = 0
    result_spec: bytes = b""
    characteristics: bytes = field(default=b"", repr=False)
    plan: bytes = field(default=b"", repr=False)
    error: bytes = field(default=b"", repr=False)
    usage: bytes = field(default=b"", repr=False)
    results: bytes = field(default=b"", repr=False)
    closed_attempts: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """Resource name, "executions/{uuid}"."""
        return f"executions/{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactRecord:
    """Where an array of a result is kept: by the SHA-256 of its bytes, in lower-case hexadecimal."""

    item_index: int
    array_index: int
    sha256: str
    size_bytes: int
