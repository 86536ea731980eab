"""Matrices applied to the columns of L, kept as planes of real and imaginary parts."""
