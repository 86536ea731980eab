"""Gate modifiers: ctrl, negctrl, inv and pow as controls on a power."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from proxima_orchestrator.qasm.errors import CircuitError, ExpressionError, LimitError
from proxima_orchestrator.qasm.expressions import as_float, as_int
from proxima_orchestrator.qasm.names import Names
from proxima_orchestrator.qasm.syntax import ast

__all__ = ["NONE", "Modifiers", "read_controls", "read_modifiers"]

_MAX_CONTROLS = 256
_MAX_POWERS = 64
_KIND = ast.GateModifierKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Modifiers:
    """What modifiers come to, for controls and powers commute.

    `controls` has the value on which each control fires, in the order of its operands, which come before those of the
    gate. `powers` are taken one after the other; an inverse is the power -1.
    """

    controls: tuple[bool, ...] = ()
    powers: tuple[int | float, ...] = ()

    def under(self, outer: "Modifiers") -> "Modifiers":
        """Return these with further ones around them."""
        return Modifiers(controls=outer.controls + self.controls, powers=self.powers + outer.powers)

    def label(self, name: str) -> str:
        """Return the modified gate as OpenQASM 3 writes it."""
        parts: list[str] = []
        start = 0
        while start < len(self.controls):
            end = start
            while end < len(self.controls) and self.controls[end] is self.controls[start]:
                end += 1
            word = "ctrl" if self.controls[start] else "negctrl"
            parts.append(word if end - start == 1 else f"{word}({end - start})")
            start = end
        parts.extend("inv" if power == -1 else f"pow({power})" for power in reversed(self.powers))
        return " @ ".join((*parts, name))


NONE = Modifiers()


def read_controls(names: Names, nodes: Sequence[ast.GateModifier]) -> tuple[bool, ...]:
    """Return the controls alone, which take no value but constants; raises CircuitErrors with their place."""
    controls: list[bool] = []
    for node in nodes:
        if node.kind not in (_KIND.CTRL, _KIND.NEGCTRL):
            continue
        count = 1
        if node.argument is not None:
            try:
                count = as_int(names.evaluate(node.argument))
            except CircuitError as error:
                raise names.at(error, node) from None
        if count < 1:
            raise names.at(ExpressionError(f"the number of controls is {count}; it is at least 1"), node)
        if count + len(controls) > _MAX_CONTROLS:
            raise names.at(
                LimitError(
                    f"more than {_MAX_CONTROLS} controls on one gate; use ancillas",
                    details={"limit": "controls", "maximum": str(_MAX_CONTROLS)},
                ),
                node,
            )
        controls.extend([node.kind is _KIND.CTRL] * count)
    return tuple(controls)


def read_modifiers(names: Names, nodes: Sequence[ast.GateModifier]) -> Modifiers:
    """Return what a gate's modifiers come to; raises CircuitErrors with their place."""
    if not nodes:
        return NONE
    powers: list[int | float] = []
    for node in reversed(nodes):
        if node.kind is _KIND.INV:
            powers.append(-1)
        elif node.kind is _KIND.POW:
            powers.append(_exponent(names, node))
    if len(powers) > _MAX_POWERS:
        raise names.at(
            LimitError(
                f"more than {_MAX_POWERS} powers and inverses on one gate; multiply them",
                details={"limit": "powers", "maximum": str(_MAX_POWERS)},
            ),
            nodes[0],
        )
    return Modifiers(controls=read_controls(names, nodes), powers=tuple(powers))


def _exponent(names: Names, node: ast.GateModifier) -> int | float:
    if node.argument is None:
        raise names.at(ExpressionError("pow needs an exponent: pow(2) @ x q;"), node)
    try:
        value = _real(names, node.argument)
    except CircuitError as error:
        raise names.at(error, node) from None
    return int(value) if isinstance(value, int) or value.is_integer() else value


def _real(names: Names, node: ast.Expression) -> int | float:
    """The value of an exponent, in which a quotient of integers is the real one: pow(1/2) is the square root."""
    match node:
        case ast.UnaryExpression(op=ast.UnaryOperator.NEGATE):
            return -_real(names, node.operand)
        case ast.BinaryExpression(op=ast.BinaryOperator.DIVIDE):
            left, right = _real(names, node.lhs), _real(names, node.rhs)
            if right == 0:
                raise ExpressionError("division by zero")
            return left / right
    value = names.evaluate(node)
    if isinstance(value, int):
        if not math.isfinite(as_float(value)):
            raise ExpressionError("the exponent is not finite")
        return int(value)
    return as_float(value)
