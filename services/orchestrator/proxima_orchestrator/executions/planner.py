"""From a specification to a plan: parse, characterise, filter, estimate, rank."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from proxima.backend.v1 import backend_pb2
from proxima.simulation.v1 import circuit_pb2
from proxima_runtime.errors import ProximaError
from proxima_runtime.quantities import readable_bytes

from proxima_orchestrator.candidates import candidates_of, with_estimate
from proxima_orchestrator.catalog import BackendCatalog
from proxima_orchestrator.characteristics import Characteristics, characterise
from proxima_orchestrator.circuit import Circuit, digest, strip_idle
from proxima_orchestrator.convert.circuit import circuit_from_message, circuit_to_message
from proxima_orchestrator.convert.errors import circuit_error, invalid, refusal_error
from proxima_orchestrator.convert.plan import job_options, over_active_qubits, results_to_message
from proxima_orchestrator.convert.request import Specification
from proxima_orchestrator.noise.errors import NoiseError
from proxima_orchestrator.noise.expansion import expand
from proxima_orchestrator.noise.model import NoiseModel, NoiseSummary
from proxima_orchestrator.noise.warnings import noise_warnings
from proxima_orchestrator.planning import (
    Candidate,
    Exclusion,
    Options,
    Plan,
    RefusedError,
    ResultRequest,
    is_sampled,
    plan_warnings,
    resolve_results,
    results_for,
)
from proxima_orchestrator.qasm.bounded import ParserChildren, parse_bounded
from proxima_orchestrator.qasm.errors import CircuitError, LimitError
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.refusal import refusal_of
from proxima_orchestrator.selection import History, Weights, explain, rank
from proxima_orchestrator.wire import frame

# Circuits above this many instructions are counted on a thread, smaller ones take a few milliseconds at most.
_THREAD_INSTRUCTIONS = 20_000
_CIRCUIT_FIELD = backend_pb2.Job.DESCRIPTOR.fields_by_name["circuit"].number
_RESULTS_FIELD = backend_pb2.Job.DESCRIPTOR.fields_by_name["results"].number

# Observables of more terms than this are counted and serialised on a thread.
_THREAD_TERMS = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanningRules:
    """What planning goes by.

    Attributes:
        limits: of the parser.
        weights: of the score.
        safe_fraction: share of the memory cap that may be used without consent.
        grace_seconds: how long a backend goes on without the orchestrator.
        patience_seconds: how long to wait for backends that are starting up.
    """

    limits: Limits
    weights: Weights
    safe_fraction: float
    grace_seconds: float
    patience_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A circuit that is ready to be planned: parsed, with its noise, without idle qubits, counted and serialised.

    Attributes:
        circuit: the circuit.
        fields: the circuit and the observables over its qubits as fields of a serialised Job; every candidate's job
            begins with them.
        digest: SHA-256 of the columns.
        characteristics: what was counted.
        results: results to give, as resolved, over the declared qubits.
        noise: where the noise model attached; None where none was asked for.
        warnings: what the user should know about circuit and noise.
    """

    circuit: Circuit
    fields: bytes
    digest: str
    characteristics: Characteristics
    results: ResultRequest
    noise: NoiseSummary | None
    warnings: tuple[str, ...]


class Planner:
    """Plans executions; knows nothing of their states."""

    def __init__(
        self,
        *,
        catalog: BackendCatalog,
        children: ParserChildren,
        rules: PlanningRules,
        history: Callable[[], History],
    ) -> None:
        self._catalog = catalog
        self._children = children
        self.rules = rules
        self._history = history

    async def prepare(self, specification: Specification) -> Prepared:
        """Parse and count a circuit, and resolve the results.

        Raises:
            ProximaError: the circuit is at fault, or its results make no sense.
        """
        try:
            if specification.source is not None:
                parsed = await parse_bounded(specification.source, self.rules.limits, self._children)
            else:
                parsed = await self._read(specification.message.circuit.circuit)
            asked, noise = specification.options.results, specification.noise
            terms = sum(len(item.paulis) for item in asked.observables)
            # Noise by moments can make much of little.
            if parsed.instruction_count > _THREAD_INSTRUCTIONS or noise is not None or terms > _THREAD_TERMS:
                return await asyncio.to_thread(_prepare, parsed, asked, noise, self.rules.limits)
            return _prepare(parsed, asked, noise, self.rules.limits)
        except CircuitError as error:
            raise circuit_error(error) from error
        except NoiseError as error:
            raise invalid(f"spec.noise.rules[{error.rule}]", str(error)) from error
        except RefusedError as error:
            raise refusal_error(error.refusal) from error

    async def _read(self, message: circuit_pb2.Circuit) -> Circuit:
        count, maximum = len(message.opcodes) // 2, self.rules.limits.instructions
        if count > maximum:
            raise LimitError(
                f"the circuit has {count} instructions, the limit is {maximum}; use a smaller circuit",
                details={"limit": "instructions", "maximum": str(maximum)},
            )
        if count > _THREAD_INSTRUCTIONS:
            return await asyncio.to_thread(circuit_from_message, message)
        return circuit_from_message(message)

    async def plan(self, prepared: Prepared, options: Options) -> Plan:
        """Return what to run where; a plan without a choice says in `refusal` why."""
        started = time.perf_counter()
        offers = await self._catalog.offers(options.backend, patience_seconds=self.rules.patience_seconds)
        candidates = await self._estimate(
            candidates_of(offers, options, prepared.results, prepared.characteristics), prepared, options
        )
        ranked = rank(
            candidates,
            circuit=prepared.characteristics,
            results=prepared.results,
            preference=options.preference,
            weights=self.rules.weights,
            history=self._history(),
        )
        chosen = ranked[0] if ranked and not ranked[0].exclusions else None
        refusal = None
        if chosen is None:
            refusal = refusal_of(ranked, options, safe_fraction=self.rules.safe_fraction)
        return Plan(
            chosen=chosen,
            reason=""
            if chosen is None
            else explain(ranked, circuit=prepared.characteristics, preference=options.preference),
            candidates=ranked,
            results=prepared.results
            if chosen is None
            else results_for(chosen.method, prepared.results, prepared.characteristics),
            refusal=refusal,
            thread_count=chosen.thread_count if chosen else 0,
            warnings=(
                *prepared.warnings,
                *plan_warnings(chosen, options, prepared.results, prepared.characteristics),
            ),
            noise=prepared.noise,
            planning_seconds=time.perf_counter() - started,
        )

    def job(self, candidate: Candidate, options: Options, prepared: Prepared) -> bytes:
        """Return the serialised Job of a candidate."""
        results = results_for(candidate.method, prepared.results, prepared.characteristics)
        # Parts of a message's field that come one after another are merged: the observables are in the first already.
        rest = job_options(candidate, options, replace(results, observables=()), grace_seconds=self.rules.grace_seconds)
        return prepared.fields + rest.SerializeToString()

    async def _estimate(self, candidates: Sequence[Candidate], prepared: Prepared, options: Options) -> list[Candidate]:
        """Ask for one estimate a candidate, all at once; of a pinned backend only its preferred method.

        A pinned backend's other methods are asked when the preferred one is refused, or runs the circuit once a shot:
        then another may be a hundred times faster.
        """
        pending = [index for index, item in enumerate(candidates) if not item.exclusions]
        done = list(candidates)
        if options.backend and len(pending) > 1:
            first, pending = pending[0], pending[1:]
            done[first] = await self._estimate_one(done[first], prepared, options)
            if not done[first].exclusions and not is_sampled(done[first].method, prepared.characteristics):
                # The rest were not asked: they are no part of the plan.
                return [item for index, item in enumerate(done) if index not in pending]
        if len(pending) == 1:
            done[pending[0]] = await self._estimate_one(done[pending[0]], prepared, options)
            return done
        answers = await asyncio.gather(*(self._estimate_one(done[index], prepared, options) for index in pending))
        for index, answer in zip(pending, answers, strict=True):
            done[index] = answer
        return done

    async def _estimate_one(self, candidate: Candidate, prepared: Prepared, options: Options) -> Candidate:
        instance = self._catalog.choose(candidate.backend)
        # What a job takes does not depend on its seed.
        job = self.job(candidate, replace(options, seed=0), prepared)
        if instance is None:
            return _exclude(candidate, "ERROR_REASON_BACKEND_UNAVAILABLE", f"backend {candidate.backend} went away")
        if len(job) + 4096 > instance.max_message_bytes:
            return _exclude(
                candidate,
                "ERROR_REASON_MESSAGE_LIMIT",
                f"the circuit takes {readable_bytes(len(job))} on the wire, a message may have "
                f"{readable_bytes(instance.max_message_bytes)}; use a smaller circuit",
            )
        try:
            estimate = await instance.estimate(job)
        except ProximaError as error:
            log.warning("estimate failed", backend=candidate.backend, reason=error.reason_name, message=error.message)
            return _exclude(candidate, error.reason_name, f"backend {candidate.backend}: {error.message}")
        results = results_for(candidate.method, prepared.results, prepared.characteristics)
        repeats = results.shots if is_sampled(candidate.method, prepared.characteristics) else 0
        return with_estimate(candidate, estimate, safe_fraction=self.rules.safe_fraction, repeats=repeats)


def _prepare(parsed: Circuit, asked: ResultRequest, noise: NoiseModel | None, limits: Limits) -> Prepared:
    circuit = parsed
    summary: NoiseSummary | None = None
    warnings: tuple[str, ...] = ()
    if noise is not None:
        circuit, summary, warnings = _with_noise(parsed, noise, limits)
    circuit = strip_idle(circuit)
    characteristics = characterise(circuit)
    results = resolve_results(asked, characteristics)
    fields = frame(_CIRCUIT_FIELD, circuit_to_message(circuit).SerializeToString())
    if results.observables:
        observables = ResultRequest(observables=over_active_qubits(results, circuit).observables)
        fields += frame(_RESULTS_FIELD, results_to_message(observables).SerializeToString())
    return Prepared(
        circuit=circuit,
        fields=fields,
        digest=digest(circuit),
        characteristics=characteristics,
        results=results,
        noise=summary,
        warnings=(*parsed.notices, *warnings),
    )


def _with_noise(parsed: Circuit, model: NoiseModel, limits: Limits) -> tuple[Circuit, NoiseSummary, tuple[str, ...]]:
    expansion = expand(parsed, model, limits=limits)
    summary = NoiseSummary(
        instruction_count=expansion.instruction_count,
        noisy_instruction_count=expansion.noisy_instruction_count,
        channel_count=expansion.channel_count,
        measurement_count=expansion.readout.measurement_count,
        noisy_measurement_count=expansion.readout.noisy_count,
        rules=expansion.rules,
        noiseless_digest=digest(strip_idle(parsed)),
    )
    return expansion.circuit, summary, noise_warnings(model, parsed, expansion)


def _exclude(candidate: Candidate, reason: str, description: str) -> Candidate:
    return replace(candidate, exclusions=(Exclusion(reason=reason, description=description),))
