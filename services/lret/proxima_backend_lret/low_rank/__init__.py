"""Noisy states as rho = L L^dagger with few columns, and a certificate of what was left out."""
