"""Quantities in sentences."""

from __future__ import annotations

from proxima_runtime.quantities import readable_bytes, readable_seconds


def test_bytes_are_readable() -> None:
    """Byte counts come in binary units."""
    assert [readable_bytes(value) for value in (0, 1023, 2**20, 2**36)] == ["0 B", "1023 B", "1 MiB", "64 GiB"]


def test_seconds_are_readable() -> None:
    """Durations come in the unit that keeps them below 1000."""
    expected = ["0 ms", "1.51 ms", "0.5 ms", "4.2 s", "25.2 min", "28.1 h", "23.1 days"]
    assert [readable_seconds(value) for value in (0, 0.00151, 0.0005, 4.2, 1510, 101_000, 2_000_000)] == expected
