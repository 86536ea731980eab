"""Arrays too large for a row, kept by the SHA-256 of their bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Protocol

import fsspec  # type: ignore[import-untyped]
from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]
from proxima.errors.v1 import errors_pb2
from proxima_runtime.errors import NotFound, ResourceExhausted

Buffer = bytes | memoryview


# Folder of the files that are removed again, checkpoints of paused runs.
_KEPT = "kept"


class DiscardedError(Exception):
    """The artifact was discarded: the run that wrote it failed."""


class ArtifactWriter(Protocol):
    """An artifact that is being written. Its methods block; call them from a thread, one at a time."""

    def append(self, pieces: Sequence[Buffer]) -> None:
        """Append bytes.

        Raises:
            ResourceExhausted: STORAGE_FULL.
        """

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes that were appended; safe beside the other methods.

        Raises:
            DiscardedError: the artifact was discarded.
        """

    def commit(self) -> tuple[str, int]:
        """Finish the artifact and return its SHA-256 in lower-case hexadecimal and its size in bytes."""

    def keep(self, prefix: str) -> tuple[str, int]:
        """Finish as a file of its own, which can be removed; returns its name, the prefix, "-" and its SHA-256, and its
        size in bytes.
        """

    def discard(self) -> None:
        """Forget what was written; does nothing after `commit` or `keep`."""


class ArtifactStore(Protocol):
    """Where artifacts are kept."""

    def create(self, name: str) -> ArtifactWriter:
        """Start an artifact; `name` is unique among those being written."""

    def read(self, sha256: str, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of an artifact from `offset`.

        Raises:
            NotFound: RESULT_NOT_FOUND.
        """

    def read_kept(self, name: str, offset: int, size: int) -> bytes:
        """Return up to `size` bytes of a kept file from `offset`.

        Raises:
            NotFound: RESULT_NOT_FOUND.
        """

    def kept_names(self) -> list[str]:
        """Return the names of all kept files."""

    def remove_kept(self, name: str) -> None:
        """Remove a kept file; does nothing where there is none."""

    def clear_unfinished(self) -> None:
        """Remove what a killed process left half-written."""


class FolderArtifacts:
    """Artifacts in a folder of a file system that fsspec knows, by default the local one."""

    def __init__(self, url: str, *, durable: bool) -> None:
        """Open the folder and create it where it is missing.

        Args:
            url: a path, or a URL of fsspec.
            durable: write through to the disk before an artifact counts as finished (local folders).
        """
        file_system, root = fsspec.core.url_to_fs(url)
        self._files: AbstractFileSystem = file_system
        self._root = PurePosixPath(root)
        self._durable = durable
        for folder in ("unfinished", _KEPT):
            self._files.makedirs(str(self._root / folder), exist_ok=True)

    def create(self, name: str) -> ArtifactWriter:
        """Start an artifact; see `ArtifactStore`."""
        path = self._root / "unfinished" / name
        try:
            return _FolderWriter(self._files, path, self._root, durable=self._durable)
        except OSError as error:
            raise _full(error) from error

    def read(self, sha256: str, offset: int, size: int) -> bytes:
        """Return bytes of an artifact; see `ArtifactStore`."""
        return self._read(_place(self._root, sha256), offset, size, what=f"the stored array {sha256}")

    def read_kept(self, name: str, offset: int, size: int) -> bytes:
        """Return bytes of a kept file; see `ArtifactStore`."""
        return self._read(self._root / _KEPT / name, offset, size, what=f"the stored checkpoint {name}")

    def kept_names(self) -> list[str]:
        """Return the names of all kept files."""
        return [PurePosixPath(path).name for path in self._files.ls(str(self._root / _KEPT), detail=False)]

    def remove_kept(self, name: str) -> None:
        """Remove a kept file; see `ArtifactStore`."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm(str(self._root / _KEPT / name))

    def _read(self, place: PurePosixPath, offset: int, size: int, *, what: str) -> bytes:
        try:
            with self._files.open(str(place), "rb") as file:
                file.seek(offset)
                data: bytes = file.read(size)
        except FileNotFoundError as error:
            raise NotFound(
                f"{what} is gone from the artifact store; run the circuit again",
                reason=errors_pb2.ERROR_REASON_RESULT_NOT_FOUND,
                metadata={"resource": place.name},
            ) from error
        return data

    def clear_unfinished(self) -> None:
        """Remove what a killed process left half-written."""
        folder = str(self._root / "unfinished")
        for path in self._files.ls(folder, detail=False):
            self._files.rm(path)


class _FolderWriter:
    def __init__(self, files: AbstractFileSystem, path: PurePosixPath, root: PurePosixPath, *, durable: bool) -> None:
        self._files = files
        self._path = str(path)
        self._root = root
        self._durable = durable
        self._sha = hashlib.sha256()
        self._size = 0
        self._open = True
        self._file = files.open(self._path, "wb")

    def append(self, pieces: Sequence[Buffer]) -> None:
        """Append and hash; see `ArtifactWriter`."""
        try:
            for piece in pieces:
                self._file.write(piece)
                self._sha.update(piece)
                self._size += len(piece)
            self._file.flush()
        except OSError as error:
            raise _full(error) from error

    def read(self, offset: int, size: int) -> bytes:
        """Read back; see `ArtifactWriter`."""
        with contextlib.suppress(FileNotFoundError):
            return self._read(self._path, offset, size)
        # It was moved to its final name since, or is gone.
        try:
            return self._read(str(_place(self._root, self._sha.hexdigest())), offset, size)
        except FileNotFoundError as error:
            raise DiscardedError from error

    def _read(self, path: str, offset: int, size: int) -> bytes:
        with self._files.open(path, "rb") as file:
            file.seek(offset)
            data: bytes = file.read(size)
            return data

    def commit(self) -> tuple[str, int]:
        """Close and move to the final name; see `ArtifactWriter`."""
        # Equal bytes have one place; renaming over it leaves readers undisturbed.
        self._move(_place(self._root, self._sha.hexdigest()))
        return self._sha.hexdigest(), self._size

    def keep(self, prefix: str) -> tuple[str, int]:
        """Close and move to a name of its own; see `ArtifactWriter`."""
        name = f"{prefix}-{self._sha.hexdigest()}"
        self._move(self._root / _KEPT / name)
        return name, self._size

    def _move(self, place: PurePosixPath) -> None:
        try:
            if self._durable and hasattr(self._file, "fileno"):
                os.fsync(self._file.fileno())
            self._file.close()
            self._files.makedirs(str(place.parent), exist_ok=True)
            self._files.mv(self._path, str(place))
        except OSError as error:
            raise _full(error) from error
        self._open = False

    def discard(self) -> None:
        """Close and remove; see `ArtifactWriter`."""
        if self._open:
            self._open = False
            try:
                self._file.close()
            finally:
                self._files.rm(self._path)


def _place(root: PurePosixPath, sha256: str) -> PurePosixPath:
    return root / "sha256" / sha256[:2] / sha256


def _full(error: OSError) -> ResourceExhausted:
    return ResourceExhausted(
        f"the artifact store cannot write ({error.strerror or error}); free space in the data directory and try again",
        reason=errors_pb2.ERROR_REASON_STORAGE_FULL,
        metadata={"path_hint": "artifacts"},
    )
