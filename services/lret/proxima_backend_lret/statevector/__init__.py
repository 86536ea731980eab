"""Pure states: unitaries on one column, whose low qubits are lanes."""
