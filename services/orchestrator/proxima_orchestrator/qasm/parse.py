"""Source text to circuit: the fast path for flat programs, the slow path for the rest."""

from proxima_orchestrator.circuit import Circuit
from proxima_orchestrator.qasm.errors import LimitError
from proxima_orchestrator.qasm.flat import NotFlat, parse_flat
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.source import blank_comments, decode, read_header

__all__ = ["out_of_memory", "parse"]


def parse(source: bytes, limits: Limits) -> Circuit:
    """Return the circuit of an OpenQASM 2 or 3 program in UTF-8, all declared qubits active.

    Raises CircuitError: every error in the source, with reason, line and column. Runs in this process and is bounded by
    the limits other than time and memory; `proxima_orchestrator.qasm.bounded` adds those two.
    """
    header = read_header(blank_comments(decode(source, limits)))
    try:
        return parse_flat(header, limits)
    except NotFlat:
        pass
    # Imported here, because the library behind the slow path costs 0.1 s that flat programs need not pay.
    from proxima_orchestrator.qasm.unroll import unroll  # noqa: PLC0415

    try:
        return unroll(header, limits)
    except MemoryError:
        raise out_of_memory(limits) from None


def out_of_memory(limits: Limits) -> LimitError:
    """Return the error for a parse that ran out of memory."""
    return LimitError(
        "parsing ran out of memory; make the circuit smaller",
        details={"limit": "parse_memory_bytes", "maximum": str(limits.parse_memory_bytes)},
    )
