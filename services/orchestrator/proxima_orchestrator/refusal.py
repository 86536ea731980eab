"""Why nothing can run an execution, as one sentence with the remedy. Pure: no gRPC, no asyncio, no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from proxima_runtime.quantities import readable_bytes

from proxima_orchestrator.planning import MEMORY_REASONS, Candidate, Options, Refusal


def refusal_of(candidates: Sequence[Candidate], options: Options, *, safe_fraction: float) -> Refusal:
    """Return why none of the candidates, all excluded, can run; memory first, for there the user can act."""
    for reason in MEMORY_REASONS:
        short = [item for item in candidates if any(entry.reason == reason for entry in item.exclusions)]
        if short:
            return _short_of_memory(reason, short, safe_fraction)
    down = [item for item in candidates if item.exclusions[0].reason == "ERROR_REASON_BACKEND_UNAVAILABLE"]
    if down and (options.backend or len(down) == len(candidates)):
        return Refusal(
            reason="ERROR_REASON_BACKEND_UNAVAILABLE",
            message="; ".join(item.exclusions[0].description for item in down),
            metadata={"backend": ", ".join(item.backend for item in down)},
        )
    if not candidates:
        wanted = " ".join(filter(None, (options.engine, options.method.label if options.method else "")))
        reason = "ERROR_REASON_UNSUPPORTED_BY_BACKEND" if options.backend else "ERROR_REASON_NO_CAPABLE_BACKEND"
        where = f"backend {options.backend}" if options.backend else "no backend"
        message = f"{where} {'does not offer' if options.backend else 'offers'} {wanted or 'any method'}"
        return Refusal(reason=reason, message=message, metadata={"backend": options.backend, "feature": wanted})
    faults = {item.label: "; ".join(entry.description for entry in item.exclusions) for item in candidates}
    if options.backend:
        return Refusal(
            reason="ERROR_REASON_UNSUPPORTED_BY_BACKEND",
            message=f"backend {options.backend} cannot run this: {'; '.join(faults.values())}",
            metadata={"backend": options.backend, "feature": "; ".join(faults.values())},
        )
    asked = {item.label: faults[item.label] for item in candidates if item not in down}
    if len(asked) > 1 and len(set(asked.values())) == 1:
        # What all of them object to in the same words is said once.
        unreachable = [faults[item.label] for item in down]
        listed = "; ".join((next(iter(asked.values())), *unreachable))
    else:
        listed = "; ".join(f"{label}: {fault}" for label, fault in faults.items())
    return Refusal(
        reason="ERROR_REASON_NO_CAPABLE_BACKEND", message=f"no backend can run this: {listed}", metadata=faults
    )


def _short_of_memory(reason: str, candidates: Sequence[Candidate], safe_fraction: float) -> Refusal:
    least = min(candidates, key=lambda item: item.memory_bytes)
    largest = max(item.largest_qubit_count for item in candidates)
    metadata = {
        "needed_bytes": str(least.memory_bytes),
        "available_bytes": str(least.available_bytes),
        "largest_qubit_count": str(largest),
    }
    remedy = (
        f"the largest circuit of this kind that would fit has {largest} qubits" if largest else "use a smaller circuit"
    )
    needs = f"{least.label} needs {readable_bytes(least.memory_bytes)} ({least.memory_bytes} bytes)"
    if reason == "ERROR_REASON_ABOVE_SAFE_LINE":
        safe = int(least.available_bytes * safe_fraction)
        metadata["safe_bytes"] = str(safe)
        message = (
            f"{needs}, over the safe line of {readable_bytes(safe)}, which is {safe_fraction:.0%} of the "
            f"{readable_bytes(least.available_bytes)} that one execution may take; running it needs consent, which "
            "this version cannot ask for yet: use fewer qubits or another method"
        )
    else:
        message = f"{needs} and at most {readable_bytes(least.available_bytes)} are available; {remedy}"
    return Refusal(reason=reason, message=message, metadata=metadata)
