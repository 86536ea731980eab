"""Addresses."""

from __future__ import annotations

import pytest
from proxima_runtime.address import parse_address


@pytest.mark.parametrize(
    ("text", "target", "is_local"),
    [
        ("unix:/run/proxima/qiskit.sock", "unix:/run/proxima/qiskit.sock", True),
        ("unix:///run/qiskit.sock", "unix:/run/qiskit.sock", True),
        ("127.0.0.1:0", "127.0.0.1:0", True),
        ("127.8.8.8:80", "127.8.8.8:80", True),
        ("localhost:7001", "localhost:7001", True),
        ("[::1]:7001", "[::1]:7001", True),
        ("0.0.0.0:7001", "0.0.0.0:7001", False),
        ("[::]:7001", "[::]:7001", False),
        ("node7:7001", "node7:7001", False),
    ],
)
def test_an_address_is_parsed(text: str, target: str, is_local: bool) -> None:
    """Unix paths, IPv4, IPv6 and names are understood, and whether other machines reach them."""
    address = parse_address(text)

    assert (address.target, address.is_local) == (target, is_local)


@pytest.mark.parametrize(
    "text", ["", "7001", ":7001", "host:", "host:70000", "host:-1", "unix:relative", f"unix:/{'x' * 200}", "unix:"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Anything else is an error that quotes the text."""
    with pytest.raises(ValueError, match=r"expected|absolute|bytes"):
        parse_address(text)
