"""A plan for people: the choice, the reason, and every candidate with what it would take or what excluded it."""

from proxima_client.values import Candidate, Plan

from proxima_cli.output.printing import add_row, counted, new_table, print_field, print_line, print_rows
from proxima_cli.quantities import format_bytes, format_seconds

__all__ = ["print_candidates", "print_circuit", "print_noise", "print_plan"]


def print_plan(plan: Plan, *, boxed: bool, verbosity: int) -> None:
    """Print what would run where, what it would take, and why."""
    if plan.chosen is not None:
        chosen = plan.chosen
        print_field("Would run on", f"{chosen.backend}: {chosen.engine}, {chosen.method}, {chosen.precision} precision")
        print_field(
            "Predicted",
            f"{format_seconds(chosen.predicted_seconds)}, {format_bytes(chosen.predicted_memory_bytes)} of the "
            f"{format_bytes(chosen.available_memory_bytes)} that one run may take there",
        )
        if chosen.prediction_basis:
            print_field("", f"time: {chosen.prediction_basis}")
        if chosen.memory_rule:
            print_field("", f"memory: {chosen.memory_rule}")
        if plan.max_error:
            print_field("", f"truncation: at most {plan.max_error:g} (trace distance)")
        print_field("Why", plan.reason)
    print_noise(plan)
    for warning in plan.warnings:
        print_field("Note", warning)
    if verbosity < 0:
        return
    print_circuit(plan)
    print_line()
    print_candidates(plan, boxed=boxed, verbose=verbosity > 0)


def print_noise(plan: Plan) -> None:
    """Print where the noise model attached, where there is one."""
    noise = plan.noise
    if noise is None:
        return
    parts = [
        f"{noise.noisy_instruction_count} of {counted(noise.instruction_count, 'gate')} got noise, "
        f"{counted(noise.channel_count, 'channel')} in all"
    ]
    if noise.noisy_measurement_count:
        parts.append(
            f"{noise.noisy_measurement_count} of {counted(noise.measurement_count, 'measurement')} a readout error"
        )
    if plan.characteristics is not None:
        parts.append(f"noise strength E {plan.characteristics.noise_strength:.3g}")
    print_field("Noise", "; ".join(parts))


def print_circuit(plan: Plan) -> None:
    """Print what planning learned of the circuit."""
    known = plan.characteristics
    if known is None:
        return
    idle = known.declared_qubit_count - known.active_qubit_count
    print_field(
        "Circuit",
        f"{counted(known.active_qubit_count, 'qubit')}{f' and {idle} idle' if idle else ''}, "
        f"{counted(known.instruction_count, 'instruction')}, depth {known.depth}, "
        f"{counted(known.multi_qubit_gate_count, 'gate')} on two or more qubits, "
        f"{counted(known.measurement_count, 'measurement')}{', Clifford' if known.is_clifford else ''}",
    )
    special = [feature.replace("_", " ") for feature in known.features if feature != "non_clifford"]
    if special:
        print_field("", f"needs {', '.join(special)}")


def print_candidates(plan: Plan, *, boxed: bool, verbose: bool) -> None:
    """Print every candidate, the chosen one first, the excluded last with what excluded them."""
    table = new_table(
        ["backend", "engine", "method", "time>", "memory>", "of>", "score>", "excluded because"], boxed=boxed
    )
    for candidate in plan.candidates:
        excluded = bool(candidate.exclusions)
        add_row(
            table,
            candidate.backend,
            candidate.engine,
            "" if candidate.method == "unspecified" else candidate.method,
            "" if candidate.predicted_seconds is None else format_seconds(candidate.predicted_seconds),
            format_bytes(candidate.predicted_memory_bytes) if candidate.predicted_memory_bytes else "",
            format_bytes(candidate.available_memory_bytes) if candidate.available_memory_bytes else "",
            "" if excluded else f"{candidate.score:.3f}",
            "; ".join(exclusion.description for exclusion in candidate.exclusions),
        )
    print_rows(table)
    if verbose:
        for candidate in plan.candidates:
            if candidate.factors:
                print_line(f"{candidate.backend} {candidate.engine} {candidate.method}: {_factors(candidate)}")


def _factors(candidate: Candidate) -> str:
    terms = " + ".join(f"{factor.weight:.2g} x {factor.name} {factor.value:.3f}" for factor in candidate.factors)
    return f"score {candidate.score:.3f} = {terms}"
