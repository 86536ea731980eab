"""Observables: the text of sums, files, values."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxima.errors.v1 import errors_pb2
from proxima_client import Observable, ProximaError
from proxima_client.observables import observable_to_message, observables_of, parse_observable
from proxima_client.pauli_sums import SumError, parse_sum


@pytest.mark.parametrize(
    ("text", "terms", "extends"),
    [
        ("0.5*ZZI + XII", {"ZZI": 0.5, "XII": 1.0}, False),
        ("-ZZ", {"ZZ": -1.0}, False),
        ("+1e-3 * X-.5Y", {"X": 1e-3, "Y": -0.5}, False),
        ("2*0.5*Z*3", {"Z": 3.0}, False),
        ("ZZ + ZZ - XX", {"ZZ": 2.0, "XX": -1.0}, False),
        ("0.5 + ZZ", {"II": 0.5, "ZZ": 1.0}, False),
        ("Z0*Z5 - 0.5*X3", {"ZIIIIZ": 1.0, "IIXIII": -0.5}, True),
        ("Y1 Z0", {"YZ": 1.0}, True),
        ("XX + Z0", {"XX": 1.0, "IZ": 1.0}, False),
        ("3", {"I": 3.0}, True),
    ],
)
def test_sums_are_read(text: str, terms: dict[str, float], extends: bool) -> None:
    """Signs, numbers, strings, indices and constants mean what they say; equal strings are added up."""
    found = parse_observable(text)
    assert dict(found.terms) == terms
    assert found.extends_with_identity is extends


@pytest.mark.parametrize(
    ("text", "column", "named"),
    [
        ("ZZ + XXX", 6, "3 letters, the first has 2"),
        ("0.5*ZAI", 6, "'A' is no Pauli letter"),
        ("zz", 1, "write Z"),
        ("0.5i*ZZ", 1, "Hermitian"),
        ("ZZ + 2j*XX", 6, "Hermitian"),
        ("i*X", 1, "Hermitian"),
        ("(1+2j)*ZZ", 1, "without brackets"),
        ("Z0*X0", 4, "not Hermitian"),
        ("Z0Z5", 2, "put * between"),
        ("ZZ * XX", 6, "one string"),
        ("ZZ + Z2", 6, "no qubit 2"),
        ("Z1000000", 1, "no qubit 1000000"),
        ("1e999*Z", 1, "too large"),
        ("Z +", 4, "missing here"),
        ("Z ++ Z", 4, "missing before"),
        ("-+Z", 2, "missing before"),
        ("* Z", 1, "before this *"),
        ("Z & X", 3, "no part of a sum"),
        ("  ", 1, "empty"),
        ("ZZ + X999999", 6, "no qubit"),
    ],
)
def test_faults_have_a_column_and_a_caret(text: str, column: int, named: str) -> None:
    """What is no real sum of Pauli strings is refused with its column and a caret below it."""
    with pytest.raises(ProximaError) as caught:
        parse_observable(text)
    error = caught.value
    first, shown, caret = error.message.split("\n")
    assert named in first
    assert first.startswith(f"column {column}: ")
    assert error.metadata["column"] == str(column)
    assert error.reason == errors_pb2.ERROR_REASON_INVALID_REQUEST
    assert shown == f"  {text}"
    assert caret == " " * (column + 1) + "^"


STRINGS = st.text(alphabet="IXYZ", min_size=3, max_size=3)
COEFFICIENTS = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda value: value != 0)


@given(st.dictionaries(STRINGS, COEFFICIENTS, min_size=1, max_size=8))
def test_what_is_written_is_read_back(terms: dict[str, float]) -> None:
    """A sum written with every digit of its coefficients is read as the same sum."""
    text = " + ".join(f"{value!r}*{pauli}" for pauli, value in terms.items()).replace("+ -", "- ")
    assert dict(parse_sum(text).terms) == terms


@given(st.text(alphabet="XYZI019.+-*e ij()", max_size=20) | st.text(max_size=20))
def test_any_text_is_a_sum_or_an_error_with_a_place(text: str) -> None:
    """Whatever is given, the answer is strings of one length, or an error at a place of the text."""
    place, widths = 0, {1}
    try:
        widths = {len(pauli) for pauli in parse_sum(text).terms}
    except SumError as error:
        place = error.position
    assert 0 <= place <= len(text)
    assert len(widths) == 1


def test_a_file_has_one_observable_a_line(tmp_path: Path) -> None:
    """Names, comments and empty lines are understood; without a name the sum is the name."""
    path = tmp_path / "sums.txt"
    path.write_text("# energies\nising: 0.5*ZZ + XI  # two terms\n\n  ZZ\n")
    first, second = observables_of([f"@{path}"])
    assert (first.name, dict(first.terms)) == ("ising", {"ZZ": 0.5, "XI": 1.0})
    assert second.name == "ZZ"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ZZ\nname: ZQ\n", "line 2, column 8: 'Q'"),
        ("# nothing\n", "has no observable"),
        ("name:\n", "line 1, column 6"),
    ],
)
def test_faults_of_a_file_have_line_and_column(tmp_path: Path, text: str, named: str) -> None:
    """The error names file, line and the column in that line."""
    path = tmp_path / "sums.txt"
    path.write_text(text)
    with pytest.raises(ProximaError) as caught:
        observables_of([f"@{path}"])
    assert named in caught.value.message
    assert str(path) in caught.value.message


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file and bytes that are no text are refused by name."""
    path = tmp_path / "sums.txt"
    with pytest.raises(ProximaError, match=r"sums\.txt cannot be read"):
        observables_of([f"@{path}"])
    path.write_bytes(b"\xff\xff")
    with pytest.raises(ProximaError, match="UTF-8"):
        observables_of([f"@{path}"])


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({}, "at least one"),
        ({"ZA": 1.0}, "string of I, X, Y, Z"),
        ({"": 1.0}, "string of I, X, Y, Z"),
        ({"ZZ": float("nan")}, "finite real"),
        ({"ZZ": 1j}, "finite real"),
        ({"ZZ": 1.0, "Z": 1.0}, "one length"),
    ],
)
def test_values_check_themselves(terms: dict[str, float], named: str) -> None:
    """An observable that is not Hermitian or not of one length is refused where it is made."""
    with pytest.raises(ProximaError, match=named):
        Observable(terms=terms)


def test_the_message_has_strings_and_coefficients() -> None:
    """Terms travel in their order, with whether they may be shorter than the circuit is wide."""
    message = observable_to_message(parse_observable("Z1 - 2*X0"))
    assert (message.name, list(message.paulis)) == ("Z1 - 2*X0", ["ZI", "IX"])
    assert (list(message.coefficients), message.extends_with_identity) == ([1.0, -2.0], True)
