"""An environment, and the folders that are injected into programs, from nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from exitmatrix.declare.requirements import normalised
from exitmatrix.declare.stacks import pins_of
from exitmatrix.machine.environments.installer import FailedError, Tools
from exitmatrix.machine.environments.published import remove
from exitmatrix.model import Interpreter, Stack

# Compiles a folder so that tracebacks name the place where it will stand, not the one where it
# was built. Strict: a file that cannot be compiled is an error (packages may well hold files
# for other Pythons than this one, as Jinja2 2.11 does for 2.7).
_COMPILE = """
import compileall, sys
folder, final, strict = sys.argv[1:4]
done = compileall.compile_dir(folder, ddir=final, quiet=1)
if strict == 'strict' and not done: sys.exit(1)
"""
_COMPILE_FILE = """
import py_compile, sys
py_compile.compile(sys.argv[1], dfile=sys.argv[2], doraise=True)
"""


def build_inside(
    tools: Tools, interpreter: Interpreter, target: Path, sources: dict[str, Path]
) -> Callable[[Path], dict[str, str]]:
    """What fills a folder with the injected folders, compiled as if they stood at `target`."""

    def build(folder: Path) -> dict[str, str]:
        for name, source in sources.items():
            (folder / name).mkdir(parents=True)
            for file in sources_in(source):
                copy = folder / name / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
        tools.run(interpreter.path, "-E", "-s", "-S", "-c", _COMPILE, folder, target, "strict")
        return {}

    return build


def build_environment(
    tools: Tools, interpreter: Interpreter, stack: Stack, target: Path
) -> Callable[[Path], dict[str, str]]:
    """What fills a folder with an interpreter and a stack, and gives the packages in it."""

    def build(folder: Path) -> dict[str, str]:
        python = folder / "bin" / "python"
        if interpreter.language == (2, 7):
            packages = _prefix(tools, interpreter, folder, target)
            # uv serves no Python older than 3.6. The wheels of these pins are one for 2 and 3,
            # and MarkupSafe, which has others, is built from source, without its C part.
            where: tuple[str | Path, ...] = ("--target", packages, "--no-binary", "markupsafe")
        else:
            tools.virtual_environment(interpreter, folder)
            packages = next(iter([*folder.glob("lib/*/site-packages"), folder / "site-packages"]))
            where = ("--python", python)
        if pins := pins_of(stack, interpreter):
            tools.install(pins, *where)
        if stack.instead:
            tools.install_instead(stack.instead, python)
        _strip(folder, packages)
        final = target / packages.relative_to(folder)
        tools.run(python, "-E", "-s", "-c", _COMPILE, packages, final, "tolerant")
        if stack.proof:
            tools.run(python, "-E", "-s", "-B", "-c", stack.proof)
        return _installed(packages)

    return build


def _strip(folder: Path, packages: Path) -> None:
    """Leave an interpreter and the stack's packages, nothing that acts at start-up.

    uv puts an import hook of virtualenv into environments of older Pythons. Scripts name the
    folder that the environment is built in, and programs are started with `python -m`.
    """
    for name in ("CACHEDIR.TAG", ".gitignore", ".lock"):
        (folder / name).unlink(missing_ok=True)
    for name in ("_virtualenv.pth", "_virtualenv.py", ".lock"):
        (packages / name).unlink(missing_ok=True)
    remove(packages / "bin")
    for file in (folder / "bin").iterdir():
        if not file.name.startswith(("python", "pypy")):
            remove(file)


def _prefix(tools: Tools, interpreter: Interpreter, folder: Path, target: Path) -> Path:
    """Make an isolated Python 2.7 and give its folder for packages.

    2.7 has no venv, and virtualenv gives it a start-up of its own. But it takes its prefix from
    where the binary lies, if lib/python2.7/os.py stands beside it (Modules/getpath.c): a copy
    of the binary and links to the library are the bare interpreter with empty site-packages.
    """
    ask = "import os; print(os.path.dirname(os.__file__))"
    library = Path(tools.run(interpreter.path, "-E", "-S", "-c", ask).strip())
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    shutil.copy2(os.path.realpath(interpreter.path), python)
    own = folder / "lib" / "python2.7"
    own.mkdir(parents=True)
    kept_out = {"site-packages", "dist-packages", "site.py", "site.pyc", "site.pyo"}
    for entry in library.iterdir():
        if entry.name not in kept_out:
            (own / entry.name).symlink_to(entry)
    # The user's own packages are shut out, as an environment of Python 3 does.
    text = (library / "site.py").read_bytes()
    text = text.replace(b"\nENABLE_USER_SITE = None\n", b"\nENABLE_USER_SITE = False\n")
    (own / "site.py").write_bytes(text)
    final = target / "lib" / "python2.7" / "site.py"
    tools.run(python, "-E", "-S", "-c", _COMPILE_FILE, own / "site.py", final)

    ask = "import site; print('\\n'.join(site.getsitepackages()))"
    places = [Path(line) for line in tools.run(python, "-E", "-s", "-c", ask).splitlines()]
    places = [place for place in places if place.is_relative_to(folder)]
    if not places:
        raise FailedError("this Python 2.7 keeps its own prefix when it is copied")
    places[0].mkdir(parents=True, exist_ok=True)
    return places[0]


def _installed(packages: Path) -> dict[str, str]:
    """Read what is really installed, from the names of the .dist-info folders."""
    found: dict[str, str] = {}
    for folder in packages.glob("*.dist-info"):
        name, _, version = folder.stem.partition("-")
        found[normalised(name)] = version
    return dict(sorted(found.items()))


def sources_in(folder: Path) -> list[Path]:
    """The Python files of a folder. Raises FailedError where it is missing."""
    if not folder.is_dir():
        raise FailedError(f"the folder {folder.name}/ of the harness is missing")
    return sorted(folder.rglob("*.py"))
