"""Parsing with a deadline and a memory cap: small flat sources here, all others in a child that can be killed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType

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
_REUSE_BYTES = 1024 * 1024
"""A child that handled a larger source or circuit is not used again, so that its memory goes back."""


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
        self._idle: list[_Child] = []

    async def __aenter__(self) -> "ParserChildren":
        """Start one child, so that the first parse finds it warm."""
        self._idle.append(await _start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the idle children and wait for their end."""
        while self._idle:
            await self._idle.pop().kill()

    async def parse(self, source: bytes, limits: Limits) -> Circuit:
        """Return the circuit of a source, parsed in a child; raises as parse_bounded."""
        async with self._turn:
            child = await self._take()
            reusable = False
            try:
                async with asyncio.timeout(limits.parse_seconds):
                    response = await child.ask(encode_request(source, limits))
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
                    await child.kill()
            return decode_response(response)

    async def _take(self) -> "_Child":
        while self._idle:
            child = self._idle.pop()
            if child.process.poll() is None:
                return child
            await child.kill()
        return await _start()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Child:
    """A parser process and the stream to it."""

    process: subprocess.Popen[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> bytes:
        self.writer.write(request)
        await self.writer.drain()
        (size,) = LENGTH.unpack(await self.reader.readexactly(LENGTH.size))
        return await self.reader.readexactly(size)

    async def wait(self) -> int:
        """Return the exit status of a child that has ended, or closed its stream and is about to."""
        return await asyncio.to_thread(self.process.wait)

    async def kill(self) -> None:
        self.process.kill()
        self.writer.close()
        await self.wait()


async def _start() -> _Child:
    ours, theirs = socket.socketpair()
    with theirs:
        process = _spawn(theirs)
    reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_REUSE_BYTES)
    return _Child(process=process, reader=reader, writer=writer)


def _spawn(stream: socket.socket) -> subprocess.Popen[bytes]:
    """Start the child's process; not by the event loop, for uvloop forks.

    A fork beside gRPC's threads now and then ends in a segmentation fault before the child's own code runs; subprocess
    uses vfork, which runs nothing of this process in the child.
    """
    command = (sys.executable, "-P", "-m", "proxima_orchestrator.qasm.child", str(os.getpid()))
    return subprocess.Popen(command, stdin=stream.fileno(), stdout=stream.fileno())


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
