"""Parsing with a deadline and a memory cap: small flat sources here, all others in a child that can be killed."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

import structlog

from proxima_orchestrator.circuit import Circuit
from proxima_orchestrator.qasm.errors import DeadlineError, LimitError
from proxima_orchestrator.qasm.flat import NotFlat, parse_flat
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.source import blank_comments, decode, read_header
from proxima_orchestrator.qasm.wire import LENGTH, decode_response, encode_request

__all__ = ["ParserChildren", "parse_bounded"]

_INLINE_BYTES = 64 * 1024
_INLINE_INSTRUCTIONS = 20_000
_INLINE_OPERANDS = 100_000
_STARTS = 3
_REUSE_BYTES = 1024 * 1024
"""A child that handled a larger source or circuit is not used again, so that its memory goes back."""

log = structlog.get_logger(__name__)


async def parse_bounded(source: bytes, limits: Limits, children: "ParserChildren") -> Circuit:
    """Return the circuit of an OpenQASM 2 or 3 program, without ever holding up the event loop for long.

    Flat sources of at most 64 KiB are read here in milliseconds; every other goes to a child process. Raises
    CircuitError: what is wrong with the source, DeadlineError past `limits.parse_seconds`, LimitError past the memory
    limit.
    """
    if len(source) <= _INLINE_BYTES:
        inline = replace(
            limits,
            instructions=min(limits.instructions, _INLINE_INSTRUCTIONS),
            operands=min(limits.operands, _INLINE_OPERANDS),
        )
        header = read_header(blank_comments(decode(source, limits)))
        with suppress(NotFlat):
            return parse_flat(header, inline)
    elif len(source) > limits.source_bytes:
        decode(source, limits)
    return await children.parse(source, limits)


class ParserChildren:
    """A few parser processes, started when first needed and kept warm; use as an async context manager.

    At most `concurrent` parses run at once, later ones wait. Children are killed at their deadline, and die with this
    process: start this from the thread that lives as long as the process, for the kernel watches the starting thread.
    """

    def __init__(self, *, concurrent: int = 2) -> None:
        self._turn = asyncio.Semaphore(concurrent)
        self._idle: list[Process] = []

    async def __aenter__(self) -> "ParserChildren":
        """Start one child, so that the first parse finds it warm."""
        self._idle.append(await self._start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the idle children and wait for their end."""
        while self._idle:
            await _kill(self._idle.pop())

    async def parse(self, source: bytes, limits: Limits) -> Circuit:
        """Return the circuit of a source, parsed in a child; raises as parse_bounded."""
        async with self._turn:
            child = await self._take()
            reusable = False
            try:
                async with asyncio.timeout(limits.parse_seconds):
                    response = await _ask(child, encode_request(source, limits))
                reusable = len(source) <= _REUSE_BYTES and len(response) <= _REUSE_BYTES
            except TimeoutError:
                raise DeadlineError(
                    f"parsing took longer than {limits.parse_seconds:g} s; make the circuit smaller or flatter",
                    details={"limit": "parse_seconds", "maximum": f"{limits.parse_seconds:g}"},
                ) from None
            except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError):
                raise _explain(await child.wait(), limits) from None
            finally:
                if reusable:
                    self._idle.append(child)
                else:
                    await _kill(child)
            return decode_response(response)

    async def _take(self) -> Process:
        while self._idle:
            child = self._idle.pop()
            if child.returncode is None and _is_open(child):
                return child
        for _ in range(_STARTS):
            child = await self._start()
            if _is_open(child):
                return child
            # A fork beside gRPC's threads now and then ends in a segmentation fault before the child's own code runs.
            await _kill(child)
            log.warning("parser child did not start", exit_status=child.returncode)
        raise RuntimeError(f"the parser's child process ended {_STARTS} times before it could read")

    @staticmethod
    async def _start() -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "proxima_orchestrator.qasm.child",
            str(os.getpid()),
            stdin=PIPE,
            stdout=PIPE,
            limit=_REUSE_BYTES,
        )


def _is_open(child: Process) -> bool:
    """Return whether a child can be written to."""
    return child.stdin is not None and not child.stdin.is_closing()


async def _ask(child: Process, request: bytes) -> bytes:
    if child.stdin is None or child.stdout is None:
        raise BrokenPipeError("the parser child has no pipes")
    child.stdin.write(request)
    await child.stdin.drain()
    (size,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
    return await child.stdout.readexactly(size)


async def _kill(child: Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    if child.stdin is not None:
        child.stdin.close()
    await child.wait()


def _explain(exit_status: int, limits: Limits) -> Exception:
    """Return the error for a child that ended without an answer."""
    if exit_status == -signal.SIGXCPU:
        return DeadlineError(
            f"parsing took longer than {limits.parse_seconds:g} s; make the circuit smaller or flatter",
            details={"limit": "parse_seconds", "maximum": f"{limits.parse_seconds:g}"},
        )
    if exit_status < 0:
        name = signal.Signals(-exit_status).name
        return LimitError(
            f"the parser was killed by {name}, probably for its memory; make the circuit smaller",
            details={"limit": "parse_memory_bytes", "maximum": str(limits.parse_memory_bytes)},
        )
    return RuntimeError(f"the parser's child process failed with exit status {exit_status}; its log has the cause")
