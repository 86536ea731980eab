"""Addresses that services listen on and clients connect to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

# sun_path of sockaddr_un, with its terminating zero.
_UNIX_PATH_BYTES = 107


@dataclass(frozen=True, kw_only=True)
class Address:
    """A place to listen: a Unix socket, or a host and port.

    Attributes:
        path: absolute path of a Unix socket, or None.
        host: host name or IP address, empty for a Unix socket.
        port: 0 to 65535; 0 lets the kernel choose.
    """

    path: Path | None = None
    host: str = ""
    port: int = 0

    @property
    def target(self) -> str:
        """The gRPC target, for example "unix:/run/proxima/qiskit.sock" or "127.0.0.1:7001"."""
        if self.path is not None:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Only this machine can reach it."""
        if self.path is not None or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """Parse "unix:/absolute/path" or "host:port".

    Raises:
        ValueError: the text is neither; the message says what is expected.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if path.startswith("//"):
            path = path[2:]
        if not path.startswith("/"):
            raise ValueError(
                f"{text!r}: the path of a Unix socket must be absolute, as in unix:/run/proxima/qiskit.sock"
            )
        if len(path.encode()) > _UNIX_PATH_BYTES:
            raise ValueError(
                f"{text!r}: the path of a Unix socket is limited to {_UNIX_PATH_BYTES} bytes; use a shorter one"
            )
        return Address(path=Path(path))
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{text!r} is no address; expected unix:/absolute/path or host:port, as in 127.0.0.1:7001")
    return Address(host=host, port=int(port))
