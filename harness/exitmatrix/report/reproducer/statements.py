"""What a termination does from inside, as statements: from the source of the endings.

The endings stay the one place where an in-process termination is written down; a
new one there needs nothing here.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from exitmatrix.model import Frozen
from exitmatrix.report.reproducer.refusal import Refusal


class Statements(Frozen, kw_only=True):
    """A termination as a program would write it."""

    statements: tuple[str, ...]  # "" of them for the end of the program
    functions: tuple[str, ...]  # that the statements call: the source of each
    imports: tuple[str, ...]  # modules that either needs


@lru_cache(maxsize=256)  # many programs end in the same way
def termination_statements(termination: str, endings: str) -> Statements:
    """The statements of an in-process termination. Raises Refusal where the source has none."""
    tree = _parsed(endings)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    does = _table(tree).get(termination)
    if does is None:
        raise Refusal(f"the endings do not say what {termination} does")
    needed: dict[str, ast.FunctionDef] = {}
    lines: tuple[str, ...]
    if isinstance(does, ast.Lambda):
        nothing = isinstance(does.body, ast.Constant) and does.body.value is None
        lines = () if nothing else (_source(endings, does.body),)
        _collect(does.body, functions, needed)
    elif isinstance(does, ast.Name) and does.id in functions:
        body = functions[does.id].body
        if len(body) == 1 and isinstance(body[0], ast.Raise):
            lines = (_source(endings, body[0]),)
        else:
            lines = (f"{does.id}()",)
            _collect(does, functions, needed)
    else:
        lines = (f"{_source(endings, does)}()",)
        _collect(does, functions, needed)
    # The later are defined in terms of the earlier: as in the source.
    used = [node for name, node in functions.items() if name in needed]
    sources = tuple(_source(endings, node) for node in used)
    modules = {
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    }
    names = {
        name.id
        for text in (*sources, *lines)
        for name in ast.walk(ast.parse(text))
        if isinstance(name, ast.Name)
    }
    return Statements(statements=lines, functions=sources, imports=tuple(sorted(modules & names)))


@lru_cache(maxsize=1)
def _parsed(endings: str) -> ast.Module:
    """The endings' tree: it is the same for every reproducer."""
    return ast.parse(endings)


def _table(tree: ast.Module) -> dict[str, ast.expr]:
    """The entries of `WAYS`."""
    for node in tree.body:
        named = isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "WAYS" for target in node.targets
        )
        if named and isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            return {
                key.value: value
                for key, value in zip(node.value.keys, node.value.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
    raise Refusal("the endings have no table of ways")


def _collect(
    node: ast.AST, functions: dict[str, ast.FunctionDef], needed: dict[str, ast.FunctionDef]
) -> None:
    """Add the functions that a node speaks of, and those that these speak of."""
    for name in ast.walk(node):
        if isinstance(name, ast.Name) and name.id in functions and name.id not in needed:
            needed[name.id] = functions[name.id]
            _collect(functions[name.id], functions, needed)


def _source(text: str, node: ast.AST) -> str:
    found = ast.get_source_segment(text, node)
    assert found is not None, "nodes that were parsed have a place"
    return found
