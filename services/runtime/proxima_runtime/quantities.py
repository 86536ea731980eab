"""Quantities in sentences that people read."""

from __future__ import annotations


def readable_bytes(byte_count: int) -> str:
    """Return a byte count in binary units with up to 3 digits: "64 GiB"."""
    value = float(byte_count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024:
            return f"{value:.3g} {unit}" if value < 999.5 else f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.3g} EiB"


def readable_seconds(seconds: float) -> str:
    """Return a duration with up to 3 digits: "1.51 ms", "4.2 s", "25.2 min", "28.1 h"."""
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    for unit, size, below in (("s", 1.0, 100.0), ("min", 60.0, 100.0), ("h", 3600.0, 100.0)):
        if seconds < size * below:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:.3g} days"
