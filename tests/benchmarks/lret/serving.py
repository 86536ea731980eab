"""The loop of a child process: read a request, answer it; and the clock that all children share."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from .messages import Answer, Request, read_request, write_message

Respond = Callable[[Request, bytes], tuple[Answer, bytes]]
Result = TypeVar("Result")


def answer_requests(respond: Respond) -> None:
    """Answer requests on standard input until it ends. What a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (message := read_request(sys.stdin.buffer)) is not None:
        request, body = message
        try:
            answer, array = respond(request, body)
        except Exception as error:  # noqa: BLE001 - the benchmark prints it where the number would be
            answer, array = Answer(fault=f"{type(error).__name__}: {error}"), b""
        write_message(answers, answer, array)


def fastest(run: Callable[[], Result], request: Request) -> tuple[float, Result]:
    """Return the least processor seconds of some runs, as many as the request allows, and what the last returned."""
    least, spent, count = float("inf"), 0.0, 0
    while True:
        begin = time.process_time()
        result = run()
        seconds = time.process_time() - begin
        least, spent, count = min(least, seconds), spent + seconds, count + 1
        if count >= request.repeat or spent >= request.seconds:
            return least, result
        # Results of a repeat do not stay in memory beside those of the next.
        del result
