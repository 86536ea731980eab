"""A notebook as a script: a Cirq circuit on Proxima's backends, checked against Cirq itself.

Needs cirq-core beside proxima-agent. Cirq writes its first qubit as the most significant bit; Proxima takes the
sorted qubits as 0, 1, 2, ... with qubit 0 least significant, so the axes are reversed before the states are compared.
"""
# ruff: noqa: S101  # the checks are the point of the script

# %% A circuit of Cirq's own, with powers that have a global phase
import cirq
import numpy as np
from proxima_client import Client

a, b, c = cirq.LineQubit.range(3)
circuit = cirq.Circuit(
    cirq.H(a), cirq.CNOT(a, b), cirq.X(c) ** 0.3, cirq.FSimGate(0.4, 0.2)(b, c), cirq.ISWAP(a, c) ** 0.5
)

# %% State vectors of both backends against Cirq's; qsim computes in single precision, as Cirq does here
expected = circuit.final_state_vector(qubit_order=[c, b, a])
with Client() as client:
    for backend in ("qiskit", "cirq"):
        result = client.run(circuit, backend=backend, statevector=True)
        assert result.statevector is not None
        difference = float(np.abs(result.statevector - expected).max())
        assert difference < 1e-5, (backend, difference)
        who = result.producer
        print(f"{who.backend} {who.engine} {who.engine_version}: largest difference {difference:.1e}")

    # %% Counts: the measurement keys become classical bits in order of appearance
    circuit.append(cirq.measure(a, b, c, key="m"))
    sampled = client.run(circuit, shots=1000, seed=7)
    assert sampled.counts is not None
    assert sum(sampled.counts.values()) == 1000
    print(dict(sampled.counts))
