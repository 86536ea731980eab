"""How much a circuit's source may cost."""

from dataclasses import dataclass, fields

__all__ = ["Limits"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Limits of the front end, all positive; a source beyond one is refused with a LimitError that names it."""

    source_bytes: int = 16 * 1024 * 1024
    """Size of the source in bytes."""
    instructions: int = 10_000_000
    """Instructions after unrolling."""
    operands: int = 40_000_000
    """Qubit operands after unrolling, barriers included."""
    qubits: int = 1_000_000
    """Declared qubits, all registers together."""
    clbits: int = 1_000_000
    """Declared classical bits, all registers together."""
    nesting_depth: int = 100
    """Depth of brackets and blocks, and of gate definitions that use each other."""
    matrix_bytes: int = 16 * 1024 * 1024
    """Matrices of all different explicit unitaries together, in bytes."""
    parse_seconds: float = 60.0
    """Wall-clock time of a parse in a child process."""
    parse_memory_bytes: int = 4 * 1024 * 1024 * 1024
    """Memory of a parse in a child process, over what the idle child has."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not value > 0:
                raise ValueError(f"Limits.{item.name} must be positive, not {value}")
