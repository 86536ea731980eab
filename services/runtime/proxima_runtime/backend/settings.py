"""Settings of a backend service."""

from __future__ import annotations

import os
import re
import socket
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from proxima_runtime.address import parse_address
from proxima_runtime.backend.limits import available_memory_bytes, available_processor_count, memory_cap_bytes
from proxima_runtime.backend.registration import Registration
from proxima_runtime.settings import ServiceSettings

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


class BackendSettings(ServiceSettings):
    """Settings of a backend service, from variables with the prefix PROXIMA_BACKEND_.

    Attributes:
        worker_count: executions that run at once.
        thread_count: threads that one execution may use; absent means the processors available, divided among workers.
        memory_share: part of what the control group or the machine offers that is for this instance; several instances
            on one machine divide it, so that their executions together do not take more than there is.
        memory_cap_bytes: memory that one execution may take over the warm worker; absent means this instance's share,
            less a reserve for the service and the warm workers, divided among workers.
        grace_seconds: how long a job goes on without a caller, unless it says otherwise.
        queue_limit: jobs that may wait for a worker.
        hang_seconds: a worker that is silent and uses no processor for so long is taken for hung.
        max_result_bytes: largest result of one job; 0 leaves it to the memory cap.
        retained_result_bytes: large results that were sent to their end are dropped early, oldest first, when those
            kept take more than this.
        register_with: gRPC target of an orchestrator to register with; absent means that its configuration names this
            instance.
        instance_id: id to register under, a lower-case letter first; absent means host name and process id.
        advertise: gRPC target where that orchestrator reaches this instance; absent means `listen`.
        lease_seconds: how long the orchestrator keeps a registration without a renewal; it is renewed three times as
            often.
    """

    model_config = SettingsConfigDict(env_prefix="PROXIMA_BACKEND_", frozen=True, extra="forbid")

    worker_count: int = Field(default=1, ge=1, le=256)
    thread_count: int | None = Field(default=None, ge=1, le=1024)
    memory_share: float = Field(default=1.0, gt=0, le=1)
    memory_cap_bytes: int | None = Field(default=None, ge=2**24)
    grace_seconds: float = Field(default=30.0, ge=0, le=86_400)
    queue_limit: int = Field(default=64, ge=1, le=100_000)
    hang_seconds: float = Field(default=60.0, gt=0, le=86_400)
    max_result_bytes: int = Field(default=0, ge=0)
    retained_result_bytes: int = Field(default=256 * 2**20, ge=0)
    register_with: str | None = None
    instance_id: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9._-]{0,62}$")
    advertise: str | None = None
    lease_seconds: int = Field(default=60, ge=10, le=3600)

    @field_validator("register_with", "advertise")
    @classmethod
    def _is_target(cls, text: str | None) -> str | None:
        if text is not None:
            parse_address(text.removeprefix("dns:///"))
        return text

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        address = self.listen_address
        is_definite = address.path is not None or (address.port and address.host not in _EVERY_ADDRESS)
        if self.register_with and not self.advertise and not is_definite:
            raise ValueError(
                f"advertise: an orchestrator cannot reach {self.listen}; give the address where it can, or listen on "
                "one address and port"
            )
        return self

    def registration(self, backend: str) -> Registration | None:
        """What to tell an orchestrator about this instance of `backend`; None where none is to be told."""
        if self.register_with is None:
            return None
        host = re.sub(r"[^a-z0-9-]+", "-", socket.gethostname().lower()).strip("-")[:40]
        instance = self.instance_id or f"i-{host}-{os.getpid()}"
        return Registration(
            orchestrator=self.register_with,
            name=f"backends/{backend}/instances/{instance}",
            target=self.advertise or self.listen_address.target,
            lease_seconds=self.lease_seconds,
        )

    def resolved_thread_count(self) -> int:
        """The thread count in force."""
        return self.thread_count or max(available_processor_count() // self.worker_count, 1)

    def resolved_memory_cap_bytes(self) -> int:
        """The memory cap in force, bytes."""
        return self.memory_cap_bytes or memory_cap_bytes(
            available_bytes=int(available_memory_bytes() * self.memory_share), worker_count=self.worker_count
        )
