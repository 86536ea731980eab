"""Scenarios: what users do, through the command line, on a whole stack."""
