"""A scenario as a program of its own: no header, and statements for the harness's calls. Pure.

The text stays what its author wrote, line by line, and its handlers tell of their runs
by what they print. Whatever is not understood is refused: a wrong program would be
worse than none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from exitmatrix.model import Frozen
from exitmatrix.report.reproducer.refusal import Refusal
from exitmatrix.report.reproducer.statements import Statements

LINGERS = "time.sleep(1)"
NAMES_ITSELF = 'print("process", os.getpid())'
WAITS = "time.sleep(60)"  # and no longer, should nothing come


class Rewriting(Frozen, kw_only=True):
    """How a program is to be ended, as far as its own text is concerned."""

    ends: Statements | None  # what happens at `end_here()`; None for a termination from outside
    waits: bool = False  # there, until it comes
    names_itself: bool = False  # and says by which number it can be reached
    lingers: bool = False  # in its handlers, until it comes again
    length: int = 0  # of its handlers, in milliseconds, where they have one
    marker: str = "[unflushed:%s]"  # "" where no output is judged
    says: str = ""  # what it prints with, where that is not print
    above: frozenset[str] = frozenset()  # modules that the file imports before it


class _Change(Frozen):
    """Lines first..last (from 1) give way to others; first > last puts these before `first`."""

    first: int
    last: int
    lines: tuple[str, ...]


def imported(text: str) -> set[str]:
    """The modules that a file imports, at its top or anywhere, by their first names."""
    _, nodes = _parsed(text)
    return {
        alias.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for alias in n.names
    }


def rewrite_program(text: str, how: Rewriting) -> str:
    """The program of one file. Raises Refusal."""
    if not text.isascii():
        raise Refusal("its text is not ASCII")
    tree, nodes = _parsed(text)
    made = _Making(text, tree, nodes, how)
    made.take_places()
    made.take_endings()
    return _tidy(_changed(text, [*made.changes, *_without_opening(tree)]))


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[ast.Module, tuple[ast.AST, ...]]:
    """The tree of a program and all that is in it; one program has many endings."""
    tree = ast.parse(text)
    return tree, tuple(ast.walk(tree))


class _Making:
    """What is to be changed in one file."""

    def __init__(
        self, text: str, tree: ast.Module, nodes: Sequence[ast.AST], how: Rewriting
    ) -> None:
        self.lines = text.splitlines()
        self.tree = tree
        self.nodes = nodes
        self.how = how
        self.changes: list[_Change] = []
        self._statements: list[str] = []  # that were put in
        self._marked: set[str] = set()
        self._understood: set[int] = set()  # names that were dealt with, by identity

    def take_endings(self) -> None:
        """Replace every use of `endings`."""
        calls = []
        imported = None
        for node in self.nodes:
            if isinstance(node, ast.Import) and any(a.name == "endings" for a in node.names):
                if len(node.names) > 1 or node not in self.tree.body:
                    raise Refusal(f"line {node.lineno} imports endings among other things")
                imported = node
            elif isinstance(node, ast.ImportFrom) and node.module == "endings":
                raise Refusal(f"line {node.lineno} imports single names from endings")
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                calls.append((node, node.value))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._take_decorators(node)
        for statement, call in sorted(calls, key=lambda pair: pair[0].lineno):
            self._take_call(statement, call)
        if imported:
            self.changes.append(_Change(imported.lineno, imported.lineno, self._functions()))
            first = next(n.lineno for n in self.tree.body if _is_import(n))
            self.changes.append(_Change(first, first - 1, self._imports()))
        for node in self.nodes:
            known = id(node) in self._understood
            if isinstance(node, ast.Name) and node.id == "endings" and not known:
                raise Refusal(f"line {node.lineno} uses endings in a way that is not known")

    def _functions(self) -> tuple[str, ...]:
        """In place of `import endings`: what the program calls instead."""
        ends = self.how.ends
        texts = (*(ends.functions if ends else ()), *filter(None, [self.how.says.rstrip()]))
        return tuple(line for text in texts for line in ("", *text.splitlines(), ""))

    def _imports(self) -> tuple[str, ...]:
        """The modules that the statements need, and that the program does not import itself."""
        ends = self.how.ends
        text = "\n".join([*self._statements, self.how.says])
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        needed = {"os", "signal", "sys", "time"} & names | set(ends.imports if ends else ())
        needed -= {one for one in needed if _imports(self.tree, one)} | self.how.above
        return (f"import {', '.join(sorted(needed))}",) if needed else ()

    def _take_call(self, statement: ast.Expr, call: ast.Call) -> None:
        name = _of_endings(call.func)
        if name is None:
            return
        how = self.how
        match name:
            case "end_here":
                lines = [NAMES_ITSELF] if how.names_itself else []
                lines += self._mark(call)
                lines += [WAITS] if how.waits else []
                lines += how.ends.statements if how.ends else ()
            case "mark":
                lines = self._mark(call)
            case "linger":
                lines = [LINGERS] if how.lingers else []
            case "hold" if _literal(call) == "forked":
                lines = []  # for the harness alone, which must see the child before it ends
            case _:
                raise Refusal(
                    f"line {call.lineno} calls endings.{name}, which nothing stands for outside"
                )
        self._statements += lines
        self._understood.add(id(_root(call.func)))
        self.changes.append(self._in_place_of(statement, lines))

    def _mark(self, call: ast.Call) -> list[str]:
        """The first line that marks by a name does so: each process comes there first."""
        name = _literal(call) if call.args else "main"
        if name in self._marked or not self.how.marker:
            return []
        self._marked.add(name)
        return [f'sys.stdout.write("{self.how.marker % name}")']

    def _take_decorators(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for one in function.decorator_list:
            if isinstance(one, ast.Call) and _of_endings(one.func) == "tells":
                self.changes.append(_Change(one.lineno, one.end_lineno or one.lineno, ()))
                self._understood.add(id(_root(one.func)))

    def _in_place_of(self, statement: ast.stmt, lines: Sequence[str]) -> _Change:
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
            for node in self.nodes
            for block in ("body", "orelse", "finalbody")
        )

    def take_places(self) -> None:
        """What the harness gives, the program has of its own: its file's name, a port, a time."""
        places: list[tuple[ast.expr, str]] = []
        for node in self.nodes:
            match node:
                case ast.Constant(value="app.py"):
                    places.append((node, "__file__"))
                case ast.keyword(arg="port", value=ast.Constant(value=0) as port):
                    places.append((port, "int(sys.argv[1])"))
                    self._statements.append("sys")
                case ast.Call(func=called, args=[]) if _of_endings(called) == "seconds":
                    places.append((node, f"{self.how.length / 1000:g}"))
                    self._understood.add(id(_root(called)))
        for number in sorted({node.lineno for node, _ in places}):
            line = self.lines[number - 1]
            here = [(node, text) for node, text in places if node.lineno == number]
            for node, text in sorted(here, key=lambda one: one[0].col_offset, reverse=True):
                line = line[: node.col_offset] + text + line[node.end_col_offset :]
            self.changes.append(_Change(number, number, (line,)))


# ------------------------------------------------------------------ the text


def _changed(text: str, changes: Iterable[_Change]) -> str:
    """The text with its changes, the last one first, so that line numbers hold."""
    lines = text.splitlines()
    for change in sorted(changes, key=lambda one: (one.first, one.last), reverse=True):
        lines[change.first - 1 : change.last] = change.lines
    return "\n".join(lines)


def _without_opening(tree: ast.Module) -> Iterator[_Change]:
    """No docstring, and no `__future__`, which the whole file begins with."""
    for node in tree.body:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if future or (node is tree.body[0] and _is_text(node)):
            yield _Change(node.lineno, node.end_lineno or node.lineno, ())


def _is_import(node: ast.stmt) -> bool:
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    return isinstance(node, ast.Import | ast.ImportFrom) and not future


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _tidy(text: str) -> str:
    """The text without the header block and the gaps that it leaves."""
    without = re.sub(r"(?ms)^# /// script$.*?^# ///$", "", text)
    return re.sub(r"\n{3,}", "\n\n", without).strip() + "\n"  # short enough to be pasted


def _imports(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.Import) and any((a.asname or a.name) == name for a in node.names)
        for node in tree.body
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
