"""A notebook as a script: a Qiskit circuit on Proxima's backends, checked against Qiskit itself.

Needs qiskit beside proxima-agent. Run it cell by cell in an editor that knows `# %%`, or as a whole.
"""
# ruff: noqa: S101  # the checks are the point of the script

# %% A circuit of Qiskit's own, with a global phase and a composite gate
import numpy as np
from proxima_client import Client
from qiskit import QuantumCircuit
from qiskit.circuit.library import QFTGate
from qiskit.quantum_info import Statevector

circuit = QuantumCircuit(5, 5, global_phase=0.25)
circuit.x(0)
circuit.append(QFTGate(4), range(4))
circuit.crx(0.3, 0, 3)

# %% State vectors of both backends against Qiskit's; cirq's qsim computes in single precision
expected = Statevector(circuit).data
with Client() as client:
    for backend, tolerance in (("qiskit", 1e-12), ("cirq", 1e-5)):
        result = client.run(circuit, backend=backend, statevector=True)
        assert result.statevector is not None
        difference = float(np.abs(result.statevector - expected).max())
        assert difference < tolerance, (backend, difference)
        who = result.producer
        print(f"{who.backend} {who.engine} {who.engine_version}: largest difference {difference:.1e}")

    # %% Counts: Proxima chooses, and says why
    circuit.measure(range(5), range(5))
    sampled = client.run(circuit, shots=1000, seed=7)
    assert sampled.counts is not None
    assert sum(sampled.counts.values()) == 1000
    assert sampled.plan is not None
    print(sampled.plan.reason)
    print(dict(sorted(sampled.counts.items(), key=lambda item: -item[1])[:4]))
