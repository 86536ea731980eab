"""What names mean: registers, constants and gates, in nested scopes, and the places of errors."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from proxima_orchestrator.gates import BUILTINS, LIBRARIES, LibraryGate
from proxima_orchestrator.qasm.errors import CircuitError, NameNotFoundError, RedeclarationError
from proxima_orchestrator.qasm.expressions import Evaluator, NotConstantError, Value
from proxima_orchestrator.qasm.source import Header, place
from proxima_orchestrator.qasm.syntax import ast, name_of

__all__ = ["Bits", "Constant", "Gate", "LibraryGate", "Names", "OpaqueGate", "UserGate", "library_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bits:
    """Quantum or classical bits by declared index; `scalar` marks a single bit as against a register."""

    indices: Sequence[int]
    quantum: bool
    scalar: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Constant:
    """A value known while unrolling; `type` is the declared type of a variable that may be assigned, else None."""

    value: Value
    type: ast.ScalarType | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class UserGate:
    """A gate defined in the source, identified by the object.

    `instruction_count`, `operand_count` and `work` are those of one application, counted when it is defined; `depth` is
    how deep definitions nest below it; `origin` is the offset of the definition in the source.
    """

    name: str
    parameters: tuple[str, ...]
    qubits: tuple[str, ...]
    body: tuple[ast.Statement, ...]
    origin: int
    instruction_count: int
    operand_count: int
    work: int
    depth: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OpaqueGate:
    """A gate that OpenQASM 2 declares without saying what it does."""

    name: str


Gate = LibraryGate | UserGate | OpaqueGate
_Meaning = Bits | Constant | Gate


def library_of(version: int) -> str:
    """Return the library that a language version may include."""
    return "qelib1.inc" if version == 2 else "stdgates.inc"


class Names:
    """The names of one program, and the statement being read: nodes have their places relative to it."""

    def __init__(self, header: Header) -> None:
        self.version = header.version
        self._text = header.text
        self.origin = 0
        self._scopes: list[dict[str, _Meaning]] = [dict(BUILTINS[header.version])]
        self.evaluate = Evaluator(header.version, self._constant, self._size, self.at)

    def at(self, error: CircuitError, node: ast.Node | None) -> CircuitError:
        """Return the error with the node's place, or as it is where it has one."""
        if error.line or node is None or node.span is None:
            return error
        return self.at_relative(error, node.span.start_line - 1, node.span.start_column + 1)

    def at_relative(self, error: CircuitError, line: int, column: int) -> CircuitError:
        """Return the error with a place given relative to the statement being read, both from 1."""
        if not error.line:
            origin = place(self._text, self.origin)
            error.column = column + (origin.column - 1 if line == 1 else 0)
            error.line = line + origin.line - 1
            error.args = (f"line {error.line}, column {error.column}: {error.message}",)
        return error

    @property
    def is_global(self) -> bool:
        """Whether the current scope is the global one."""
        return len(self._scopes) == 1

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Open a block: names declared in it end with it."""
        self._scopes.append({})
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def gate_body(self, origin: int, parameters: dict[str, Value]) -> Iterator[None]:
        """Read a gate's body: it sees its parameters and what is global."""
        scopes, self._scopes = self._scopes, [self._scopes[0], {k: Constant(value=v) for k, v in parameters.items()}]
        here, self.origin = self.origin, origin
        try:
            yield
        finally:
            self._scopes = scopes
            self.origin = here

    def find(self, name: str) -> _Meaning | None:
        """Return what a name means here, or None."""
        for scope in reversed(self._scopes):
            if (meaning := scope.get(name)) is not None:
                return meaning
        return None

    def declare(self, name: str, meaning: _Meaning, node: ast.Node | None) -> None:
        """Give a name a meaning in the current scope; raises RedeclarationError where it has one."""
        known = self._scopes[-1].get(name)
        replaceable = (
            isinstance(known, LibraryGate) and known.overridable and isinstance(meaning, (UserGate, OpaqueGate))
        )
        if name == "pi" or (known is not None and not replaceable):
            what = "a built-in constant" if known is None else _describe(known)
            raise self.at(RedeclarationError(f"'{name}' is already declared as {what}; choose another name"), node)
        self._scopes[-1][name] = meaning

    def assign(self, name: str, meaning: Constant) -> None:
        """Replace the value of a declared variable in the scope that declares it."""
        for scope in reversed(self._scopes):
            if name in scope:
                scope[name] = meaning
                return

    def include(self, library: str) -> None:
        """Add the gates of a shipped library; including it twice changes nothing."""
        for name, gate in LIBRARIES[library].items():
            known = self._scopes[0].get(name)
            if known is gate or isinstance(known, UserGate):
                continue
            if known is not None and not (isinstance(known, LibraryGate) and known.standard is gate.standard):
                raise RedeclarationError(
                    f"'{name}' is declared as {_describe(known)} and is a gate of {library}; include the library first"
                )
            self._scopes[0].setdefault(name, gate)

    def bits(self, node: ast.Identifier, *, quantum: bool) -> Bits:
        """Return the register or bit of a name; raises NameNotFoundError."""
        name = name_of(node)
        meaning = self.find(name)
        if isinstance(meaning, Bits) and meaning.quantum is quantum:
            return meaning
        kind = "quantum" if quantum else "classical"
        if meaning is not None:
            message = f"'{name}' is {_describe(meaning)}; expected a {kind} register or bit"
        else:
            message = f"'{name}' is not declared; declare a {kind} register of that name{self._close(name, Bits)}"
        raise self.at(NameNotFoundError(message), node)

    def gate(self, name: str, node: ast.Node | None) -> Gate:
        """Return the gate of a name; raises NameNotFoundError with what to do."""
        meaning = self.find(name)
        if isinstance(meaning, (LibraryGate, UserGate, OpaqueGate)):
            return meaning
        library = library_of(self.version)
        if meaning is not None:
            message = f"'{name}' is {_describe(meaning)}, not a gate"
        elif name in LIBRARIES[library]:
            message = f"unknown gate '{name}'; add: include \"{library}\";"
        else:
            message = f"unknown gate '{name}'; define it with 'gate'{self._close(name, (LibraryGate, UserGate))}"
        raise self.at(NameNotFoundError(message), node)

    def _close(self, name: str, kinds: type | tuple[type, ...]) -> str:
        known = [other for scope in self._scopes for other, meaning in scope.items() if isinstance(meaning, kinds)]
        close = difflib.get_close_matches(name[:64], known[:2000], n=3) if len(name) <= 64 else []
        return f" (did you mean {' or '.join(repr(match) for match in close)}?)" if close else ""

    def _constant(self, node: ast.Identifier) -> Value | None:
        meaning = self.find(name_of(node))
        if isinstance(meaning, Constant):
            return meaning.value
        if isinstance(meaning, Bits):
            raise NotConstantError(node)
        return None

    def _size(self, node: ast.Identifier) -> int | None:
        meaning = self.find(name_of(node))
        return len(meaning.indices) if isinstance(meaning, Bits) else None


def _describe(meaning: _Meaning) -> str:
    match meaning:
        case Bits():
            return f"a {'quantum' if meaning.quantum else 'classical'} {'bit' if meaning.scalar else 'register'}"
        case Constant():
            return "a constant"
        case LibraryGate():
            return "a gate of the language or its library"
    return "a gate"
