"""Parsing in a child process: same result, deadline, memory cap, and children that go away."""

import asyncio
import os
from pathlib import Path

import pytest
from proxima_orchestrator.circuit import digest
from proxima_orchestrator.qasm.bounded import ParserChildren, parse_bounded
from proxima_orchestrator.qasm.errors import DeadlineError, LimitError, NameNotFoundError
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

TWO = b'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
THREE = b'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
NESTED = (
    TWO + b"gate f(a) x,y { rx(a) x; cx x,y; }\nqreg q[2];creg c[2];\nf(pi) q[0],q[1];if (c==2) x q[1];measure q -> c;"
)
LONG = THREE + b"qubit q; for int i in [0:3000] { for int j in [0:3000] { x q; } }"


def test_child_returns_the_same_circuit() -> None:
    """A circuit parsed in a child is the one parsed here, conditions and registers included."""

    async def scenario() -> None:
        async with ParserChildren() as children:
            circuit = await parse_bounded(NESTED, Limits(), children)
        expected = parse(NESTED, Limits())
        assert digest(circuit) == digest(expected)
        assert circuit.clbit_registers == expected.clbit_registers

    asyncio.run(scenario())


def test_large_flat_source_goes_through_a_child() -> None:
    """A source over 64 KiB is parsed by a child too."""
    source = TWO + b"qreg q[3];" + b"h q[0];cx q[0],q[2];\n" * 5000

    async def scenario() -> None:
        async with ParserChildren(concurrent=1) as children:
            assert digest(await parse_bounded(source, Limits(), children)) == digest(parse(source, Limits()))

    asyncio.run(scenario())


def test_error_of_a_child_keeps_class_and_place() -> None:
    """An error found by a child arrives as it was raised there."""

    async def scenario() -> None:
        async with ParserChildren() as children:
            with pytest.raises(NameNotFoundError, match="did you mean") as caught:
                await parse_bounded(TWO + b"qreg q[1];\nhh q[0];", Limits(), children)
            assert (caught.value.line, caught.value.column) == (4, 1)
            assert caught.value.reason == "ERROR_REASON_INVALID_CIRCUIT"

    asyncio.run(scenario())


def test_deadline_kills_the_child_and_the_next_parse_works() -> None:
    """A parse past its deadline is killed and named, and the loop goes on meanwhile."""

    async def scenario() -> None:
        async with ParserChildren(concurrent=1) as children:
            with pytest.raises(DeadlineError) as caught:
                await parse_bounded(LONG, Limits(parse_seconds=0.3), children)
            assert caught.value.reason == "ERROR_REASON_PARSE_DEADLINE"
            assert caught.value.details == {"limit": "parse_seconds", "maximum": "0.3"}
            assert (await parse_bounded(NESTED, Limits(), children)).instruction_count == 5

    asyncio.run(scenario())


def test_memory_cap_is_a_limit_error() -> None:
    """A parse past its memory cap is refused and names the cap."""

    async def scenario() -> None:
        async with ParserChildren(concurrent=1) as children:
            source = THREE + b"qubit[1000000] q; for int i in [0:7] { h q; }"
            with pytest.raises(LimitError) as caught:
                await parse_bounded(source, Limits(parse_memory_bytes=8_000_000), children)
            assert caught.value.details["limit"] == "parse_memory_bytes"

    asyncio.run(scenario())


def test_cancelled_parse_leaves_no_child() -> None:
    """Cancelling a parse kills its child before the cancellation goes on."""

    async def scenario() -> None:
        async with ParserChildren(concurrent=1) as children:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await parse_bounded(LONG, Limits(), children)
            assert not _children_of_this_process()
        assert not _children_of_this_process()

    asyncio.run(scenario())


def _children_of_this_process() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
