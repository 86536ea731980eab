"""For engines that work with numpy: a job's columns as arrays, and counts and probabilities from measured qubits.

The rest of the runtime does without numpy; an engine that wants none simply does not import this.
"""
