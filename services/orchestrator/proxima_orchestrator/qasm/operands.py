"""Operands: names, indices, slices, sets and concatenations to declared bit indices, and their broadcast."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat

from proxima_orchestrator.qasm.errors import LimitError, OperandError, UnsupportedFeatureError
from proxima_orchestrator.qasm.expressions import NotConstantError, as_int
from proxima_orchestrator.qasm.names import Bits, Names
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["broadcast_count", "distinct", "resolve", "rows"]


def resolve(names: Names, node: ast.Node, *, quantum: bool, largest: int) -> Bits:
    """Return the bits that an operand or the value of an alias stands for, at most `largest` of them.

    Raises CircuitErrors with their place: NameNotFoundError, OperandError for an index out of range.
    """
    match node:
        case ast.Identifier():
            return names.bits(node, quantum=quantum)
        case ast.IndexedIdentifier():
            bits = names.bits(node.name, quantum=quantum)
            for index in node.indices:
                bits = _select(names, bits, index, node, name_of(node.name))
            return bits
        case ast.IndexExpression():
            bits = resolve(names, node.collection, quantum=quantum, largest=largest)
            return _select(names, bits, node.index, node, "the register")
        case ast.Concatenation():
            parts = [resolve(names, part, quantum=quantum, largest=largest) for part in _parts(node)]
            if sum(len(part.indices) for part in parts) > largest:
                raise names.at(LimitError(f"this concatenation has more than {largest} bits"), node)
            indices = tuple(chain.from_iterable(part.indices for part in parts))
            if len(set(indices)) != len(indices):
                raise names.at(OperandError("this concatenation has a bit twice; each may occur once"), node)
            return Bits(indices=indices, quantum=quantum, scalar=False)
    kind = "quantum" if quantum else "classical"
    raise names.at(OperandError(f"expected a {kind} register or bit"), node)


def _parts(node: ast.Concatenation) -> list[ast.Expression]:
    parts: list[ast.Expression] = []
    current: ast.Expression = node
    while isinstance(current, ast.Concatenation):
        parts.append(current.rhs)
        current = current.lhs
    return [current, *reversed(parts)]


def _select(names: Names, bits: Bits, index: ast.Index, node: ast.Node, name: str) -> Bits:
    size = len(bits.indices)
    if bits.scalar:
        raise names.at(OperandError(f"{name} is a single bit; it has no index"), node)
    if isinstance(index, ast.DiscreteSet):
        picked = tuple(bits.indices[_position(names, item, size, name)] for item in index.values)
        if len(set(picked)) != len(picked):
            raise names.at(OperandError("this index set has a bit twice; each may occur once"), node)
        return Bits(indices=picked, quantum=bits.quantum, scalar=False)
    if len(index) != 1:
        raise names.at(OperandError(f"{name} has one dimension; give one index"), node)
    element = index[0]
    if isinstance(element, ast.Range):
        return Bits(indices=_slice(names, bits.indices, element, name), quantum=bits.quantum, scalar=False)
    return Bits(indices=(bits.indices[_position(names, element, size, name)],), quantum=bits.quantum, scalar=True)


def _position(names: Names, node: ast.Expression, size: int, name: str) -> int:
    try:
        index = as_int(names.evaluate(node))
    except NotConstantError:
        raise names.at(
            UnsupportedFeatureError(
                "an index that depends on a measurement is not supported; use a constant index",
                details={"feature": "measurement-dependent index"},
            ),
            node,
        ) from None
    except OperandError as error:
        raise names.at(error, node) from None
    position = index + size if index < 0 and names.version == 3 else index
    if not 0 <= position < size:
        last = size - 1
        raise names.at(OperandError(f"index {index} is out of range for {name}; its bits are 0 to {last}"), node)
    return position


def _slice(names: Names, indices: Sequence[int], node: ast.Range, name: str) -> Sequence[int]:
    size = len(indices)
    step = 1 if node.step is None else as_int(names.evaluate(node.step))
    if step == 0:
        raise names.at(OperandError("the step of a range must not be 0"), node)
    first = (0 if step > 0 else size - 1) if node.start is None else _position(names, node.start, size, name)
    last = (size - 1 if step > 0 else 0) if node.end is None else _position(names, node.end, size, name)
    picked = range(first, last + (1 if step > 0 else -1), step)
    if not picked:
        raise names.at(OperandError("this range is empty; its end comes before its start"), node)
    return indices[picked[0] : picked[-1] + 1 : step] if step > 0 else tuple(indices[position] for position in picked)


def broadcast_count(operands: Sequence[Bits]) -> int:
    """Return how often an instruction on these operands runs; raises OperandError without a place on unequal sizes."""
    sizes = {len(bits.indices) for bits in operands if not bits.scalar}
    if len(sizes) > 1:
        listed = " and ".join(str(size) for size in sorted(sizes))
        raise OperandError(f"registers of different sizes ({listed}) in one statement; they must be equal")
    return sizes.pop() if sizes else 1


def rows(operands: Sequence[Bits], count: int) -> Iterator[tuple[int, ...]]:
    """Yield the operands of each of the `count` instructions of a broadcast."""
    columns: list[Iterable[int]] = [
        repeat(bits.indices[0], count) if bits.scalar else bits.indices for bits in operands
    ]
    return zip(*columns, strict=True)


def distinct(qubits: Sequence[int]) -> bool:
    """Return whether no qubit occurs twice."""
    return len(set(qubits)) == len(qubits)
