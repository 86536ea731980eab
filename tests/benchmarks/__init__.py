"""Benchmarks: Proxima side by side with its peers in one run. `just bench` runs them all; nothing here is a test."""
