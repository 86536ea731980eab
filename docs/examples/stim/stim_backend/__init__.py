"""Clifford circuits with Pauli noise on Stim, written from docs/adding-a-backend.md alone."""
