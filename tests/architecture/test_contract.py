"""The contract says what STYLE asks of a specification, beyond what buf checks."""

from __future__ import annotations

import re

from google.protobuf import descriptor_pb2
from google.rpc import code_pb2
from proxima.errors.v1 import errors_pb2

from tests.architecture.sources import ROOT, contract, messages, rpcs

REASONS = {name for name, number in errors_pb2.ErrorReason.items() if number}
CODES = set(code_pb2.Code.keys())


def reason_comments() -> dict[str, str]:
    """Return the comment of every reason of the catalogue."""
    file = next(file for file in contract().file if file.package == "proxima.errors.v1")
    enum_field = descriptor_pb2.FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER
    value_field = descriptor_pb2.EnumDescriptorProto.VALUE_FIELD_NUMBER
    comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
    values = file.enum_type[0].value
    return {value.name: comments[(enum_field, 0, value_field, i)] for i, value in enumerate(values) if value.number}


def test_rpcs_list_their_errors() -> None:
    """The comment of an RPC has an Errors list whose entries are a gRPC code, reasons, a cause and a remedy."""
    for rpc in rpcs():
        _, heading, rest = rpc.comment.partition("Errors:")
        assert heading, f"{rpc} has no Errors list"
        entries = re.findall(r"^ - (\w+), (.*?): ", rest, flags=re.MULTILINE | re.DOTALL)
        assert entries or "none of its own" in rest, f"{rpc} lists no error as `- CODE, REASON: cause. Remedy.`"
        assert {code for code, _ in entries} <= CODES, str(rpc)


def test_rpcs_say_what_repeating_them_does() -> None:
    """The comment of an RPC says whether it is idempotent, or how a stream is resumed."""
    silent = [
        str(rpc) for rpc in rpcs() if not re.search(r"idempotent|resumable|at most once", rpc.comment, re.IGNORECASE)
    ]
    assert silent == []


def test_what_creates_says_what_becomes_of_it_without_the_caller() -> None:
    """An RPC that starts or follows something says what happens when the caller goes away."""
    started = [rpc for rpc in rpcs() if re.match("Create|Execute|Watch|Abort|Answer", rpc.method.name)]
    assert [str(rpc) for rpc in started if "goes away" not in " ".join(rpc.comment.split())] == []


def test_comments_name_only_known_reasons() -> None:
    """Every reason that a comment of the contract names is in the catalogue, abbreviated ones too."""
    for file in contract().file:
        for place in file.source_code_info.location:
            for name in re.findall(r"ERROR_REASON_\w+", place.leading_comments):
                assert name in REASONS | {"ERROR_REASON_UNSPECIFIED"}, (file.name, name)
            for name in re.findall(r"(?<=[ ,])_[A-Z][A-Z_]+", place.leading_comments):
                assert f"ERROR_REASON{name}" in REASONS, (file.name, name)


def test_documents_named_by_comments_exist() -> None:
    """Every document that a comment of the contract refers to is there."""
    for file in contract().file:
        for place in file.source_code_info.location:
            for name in re.findall(r"docs/[\w.-]+\.md", place.leading_comments):
                assert (ROOT / name).is_file(), (file.name, name)


def test_every_reason_names_its_code() -> None:
    """The comment of every reason names the gRPC code that it travels with."""
    for name, comment in reason_comments().items():
        assert CODES & set(re.findall(r"[A-Z_]{5,}", comment)), name


def test_every_reason_is_documented() -> None:
    """docs/errors.md has one row a reason, and its code is one that the catalogue names."""
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z_, or]+) \|", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(name.removeprefix("ERROR_REASON_") for name in REASONS)
    comments = reason_comments()
    for name, codes in rows:
        for code in re.findall(r"[A-Z_]{5,}", codes):
            assert code in comments[f"ERROR_REASON_{name}"], (name, code)


def test_lists_are_paginated() -> None:
    """Every List takes page_size and page_token and answers next_page_token."""
    for rpc in rpcs():
        if rpc.method.name.startswith("List"):
            request, response = (
                messages()[name.lstrip(".")] for name in (rpc.method.input_type, rpc.method.output_type)
            )
            assert {"page_size", "page_token"} <= {field.name for field in request.field}, str(rpc)
            assert "next_page_token" in {field.name for field in response.field}, str(rpc)


def test_what_creates_takes_a_request_id() -> None:
    """Every northbound request that creates a resource has a request_id and its resource an owner."""
    for rpc in rpcs():
        if re.match("Create|Execute$", rpc.method.name) and "orchestrator" in rpc.service:
            request = messages()[rpc.method.input_type.lstrip(".")]
            assert "request_id" in {field.name for field in request.field}, str(rpc)
    for name in ("Execution", "Comparison", "Session", "ConsentRequest", "Insight"):
        assert "owner" in {field.name for field in messages()[f"proxima.orchestrator.v1.{name}"].field}, name


def test_result_messages_can_be_relayed() -> None:
    """Fields 4 and 5 of every stream that carries a result have one number, name and type on both sides."""
    carriers = (
        "proxima.backend.v1.ExecuteResponse",
        "proxima.orchestrator.v1.ExecuteResponse",
        "proxima.orchestrator.v1.WatchExecutionResponse",
        "proxima.orchestrator.v1.ReadResultResponse",
    )
    seen = {
        tuple((f.number, f.name, f.type_name) for f in messages()[name].field if f.number in (4, 5))
        for name in carriers
    }
    assert seen == {
        (
            (4, "result_header", ".proxima.simulation.v1.ResultHeader"),
            (5, "result_chunk", ".proxima.simulation.v1.ResultChunk"),
        )
    }


def test_progress_and_results_carry_the_item() -> None:
    """Whatever belongs to one item of an execution says which."""
    carriers = ("simulation.v1.Progress", "simulation.v1.ResultHeader", "simulation.v1.ResultChunk")
    later = ("orchestrator.v1.PairComparison", "orchestrator.v1.Insight")
    for name in carriers + later:
        assert "item_index" in {field.name for field in messages()[f"proxima.{name}"].field}, name


def test_no_free_form_data() -> None:
    """No message carries Struct, Any or JSON; google.rpc.Status is the only place where Any occurs."""
    for name, message in messages().items():
        for field in message.field:
            assert field.type_name not in {".google.protobuf.Struct", ".google.protobuf.Any"}, (name, field.name)
            assert "json" not in field.name, (name, field.name)
