"""The gate vocabulary is written down once for each part that may not import another; all of them are the same."""

from __future__ import annotations

import re

from proxima_orchestrator.gates import STANDARD_GATES as PARSED
from proxima_runtime.backend.gates import STANDARD_GATES as ADMITTED
from proxima_runtime.conformance import reference

from tests.architecture.sources import ROOT


def test_orchestrator_and_runtime_agree() -> None:
    """What the parser emits is what the runtime admits, with the same numbers of qubits and parameters."""
    assert {name: (gate.qubit_count, gate.parameter_count) for name, gate in PARSED.items()} == dict(ADMITTED)


def test_conformance_covers_every_gate() -> None:
    """The reference of the conformance suite has a matrix for every gate."""
    assert {name: reference.qubit_count(name) for name in reference.GATE_NAMES} == {
        name: qubit_count for name, (qubit_count, _) in ADMITTED.items()
    }


def test_every_gate_is_documented() -> None:
    """docs/gates.md lists every gate of the vocabulary in its tables."""
    rows = re.findall(r"^\|((?: `\w+`)+) \|", (ROOT / "docs/gates.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(ADMITTED) <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}
