"""Starts children in their environments and asks them; one that takes too long is ended and started anew."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ..stack import ROOT, environment_python
from .messages import Answer, Request, read_answer, write_message

_PACKAGE = __package__
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
_SLOW_SECONDS = 5.0
LRET_ENGINE = "proxima_backend_lret.engine:LretEngine"


class Child:
    """A process that answers requests; started by the first one."""

    def __init__(self, python: Path, module: str, arguments: Sequence[str] = ()) -> None:
        self._command = [str(python), "-m", f"{_PACKAGE}.{module}", *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._slow: dict[tuple[str, bytes], tuple[Answer, bytes]] = {}

    def ask(self, request: Request, body: bytes = b"", *, timeout_seconds: float = 3600.0) -> tuple[Answer, bytes]:
        """Return the answer and its array; a fault where there is none in time, or where the child dies.

        A run that took more than 5 s is not repeated: the same request gets the same answer.
        """
        known = self._slow.get((request.form, body))
        if known is not None and request.action == "run":
            return known
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env={**os.environ, **ONE_THREAD},
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        write_message(self._process.stdin, request, body)
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            is_answered = bool(selector.select(timeout_seconds))
        if not is_answered:
            self._process.kill()
        answer = read_answer(self._process.stdout)
        if answer is None:
            status = self._process.wait()
            self._process = None
            how = f"ended with status {status}" if is_answered else f"took more than {timeout_seconds:g} s"
            return Answer(fault=how), b""
        if request.action == "run" and answer[0].cpu_seconds > _SLOW_SECONDS:
            self._slow[request.form, body] = answer
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(timeout=30)


def start_lret() -> Child:
    """The engine of this repository."""
    return Child(environment_python("lret"), "engine_child", [LRET_ENGINE])


def start_columns() -> Child:
    """The same engine, which stays with columns."""
    return Child(environment_python("lret"), "engine_child", [f"{_PACKAGE}.columns_engine:ColumnsEngine"])


def start_aer() -> Child:
    """Aer."""
    return Child(environment_python("qiskit"), "aer_child")


def start_qsim() -> Child:
    """qsim."""
    return Child(environment_python("cirq"), "qsim_child")


def start_maestro(python: Path) -> Child:
    """Maestro, in an environment that the user names."""
    return Child(python, "maestro_child")
