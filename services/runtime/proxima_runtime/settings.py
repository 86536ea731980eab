"""Settings that every service has; read once, in `__main__`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from proxima_runtime.address import Address, parse_address


class ServiceSettings(BaseSettings):
    """Settings of a service, from the environment; a subclass gives the prefix of the variables.

    Attributes:
        listen: "unix:/absolute/path" or "host:port"; port 0 lets the kernel choose.
        metrics_listen: "host:port" of the Prometheus metrics; absent means none.
        log_level: debug, info, warning or error.
        log_format: json, or console for people.
        exit_with_parent: stop when the process that started this one dies.
        drain_seconds: how long SIGTERM waits for running calls, seconds.
        insecure: allow a server beyond this machine without TLS.
        max_message_bytes: largest message to send or receive, bytes.
        tls_certificate_file, tls_key_file: PEM files; both or neither.
        tls_client_ca_file: PEM file; callers must show a certificate that it signed.
    """

    model_config = SettingsConfigDict(env_prefix="PROXIMA_", frozen=True, extra="forbid")

    listen: str = "127.0.0.1:0"
    metrics_listen: str | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    exit_with_parent: bool = False
    drain_seconds: float = Field(default=30.0, ge=0, le=86_400)
    insecure: bool = False
    max_message_bytes: int = Field(default=64 * 2**20, ge=2**20, le=2**31 - 1)
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_client_ca_file: Path | None = None

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _is_address(cls, text: str | None) -> str | None:
        if text is not None:
            parse_address(text)
        return text

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file: give both or neither")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_client_ca_file: needs tls_certificate_file and tls_key_file")
        if self.metrics_listen is not None and parse_address(self.metrics_listen).path is not None:
            raise ValueError(f"metrics_listen: {self.metrics_listen!r} must be host:port")
        if not self.listen_address.is_local and self.tls_certificate_file is None and not self.insecure:
            raise ValueError(
                f"listen: {self.listen} can be reached from other machines and there is no TLS; give "
                "tls_certificate_file and tls_key_file, or listen on a Unix socket or 127.0.0.1, or set insecure if "
                "the network is trusted"
            )
        return self

    @property
    def listen_address(self) -> Address:
        """`listen`, parsed."""
        return parse_address(self.listen)

    @classmethod
    def load(cls, arguments: Sequence[str] | None = None) -> Self:
        """Read the settings from the environment and the command line (`--listen`, `--log-level`, ...), which wins.

        Exits with status 2 and a message that names each bad setting.
        """
        try:
            # pydantic-settings builds the options from the fields.
            return cls(
                _cli_parse_args=list(sys.argv[1:] if arguments is None else arguments),  # type: ignore[call-arg]
                _cli_kebab_case=True,
                _cli_implicit_flags=True,
            )
        except ValidationError as error:
            for fault in error.errors():
                place = ".".join(str(part) for part in fault["loc"])
                message = fault["msg"].removeprefix("Value error, ")
                print(f"settings: {place + ': ' if place else ''}{message}", file=sys.stderr)
            raise SystemExit(2) from error
