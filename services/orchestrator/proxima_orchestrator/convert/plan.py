"""Characteristics, plans and jobs as messages."""

from __future__ import annotations

import math

from google.protobuf import duration_pb2
from proxima.backend.v1 import backend_pb2
from proxima.orchestrator.v1 import executions_pb2
from proxima.simulation.v1 import observable_pb2, result_pb2
from proxima_runtime.errors import to_status

from proxima_orchestrator.capabilities import Method, Precision
from proxima_orchestrator.characteristics import Characteristics
from proxima_orchestrator.circuit import Circuit
from proxima_orchestrator.convert.errors import invalid, refusal_error
from proxima_orchestrator.planning import Candidate, Observable, Options, Plan, ResultRequest


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
            observable_pb2.Observable(name=item.name, paulis=item.paulis, coefficients=item.coefficients)
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
        max_error=options.max_error,
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
    kept = [declared - 1 - qubit for qubit in reversed(active)]
    idle = sorted(set(range(declared)) - set(kept))
    observables = []
    for index, item in enumerate(results.observables):
        if len(item.paulis[0]) != declared:
            raise invalid(
                f"spec.results.observables[{index}].paulis",
                f"have {len(item.paulis[0])} letters, the circuit declares {declared} qubits",
            )
        vanishes = [any(term[place] in "XY" for place in idle) for term in item.paulis]
        observables.append(
            Observable(
                name=item.name,
                paulis=tuple("".join(term[place] for place in kept) for term in item.paulis),
                coefficients=tuple(
                    0.0 if gone else value for gone, value in zip(vanishes, item.coefficients, strict=True)
                ),
            )
        )
    return ResultRequest(
        shots=results.shots,
        probabilities=results.probabilities,
        statevector=results.statevector,
        density_matrix=results.density_matrix,
        observables=tuple(observables),
    )


def duration(seconds: float) -> duration_pb2.Duration:
    """Return a duration of up to ten thousand years, to the nanosecond."""
    seconds = min(max(seconds, 0.0), 3e11)
    whole = math.floor(seconds)
    return duration_pb2.Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
