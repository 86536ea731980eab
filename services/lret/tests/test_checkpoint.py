"""A saved run as bytes: what was written comes back to the bit, and nothing else is believed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as np_st
from proxima_backend_lret.checkpoint import pack, unpack
from proxima_runtime.errors import InvalidArgument

_ARRAYS = st.sampled_from(["float32", "float64", "complex128", "int64", "uint8", "bool"]).flatmap(
    lambda name: np_st.arrays(np.dtype(name), np_st.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
)
_VALUES = st.one_of(
    st.integers(-(2**200), 2**200), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.booleans(), _ARRAYS
)


@given(st.dictionaries(st.text(max_size=8), _VALUES, max_size=5))
def test_what_was_saved_comes_back_to_the_bit(saved: dict[str, np.ndarray | int | float | str]) -> None:
    """Arrays keep type, shape and bytes, numbers their value."""
    found = unpack(memoryview(b"".join(bytes(part) for part in pack(saved))))
    assert set(found) == set(saved)
    for name, value in saved.items():
        again = found[name]
        if isinstance(value, np.ndarray):
            assert isinstance(again, np.ndarray)
            assert (again.dtype, again.shape, again.tobytes()) == (value.dtype, value.shape, value.tobytes())
        else:
            assert (type(again), again) == (type(value), value)


def _written(head: object, body: bytes = b"") -> memoryview:
    line = json.dumps(head).encode()
    return memoryview(len(line).to_bytes(8, "little") + line + body)


@pytest.mark.parametrize(
    "data",
    [
        memoryview(b""),
        memoryview(b"\x05\x00\x00\x00\x00\x00\x00\x00{}"),
        memoryview(b"\xff" * 16),
        _written([]),
        _written({"values": {}}),
        _written({"values": {}, "arrays": [["a", "object", [1]]]}, b"12345678"),
        _written({"values": {}, "arrays": [["a", "float64", [1 << 60]]]}, b"12345678"),
        _written({"values": {}, "arrays": [["a", "float64", [-1]]]}, b"12345678"),
        _written({"values": {}, "arrays": [["a", "float64", [True]]]}, b"12345678"),
        _written({"values": {}, "arrays": [["a", "float64", [1]]]}, b"123456789"),
        _written({"values": {}, "arrays": [["a", "float64"]]}, b"12345678"),
    ],
)
def test_what_is_no_checkpoint_is_refused(data: memoryview) -> None:
    """Lengths, types and shapes that do not fit the bytes are an error that says to start again."""
    with pytest.raises(InvalidArgument, match="start the run again"):
        unpack(data)
