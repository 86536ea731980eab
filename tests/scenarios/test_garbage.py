"""Bytes that are no call of the contract end that call and nothing else."""

from __future__ import annotations

import asyncio
import socket

import pytest
from proxima.errors.v1 import errors_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_client import Client
from proxima_runtime.address import parse_address
from proxima_runtime.channel import open_channel, unary
from proxima_runtime.errors import ProximaError

from .stack import Stack

_PLAN = "/proxima.orchestrator.v1.ExecutionService/PlanExecution"
_BELL = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n'
_NOISE = bytes(reversed(range(256))) * 40
# What a server takes in one message unless it is told otherwise.
_MESSAGE_BYTES = 64 * 2**20


@pytest.fixture
def target(stack: Stack) -> str:
    """Where the orchestrator listens."""
    return stack.target


def _refusal(target: str, data: bytes) -> ProximaError:
    """Send bytes as a PlanExecutionRequest and return the error."""

    async def send() -> ProximaError:
        async with open_channel(target) as channel:
            with pytest.raises(ProximaError) as caught:
                await unary(channel.unary_unary(_PLAN, bytes, bytes), data, deadline_seconds=60)
            return caught.value

    return asyncio.run(send())


def _request(circuit: executions_pb2.CircuitSource) -> bytes:
    return executions_pb2.PlanExecutionRequest(spec=executions_pb2.ExecutionSpec(circuit=circuit)).SerializeToString()


def _assert_serving(client: Client) -> None:
    counts = client.run(_BELL, shots=10).counts
    assert counts is not None
    assert sum(counts.values()) == 10


def test_a_message_that_was_cut_off_is_refused(target: str, client: Client) -> None:
    """Every prefix that does not parse is an invalid request."""
    whole = _request(executions_pb2.CircuitSource(openqasm=_BELL.encode()))
    for size in (1, len(whole) // 2, len(whole) - 1):
        error = _refusal(target, whole[:size])
        assert error.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST, error
    _assert_serving(client)


def test_random_bytes_are_refused(target: str, client: Client) -> None:
    """Noise in place of a message is an invalid request."""
    error = _refusal(target, _NOISE)
    assert error.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST, error
    _assert_serving(client)


def test_a_message_over_the_limit_is_refused(target: str, client: Client) -> None:
    """More than 64 MiB are not even read to the end."""
    error = _refusal(target, bytes(_MESSAGE_BYTES + 1))
    assert error.reason == errors_pb2.ERROR_REASON_MESSAGE_LIMIT, error
    _assert_serving(client)


def test_columns_that_disagree_are_refused_by_name(target: str, client: Client) -> None:
    """A circuit message whose columns contradict each other names the column."""
    gate = circuit_pb2.Operation(kind=circuit_pb2.Operation.KIND_GATE, name="h", qubit_count=1)
    circuit = circuit_pb2.Circuit(
        qubit_count=1, declared_qubit_count=1, operations=(gate,), opcodes=bytes(4), qubits=bytes(4)
    )
    error = _refusal(target, _request(executions_pb2.CircuitSource(circuit=circuit)))
    assert error.reason == errors_pb2.ERROR_REASON_MALFORMED_CIRCUIT, error
    assert "qubits" in error.message
    _assert_serving(client)


def test_what_does_not_speak_grpc_is_cut_off(target: str, client: Client) -> None:
    """Noise on the socket itself does not disturb the calls of others."""
    with _connect(target) as raw:
        raw.settimeout(30)
        raw.sendall(_NOISE)
        _assert_serving(client)
    _assert_serving(client)


def _connect(target: str) -> socket.socket:
    address = parse_address(target)
    if address.path is None:
        return socket.create_connection((address.host, address.port))
    raw = socket.socket(socket.AF_UNIX)
    raw.connect(str(address.path))
    return raw
