"""Small circuits for the tests of noise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from proxima_orchestrator.circuit import Circuit, Kind
from proxima_orchestrator.noise.expansion import Expansion, expand
from proxima_orchestrator.noise.model import NoiseModel, ReadoutError, Rule
from proxima_orchestrator.qasm.limits import Limits
from proxima_orchestrator.qasm.parse import parse

CircuitOf = Callable[[str], Circuit]
Listed = Callable[[Circuit], list[str]]
Noisy = Callable[..., Expansion]


@pytest.fixture
def circuit_of() -> CircuitOf:
    """Parses the body of an OpenQASM 3 program."""
    return lambda body: parse(f'OPENQASM 3.0; include "stdgates.inc"; {body}'.encode(), Limits())


@pytest.fixture
def noisy(circuit_of: CircuitOf) -> Noisy:
    """Expands rules and readout errors into the body of a program."""

    def build(body: str, *entries: Rule | ReadoutError) -> Expansion:
        model = NoiseModel(
            rules=tuple(item for item in entries if isinstance(item, Rule)),
            readout_errors=tuple(item for item in entries if isinstance(item, ReadoutError)),
        )
        return expand(circuit_of(body), model, limits=Limits())

    return build


@pytest.fixture
def listed() -> Listed:
    """Writes the instructions of a circuit as text, for example "cx 0 1" and "*depolarizing(0.01) 0 1" for channels."""

    def write(circuit: Circuit) -> list[str]:
        found = []
        qubit = parameter = 0
        for opcode in circuit.opcodes.tolist():
            operation = circuit.operations[opcode]
            qubits = circuit.qubits[qubit : qubit + operation.qubit_count].tolist()
            values = circuit.parameters[parameter : parameter + operation.parameter_count].tolist()
            qubit += operation.qubit_count
            parameter += operation.parameter_count
            star = "*" if operation.kind is Kind.CHANNEL else ""
            shown = f"({','.join(f'{value:g}' for value in values)})" if values else ""
            found.append(" ".join([f"{star}{operation.name}{shown}", *map(str, qubits)]))
        return found

    return write
