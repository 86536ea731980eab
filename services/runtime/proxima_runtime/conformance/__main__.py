"""Runs the suite: `python -m proxima_runtime.conformance --backend-module proxima_backend_qiskit [pytest options]`."""

from __future__ import annotations

import sys

import pytest


def main() -> int:
    """Run pytest on the suite with its plugin; the rest of the command line is pytest's."""
    return int(
        pytest.main(
            ["-p", "proxima_runtime.conformance.plugin", "--pyargs", "proxima_runtime.conformance", *sys.argv[1:]]
        )
    )


if __name__ == "__main__":
    raise SystemExit(main())
