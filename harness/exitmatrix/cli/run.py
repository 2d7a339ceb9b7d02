"""`exitmatrix run`: a user's own command, ended in the ways that people and platforms do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from exitmatrix.cli import options
from exitmatrix.cli.errors import (
    DIFFERS,
    HARNESS_FAILED,
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    Interrupted,
    stopping_cleanly,
)
from exitmatrix.cli.invocation import Invocation, find_situations
from exitmatrix.cli.progress import Kind, reporter
from exitmatrix.cli.rounds import Measured, measure_endings
from exitmatrix.cli.selecting import check_machine
from exitmatrix.cli.streams import say
from exitmatrix.declare import launchers, settings, situations
from exitmatrix.judge.expectations import Checked, check_expectations
from exitmatrix.machine.clock import current_date
from exitmatrix.machine.run.app.session import (
    callers_environment,
    folder_in_repository,
    installed_packages,
    this_machine,
    working_folder,
)
from exitmatrix.machine.settings import CannotReadSettings, read_settings
from exitmatrix.machine.store.files import CannotWrite, check_distinct, check_writable, write
from exitmatrix.model.app import Expectation, Situation
from exitmatrix.observe.app_record import records
from exitmatrix.report.app import exports
from exitmatrix.report.app.page import AppReport, page

TRIALS = 3
THOROUGH = 20


def _packages(call: Invocation, measured: Measured) -> dict[str, str]:
    """What is installed for the Python that the command runs on."""
    outcomes = [one for result in measured.results for one in result.outcomes]
    python = next((one.interpreter for one in outcomes if one.interpreter), "")
    environment = callers_environment(call.env, clean=call.clean_env)
    return installed_packages(python, environment, call.folder or working_folder())


def _file(*names: str, text: str) -> options.Option:
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(
        *names, default=None, metavar="FILE", type=kind, help=text, callback=_no_option
    )


def _no_option(
    _context: click.Context, _parameter: click.Parameter, value: Path | None
) -> Path | None:
    """A file's name; the option that follows where the file was forgotten is none."""
    if value is not None and str(value).startswith("-"):
        raise click.BadParameter(f"it takes a file, and {value} is an option")
    return value


def _some(*names: str, metavar: str, text: str) -> options.Option:
    return click.option(*names, multiple=True, metavar=metavar, help=text)


class _Command(click.Command):
    """With options before the command alone: those behind it are the program's, if -- says so."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, but for an option of ours that stands behind the command."""
        separated = "--" in args
        rest = super().parse_args(ctx, args)
        names = {name for one in self.params for name in one.opts if name.startswith("--")}
        words = ctx.params["command_line"]
        behind = next((one for one in words[1:] if one.partition("=")[0] in names), "")
        if behind and not separated:
            raise Failure(
                f"{behind} stands behind the command: write exitmatrix run {behind} ... --"
                f" {words[0]} ..., or exitmatrix run -- {words[0]} ... if it is the program's own",
                USAGE_ERROR,
            )
        return rest


@click.command(
    "run",
    cls=_Command,
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] --",
)
@click.option(
    "--ready",
    default=None,
    metavar="HOW",
    help="When it is ready to be ended: auto (once it is idle), PORT, URL,"
    " /PATH, 'line REGEX', 'file PATH', or a time: 5s.  [default: auto]",
)
@click.option(
    "--ready-within", default="", help="How long to wait until it is ready.  [default: 30s]"
)
@_some(
    "--ending",
    "endings",
    metavar="NAME",
    text=f"How it is ended: {', '.join(situations.SITUATIONS_BY_ID)}, or a signal such as SIGQUIT."
    f"  [default: {', '.join(situations.USUAL)}]",
)
@click.option(
    "--at",
    default="",
    metavar="WHOM",
    help="Who is signalled: first, group, all, serving (one that waits for connections), leaf (one"
    " without child processes), or a role: master, worker, worker#2.",
)
@click.option(
    "--as",
    "launcher",
    default="",
    metavar="LAUNCHER",
    help=f"What starts it: {', '.join(launchers.STARTS_COMMANDS)}.  [default: direct]",
)
@click.option(
    "--grace",
    default="",
    help="How long it may take to end, before it is sent SIGKILL or no longer watched."
    "  [default: 30s]",
)
@click.option(
    "--trials",
    default=None,
    type=click.IntRange(1, settings.MOST_TRIALS),
    help=f"Runs of each ending. One more is made without the probe.  [default: {TRIALS}]",
)
@click.option("--thorough", is_flag=True, help="Twenty runs of each ending.")
@options.jobs
@_some("--role", "roles", metavar="NAME=REGEX", text="Name processes by their command lines.")
@_some(
    "--look-in",
    "folders",
    metavar="DIR",
    text="Look for what is left behind here too, besides the working folder and TMPDIR.",
)
@_some("--allow-address", "addresses", metavar="IP", text="An address on which it may listen.")
@_some("--env", "env", metavar="NAME=VALUE", text="A variable to set in addition to yours.")
@click.option("--clean-env", is_flag=True, help="Pass on PATH, HOME and LANG only.")
@click.option(
    "--before",
    default="",
    metavar="COMMAND",
    help="Run this once before all runs, for example to make a scratch database.",
)
@click.option(
    "--before-each",
    default="",
    metavar="COMMAND",
    help="Run this before each run, for example to remove what the last one left elsewhere.",
)
@click.option(
    "--request",
    default="",
    metavar="/PATH",
    help="The path that is requested while it is ended by scale-down.",
)
@_some(
    "--expect",
    "expected",
    metavar="ENDING:KEY=VALUE",
    text="Exit with 1 unless it is so: deploy:ran=all,within=10s,left=nothing, or"
    f" oom:serves-again=5s. The keys are {', '.join(settings.EXPECTED)}.",
)
@_file("--json", "json", text="Write what was seen as records, one a line.")
@_file("--junit-xml", "junit", text="Write the expectations as a JUnit report.")
@_file("--markdown", "markdown", text="Write the page as Markdown.")
@click.option(
    "--github",
    is_flag=True,
    help="Print a GitHub annotation, with file and line, for each unmet expectation.",
)
@options.progress
@click.argument("command_line", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND")
def command(
    ready: str | None,
    ready_within: str,
    endings: Sequence[str],
    at: str,
    launcher: str,
    grace: str,
    trials: int | None,
    thorough: bool,
    jobs: int | None,
    roles: Sequence[str],
    folders: Sequence[str],
    addresses: Sequence[str],
    env: Sequence[str],
    clean_env: bool,
    before: str,
    before_each: str,
    request: str,
    expected: Sequence[str],
    json: Path | None,
    junit: Path | None,
    markdown: Path | None,
    github: bool,
    progress: Kind,
    command_line: Sequence[str],
) -> None:
    """See whether your own program cleans up when it is stopped.

    Starts COMMAND several times in the working folder, with your environment, and
    ends it in different ways. What it does to your files, databases and queues is
    not undone: use a scratch copy of what must not be lost. --before can make one.

    \b
      exitmatrix run -- python app.py
      exitmatrix run -- gunicorn -w 2 -b 127.0.0.1:{port} app:app
      exitmatrix run --ending deploy --as sh -- python -m app
      exitmatrix run --expect deploy:ran=all,within=10s -- python app.py

    Handlers are those of atexit, weakref.finalize, multiprocessing and threading,
    signal handlers, the lifespan of ASGI apps, and the hooks of aiohttp, arq,
    gunicorn, sanic and Twisted. If a library has replaced your handler, the page
    names the one that took its place. A probe in the program, put there through
    PYTHONPATH, reports them; each ending gets one more run without it, to compare.
    {port} becomes a free port. Signals go only to processes of the run. Each run
    has its own TMPDIR.

    Without COMMAND, the command, the options and the expectations are read from
    exitmatrix.toml, or from [tool.exitmatrix] in pyproject.toml. An option on the
    command line replaces that of the file, or is added to it where several are
    allowed. Exits with 1 if an expectation is not met, and with 3 if the program
    did not become ready.
    """
    project = settings.Settings() if command_line else read_project()
    patient = thorough or (project.thorough and not trials)
    call = Invocation(
        command=tuple(command_line) or project.command,
        ready=(project.ready or "auto") if ready is None else ready,
        ready_within=ready_within or project.ready_within or "30s",
        launcher=launcher or project.launcher or "direct",
        grace=grace or project.grace or "30s",
        at=at or project.at,
        trials=THOROUGH if patient else trials or project.trials or TRIALS,
        patient=patient,
        jobs=jobs or project.jobs,
        roles=(*project.roles, *roles),
        folders=(*project.folders, *folders),
        addresses=(*project.addresses, *addresses),
        request=request or project.request,
        env={**project.env, **dict(variable(one) for one in env)},
        clean_env=clean_env or project.clean_env,
        before=split(before, "--before") or project.before,
        before_each=split(before_each, "--before-each") or project.before_each,
    )
    if not call.command:
        raise Failure(
            "no command: write exitmatrix run -- COMMAND, or app.command in exitmatrix.toml",
            USAGE_ERROR,
        )
    asked = read_expected(expected)
    wishes = [*project.expectations, *asked]
    # What the call expects is run; of a file, what the call asks for.
    named = [*endings, *(one.ending for one in asked)] if endings else []
    named = named or [*project.endings, *(one.ending for one in wishes)]
    names = list(dict.fromkeys(named)) or list(situations.USUAL)
    wanted = find_situations(names)
    check_request(request, call, wanted)
    check_files({"--json": json, "--junit-xml": junit, "--markdown": markdown})
    with stopping_cleanly():
        check_machine()
        measured = run(call, wanted, progress)
    checked = check_expectations([one for one in wishes if one.ending in names], measured.results)
    lines = page(report_of(call, measured, checked))
    for line in lines:
        click.echo(line)
    if json:
        about = (this_machine(), str(current_date()), _packages(call, measured))
        seen = records(call.command, call.launcher, measured.results, *about)
        if not seen:
            say(f"{json} is empty: no Python was observed from inside, and a record has to name it")
        save(json, exports.json_lines(seen))
    if junit:
        save(junit, exports.junit(checked))
    if markdown:
        save(markdown, exports.markdown(lines))
    if github:
        click.echo(exports.for_github(checked, folder_in_repository()), nl=False)
    if any(not one.outcomes and not one.left_out for one in measured.results):
        raise Failure("an ending could not be observed; the reasons are above", HARNESS_FAILED)
    if any(one.broken for one in checked):
        click.get_current_context().exit(DIFFERS)


def run(call: Invocation, wanted: Sequence[Situation], progress: Kind) -> Measured:
    """Run it as often as it takes, and show how far that is."""
    try:
        with reporter(progress, "run", "runs") as bar:
            return measure_endings(call, wanted, bar.show)
    except (Interrupted, KeyboardInterrupt) as error:
        raise Failure("stopped; nothing is left running", INTERRUPTED) from error


def read_project() -> settings.Settings:
    """What the project says in a file."""
    try:
        table, where = read_settings(Path())
        return settings.parse_settings(table, where)
    except (CannotReadSettings, settings.SettingsError) as error:
        raise Failure(str(error), USAGE_ERROR) from error


def read_expected(texts: Sequence[str]) -> list[Expectation]:
    """What `--expect` says."""
    try:
        return [one for text in texts for one in settings.from_option(text)]
    except settings.SettingsError as error:
        raise Failure(str(error), USAGE_ERROR) from error


def split(text: str, where: str) -> tuple[str, ...]:
    """The words of a command that stands in one text."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise Failure(f"{where}: {str(error).lower()}: {text}", USAGE_ERROR) from error


def variable(text: str) -> tuple[str, str]:
    """What `--env` says."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise Failure(f"--env {name}: write NAME=VALUE", USAGE_ERROR)
    return name, value


def options_of(call: Invocation) -> str:
    """How it was called, as far as that is not usual; a variable's value may be secret."""
    usual = Invocation(command=())
    words = [
        *("--as", call.launcher) * (call.launcher != usual.launcher),
        *("--ready", call.ready) * (call.ready != usual.ready),
        *("--ready-within", call.ready_within) * (call.ready_within != usual.ready_within),
        *("--at", call.at) * bool(call.at),
        *("--grace", call.grace) * (call.grace != usual.grace),
        *("--jobs", str(call.jobs)) * bool(call.jobs),
        *("--request", call.request) * bool(call.request),
        *("--clean-env",) * call.clean_env,
        *("--before", shlex.join(call.before)) * bool(call.before),
        *("--before-each", shlex.join(call.before_each)) * bool(call.before_each),
    ]
    for name, values in (
        ("--role", call.roles),
        ("--look-in", call.folders),
        ("--allow-address", call.addresses),
        ("--env", [f"{name}=..." for name in call.env]),
    ):
        words += [word for value in values for word in (name, value)]
    return "".join(f"{shlex.quote(word)} " for word in words)


def report_of(call: Invocation, measured: Measured, checked: Sequence[Checked]) -> AppReport:
    """What the page tells of."""
    words = shlex.join(call.command)
    direct = call.launcher == "direct"
    return AppReport(
        command=words if direct else f"{words}, started by {call.launcher}",
        results=measured.results,
        runs=measured.runs,
        seconds=measured.seconds,
        grace=measured.grace,
        again=f"exitmatrix run --thorough {options_of(call)}ENDINGS -- {words}",
        notes=measured.notes,
        checked=tuple(checked),
    )


def check_request(option: str, call: Invocation, wanted: Sequence[Situation]) -> None:
    """An ending that takes place while a request is answered needs one, and nothing else does."""
    of_requests = [one.id for one in wanted if one.request]
    if of_requests and not call.request:
        raise Failure(
            f"{of_requests[0]} needs --request /PATH: what is being asked for then", USAGE_ERROR
        )
    if option and not of_requests:
        raise Failure(
            "--request is asked for in scale-down alone: --ending scale-down", USAGE_ERROR
        )


def check_files(asked: Mapping[str, Path | None]) -> None:
    """That the files which are asked for can be written, before the program is run."""
    files = {option: file for option, file in asked.items() if file}
    try:
        for file in files.values():
            check_writable(file)
        check_distinct(files)
    except CannotWrite as error:
        raise Failure(str(error), USAGE_ERROR) from error


def save(file: Path, data: str) -> None:
    """Write one of the files that were asked for; a name's byte that is no UTF-8 as an escape."""
    try:
        write(file, data.encode(errors="backslashreplace"))
    except CannotWrite as error:
        raise Failure(str(error), HARNESS_FAILED) from error
