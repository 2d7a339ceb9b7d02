"""A scenario as the program to observe: no header, and statements for the harness's calls.

The text stays what its author wrote, line by line. What is put in: the termination
where it takes place, and what tells that a handler began and ended. Whatever is not
understood is refused: a wrong program would be worse than none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

from harness.model import Frozen
from harness.reproducer.refusal import Refusal
from harness.reproducer.ways import Way

WITNESS = "witness"


class Subject(Frozen, kw_only=True):
    """A program's text, and what it needs of the witness."""

    text: str
    marks: bool = False
    named: bool = False  # handlers of other mechanisms than atexit tell by a name of their own
    callable: bool = False  # a class whose instances are handlers
    arguments: bool = False  # handlers are registered with some, by which they are told apart
    lingers: bool = False


class _Change(Frozen):
    """Lines first..last (from 1) give way to others; first > last puts these before `first`."""

    first: int
    last: int
    lines: tuple[str, ...]


def subject(
    text: str, way: Way | None, lingers: bool, waits: bool, foreign: Collection[str] = ()
) -> Subject:
    """The program of one file. Raises Refusal.

    `foreign` are modules that it could import from the harness alone.
    `way` is what happens at `end_here()`, None for a termination from outside: then
    the program waits there if it is to wait.
    """
    if not text.isascii():
        raise Refusal("its text is not ASCII")
    tree = ast.parse(text)
    for name in foreign:
        if _imports(tree, name):
            raise Refusal(f"it imports {name}, which the harness provides")
    made = _Making(text, tree, way, lingers, waits)
    made.take_endings()
    made.take_handlers()
    if made.callable and made.arguments:
        raise Refusal("an instance of a class is registered with arguments")
    if made.witnessed:
        made.changes.append(_first_import(tree))
    return Subject(
        text=_tidy(_changed(text, [*made.changes, *_without_docstring(tree)])),
        marks=made.marks,
        named=made.named,
        callable=made.callable,
        arguments=made.arguments,
        lingers=made.lingers,
    )


class _Making:
    """What is to be changed in one file."""

    def __init__(
        self, text: str, tree: ast.Module, way: Way | None, lingers: bool, waits: bool
    ) -> None:
        self.lines = text.splitlines()
        self.text = text
        self.tree = tree
        self.way = way
        self.may_linger = lingers
        self.waits = waits
        self.changes: list[_Change] = []
        self.witnessed = self.marks = self.named = False
        self.callable = self.arguments = self.lingers = False
        self._understood: set[int] = set()  # names that were dealt with, by identity
        self._decorated: set[int] = set()

    # ---------------------------------------------------------- the harness

    def take_endings(self) -> None:
        """Replace every use of `endings`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import) and any(a.name == "endings" for a in node.names):
                if len(node.names) > 1 or node not in self.tree.body:
                    raise Refusal(f"line {node.lineno} imports endings among other things")
                self.changes.append(_Change(node.lineno, node.lineno, self._functions()))
            elif isinstance(node, ast.ImportFrom) and node.module == "endings":
                raise Refusal(f"line {node.lineno} imports single names from endings")
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._take_call(node, node.value)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._take_decorators(node)
        for node in ast.walk(self.tree):
            known = id(node) in self._understood
            if isinstance(node, ast.Name) and node.id == "endings" and not known:
                raise Refusal(f"line {node.lineno} uses endings in a way that is not known")

    def _functions(self) -> tuple[str, ...]:
        """In place of `import endings`: what the termination needs."""
        if self.way is None:
            return ()
        missing = [name for name in self.way.imports if not _imports(self.tree, name)]
        lines = [f"import {name}" for name in missing]
        for source in self.way.functions:
            lines += ["", "", *source.splitlines()]
        return (*lines, "") if self.way.functions else tuple(lines)

    def _take_call(self, statement: ast.Expr, call: ast.Call) -> None:
        name = _of_endings(call.func)
        if name is None:
            return
        match name:
            case "end_here":
                lines = [self._mark(call), *(self.way.statements if self.way else ())]
                if self.way is None and self.waits:
                    lines.append(f"{WITNESS}.wait()")
            case "mark":
                lines = [self._mark(call)]
            case "linger":
                lines = [f"{WITNESS}.linger()"] if self.may_linger else []
                self.lingers = self.lingers or self.may_linger
            case "hold" if _literal(call) == "forked":
                lines = []  # for the harness alone, which must see the child before it ends
            case _:
                raise Refusal(
                    f"line {call.lineno} calls endings.{name}, which nothing stands for outside"
                )
        self.witnessed = self.witnessed or any(WITNESS in line for line in lines)
        self._understood.add(id(_root(call.func)))
        self.changes.append(self._in_place_of(statement, lines))

    def _mark(self, call: ast.Call) -> str:
        self.marks = True
        return f'{WITNESS}.mark("{_literal(call) if call.args else "main"}")'

    def _take_decorators(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for one in function.decorator_list:
            if isinstance(one, ast.Call) and _of_endings(one.func) == "tells":
                indent = " " * (one.col_offset - 1)
                line = f'{indent}@{WITNESS}.named("{_literal(one)}")'
                self.changes.append(_Change(one.lineno, one.end_lineno or one.lineno, (line,)))
                self.named = self.witnessed = True
                self._understood.add(id(_root(one.func)))

    def _in_place_of(self, statement: ast.stmt, lines: list[str]) -> _Change:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        before = self.lines[first - 1][: statement.col_offset]
        after = self.lines[last - 1][statement.end_col_offset :].strip()
        if before.strip() or (after and not after.startswith("#")):
            raise Refusal(f"line {first} holds more than the call into endings")
        if not lines and self._is_alone(statement):
            lines = ["pass"]
        return _Change(first, last, tuple(before + line for line in lines))

    def _is_alone(self, statement: ast.stmt) -> bool:
        return any(
            getattr(node, block, None) == [statement]
            for node in ast.walk(self.tree)
            for block in ("body", "orelse", "finalbody")
        )

    # --------------------------------------------------------- the handlers

    def take_handlers(self) -> None:
        """Have what is registered with atexit tell of its runs."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "atexit":
                raise Refusal(f"line {node.lineno} imports single names from atexit")
            if isinstance(node, ast.Import) and any(
                a.name == "atexit" != (a.asname or a.name) for a in node.names
            ):
                raise Refusal(f"line {node.lineno} gives atexit another name")
            if isinstance(node, ast.FunctionDef):
                if any(_is_register(one) for one in node.decorator_list):
                    self._tell(node)
            elif isinstance(node, ast.Call) and _is_register(node.func):
                self._take_registered(node)

    def _take_registered(self, call: ast.Call) -> None:
        """By definition where it has one here, so that it stays the same for `unregister`."""
        if not call.args:
            raise Refusal(f"line {call.lineno} registers nothing that can be named")
        what = call.args[0]
        self.arguments = self.arguments or len(call.args) > 1 or bool(call.keywords)
        definition = self._definition(what)
        if definition:
            self.callable = self.callable or definition.name == "__call__"
            self._tell(definition)
            return
        if "unregister" in self.text:
            raise Refusal(f"line {call.lineno} registers what could not be unregistered any more")
        if what.lineno != what.end_lineno:
            raise Refusal(f"line {call.lineno} registers something of several lines")
        self.changes.append(self._wrapped(what))
        self.witnessed = True

    def _definition(self, what: ast.expr) -> ast.FunctionDef | None:
        """The function that is called in the end: by its name, or as an instance of a class."""
        match what:
            case ast.Name(id=name):
                nodes = [*ast.walk(self.tree)]
            case ast.Call(func=ast.Name(id=of)):
                classes = (n for n in ast.walk(self.tree) if isinstance(n, ast.ClassDef))
                nodes = [node for one in classes if one.name == of for node in one.body]
                name = "__call__"
            case _:
                return None
        found = (n for n in nodes if isinstance(n, ast.FunctionDef) and n.name == name)
        return next(found, None)

    def _wrapped(self, what: ast.expr) -> _Change:
        line = self.lines[what.lineno - 1]
        first, last = what.col_offset, what.end_col_offset
        wrapped = f"{line[:first]}{WITNESS}.told({line[first:last]}){line[last:]}"
        return _Change(what.lineno, what.lineno, (wrapped,))

    def _tell(self, function: ast.FunctionDef) -> None:
        if function.lineno in self._decorated:
            return
        self._decorated.add(function.lineno)
        self.witnessed = True
        line = f"{' ' * function.col_offset}@{WITNESS}.told"
        self.changes.append(_Change(function.lineno, function.lineno - 1, (line,)))


# ------------------------------------------------------------------ the text


def _changed(text: str, changes: Iterable[_Change]) -> str:
    """The text with its changes, the last one first, so that line numbers hold."""
    lines = text.splitlines()
    for change in sorted(changes, key=lambda one: (one.first, one.last), reverse=True):
        lines[change.first - 1 : change.last] = change.lines
    return "\n".join(lines)


def _first_import(tree: ast.Module) -> _Change:
    """`import witness`, before anything else is imported: others take `os.waitpid` at import."""
    body = [node for node in tree.body if not _is_text(node)]
    rest = [n for n in body if not (isinstance(n, ast.ImportFrom) and n.module == "__future__")]
    line = min(one.lineno for node in rest for one in (node, *getattr(node, "decorator_list", ())))
    return _Change(line, line - 1, (f"import {WITNESS}",))


def _without_docstring(tree: ast.Module) -> Iterator[_Change]:
    if tree.body and _is_text(tree.body[0]):
        yield _Change(tree.body[0].lineno, tree.body[0].end_lineno or tree.body[0].lineno, ())


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _tidy(text: str) -> str:
    """Without the header block, and without the gaps that were left."""
    without = re.sub(r"(?ms)^# /// script$.*?^# ///$", "", text)
    return re.sub(r"\n{4,}", "\n\n\n", without).strip() + "\n"


def _imports(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.Import) and any((a.asname or a.name) == name for a in node.names)
        for node in tree.body
    )


def _is_register(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "register"
        and isinstance(node.value, ast.Name)
        and node.value.id == "atexit"
    )


def _of_endings(node: ast.expr) -> str | None:
    """The name of a function of `endings`; None for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "endings" else None
    return None


def _root(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Attribute) else node


def _literal(call: ast.Call) -> str:
    match call:
        case ast.Call(args=[ast.Constant(value=str(text))], keywords=[]):
            return text
        case _:
            raise Refusal(f"line {call.lineno} passes to endings what is no plain text")
