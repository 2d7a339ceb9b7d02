"""What a program prints with, where its words would be mixed up, come too late or be lost. Pure."""

from __future__ import annotations

from collections.abc import Iterator


def print_function(*, several: bool, leads: bool, closes: bool, elsewhere: bool) -> str:
    """A `print` that keeps nothing back, and says which process it is of several.

    The first of them `leads` its group where a driver started it. Some programs close
    their stdout meanwhile, and some have words for `elsewhere` than stdout.
    """
    return "\n".join(_lines(several, leads, closes, elsewhere))


def _lines(several: bool, leads: bool, closes: bool, elsewhere: bool) -> Iterator[str]:
    screen = "screen" if closes else "1"
    if closes:
        yield "screen = os.dup(1)"
    if several and not leads:
        yield 'os.environ.setdefault("FIRST", str(os.getpid()))'
    if closes or (several and not leads):
        yield ""
    arguments = "*words, **to" if elsewhere else "*words"
    yield f"def print({arguments}):  # at once: what stays in a buffer may be lost"
    if several:
        first = "os.getpgrp()" if leads else 'int(os.environ["FIRST"])'
        yield f'    role = "parent:" if os.getpid() == {first} else "child:"'
    if elsewhere:
        yield f'    file = to["file"].fileno() if to else {screen}'
        screen = "file"
    words = "(role,) + words" if several else "words"
    yield f'    os.write({screen}, (" ".join(map(str, {words})) + "\\n").encode())'
