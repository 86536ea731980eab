"""How kernels are compiled: at import, from explicit signatures, and cached.

A kernel that is typed at its first call would be compiled in a user's run. With signatures everything is compiled when
the module is imported, which a worker does before it is ready, and loaded from the cache from then on.

A kernel calls nothing outside of its own file: Numba looks at that file alone when it decides whether what it cached is
stale.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import numba
import numba.core.config
import numba.extending
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core.base import BaseContext
from numba.core.types import Type
from numba.core.typing.templates import Signature

_Parameters = ParamSpec("_Parameters")
_Returned = TypeVar("_Returned")

Emission = Callable[[ir.IRBuilder, Sequence[ir.Value], Sequence[ir.Value]], None]
Emitted = Callable[[tuple[npt.NDArray[np.generic], ...], tuple[int, ...]], None]

_CACHE_VARIABLE = "NUMBA_CACHE_DIR"


def kernel(
    *signatures: str,
) -> Callable[[Callable[_Parameters, _Returned]], Callable[_Parameters, _Returned]]:
    """Compile a function for the given signatures of numba, for example "void(float64[:,::1], int64)", now.

    Sums may be contracted to fused multiply-adds but are not reordered, so equal calls give equal bits on one machine.
    """
    compile_now = numba.njit(list(signatures), cache=True, nogil=True, error_model="numpy", fastmath={"contract"})

    def compiled(function: Callable[_Parameters, _Returned]) -> Callable[_Parameters, _Returned]:
        return cast("Callable[_Parameters, _Returned]", compile_now(function))

    return compiled


def inlined(function: Callable[_Parameters, _Returned]) -> Callable[_Parameters, _Returned]:
    """Mark a function that kernels of the same file call, to be compiled into them."""
    return cast("Callable[_Parameters, _Returned]", numba.njit(inline="always", error_model="numpy")(function))


def emitted(emit: Emission) -> Emitted:
    """Return a function for kernels of the same file whose instructions `emit` writes.

    For loops that the vectoriser does not keep in registers. The function is called with a tuple of C-contiguous arrays
    and a tuple of integers; `emit` gets a builder, pointers to the first entries of the arrays, and the integers.
    """

    def typed(context: object, arrays: Type, numbers: Type) -> tuple[object, object]:
        def lower(
            target: BaseContext, builder: ir.IRBuilder, signature: Signature, arguments: Sequence[ir.Value]
        ) -> object:
            pointers = [
                target.make_array(kind)(  # type: ignore[no-untyped-call]
                    target, builder, builder.extract_value(arguments[0], place)
                ).data
                for place, kind in enumerate(signature.args[0])
            ]
            values = [builder.extract_value(arguments[1], place) for place in range(len(signature.args[1]))]
            emit(builder, pointers, values)
            return target.get_dummy_value()  # type: ignore[no-untyped-call]

        return numba.types.void(arrays, numbers), lower

    return cast("Emitted", numba.extending.intrinsic(typed))


def _place_cache() -> None:
    for base in _bases():
        folder = base / "lret-kernels"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        numba.core.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        return
    bases = ", ".join(str(base) for base in _bases())
    raise RuntimeError(
        f"no folder for compiled kernels can be written ({bases}); set {_CACHE_VARIABLE} to one that can, for example "
        "on a tmpfs"
    )


def _bases() -> list[Path]:
    chosen = os.environ.get(_CACHE_VARIABLE)
    if chosen:
        return [Path(chosen)]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return [home / "proxima", Path(tempfile.gettempdir()) / "proxima"]


_place_cache()
