"""Comparisons: groups of executions of one circuit, driven to a verdict."""
