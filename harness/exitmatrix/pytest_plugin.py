"""The fixture `exitmatrix`: end a program of one's own in a test, and see what becomes of it.

    @pytest.fixture(scope="module")
    def app(exitmatrix):
        return exitmatrix.app("gunicorn -w 2 -b 127.0.0.1:{port} app:app", ready="/healthz")

    def test_cleans_up(app):
        seen = app.end("deploy", grace=10)
        assert seen.ran("app.db:close_pool", role="worker")
        assert seen.seconds < 5
        assert not seen.left

Nothing of the package is imported, and nothing is started, before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from exitmatrix.cli.testing import Factory

_FACTORY = pytest.StashKey["Factory"]()


def _trials(text: str) -> int:
    """A number of runs; argparse tells what is none."""
    if not text.isdecimal() or not int(text):
        raise ValueError
    return int(text)


_trials.__name__ = "number of runs"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the fixture."""
    group = parser.getgroup("exitmatrix")
    group.addoption(
        "--exitmatrix-trials",
        type=_trials,
        default=1,
        metavar="N",
        help="runs of each ending of a program that a test ends (default: 1)",
    )
    group.addoption(
        "--exitmatrix-keep",
        action="store_true",
        help="keep what each run of a program wrote, and had in its own TMPDIR",
    )
    parser.addini("exitmatrix_grace", "time that a program is given to end", default="30s")


@pytest.fixture(scope="session")
def exitmatrix(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """Makes programs that tests end: `exitmatrix.app(COMMAND, ready=...)`."""
    from exitmatrix.cli.testing import Factory  # noqa: PLC0415 - imported by whom it is used
    from exitmatrix.declare.texts import CannotRead, time_given  # noqa: PLC0415

    grace = str(pytestconfig.getini("exitmatrix_grace"))
    try:
        time_given(grace)
    except CannotRead as error:
        raise pytest.UsageError(f"exitmatrix_grace: {error}") from None
    keep = pytestconfig.getoption("--exitmatrix-keep")
    made = Factory(
        trials=pytestconfig.getoption("--exitmatrix-trials"),
        grace=grace,
        keep=str(tmp_path_factory.mktemp("exitmatrix")) if keep else "",
    )
    pytestconfig.stash[_FACTORY] = made
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what happened, in order, below a test that fails, and below a fixture that does."""
    report = yield
    factory = item.config.stash.get(_FACTORY, None)
    if factory is not None:
        if report.failed:
            report.sections += factory.sections
        if call.when == "teardown":
            factory.sections.clear()
    return report
