"""The study of docs/lret-example.md: its script runs against a real stack, and what it draws is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from .stack import Stack

_STUDY = Path(__file__).resolve().parents[2] / "docs/examples/lret/study.py"
_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def plots(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the study has drawn, with circuits of a few qubits."""
    folder = tmp_path_factory.mktemp("plots")
    done = subprocess.run(
        [sys.executable, _STUDY, "--small", "--output", folder],
        env={**os.environ, **stack.environment, "PROXIMA_SERVER": stack.target},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # The script asserts that every certificate holds.
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize("name", ["rank", "course", "certificate", "time"])
def test_study_draws_each_plot(plots: Path, name: str) -> None:
    """Each plot of the study names three series and shows points, and every point lies within the picture."""
    picture = Xml.parse(plots / f"{name}.svg").getroot()  # noqa: S314 - written a moment ago, by our own script
    _, _, width, height = (float(part) for part in picture.attrib["viewBox"].split())
    dots = picture.findall(f"{_SVG}circle")
    # One of each series is in the legend.
    assert len({dot.attrib["fill"] for dot in dots}) == 3
    assert len(dots) > 3
    for dot in dots:
        assert 0 <= float(dot.attrib["cx"]) <= width
        assert 0 <= float(dot.attrib["cy"]) <= height
