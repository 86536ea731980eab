"""Circuits compiled to fused steps: unitaries for pure states, transfer matrices for noisy ones."""
