"""Registers as they are declared: which declared indices belong to which name."""

from proxima_orchestrator.circuit import Register
from proxima_orchestrator.qasm.columns import too_large
from proxima_orchestrator.qasm.errors import OperandError, unsupported
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.names import Bits, Names
from proxima_orchestrator.qasm.syntax import ast

__all__ = ["Registers"]


class Registers:
    """The quantum and classical registers of one program, in declaration order.

    A program without quantum registers may use hardware qubits: $n is declared index n.
    """

    def __init__(self, names: Names, limits: Limits) -> None:
        self._names = names
        self._limits = limits
        self.quantum: list[Register] = []
        self.classical: list[Register] = []
        self._declared_count = 0
        self._hardware_count = 0
        self.clbit_count = 0

    @property
    def qubit_count(self) -> int:
        """Number of qubits declared, by registers or by the use of hardware qubits."""
        return self._declared_count or self._hardware_count

    def declare(self, name: str, size: int, *, scalar: bool, quantum: bool, node: ast.Node) -> Bits:
        """Declare a register and return its bits; raises CircuitErrors."""
        if not self._names.is_global:
            raise unsupported("registers declared in a block", "declare them at the top")
        if size <= 0:
            raise self._names.at(OperandError(f"register '{name}' has size {size}; a size is at least 1"), node)
        start = self._declared_count if quantum else self.clbit_count
        maximum = self._limits.qubits if quantum else self._limits.clbits
        limit = "qubits" if quantum else "clbits"
        if start + size > maximum:
            what = f"the registers have {start + size if size < 10**15 else 'far more'} {limit}"
            raise self._names.at(too_large(limit, maximum, what, "declare smaller registers"), node)
        if quantum and self._hardware_count:
            raise self._names.at(unsupported("mixing hardware qubits with declared ones", "use one kind"), node)
        bits = Bits(indices=range(start, start + size), quantum=quantum, scalar=scalar)
        self._names.declare(name, bits, node)
        register = Register(name=name, start=start, size=size)
        if quantum:
            self._declared_count += size
            self.quantum.append(register)
        else:
            self.clbit_count += size
            self.classical.append(register)
        return bits

    def hardware_qubit(self, node: ast.HardwareQubit) -> Bits:
        """Return the bit of a hardware qubit; raises CircuitErrors."""
        if self._declared_count:
            raise self._names.at(unsupported("mixing hardware qubits with declared ones", "use one kind"), node)
        if node.index >= self._limits.qubits:
            raise too_large("qubits", self._limits.qubits, f"hardware qubit ${node.index}", "use lower numbers")
        self._hardware_count = max(self._hardware_count, node.index + 1)
        return Bits(indices=(node.index,), quantum=True, scalar=True)
