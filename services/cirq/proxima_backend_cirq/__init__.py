"""The cirq backend: Proxima's contract served by Cirq's own simulators and qsim."""

__version__ = "0.1.0"
