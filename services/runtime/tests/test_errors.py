"""Errors and their way over the wire."""

from __future__ import annotations

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st
from proxima.errors.v1 import errors_pb2
from proxima_runtime import errors

CLASSES = sorted(errors.ProximaError.__subclasses__(), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_survives_the_wire(cls: type[errors.ProximaError]) -> None:
    """An error read back from its status has the same class, message, reason and metadata."""
    error = cls("nine lives", reason=errors_pb2.ERROR_REASON_TIMEOUT, metadata={"limit": "9"})

    back = errors.from_status(errors.to_status(error))

    assert (type(back), back.message, back.reason, back.metadata) == (
        cls,
        "nine lives",
        errors_pb2.ERROR_REASON_TIMEOUT,
        {"limit": "9"},
    )


def test_each_class_has_a_code_of_its_own() -> None:
    """Classes and gRPC codes are one to one."""
    assert len({cls.code for cls in CLASSES}) == len(CLASSES)


def test_the_docstring_draws_every_class() -> None:
    """The tree in the module's docstring names every class."""
    assert [cls.__name__ for cls in CLASSES if cls.__name__ not in (errors.__doc__ or "")] == []


@given(message=st.text(max_size=5000), values=st.lists(st.text(max_size=3000), max_size=20))
def test_a_trailer_is_small_whatever_it_quotes(message: str, values: list[str]) -> None:
    """Message and details together stay below gRPC's limit of 8 KiB on trailers."""
    metadata = {f"key{index}": value for index, value in enumerate(values)}
    error = errors.Internal(message, reason=errors_pb2.ERROR_REASON_INTERNAL, metadata=metadata)

    text, details = errors.to_trailer(error)

    # Percent-encoding takes up to three bytes for one, base64 four for three.
    assert len(text.encode()) * 3 + len(details) * 4 / 3 < 8000
    assert errors.from_status(status_pb2.Status.FromString(details)).reason == errors_pb2.ERROR_REASON_INTERNAL


def test_a_reason_of_a_later_version_is_unspecified() -> None:
    """A reason that this version does not know is no failure."""
    status = status_pb2.Status(code=code_pb2.ABORTED, message="later")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="ERROR_REASON_FROM_2031", domain="proxima"))

    assert errors.from_status(status).reason == errors_pb2.ERROR_REASON_UNSPECIFIED


def test_details_that_are_not_ours_decide_nothing() -> None:
    """Foreign or broken details leave the reason to the code."""
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="gone")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="ERROR_REASON_TIMEOUT", domain="elsewhere"))
    status.details.append(AnyMessage(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff"))

    back = errors.from_status(status)

    assert (type(back), back.reason) == (errors.Unavailable, errors_pb2.ERROR_REASON_BACKEND_UNAVAILABLE)


def test_an_unknown_code_is_internal() -> None:
    """A code that gRPC does not have becomes Internal."""
    assert type(errors.from_status(status_pb2.Status(code=99))) is errors.Internal
