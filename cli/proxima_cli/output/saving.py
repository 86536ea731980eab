"""Saves a run's arrays as .npy files, whole or not at all, and never over a file that is there."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from proxima.errors.v1 import errors_pb2
from proxima_client.result import Result
from proxima_runtime.errors import InvalidArgument, ResourceExhausted

__all__ = ["ARRAY_NAMES", "SavedArray", "check_folder", "save_arrays", "save_text"]

ARRAY_NAMES = ("statevector", "density_matrix", "probabilities")


@dataclass(frozen=True, kw_only=True)
class SavedArray:
    """An array on disk. `bits` gives the declared index of each axis bit, least significant first.

    `bit_space` is "qubits" or "clbits"; bits that are not listed are 0 (qubits: in |0>).
    """

    name: str
    path: Path
    dtype: str
    shape: tuple[int, ...]
    bits: tuple[int, ...]
    bit_space: str

    def document(self) -> dict[str, str | list[int]]:
        """Return its object in the JSON of a run."""
        return {
            "path": str(self.path),
            "dtype": self.dtype,
            "shape": list(self.shape),
            "bits": list(self.bits),
            "bit_space": self.bit_space,
        }


def check_folder(folder: Path, names: tuple[str, ...]) -> None:
    """Make the folder and refuse before the run what would fail after it.

    Raises InvalidArgument where the folder cannot be written or holds one of the files already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refused(f"--save {folder}: the folder cannot be written: {error.strerror}") from error
    for name in names:
        if (folder / name).exists():
            raise _refused(f"--save {folder}: {name} is there already and is never overwritten; name another folder")


def save_arrays(result: Result, folder: Path) -> tuple[SavedArray, ...]:
    """Write every array that the result has; return what was written.

    Raises ResourceExhausted where the disk is full, InvalidArgument where a file is in the way.
    """
    over_clbits = bool(result.clbit_count) and any(array.over_clbits for array in result.arrays)
    parts: list[tuple[str, NDArray[np.generic] | None, tuple[int, ...], str]] = [
        ("statevector", result.active_statevector, result.active_qubits, "qubits"),
        ("density_matrix", result.active_density_matrix, result.active_qubits, "qubits"),
        ("probabilities", result.probability_array, result.probability_bits, "clbits" if over_clbits else "qubits"),
    ]
    saved = []
    for name, data, bits, bit_space in parts:
        if data is None:
            continue
        path = folder / f"{name}.npy"
        _write(path, _npy_writer(data))
        saved.append(
            SavedArray(name=name, path=path, dtype=str(data.dtype), shape=data.shape, bits=bits, bit_space=bit_space)
        )
    return tuple(saved)


def save_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all, and never over another."""
    _write(path, lambda file: file.write(text.encode()))


def _npy_writer(data: NDArray[np.generic]) -> Callable[[BinaryIO], object]:
    return lambda file: np.save(file, data, allow_pickle=False)


def _write(path: Path, write: Callable[[BinaryIO], object]) -> None:
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = file.name
            write(file)  # type: ignore[arg-type]  # a buffered writer under another name
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError as error:
        raise _refused(f"{path} is there already and is never overwritten; name another folder") from error
    except OSError as error:
        raise ResourceExhausted(
            f"{path} could not be written: {error.strerror}. The result is kept by the server; free space and fetch "
            f"it again",
            reason=errors_pb2.ERROR_REASON_STORAGE_FULL,
            metadata={"path_hint": str(path)},
        ) from error
    finally:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def _refused(message: str) -> InvalidArgument:
    return InvalidArgument(message, reason=errors_pb2.ERROR_REASON_INVALID_REQUEST, metadata={"field": "save"})
