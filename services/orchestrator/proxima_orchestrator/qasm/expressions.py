"""Constant expressions: a tree and the names it may use in, a bounded value out."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxima_orchestrator.qasm.errors import CircuitError, ExpressionError, NameNotFoundError, unsupported
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["BitString", "Evaluator", "NotConstantError", "Seconds", "Value", "as_float", "as_int", "truth"]

_MAX_BITS = 1024
"""Integers beyond this many bits are an overflow, so that no power or shift can cost much."""


@dataclass(frozen=True, slots=True)
class BitString:
    """A constant of type bit[width]; bit i of the register is bit i of `value`."""

    value: int
    width: int


@dataclass(frozen=True, slots=True)
class Seconds:
    """A constant duration."""

    value: float


Value = bool | int | float | BitString | Seconds


class NotConstantError(Exception):
    """The expression depends on a measured bit."""

    def __init__(self, node: ast.Node) -> None:
        self.node = node
        super().__init__("not constant")


_CONSTANTS_3 = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e}
_CONSTANTS_2 = {"pi": math.pi}


def truth(value: Value) -> bool:
    """Return the value as a bool."""
    return bool(value.value) if isinstance(value, (BitString, Seconds)) else bool(value)


def as_int(value: Value) -> int:
    """Return the value as an integer; raises ExpressionError without a place unless it is one."""
    if isinstance(value, BitString):
        return value.value
    if isinstance(value, (float, Seconds)):
        raise ExpressionError(f"expected an integer, found {_show(value)}")
    return int(value)


def as_float(value: Value) -> float:
    """Return the value as a finite float; raises ExpressionError without a place unless it has one."""
    if isinstance(value, Seconds):
        raise ExpressionError("expected a number, found a duration")
    try:
        number = float(value.value if isinstance(value, BitString) else value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ExpressionError(f"the value is {number}; parameters must be finite")
    return number


def _show(value: Value) -> str:
    return "a duration" if isinstance(value, Seconds) else repr(value)


def _small(value: Value) -> Value:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise ExpressionError(f"the integer has more than {_MAX_BITS} bits; use floating point")
    return value


def _divide_integers(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _power(left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if abs(left) > 1 and left.bit_length() * right > _MAX_BITS + left.bit_length():
            raise ExpressionError(f"the power has more than {_MAX_BITS} bits; use floating point")
        return int(left**right)
    result = float(left) ** float(right)
    if isinstance(result, complex):
        raise ValueError("complex")  # noqa: TRY004 - an error of the source
    return float(result)


def _remainder(left: int | float, right: int | float) -> int | float:
    if isinstance(left, int) and isinstance(right, int):
        return left - right * _divide_integers(left, right)
    return math.fmod(left, right)


def _shift_left(left: int, right: int) -> int:
    if right > _MAX_BITS:
        raise ExpressionError(f"a shift by {right} bits; at most {_MAX_BITS} make sense")
    return left << right


_B = ast.BinaryOperator
_COMPARISONS: Mapping[ast.BinaryOperator, Callable[[float, float], bool]] = {
    _B.LESS: operator.lt,
    _B.LESS_EQUAL: operator.le,
    _B.GREATER: operator.gt,
    _B.GREATER_EQUAL: operator.ge,
    _B.EQUAL: operator.eq,
    _B.NOT_EQUAL: operator.ne,
}
_INTEGER_OPERATORS: Mapping[ast.BinaryOperator, Callable[[int, int], int]] = {
    _B.BIT_AND: operator.and_,
    _B.BIT_OR: operator.or_,
    _B.BIT_XOR: operator.xor,
    _B.SHIFT_LEFT: _shift_left,
    _B.SHIFT_RIGHT: operator.rshift,
}
_FUNCTIONS_1: Mapping[str, Callable[[float], int | float]] = {
    "arccos": math.acos,
    "arcsin": math.asin,
    "arctan": math.atan,
    "ceiling": math.ceil,
    "cos": math.cos,
    "exp": math.exp,
    "floor": math.floor,
    "log": math.log,
    "sin": math.sin,
    "sqrt": math.sqrt,
    "tan": math.tan,
}
_FUNCTIONS_VERSION_2: Mapping[str, Callable[[float], int | float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "ln": math.log,
    "sqrt": math.sqrt,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
}


class Evaluator:
    """Evaluates constant expressions of one language version.

    `lookup` gives the value of a name, or None where nothing declares it, and raises NotConstantError for measured
    bits; `size_of` gives the size of a register, or None. Errors are CircuitErrors; `place` adds a node's line and
    column.
    """

    def __init__(
        self,
        version: int,
        lookup: Callable[[ast.Identifier], Value | None],
        size_of: Callable[[ast.Identifier], int | None],
        place: Callable[[CircuitError, ast.Node], CircuitError],
    ) -> None:
        self._old = version == 2
        self._constants = _CONSTANTS_2 if self._old else _CONSTANTS_3
        self._lookup = lookup
        self._size_of = size_of
        self._place = place

    def __call__(self, node: ast.Node) -> Value:
        """Return the value of an expression; raises CircuitError with its place, or NotConstantError."""
        try:
            return _small(self._evaluate(node))
        except CircuitError as error:
            raise self._place(error, node) from None
        except ZeroDivisionError:
            raise self._place(ExpressionError("division by zero"), node) from None
        except OverflowError:
            raise self._place(ExpressionError("the value overflows; parameters must be finite"), node) from None
        except ValueError:
            raise self._place(ExpressionError("the value is not a real number"), node) from None
        except TypeError:
            raise self._place(ExpressionError("the operands have types that do not go together"), node) from None

    def _evaluate(self, node: ast.Node) -> Value:  # noqa: PLR0911 - one return a kind of node
        match node:
            case ast.IntegerLiteral() | ast.FloatLiteral() | ast.BooleanLiteral():
                return node.value
            case ast.Identifier():
                return self._name(node)
            case ast.BinaryExpression():
                return self._binary(node)
            case ast.UnaryExpression():
                return self._unary(node.op, self(node.operand))
            case ast.FunctionCall():
                return self._call(node)
            case ast.BitstringLiteral():
                return BitString(node.value, node.width)
            case ast.DurationLiteral():
                if node.unit.seconds is None:
                    raise unsupported("durations in dt", "give the duration in ns, us, ms or s")
                return Seconds(node.value * node.unit.seconds)
            case ast.Cast():
                return self._cast(node)
            case ast.IndexExpression():
                return self._index(node)
            case ast.ImaginaryLiteral():
                raise unsupported("complex numbers", "parameters are real")
            case ast.HardwareQubit() | ast.MeasureExpression() | ast.QuantumCall():
                raise NotConstantError(node)
        raise unsupported(f"{type(node).__name__} in a constant expression", "write the value out")

    def _name(self, node: ast.Identifier) -> Value:
        value = self._lookup(node)
        if value is None:
            value = self._constants.get(node.name)
        if value is None:
            name = name_of(node)
            if name.lower() in {"nan", "inf", "infinity"}:
                raise ExpressionError(f"'{name}' is not a number of OpenQASM; parameters must be finite")
            raise NameNotFoundError(f"'{name}' is not declared; declare it before its use")
        return value

    def _binary(self, node: ast.BinaryExpression) -> Value:
        # Sums and products lean left; walking that spine in a loop keeps long ones off the stack.
        spine = [node]
        while isinstance(spine[-1].lhs, ast.BinaryExpression):
            spine.append(spine[-1].lhs)
        value = self(spine[-1].lhs)
        for step in reversed(spine):
            value = _small(self._apply(step, value))
        return value

    def _apply(self, node: ast.BinaryExpression, left: Value) -> Value:  # noqa: PLR0911 - one return a group of operators
        op = node.op
        if op is _B.LOGICAL_AND:
            return truth(left) and truth(self(node.rhs))
        if op is _B.LOGICAL_OR:
            return truth(left) or truth(self(node.rhs))
        right = self(node.rhs)
        if isinstance(left, Seconds) or isinstance(right, Seconds):
            return _duration(op, left, right)
        if op in _INTEGER_OPERATORS:
            result = _INTEGER_OPERATORS[op](as_int(left), as_int(right))
            return BitString(result & _mask(left.width), left.width) if isinstance(left, BitString) else result
        x, y = _number(left), _number(right)
        if op in _COMPARISONS:
            return _COMPARISONS[op](x, y)
        if op is _B.ADD:
            return x + y
        if op is _B.SUBTRACT:
            return x - y
        if op is _B.MULTIPLY:
            return x * y
        if op is _B.DIVIDE:
            return _divide_integers(x, y) if isinstance(x, int) and isinstance(y, int) and not self._old else x / y
        return _remainder(x, y) if op is _B.MODULO else _power(x, y)

    @staticmethod
    def _unary(op: ast.UnaryOperator, value: Value) -> Value:
        if op is ast.UnaryOperator.LOGICAL_NOT:
            return not truth(value)
        if op is ast.UnaryOperator.NEGATE:
            return Seconds(-value.value) if isinstance(value, Seconds) else -_number(value)
        if isinstance(value, BitString):
            return BitString(~value.value & _mask(value.width), value.width)
        return ~as_int(value)

    def _call(self, node: ast.FunctionCall) -> Value:
        name, arguments = name_of(node.name), node.arguments
        if name == "sizeof" and len(arguments) == 1 and isinstance(arguments[0], ast.Identifier):
            size = self._size_of(arguments[0])
            if size is not None:
                return size
        functions = _FUNCTIONS_VERSION_2 if self._old else _FUNCTIONS_1
        if name in functions:
            (value,) = self._arguments(node, 1)
            return functions[name](_number(value))
        if not self._old and name in {"mod", "pow"}:
            left, right = (_number(value) for value in self._arguments(node, 2))
            return _remainder(left, right) if name == "mod" else _power(left, right)
        if not self._old and name == "popcount":
            (value,) = self._arguments(node, 1)
            return as_int(value).bit_count()
        if not self._old and name in {"rotl", "rotr", "real", "imag", "sizeof"}:
            raise unsupported(f"the function {name}", "write the value out")
        known = ", ".join(sorted(functions))
        raise NameNotFoundError(f"unknown function '{name}'; the functions of one argument are {known}")

    def _arguments(self, node: ast.FunctionCall, count: int) -> list[Value]:
        if len(node.arguments) != count:
            name = name_of(node.name)
            raise ExpressionError(f"the function {name} takes {count} argument(s), found {len(node.arguments)}")
        return [self(argument) for argument in node.arguments]

    def _cast(self, node: ast.Cast) -> Value:
        value = self(node.operand)
        match node.type:
            case ast.ScalarType():
                return self.convert(value, node.type)
        raise unsupported("casts to arrays", "use scalars")

    def convert(self, value: Value, target: ast.ScalarType) -> Value:
        """Return the value as the declared type holds it; raises CircuitError without a place where it cannot."""
        match target:
            case ast.BoolType():
                return truth(value)
            case ast.IntType() | ast.UintType():
                number = int(value) if isinstance(value, float) else as_int(value)
                size = 64 if target.size is None else as_int(self(target.size))
                low, high = (0, 1 << size) if isinstance(target, ast.UintType) else (-(1 << size - 1), 1 << size - 1)
                if not low <= number < high:
                    raise ExpressionError(f"{number} does not fit an integer of {size} bits")
                return number
            case ast.FloatType():
                return as_float(value)
            case ast.AngleType():
                return math.fmod(math.fmod(as_float(value), math.tau) + math.tau, math.tau)
            case ast.BitType():
                width = 1 if target.size is None else as_int(self(target.size))
                if isinstance(value, BitString) and value.width != width:
                    raise ExpressionError(f"a bit string of {value.width} bits does not fit bit[{width}]")
                if not 0 < width <= _MAX_BITS or not 0 <= as_int(value) < 1 << width:
                    raise ExpressionError(f"the value does not fit bit[{width}]")
                return BitString(as_int(value), width)
            case ast.DurationType():
                if isinstance(value, Seconds):
                    return value
                raise ExpressionError("expected a duration such as 100ns")
        raise unsupported(f"the type {type(target).__name__.removesuffix('Type').lower()}", "use int, float or angle")

    def _index(self, node: ast.IndexExpression) -> Value:
        value = self(node.collection)
        if isinstance(value, BitString) and isinstance(node.index, list) and len(node.index) == 1:
            element = node.index[0]
            if isinstance(element, ast.Expression):
                position = as_int(self(element))
                if not -value.width <= position < value.width:
                    raise ExpressionError(f"index {position} is out of range for a bit string of {value.width} bits")
                return bool(value.value >> (position % value.width) & 1)
        raise unsupported("this index in a constant expression", "index a bit string with one integer")


def _mask(width: int) -> int:
    return (1 << width) - 1


def _number(value: Value) -> int | float:
    if isinstance(value, Seconds):
        raise ExpressionError("expected a number, found a duration")
    if isinstance(value, BitString):
        return value.value
    return int(value) if isinstance(value, bool) else value


def _duration(op: ast.BinaryOperator, left: Value, right: Value) -> Value:
    if isinstance(left, Seconds) and isinstance(right, Seconds):
        if op is _B.ADD:
            return Seconds(left.value + right.value)
        if op is _B.SUBTRACT:
            return Seconds(left.value - right.value)
        if op is _B.DIVIDE:
            return left.value / right.value
        if op in _COMPARISONS:
            return _COMPARISONS[op](left.value, right.value)
    elif isinstance(left, Seconds) and op in {_B.MULTIPLY, _B.DIVIDE}:
        factor = _number(right)
        return Seconds(left.value * factor if op is _B.MULTIPLY else left.value / factor)
    elif isinstance(right, Seconds) and op is _B.MULTIPLY:
        return Seconds(_number(left) * right.value)
    raise ExpressionError("durations can be added, subtracted, compared, and scaled by numbers")
