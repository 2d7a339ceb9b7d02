"""Read the scenarios from a folder of programs; files that are none are skipped."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec.structs import replace

from exitmatrix.declare.scenario import InvalidScenario, declared_by, parse_scenario
from exitmatrix.model import Frozen, Scenario


class ScenarioError(Frozen, kw_only=True):
    """Why a file is no scenario."""

    file: str  # below the folder that was read: "plain.py", "flask/app.py"
    key: str  # the key of the header, "" where it is about none
    text: str  # what is wrong, and what would be right

    def __str__(self) -> str:
        """One line for a person."""
        return ": ".join(part for part in (self.file, self.key, self.text) if part)


class Loaded(Frozen, kw_only=True):
    """What a folder holds: the scenarios, by id, and the files that are none."""

    scenarios: tuple[Scenario, ...]
    errors: tuple[ScenarioError, ...]


def find_folder() -> Path:
    """The scenarios of the installed package, or those of the checkout.

    Packaged first: only a wheel has them there, and what happens to be called
    `scenarios` beside an installed package belongs to somebody else.
    """
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_scenarios"
    return packaged if packaged.is_dir() else package.parents[1] / "scenarios"


def load(folder: Path, wanted: Collection[str] | None = None) -> Loaded:
    """Every scenario of a folder: its Python files, and its folders with an app.py.

    Where ids are `wanted`, files that cannot hold one of them are not read.
    """
    folder = folder.absolute()
    scenarios: dict[str, Scenario] = {}
    errors = []
    for id, path, own in _programs(folder):
        if wanted is not None and not any(_may_hold(id, one) for one in wanted):
            continue
        file = path.relative_to(folder).as_posix()
        try:
            parsed = parse_scenario(id, _read(path), str(path), own)
            parsed = replace(parsed, modules=_modules(own, parsed))
            for one in declared_by(parsed):
                if one.id in scenarios:
                    taken = scenarios[one.id].path
                    raise InvalidScenario("", f"the id {one.id!r} is taken by {taken}")
                scenarios[one.id] = one
        except InvalidScenario as error:
            errors.append(ScenarioError(file=file, key=error.key, text=error.text))
    if not scenarios and not errors and wanted is None:
        errors.append(
            ScenarioError(file=str(folder), key="", text="no *.py and no folder with an app.py")
        )
    return Loaded(
        scenarios=tuple(scenarios[id] for id in sorted(scenarios)),
        errors=tuple(errors),
    )


def _may_hold(file: str, id: str) -> bool:
    """Whether a file of this name may be the scenario: ID, ID-50ms of a grid, or ID-busy."""
    return id == file or id.startswith(f"{file}-")


def _programs(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """(id, the file that is run, its own folder or "") of what may be a scenario."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue  # editors keep lock files and copies beside the file they edit
        if entry.suffix == ".py" and not entry.is_dir():
            yield entry.stem, entry, ""
        elif (entry / "app.py").is_file():
            yield entry.name, entry / "app.py", str(entry)


def _modules(folder: str, scenario: Scenario) -> tuple[str, ...]:
    """What the program of a folder can import from it: what these register is its own."""
    files = Path(folder).glob("*.py") if folder else ()
    # What runs the program of another may import it, as `app`.
    main = () if scenario.runner else ("app.py",)
    modules = tuple(sorted(file.stem for file in files if file.name not in main))
    if scenario.data and "look" not in modules:
        raise InvalidScenario(
            "tool.exitmatrix.data", "needs a look.py beside app.py, which says what is left"
        )
    return modules


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidScenario("", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidScenario("", f"is no UTF-8: {error.reason} at byte {error.start}") from error
