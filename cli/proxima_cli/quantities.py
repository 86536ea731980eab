"""Bytes and seconds for people, and durations that people write."""

import re

__all__ = ["format_bytes", "format_seconds", "parse_duration"]

_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?")
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MAX_TEXT = 32


def format_bytes(size: int | None) -> str:
    """Return a size with three digits, for example "1.50 GiB"; "unknown" for None."""
    if size is None:
        return "unknown"
    value = float(size)
    for unit in _BYTE_UNITS:
        if abs(value) < 1024 or unit == _BYTE_UNITS[-1]:
            break
        value /= 1024
    if unit == "B":
        return f"{size} B"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} {unit}"


def format_seconds(seconds: float | None) -> str:
    """Return a time with about three digits, for example "1.93 ms" or "2 min 5 s"; "unknown" for None."""
    if seconds is None:
        return "unknown"
    if seconds >= 3600:
        if seconds >= 100 * 86400:
            return f"{seconds / 86400:.3g} days"
        hours, rest = divmod(round(seconds / 60), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    if seconds >= 100:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return "0 s" if seconds <= 0 else f"{seconds / 1e-9:.3g} ns"


def parse_duration(text: str) -> float:
    """Parse "90", "90s", "1.5m", "2h" or "500ms" into seconds.

    Raises ValueError that says what is expected.
    """
    match = _DURATION.fullmatch(text.strip()) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise ValueError(
            f"{text!r:.40} is no duration; write seconds, or a number with ms, s, m or h, as in 90, 1.5m or 2h"
        )
    return float(match[1]) * _SECONDS[match[2] or "s"]
