"""The qiskit backend: Proxima's contract served by Qiskit Aer."""

__version__ = "0.1.0"
