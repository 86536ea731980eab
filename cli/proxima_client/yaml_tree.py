"""Reads YAML from outside into a tree that knows its places, without building anything that the text asks for.

One document of mappings, lists and plain values; no aliases, anchors or tags, so that nothing can refer to itself or
grow. Size, depth and number of nodes are bounded.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

__all__ = ["ListNode", "MappingNode", "Node", "Place", "ScalarNode", "YamlError", "read_tree"]

MAX_BYTES = 2**20
_MAX_DEPTH = 20
_MAX_NODES = 200_000


@dataclass(frozen=True, kw_only=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


class YamlError(Exception):
    """A fault of the text at a place."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, kw_only=True)
class ScalarNode:
    """A value as it is written; `is_plain` where it is not quoted."""

    place: Place
    text: str
    is_plain: bool


@dataclass(frozen=True, kw_only=True)
class ListNode:
    """A list."""

    place: Place
    items: "Sequence[Node]"


@dataclass(frozen=True, kw_only=True)
class MappingNode:
    """A mapping; keys are unique. `key_places` has the place of each key."""

    place: Place
    entries: "Mapping[str, Node]"
    key_places: Mapping[str, Place]

    def check_keys(self, allowed: Iterable[str], what: str) -> None:
        """Raise YamlError at the first key that is not allowed; `what` is what the mapping describes."""
        known = list(allowed)
        for key, place in self.key_places.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                raise YamlError(f"unknown key {key[:60]!r}{meant} {what} takes {', '.join(known)}", place)


Node: TypeAlias = ScalarNode | ListNode | MappingNode


def read_tree(data: bytes) -> Node:
    """Return the tree of a YAML document of at most 1 MiB.

    Raises YamlError with the place of what is wrong.
    """
    if len(data) > MAX_BYTES:
        raise YamlError(f"the text is over {MAX_BYTES >> 20} MiB, which is the limit", Place(line=1, column=1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise YamlError("the text is not UTF-8", Place(line=line, column=1)) from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder().build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(line=mark.line + 1, column=mark.column + 1) if mark else Place(line=1, column=1)
        raise YamlError(f"this is not YAML: {error.problem or error.context}", place) from error
    except yaml.YAMLError as error:
        raise YamlError(f"this is not YAML: {str(error).splitlines()[0]}", Place(line=1, column=1)) from error


class _Open:
    """A list or mapping whose end has not come yet."""

    def __init__(self, place: Place, *, is_mapping: bool) -> None:
        self.place = place
        self.is_mapping = is_mapping
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.key_places: dict[str, Place] = {}
        self.key: str | None = None

    def add(self, node: Node) -> None:
        if not self.is_mapping:
            self.items.append(node)
        elif self.key is None:
            if not isinstance(node, ScalarNode):
                raise YamlError("a key must be a plain word or number", node.place)
            if node.text in self.entries:
                first = self.key_places[node.text]
                raise YamlError(f"the key {node.text[:60]!r} is here twice, first in line {first.line}", node.place)
            self.key = node.text
            self.key_places[node.text] = node.place
        else:
            self.entries[self.key] = node
            self.key = None

    def closed(self) -> Node:
        if self.is_mapping:
            return MappingNode(place=self.place, entries=self.entries, key_places=self.key_places)
        return ListNode(place=self.place, items=self.items)


class _Builder:
    """Turns events into a tree without recursion."""

    def __init__(self) -> None:
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._count = 0

    def build(self, events: Iterable[yaml.Event]) -> Node:
        documents = 0
        for event in events:
            place = _place(event)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError("there is a second document; a file holds one", place)
            elif isinstance(event, yaml.AliasEvent):
                raise YamlError(f"aliases (*{str(event.anchor)[:40]}) are not allowed; write it out", place)
            elif isinstance(event, yaml.NodeEvent):
                self._open(event, place)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._add(self._stack.pop().closed())
        if self._root is None:
            raise YamlError("the text is empty", Place(line=1, column=1))
        return self._root

    def _open(self, event: yaml.NodeEvent, place: Place) -> None:
        if event.anchor is not None:
            raise YamlError(f"anchors (&{event.anchor[:40]}) are not allowed; write it out", place)
        # "!" forces a string and builds nothing, but says nothing here either.
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise YamlError(f"tags ({event.tag[:60]}) are not allowed; write the value alone", place)
        self._count += 1
        if self._count > _MAX_NODES:
            raise YamlError(f"there are over {_MAX_NODES} values, which is the limit", place)
        if isinstance(event, yaml.ScalarEvent):
            self._add(ScalarNode(place=place, text=event.value, is_plain=not event.style))
            return
        if len(self._stack) >= _MAX_DEPTH:
            raise YamlError(f"values are nested over {_MAX_DEPTH} deep, which is the limit", place)
        self._stack.append(_Open(place, is_mapping=isinstance(event, yaml.MappingStartEvent)))

    def _add(self, node: Node) -> None:
        if self._stack:
            self._stack[-1].add(node)
        else:
            self._root = node


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(line=mark.line + 1, column=mark.column + 1) if mark else Place(line=1, column=1)
