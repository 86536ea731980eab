"""Values of a YAML tree: words, indices, numbers, times; each fault is told with its place."""

import math
import re
from collections.abc import Sequence

from proxima_client.yaml_tree import ListNode, MappingNode, Node, Place, ScalarNode, YamlError

__all__ = ["complex_number", "index", "indices", "items", "mapping", "needed", "number", "seconds_of", "word"]

_UNITS = {"s": 0, "ms": -3, "us": -6, "µs": -6, "ns": -9, "ps": -12}
_TIME = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3}))?\s*([a-zµ]+)")
_REAL = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(rf"[+-]?{_REAL}")
# A real part ends where the sign of the imaginary part begins.
_COMPLEX = re.compile(rf"([+-]?{_REAL}(?=[+-]|$))?(?:([+-]?(?:{_REAL})?)[ij])?")
_INDEX = re.compile(r"[0-9]{1,9}")


def mapping(node: Node, what: str) -> MappingNode:
    """Return the mapping that `what` has to be. Raises YamlError with the place, as all of these do."""
    if not isinstance(node, MappingNode):
        raise YamlError(f"{what} must be a mapping of keys to values", node.place)
    return node


def needed(node: MappingNode, key: str, what: str) -> Node:
    """Return the value of a key that `what` has to have."""
    found = node.entries.get(key)
    if found is None:
        raise YamlError(f"{what} needs the key {key!r}", node.place)
    return found


def items(node: Node | None, what: str) -> Sequence[Node]:
    """Return the entries of a list; none where there is no node."""
    if node is None:
        return []
    if not isinstance(node, ListNode):
        raise YamlError(f"{what} must be a list, as [a, b]", node.place)
    return node.items


def word(node: Node) -> str:
    """Return the text of a value that is not empty."""
    if not isinstance(node, ScalarNode) or not node.text:
        raise YamlError("expected a word", node.place)
    return node.text


def indices(node: MappingNode, key: str) -> tuple[int, ...]:
    """Return the list of indices under a key; none where the key is not there."""
    return tuple(index(word(item), item.place) for item in items(node.entries.get(key), key))


def index(text: str, place: Place) -> int:
    """Return an index, a whole number from 0 with at most nine digits."""
    if not _INDEX.fullmatch(text):
        raise YamlError(f"{text[:60]!r} must be an index, a whole number from 0", place)
    return int(text)


def number(node: Node) -> float:
    """Return a real number."""
    text = word(node)
    if not _NUMBER.fullmatch(text):
        raise YamlError(f"{text[:60]!r} must be a number, as 0.01 or 1e-3", node.place)
    return float(text)


def complex_number(node: Node) -> complex:
    """Return a complex number such as 0.5, -0.5i or 0.5-0.1i."""
    text = word(node).replace(" ", "")
    found = _COMPLEX.fullmatch(text)
    if found is None or not text:
        raise YamlError(f"{text[:60]!r} must be a complex number, as 0.5, 0.5i or 0.5-0.1i", node.place)
    real, imaginary = found.groups()
    if imaginary in ("", "+", "-"):
        imaginary += "1"
    return complex(float(real or 0), float(imaginary or 0))


def seconds_of(node: Node) -> float:
    """Return the seconds of a time with a unit."""
    text = word(node)
    found = _TIME.fullmatch(text.strip())
    if found is None or found[3] not in _UNITS:
        units = ", ".join(unit for unit in _UNITS if unit.isascii())
        raise YamlError(f"{text[:60]!r} must be a time with a unit ({units}), as 50 us", node.place)
    # The decimal is read once with the unit in its exponent, so that 35 ns is the number nearest to 35e-9.
    seconds = float(f"{found[1]}e{int(found[2] or 0) + _UNITS[found[3]]}")
    if not math.isfinite(seconds):
        raise YamlError(f"{text[:60]!r} is too long a time", node.place)
    return seconds
