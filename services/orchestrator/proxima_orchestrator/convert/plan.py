"""Characteristics, plans and jobs as messages."""

from __future__ import annotations

import math
from dataclasses import replace

from google.protobuf import duration_pb2
from proxima.backend.v1 import backend_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.errors import to_status

from proxima_orchestrator.capabilities import Method, Precision
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.circuit import Circuit
from proxima_orchestrator.convert.errors import invalid, refusal_error
from proxima_orchestrator.convert.noise import noise_to_message
from proxima_orchestrator.planning import Candidate, Observable, Options, Plan, ResultRequest

_MAX_LETTERS = 2**26


def characteristics_to_message(value: Characteristics) -> executions_pb2.Characteristics:
    """Return the message of a circuit's characteristics."""
    return executions_pb2.Characteristics(
        declared_qubit_count=value.declared_qubit_count,
        active_qubit_count=value.active_qubit_count,
        clbit_count=value.clbit_count,
        instruction_count=value.instruction_count,
        depth=value.depth,
        operation_counts=[
            executions_pb2.OperationCount(name=name, count=count) for name, count in value.operation_counts
        ],
        multi_qubit_gate_count=value.multi_qubit_gate_count,
        is_clifford=value.is_clifford,
        t_count=value.t_count,
        measurement_count=value.measurement_count,
        has_mid_circuit_measurement=value.has_mid_circuit_measurement,
        features=[f"FEATURE_{item.name}" for item in sorted(value.features)],
        noise_strength=value.noise_strength,
    )


def plan_to_message(plan: Plan) -> executions_pb2.Plan:
    """Return the message of a plan."""
    message = executions_pb2.Plan(
        reason=plan.reason,
        candidates=[_candidate_to_message(candidate) for candidate in plan.candidates],
        results=results_to_message(plan.results),
        thread_count=plan.thread_count,
        warnings=plan.warnings,
        planning_duration=duration(plan.planning_seconds),
    )
    if plan.chosen is not None:
        message.chosen.CopyFrom(message.candidates[0])
    if plan.noise is not None:
        message.noise.CopyFrom(noise_to_message(plan.noise))
    if plan.refusal is not None:
        message.error.CopyFrom(to_status(refusal_error(plan.refusal)))
    return message


def _candidate_to_message(value: Candidate) -> executions_pb2.Candidate:
    return executions_pb2.Candidate(
        backend=f"backends/{value.backend}",
        engine=value.engine,
        method=f"METHOD_{value.method.name}",
        precision=f"PRECISION_{value.precision.name}",
        predicted_memory_bytes=value.memory_bytes,
        available_memory_bytes=value.available_bytes,
        predicted_seconds=value.seconds,
        prediction_basis=value.prediction_basis,
        memory_rule=value.memory_rule,
        max_error=value.max_error,
        score=value.score,
        factors=[
            executions_pb2.ScoreFactor(name=item.name, weight=item.weight, value=item.value) for item in value.factors
        ],
        exclusions=[
            executions_pb2.Exclusion(reason=item.reason, description=item.description) for item in value.exclusions
        ],
    )


def chosen_from_message(message: executions_pb2.Plan) -> Candidate:
    """Return the choice of a stored plan, as far as running it again needs it."""
    chosen = message.chosen
    return Candidate(
        backend=chosen.backend.removeprefix("backends/"),
        engine=chosen.engine,
        method=Method(chosen.method),
        precision=Precision(chosen.precision),
        thread_count=message.thread_count,
        memory_bytes=chosen.predicted_memory_bytes,
        available_bytes=chosen.available_memory_bytes,
        max_error=chosen.max_error,
        seconds=chosen.predicted_seconds,
    )


def results_to_message(value: ResultRequest) -> result_pb2.ResultSpec:
    """Return the message of a result request."""
    return result_pb2.ResultSpec(
        shots=value.shots,
        probabilities=value.probabilities,
        statevector=value.statevector,
        density_matrix=value.density_matrix,
        observables=[
            observable_pb2.Observable(
                name=item.name,
                paulis=item.paulis,
                coefficients=item.coefficients,
                extends_with_identity=item.extends_with_identity,
            )
            for item in value.observables
        ],
    )


def job_options(
    candidate: Candidate, options: Options, results: ResultRequest, *, grace_seconds: float
) -> backend_pb2.Job:
    """Return a job without its circuit: how the candidate would run it."""
    job = backend_pb2.Job(
        results=results_to_message(results),
        method=f"METHOD_{candidate.method.name}",
        engine=candidate.engine,
        precision=f"PRECISION_{candidate.precision.name}",
        seed=options.seed,
        thread_count=candidate.thread_count,
        memory_limit_bytes=candidate.available_bytes,
        grace_period=duration(grace_seconds),
        max_error=candidate.max_error,
    )
    if options.timeout_seconds is not None:
        job.timeout.CopyFrom(duration(options.timeout_seconds))
    if candidate.seconds:
        job.predicted_duration.CopyFrom(duration(candidate.seconds))
    return job


def over_active_qubits(results: ResultRequest, circuit: Circuit) -> ResultRequest:
    """Return the results with observables over the circuit's column qubits instead of the declared ones.

    An idle qubit is in |0>: I and Z there count 1, X and Y make the term vanish.

    Raises:
        InvalidArgument: INVALID_REQUEST; a Pauli string has not one letter for each declared qubit.
    """
    if not results.observables:
        return results
    declared = circuit.declared_qubit_count
    active = circuit.active_qubits.tolist()
    idle = sorted(set(range(declared)).difference(active))
    letters = sum(len(item.paulis) for item in results.observables) * len(active)
    if letters > _MAX_LETTERS:
        raise invalid(
            "spec.results.observables",
            f"have {letters} letters over the {len(active)} qubits in use, at most {_MAX_LETTERS} are allowed; split "
            "them",
        )
    observables = []
    for index, item in enumerate(results.observables):
        length = len(item.paulis[0])
        if length != declared and not (item.extends_with_identity and length < declared):
            raise invalid(
                f"spec.results.observables[{index}].paulis",
                f"{(item.name or item.paulis[0])[:100]!r} has Pauli strings of {length} letters, the circuit declares "
                f"{declared} qubit{'s' if declared > 1 else ''}; write one letter for each qubit, highest qubit first",
            )
        paulis, coefficients = item.paulis, item.coefficients
        if length != len(active) or idle:
            # The letter of qubit q is the q-th from the right.
            places = [-1 - qubit if qubit < length else None for qubit in reversed(active)]
            unseen = [-1 - qubit for qubit in idle if qubit < length]
            paulis = tuple("".join("I" if place is None else term[place] for place in places) for term in item.paulis)
            vanishes = [any(term[place] in "XY" for place in unseen) for term in item.paulis]
            coefficients = tuple(0.0 if gone else value for gone, value in zip(vanishes, coefficients, strict=True))
        observables.append(Observable(name=item.name, paulis=paulis, coefficients=coefficients))
    return replace(results, observables=tuple(observables))


def duration(seconds: float) -> duration_pb2.Duration:
    """Return a duration of up to ten thousand years, to the nanosecond."""
    seconds = min(max(seconds, 0.0), 3e11)
    whole = math.floor(seconds)
    return duration_pb2.Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
