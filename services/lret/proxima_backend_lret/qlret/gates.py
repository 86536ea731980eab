"""The gates that upstream LRET has, by their names in the vocabulary of docs/gates.md. Imports no numpy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "x": "X",
        "y": "Y",
        "z": "Z",
        "h": "H",
        "s": "S",
        "sdg": "SDG",
        "t": "T",
        "tdg": "TDG",
        "sx": "SX",
        "p": "U1",
        "rx": "RX",
        "ry": "RY",
        "rz": "RZ",
        "u": "U3",
        "cx": "CNOT",
        "cy": "CY",
        "cz": "CZ",
        "swap": "SWAP",
        "iswap": "ISWAP",
    }
)
"""Name in the vocabulary to upstream's name; `check` holds each to its matrix when a worker starts."""
