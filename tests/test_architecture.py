"""The line that holds the architecture: who may touch the machine, and which way data flows."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "harness" / "exitmatrix"

INSIDE_PACKAGE = "inside"
"""Runs inside observed programs, on 2.7 too: no stage of the package."""

STAGES = [
    "model",
    "declare",
    "plan",
    "machine",
    "observe",
    "judge",
    "claims",
    "report",
    "cli",
    "pytest_plugin",
    "__main__",
]
"""The stages in the order of the data flow: none imports a later one."""

MACHINE = {
    "asyncio", "ctypes", "fcntl", "io", "multiprocessing", "os", "psutil", "requests", "resource",
    "select", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib", "http", "platform", "random", "secrets", "logging", "glob", "weakref",
}  # fmt: skip

EXCEPTIONS = {
    "cli.check": {"sys": "the status of a comparison that found a change"},
    "cli.diff": {"sys": "the status of a comparison that found a change"},
    "cli.entry": {"sys": "the status of a command that was interrupted before it was there"},
    "cli.errors": {
        "os": "the text of an error number",
        "signal": "SIGTERM and SIGHUP stop a run as Ctrl-C does",
    },
    "cli.fuzz": {"sys": "mispredictions have a status of their own"},
    "cli.main": {"sys": "the status of a command"},
    "cli.restart": {
        "os": "the command starts itself again without variables that bend its Python",
        "sys": "the words that it was started with",
    },
    "cli.bar": {"sys": "the stream on which a bar moves the cursor"},
    "cli.progress": {"sys": "whether stderr is a terminal"},
    "cli.streams": {
        "os": "a reader that went away is replaced by nobody; whether colours are wanted",
        "sys": "the streams that are guarded",
    },
}
"""What a module beyond those takes from the machine, and why."""

ONE_MEANING = {
    "Code": "the code of a program, and text that a page shows as code: no module needs both",
    "LAWS": "those of programs, of servers and of launchers",
    "NOT_MEASURED": "the same words in a claim and in a table",
    "Path": "the place of a process in a tree; one module hands on that of another",
    "page": "what a module of pages is for",
    "render": "what a module of pages is for",
    "run": "what a trial does, and a run of a user's command",
    "until_ready": "what a trial does, and a run of a user's command",
    "why_unknown": "what is asked of a trial, and of a run of a user's command",
}
"""Names that several modules define and others import, or types, and why that is no trap."""

SEPARATORS = {"/", "@"}
IDS = "model.cell"
NO_IDS = {"observe.roles": "a path in a command line"}
"""What takes apart texts with slashes or at signs that are no ids, and what they are."""

FILE_CALLS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "rename",
    "touch", "rmdir", "iterdir", "glob", "rglob", "exists", "is_file", "is_dir", "stat", "resolve",
    "now", "today", "utcnow",
}  # fmt: skip
"""Methods that open a file, ask for one or read a clock."""

CALLS_ALLOWED = {
    "declare.stacks": {
        "glob": "the pins, which are part of the package",
        "read_text": "as modules are, and declare the stacks",
    },
    "cli.streams": {"open": "/dev/null, in the place of a reader that went away"},
}

INSIDE = {"os", "posix", "sys", "itertools", "signal", "atexit", "errno", "_weakref"}
"""What may be imported inside an observed program: loaded already, or built in and harmless."""
INSIDE_LATE = {
    "_imp",
    "_io",
    "_signal",
    "_thread",
    "__pypy__",
    "faulthandler",
    "fcntl",
    "imp",
    "ctypes",
    "resource",
    "thread",
    "threading",
    "concurrent",
    "_interpreters",
    "_xxsubinterpreters",
}
"""Only in a function, where it cannot be done without: in the endings, or before the first line."""

IMPURE = {"machine", "cli", "pytest_plugin", "__main__"}
BENCH = "cli.bench"  # times and starts processes of its own: that is what it measures
AFTER_THE_RECORD = {"observe", "judge"}


def files(*folders: str) -> list[Path]:
    found = [file for folder in folders for file in (PACKAGE / folder).rglob("*.py")]
    return sorted(file for file in found if "__pycache__" not in file.parts)


def name(file: Path) -> str:
    """harness/exitmatrix/machine/run/trial.py is run.trial; a package is named by its folder."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "exitmatrix"


MODULES = {
    name(file): file
    for file in files("")
    if file.relative_to(PACKAGE).parts[0] not in (INSIDE_PACKAGE, "_scenarios")
}


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def imports(tree: ast.AST) -> Iterator[str]:
    """Whole names of what is imported, anywhere in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


@cache
def modules_used(module: str) -> frozenset[str]:
    """Modules of the package that a module imports, by the names used here."""
    used = set()
    for whole in imports(parsed(module)):
        parts = whole.split(".")
        if parts[0] != "exitmatrix":
            continue
        rest = parts[1:]
        while rest and ".".join(rest) not in MODULES:
            rest = rest[:-1]
        used.add(".".join(rest) or "exitmatrix")
    return frozenset(used)


def calls(tree: ast.AST) -> set[str]:
    """Names of the functions and methods that are called."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {one.attr for one in called if isinstance(one, ast.Attribute)} | {
        one.id for one in called if isinstance(one, ast.Name)
    }


def touches(module: str) -> bool:
    return stage(module) == "machine" or module == BENCH


def stage(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def test_there_is_something_to_hold() -> None:
    """The modules that the laws are about are there."""
    assert {*STAGES, "machine.run.trial", "machine.store"} <= set(MODULES)
    assert {stage(module) for module in MODULES} == {*STAGES, "exitmatrix"}


def test_only_these_touch_the_machine() -> None:
    """Processes, sockets, files and clocks are for `machine`; every exception has its reason."""
    others = [module for module in MODULES if not touches(module)]
    taken = {
        module: {whole.split(".")[0] for whole in imports(parsed(module))} & MACHINE
        for module in others
    }
    assert {one: names for one, names in taken.items() if names} == {
        module: set(names) for module, names in EXCEPTIONS.items()
    }
    called = {module: calls(parsed(module)) & FILE_CALLS for module in others}
    assert {one: names for one, names in called.items() if names} == {
        module: set(names) for module, names in CALLS_ALLOWED.items()
    }


def test_no_exception_outlives_its_reason() -> None:
    """An exception names a module that exists and does not touch the machine by right."""
    assert {*EXCEPTIONS, *CALLS_ALLOWED} <= {one for one in MODULES if not touches(one)}


def test_the_check_sees_what_it_forbids() -> None:
    """The laws above find an import in a function, an alias, and a method that opens a file."""
    tree = ast.parse("def f():\n    import subprocess as s\n    from os import path\n    p.open()")
    assert set(imports(tree)) == {"subprocess", "os.path"}
    assert calls(tree) == {"open"}


def test_what_runs_inside_imports_in_one_direction() -> None:
    """No file of it is needed, however late, by one that it needs itself."""
    inside = {one.stem: one for one in files(INSIDE_PACKAGE)}
    needs = {
        name: {one.split(".")[0] for one in imports(ast.parse(file.read_text()))} & inside.keys()
        for name, file in inside.items()
    }
    del needs["sitecustomize"]  # it imports whatever has its name behind it on the path
    order = list(graphlib.TopologicalSorter(needs).static_order())
    assert order.index("exitmatrix_channel") < order.index("exitmatrix_probe")


@pytest.mark.parametrize("file", files(INSIDE_PACKAGE), ids=lambda file: file.name)
def test_what_runs_inside_imports_next_to_nothing(file: Path) -> None:
    """Importing more inside an observed program would register clean-up of its own."""
    tree = ast.parse(file.read_text())
    own = {one.stem for one in files(INSIDE_PACKAGE)}
    first = {
        whole.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for whole in imports(node)
    }
    every = {whole.split(".")[0] for whole in imports(tree)}
    assert first <= INSIDE | own
    assert every <= INSIDE | INSIDE_LATE | own
    assert not any(one in STAGES for one in every)


def test_imports_have_no_cycle() -> None:
    """No module imports, through others, itself."""
    done: set[str] = set()

    def follow(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for other in sorted(modules_used(module) - {module}):
                follow(other, (*path, module))
            done.add(module)

    for module in MODULES:
        follow(module, ())


def stages_used(module: str) -> set[str]:
    return {stage(one) for one in modules_used(module)}


def test_no_stage_imports_a_later_one() -> None:
    """Data flow in one direction: model, declare, plan, machine, observe, judge, claims, report."""
    assert not modules_used("exitmatrix")
    later = {
        module: stages_used(module) - set(STAGES[: STAGES.index(stage(module)) + 1])
        for module in MODULES
        if module != "exitmatrix"
    }
    assert not {module: stages for module, stages in later.items() if stages}


def test_pure_stages_know_only_pure_stages() -> None:
    """What is repeated offline imports nothing of what touches the machine."""
    pure = [module for module in MODULES if stage(module) not in IMPURE]
    assert not {module for module in pure if stages_used(module) & IMPURE}


def test_what_runs_concludes_nothing() -> None:
    """The package `run` imports the model and itself: it does not interpret histories."""
    used = {
        (module, one)
        for module in MODULES
        if module.startswith("machine.run")
        for one in modules_used(module)
    }
    assert not {
        (module, one)
        for module, one in used
        if stage(one) != "model" and not one.startswith("machine.run")
    }


def test_what_comes_after_the_record_knows_nothing_of_before() -> None:
    """Observing and judging import nothing of planning and scheduling."""
    after = [module for module in MODULES if stage(module) in AFTER_THE_RECORD]
    allowed = {"model", "declare", *AFTER_THE_RECORD}
    assert not {module for module in after if stages_used(module) - allowed}


def takes_ids_apart(tree: ast.AST) -> Iterator[int]:
    """Lines that split a text at a separator of ids, or put one together with "@"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            splits = node.func.attr.removeprefix("r") in {"split", "partition"}
            at = {one.value for one in node.args if isinstance(one, ast.Constant)}
            if splits and at & SEPARATORS:
                yield node.lineno
        elif isinstance(node, ast.JoinedStr):
            between = node.values[1:-1]
            if any(isinstance(one, ast.Constant) and one.value == "@" for one in between):
                yield node.lineno


def test_ids_of_cells_are_taken_apart_in_one_place() -> None:
    """Who needs a part of an id asks `CellId`, `Question` or `Ending` for it.

    An exception that nobody needs any more is taken away.
    """
    assert {one for one in MODULES if [*takes_ids_apart(parsed(one))]} == {IDS, *NO_IDS}


TESTS = Path(__file__).parent


@cache
def definitions(module: str) -> set[str]:
    """Public functions, classes and constants at the top of a module; no type variables."""
    body = parsed(module).body
    named = {
        one.name
        for one in body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    targets = [
        target
        for one in body
        if isinstance(one, ast.Assign) and "TypeVar" not in calls(one)
        for target in one.targets
    ]
    targets += [one.target for one in body if isinstance(one, ast.AnnAssign)]
    named |= {one.id for one in targets if isinstance(one, ast.Name)}
    return {one for one in named if not one.startswith("_")}


def is_type(name: str) -> bool:
    return name[0].isupper() and not name.isupper()


def test_no_two_things_that_others_import_have_one_name() -> None:
    """One word has one meaning wherever a reader meets it; of types wherever they are defined."""
    homes: dict[str, set[str]] = {}
    for module in MODULES:
        defined = definitions(module)
        for one in filter(is_type, defined):
            homes.setdefault(one, set()).add(module)
        for whole in imports(parsed(module)):
            home, _, one = whole.removeprefix("exitmatrix.").rpartition(".")
            if home in MODULES and one in definitions(home):
                homes.setdefault(one, set()).add(home)
    several = {one for one, where in homes.items() if len(where) > 1}
    assert several == set(ONE_MEANING)


def test_no_test_module_imports_another() -> None:
    """What tests share is in tests/support and conftest.py; each test module is read alone."""
    for file in sorted(TESTS.rglob("test_*.py")):
        taken = {one.split(".")[-2] for one in imports(ast.parse(file.read_text())) if "." in one}
        assert not {one for one in taken if one.startswith("test_")}, file.name


def test_records_are_made_in_one_place() -> None:
    """A record made by hand is made by the one builder, so that a new field has one default."""
    makers = [
        file.name
        for file in sorted(TESTS.rglob("*.py"))
        if "Record" in calls(ast.parse(file.read_text()))
    ]
    assert makers == ["values.py"]


def test_every_test_says_its_law() -> None:
    """In a docstring: the name alone is short."""
    silent = [
        f"{file.name}: {node.name}"
        for file in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []
