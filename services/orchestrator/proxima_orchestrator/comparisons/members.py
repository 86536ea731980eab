"""The members of comparisons: executions like any other, created, followed and aborted through their service."""

from __future__ import annotations

import contextlib
import math
from collections.abc import AsyncIterator

from proxima.orchestrator.v1 import comparisons_pb2, executions_pb2
from proxima_runtime.errors import FailedPrecondition, NotFound

from proxima_orchestrator.capabilities import Method, ResultKind
from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.comparison.power import required_shots
from proxima_orchestrator.convert.comparison import member_spec, rules_of
from proxima_orchestrator.convert.execution import execution_to_message
from proxima_orchestrator.executions.planner import Planner
from proxima_orchestrator.executions.record import ExecutionRecord
from proxima_orchestrator.executions.service import Executions
from proxima_orchestrator.planning import RANDOM_FEATURES, ResultRequest

_MOST_SHOTS = 100_000
_ROUNDED_SHOTS = 1000
# Amplitudes that the default may update where a member runs the circuit once a shot: minutes, not hours, on one thread.
_MOST_UPDATES = 5e11


class Members:
    """Members of any comparison."""

    def __init__(self, executions: Executions, planner: Planner, catalog: BackendCatalog) -> None:
        self._executions = executions
        self._planner = planner
        self._catalog = catalog

    def check(self, spec: comparisons_pb2.ComparisonSpec) -> None:
        """Check what each member would execute.

        Raises:
            InvalidArgument: INVALID_REQUEST; a field is out of range or contradicts another.
            NotFound: UNKNOWN_BACKEND.
        """
        for place in range(len(spec.targets)):
            self._executions.specify(member_spec(spec, place))

    async def resolve(self, spec: comparisons_pb2.ComparisonSpec) -> comparisons_pb2.ComparisonSpec:
        """Parse the circuit once, and return the specification with the results to ask for where it asks for none.

        Raises:
            ProximaError: the circuit is at fault, or its results make no sense.
        """
        specification = self._executions.specify(member_spec(spec, 0))
        prepared = await self._planner.prepare(specification)
        if specification.options.results.kinds:
            return spec
        resolved = comparisons_pb2.ComparisonSpec()
        resolved.CopyFrom(spec)
        circuit = prepared.characteristics
        if circuit.measurement_count:
            resolved.execution.results.shots = default_shots(spec, circuit)
        else:
            resolved.execution.results.probabilities = True
        return resolved

    async def create(
        self, spec: comparisons_pb2.ComparisonSpec, place: int, *, execution_id: str, comparison: str
    ) -> list[str]:
        """Create a member's execution and return what the user should know of it.

        Raises:
            ProximaError: its backend is gone, the store cannot write, or the orchestrator is stopping.
        """
        left_out = await self._left_out(spec, place)
        specification = self._executions.specify(member_spec(spec, place, left_out=left_out))
        await self._executions.create(specification, request_id=None, execution_id=execution_id, comparison=comparison)
        return [f"was not asked for {kind.label}, which its method does not give" for kind in left_out]

    async def follow(self, execution_id: str) -> AsyncIterator[executions_pb2.ExecuteResponse]:
        """Yield snapshots and progress of a member until it is at its end.

        Raises:
            Unavailable: DRAINING; the orchestrator is stopping.
        """
        async for message in self._executions.follow(execution_id, deliver_results=False):
            yield executions_pb2.ExecuteResponse.FromString(message)

    async def record(self, execution_id: str) -> ExecutionRecord | None:
        """Return a member's record, or None where it was not created."""
        with contextlib.suppress(NotFound):
            return await self._executions.get(execution_id)
        return None

    async def exists(self, execution_id: str) -> bool:
        """Return whether a member was created."""
        return await self.record(execution_id) is not None

    async def snapshot(self, execution_id: str) -> executions_pb2.Execution | None:
        """Return the snapshot of a member, or None where it was not created."""
        record = await self.record(execution_id)
        return None if record is None else execution_to_message(record, with_arrays=False)

    async def abort(self, execution_id: str, reason: str) -> None:
        """Abort a member if it is there and runs, and wait until it has stopped."""
        with contextlib.suppress(NotFound, FailedPrecondition):
            await self._executions.abort(execution_id, reason)

    async def _left_out(self, spec: comparisons_pb2.ComparisonSpec, place: int) -> list[ResultKind]:
        """Return the results asked for that a member's method cannot give, where it can give others of them."""
        options = self._executions.specify(member_spec(spec, place)).options
        asked: ResultRequest = options.results
        if options.method is Method.UNSPECIFIED:
            return []
        offers = await self._catalog.offers(options.backend, patience_seconds=self._planner.rules.patience_seconds)
        given: set[ResultKind] = set()
        for offer in offers:
            if offer.capabilities is None:
                return []
            for capability in offer.capabilities.methods:
                if capability.method is options.method and options.engine in ("", capability.engine):
                    given |= capability.results
        missing = asked.kinds - given
        return sorted(missing) if missing != asked.kinds else []


def default_shots(spec: comparisons_pb2.ComparisonSpec, circuit: Characteristics) -> int:
    """Return the shots that see the threshold with up to 2^b outcomes of the b measured bits, at most 100,000.

    Where one run of a pure state is random, a member may run the circuit once a shot: then at most so many that they
    update 5e11 amplitudes, 2^n an instruction, but not less than 1,000.
    """
    count = len(spec.targets)
    rules = rules_of(spec, pair_count=count * (count - 1) // 2)
    bits = min(circuit.measurement_count, circuit.clbit_count, 40)
    needed = min(_MOST_SHOTS, required_shots(2.0**bits, rules, one_side_exact=False))
    if circuit.features & RANDOM_FEATURES:
        affordable = _MOST_UPDATES / (max(1, circuit.instruction_count) * 2.0**circuit.active_qubit_count)
        needed = min(needed, max(_ROUNDED_SHOTS, int(affordable)))
    return min(_MOST_SHOTS, math.ceil(needed / _ROUNDED_SHOTS) * _ROUNDED_SHOTS)
