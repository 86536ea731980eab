"""A whole backend in two modules: a state vector in numpy, up to 16 qubits. See docs/adding-a-backend.md."""
