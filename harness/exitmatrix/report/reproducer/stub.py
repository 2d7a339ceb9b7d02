"""A stub for a module of the harness: what a program imports, without the channel."""

from __future__ import annotations

import ast

from exitmatrix.report.reproducer.refusal import Refusal

CHANNEL = "exitmatrix_channel"


def stub(name: str, text: str) -> str:
    """The module without what it tells. Raises Refusal where it does more with the channel."""
    statements = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    gone = [node for node in statements if _opens(node) or _tells(node)]
    lines = text.splitlines()
    for node in sorted(gone, key=lambda one: one.lineno, reverse=True):
        del lines[node.lineno - 1 : node.end_lineno]
    left = "\n".join(lines) + "\n"
    names = {node.id for node in ast.walk(ast.parse(left)) if isinstance(node, ast.Name)}
    if CHANNEL in left or "tell" in names:
        raise Refusal(f"it imports {name}, which the harness provides")
    return left


def _opens(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == CHANNEL


def _tells(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Name(id="tell"))):
            return True
        case _:
            return False
