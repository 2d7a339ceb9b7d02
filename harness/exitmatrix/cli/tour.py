"""`exitmatrix tour`: what there is, step by step: a command, what it shows, and one sentence."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from importlib import import_module
from textwrap import indent

import click

from exitmatrix.cli.errors import INTERRUPTED, Failure
from exitmatrix.machine.scratch import python_word, scratch
from exitmatrix.model import Frozen
from exitmatrix.report.render.text import WIDTH, fill

LOCKS = """\
import atexit, os, time

open("app.lock", "w").close()
atexit.register(os.remove, "app.lock")
print("ready", flush=True)
time.sleep(3600)
"""

MENDED = LOCKS.replace("import atexit, os, time", "import atexit, os, signal, sys, time").replace(
    'print("ready"', 'signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint("ready"'
)


class TourStep(Frozen, kw_only=True):
    """One step of the tour."""

    says: str
    words: tuple[str, ...]
    shows: str  # what the output holds, if the sentence is true
    program: str = ""  # what app.py is, in a folder for the step


TOUR = (
    TourStep(
        says="A container is stopped with SIGTERM. A program that has no handler for it is ended by"
        " the kernel at once, and no atexit handler runs.",
        words=("answer", "docker stop", "python app.py"),
        shows="The program runs no handler, and is killed by SIGTERM.",
    ),
    TourStep(
        says="Servers install handlers of their own. gunicorn's workers exit in an orderly way, so"
        " their handlers run.",
        words=("answer", "docker stop", "gunicorn"),
        shows="Each worker runs its handlers C, B, A, and exits with status 0.",
    ),
    TourStep(
        says="Flask's debug server is two processes that run the same program. kill -9 to one of"
        " them seems to run handlers: they are the other's.",
        words=("explain", "flask-debug/SIGKILL@child"),
        shows="in the parent only",
    ),
    TourStep(
        says="A published text explains this in another way. Its claim holds, its reason does not.",
        words=("claims", "B7"),
        shows="Holds, but not for the reason given.",
    ),
    TourStep(
        says="What holds for one Python need not hold for the next: a handler starts a thread.",
        words=(
            *("diff", "cpython-3.11.7", "cpython-3.12.1"),
            *("--scenario", "plain-handler-starts-thread"),
        ),
        shows="ran all, B raised",
    ),
    TourStep(
        says="Now a program of your own: it makes a lock file, and removes it with atexit.",
        words=("run", "--ready", "line ready", "--ending", "deploy", "--ending", "ctrl-c"),
        shows="Left behind in 3 of 3 runs",
        program=LOCKS,
    ),
    TourStep(
        says="The remedy that the page names: a handler for SIGTERM that raises SystemExit.",
        words=("run", "--ready", "line ready", "--ending", "deploy"),
        shows="deploy         ✓ all",
        program=MENDED,
    ),
    TourStep(
        says="And what the Pythons of this machine do, measured now, in a folder that is removed"
        " after the tour.",
        words=("matrix", "--scenario", "plain", "--termination", "SIGTERM"),
        shows="/reports/matrix.md",
    ),
)
MORE = """
Your own program     exitmatrix run -- python app.py
Everything here      exitmatrix matrix
Everything measured  exitmatrix site --to DIR, or exitmatrix explain CELL
"""


@click.command("tour")
@click.option("--no-pause", is_flag=True, help="Do not wait for a key between the steps.")
def command(no_pause: bool) -> None:
    """Take a tour in a terminal: eight steps, about five minutes.

    Each step is a command with what it prints, and a sentence. Nothing is written
    into the working folder.
    """
    try:
        for place, step in enumerate(TOUR, 1):
            if place > 1 and not no_pause:
                click.pause("\n(a key for the next step; Ctrl-C ends the tour)")
            with _folder(step) as more:
                _show(place, step, more)
    except (KeyboardInterrupt, click.Abort) as error:
        raise Failure("the tour is over", INTERRUPTED) from error
    click.echo(MORE, nl=False)


def _show(place: int, step: TourStep, more: tuple[str, ...]) -> None:
    """Say what the step is about, and have its command do its work."""
    click.echo(f"\n{f'── {place} of {len(TOUR)} '.ljust(WIDTH, '─')}")
    click.echo("\n".join(fill(step.says)))
    if step.program:
        click.echo("\n" + indent(step.program.strip(), "    "))
    words = [*step.words, *more]
    click.echo(f"\n$ exitmatrix {shlex.join(words)}\n")
    called = import_module(f"exitmatrix.cli.{words[0]}").command
    try:
        called.main(words[1:], f"exitmatrix {words[0]}", standalone_mode=False)
    except SystemExit:
        pass  # its status is no failure of the tour: `diff` says by it that something differs
    except click.ClickException as error:
        if isinstance(error, Failure) and error.exit_code == INTERRUPTED:
            raise
        error.show()


@contextlib.contextmanager
def _folder(step: TourStep) -> Iterator[tuple[str, ...]]:
    """A folder for what the step writes; the rest of its words."""
    with scratch(step.program) as folder:
        if step.program:
            yield "--", python_word(), "app.py"
        else:
            yield ("--output", f"{folder}/reports") if step.words[0] == "matrix" else ()
