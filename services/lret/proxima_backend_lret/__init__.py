"""The lret backend: noisy circuits as rho = L L^dagger with a certified error."""

__version__ = "0.1.0"
