"""Asks a service whether it takes work: `python -m proxima_runtime.health 127.0.0.1:7070`.

For health checks that run a command, as container engines do. Exit status 0 says SERVING, 1 anything else, with one
line on standard error that says what.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from grpc_health.v1 import health_pb2, health_pb2_grpc

from proxima_runtime.address import parse_address
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import ProximaError

_SECONDS = 3.0


async def check_health(target: str, *, deadline_seconds: float) -> str:
    """Return the status of the service at a target: "SERVING", "NOT_SERVING", ...

    Args:
        target: "unix:/path" or "host:port".
        deadline_seconds: how long to wait for the answer.

    Raises:
        ProximaError: nobody answers in time.
    """
    async with open_channel(target) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        answer = await unary(check, health_pb2.HealthCheckRequest(), deadline_seconds=deadline_seconds)
    name: str = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    return name


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask once and return the exit status."""
    parser = argparse.ArgumentParser(prog="proxima_runtime.health", description="Exits with 0 if the service serves.")
    parser.add_argument("target", help="where it listens: unix:/path or host:port")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="how long to wait (default: %(default)g)")
    options = parser.parse_args(arguments)
    try:
        parse_address(options.target)
    except ValueError as error:
        parser.error(str(error))
    try:
        status = asyncio.run(check_health(options.target, deadline_seconds=options.seconds))
    except ProximaError as error:
        print(f"{options.target}: {error.message}", file=sys.stderr)
        return 1
    if status != "SERVING":
        print(f"{options.target}: {status}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
