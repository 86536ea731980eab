"""Adds up the JUnit reports of several pytest runs and prints one closing line.

    python .ci/summary.py FOLDER NAME...

Reads FOLDER/NAME.xml of every NAME. Exits with 1 if a test failed or a report is missing, which means that pytest did
not get to its end.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How the tests of some runs ended; `seconds` is their summed duration."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            seconds=self.seconds + other.seconds,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped in {self.seconds:.2f}s"


def read_report(path: Path) -> Counts:
    """Return the counts of one report; a test that errs outside of its body counts as failed."""
    counts = Counts()
    # The report was written by pytest a moment ago; it is not foreign input.
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):  # noqa: S314
        failed = int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
        skipped = int(suite.get("skipped", "0"))
        counts += Counts(
            passed=int(suite.get("tests", "0")) - failed - skipped,
            failed=failed,
            skipped=skipped,
            seconds=float(suite.get("time", "0")),
        )
    return counts


def main(arguments: list[str]) -> int:
    """Print a line for each report and the closing line; returns the exit status."""
    folder, names = Path(arguments[0]), arguments[1:]
    total = Counts()
    missing: list[str] = []
    print()
    for name in names:
        path = folder / f"{name}.xml"
        if path.exists():
            counts = read_report(path)
            total += counts
            print(f"{name:>15}: {counts}")
        else:
            missing.append(name)
            print(f"{name:>15}: pytest did not finish")
    if missing:
        print(f"no report of {', '.join(missing)}: read the output above", file=sys.stderr)
    sys.stderr.flush()
    print(f"===== {total} =====", flush=True)
    return 1 if total.failed or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
