"""Shots of noisy circuits: one random pure state each, many at once."""
