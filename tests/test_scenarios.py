"""Laws about reading scenarios, and about the scenarios that are committed."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
from pathlib import Path

import pytest
from exitmatrix.declare import scenario as header
from exitmatrix.declare.terminations import IN_PROCESS, RARE, TERMINATIONS
from exitmatrix.machine import interpreters, scenarios
from exitmatrix.model import Ready, Scenario
from packaging.specifiers import SpecifierSet

GOOD = '''\
# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A title"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = ["return", "SIG*"]
# ///
"""What is asked."""
print("ready")
'''
FOLDER = scenarios.find_folder()
COMMITTED = scenarios.load(FOLDER)

USUAL = (
    *("return", "sys-exit-3", "exception", "os-exit-7"),
    *("SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"),
)
"""The endings of one that is about a mechanism, and not about an order of handlers."""
VARIANTS = [
    "plain-same-twice",
    "plain-arguments",
    "plain-clear",
    "plain-run-exitfuncs",
    "plain-unregister-one",
    "plain-unregister-twice",
    "plain-unregister-never",
    "plain-unregister-equal",
    "plain-unregister-namesake",
    "plain-unregister-running",
    "plain-handler-raises-first",
    "plain-handler-raises-middle",
    "plain-handler-raises-last",
    "plain-handler-sys-exit",
    "plain-handler-os-exit",
    "plain-handler-registers",
    "plain-handler-starts-thread",
    "plain-handler-forks",
    "plain-thread-registers",
    "plain-thread-alive",
    "plain-thread-daemon",
    "plain-fork-returns",
    "plain-fork-os-exit",
    "plain-subprocess-terminate",
    "exitfunc",
    "exitfunc-before-atexit",
    "exitfunc-after-atexit",
]


def refused(text: str, id: str = "plain") -> header.InvalidScenario:
    with pytest.raises(header.InvalidScenario) as caught:
        header.parse_scenario(id, text, f"{id}.py")
    return caught.value


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


# ------------------------------------------------------------------ the header


def test_a_header_says_everything_about_a_scenario() -> None:
    """What the header and the docstring say is what the scenario holds."""
    scenario = header.parse_scenario("plain-x", GOOD, "/s/plain-x.py", "")
    assert scenario.id == "plain-x"
    assert scenario.title == "A title"
    assert scenario.path == "/s/plain-x.py"
    assert scenario.folder == ""
    assert scenario.doc == "What is asked."
    assert scenario.roles == ("main",)
    assert scenario.ready == Ready(by="stdout", line="ready")
    assert scenario.family == "none"
    assert scenario.requires == ">=2.7"
    assert scenario.terminations == ("return", "SIG*")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ('"http"', Ready(by="http")),
        ('"none"', Ready(by="none")),
        ('{stdout = "Serving on"}', Ready(by="stdout", line="Serving on")),
    ],
)
def test_readiness_of_a_program_has_three_forms(written: str, means: Ready) -> None:
    """Each form of `ready` is understood."""
    text = changed('{stdout = "ready"}', written)
    assert header.parse_scenario("plain", text, "plain.py").ready == means


def commanded(ready: str, command: str) -> str:
    """The header of a scenario that a command starts."""
    rest = f'ready = {ready}\n# command = {command}\n# server = "waitress"'
    return changed('ready = {stdout = "ready"}', rest)


def test_a_command_is_ready_when_it_listens_or_says_so() -> None:
    """What listens needs a port; what takes tasks from a broker has none."""
    text = commanded('"listening"', '["serve", "{port}"]')
    assert header.parse_scenario("served", text, "app.py").ready == Ready(by="listening")
    text = commanded('{line = " ready\\\\.$"}', '["work"]')
    assert header.parse_scenario("served", text, "app.py").ready == Ready(
        by="line", line=r" ready\.$"
    )


@pytest.mark.parametrize(
    ("ready", "command", "key", "says"),
    [
        ('"listening"', '["serve"]', "command", "{port} is missing"),
        ('"http"', '["serve", "{port}"]', "ready", '"listening" or ready = {line = "REGEX"}'),
        ('{line = "("}', '["work"]', "ready", "'('"),
        ('{line = "ready"}', "[]", "ready", "goes together with a command"),
    ],
)
def test_what_cannot_be_seen_of_a_command_is_refused(
    ready: str, command: str, key: str, says: str
) -> None:
    """Each at its key, with what would be right."""
    error = refused(commanded(ready, command))
    assert error.key == f"tool.exitmatrix.{key}"
    assert says in error.text


def test_flask_as_the_only_dependency_is_the_family_flask() -> None:
    """The family of stacks follows from the dependencies."""
    text = changed("dependencies = []", 'dependencies = ["flask"]')
    assert header.parse_scenario("flask", text, "flask.py").family == "flask"


def test_a_dependency_may_say_which_releases_the_scenario_is_for() -> None:
    """As PEP 508 writes it; nothing said means any."""
    text = changed("dependencies = []", 'dependencies = ["flask>=2.2"]')
    scenario = header.parse_scenario("flask", text, "flask.py")
    assert (scenario.family, scenario.releases) == ("flask", ">=2.2")
    text = changed("dependencies = []", 'dependencies = ["flask"]')
    assert header.parse_scenario("flask", text, "flask.py").releases == ""


def test_two_roles_are_parent_and_child() -> None:
    """A scenario of two processes names its parent and its child."""
    text = changed('roles = ["main"]', 'roles = ["parent", "child"]')
    assert header.parse_scenario("plain", text, "plain.py").roles == ("parent", "child")


def test_all_in_process_terminations_have_one_word() -> None:
    """`in-process` is a valid termination though it is no id."""
    text = changed('["return", "SIG*"]', '["in-process"]')
    assert header.parse_scenario("plain", text, "plain.py").terminations == (IN_PROCESS,)


def test_other_tools_may_keep_tables_in_the_header() -> None:
    """PEP 723 leaves [tool] to every tool, so tables of others are no concern of ours."""
    text = changed("# [tool.exitmatrix]", "# [tool.uv]\n# x = 1\n#\n# [tool.exitmatrix]")
    assert header.parse_scenario("plain", text, "plain.py").title == "A title"


def test_what_few_scenarios_need_may_be_left_out() -> None:
    """Without them the usual role acts, stderr is not told and no data are in flight."""
    scenario = header.parse_scenario("plain", GOOD, "plain.py")
    assert (scenario.acts, scenario.printed, scenario.data) == ("", False, {})
    assert scenario.acting_role == "main"


def test_an_implementation_that_cannot_run_it_is_named_with_the_reason() -> None:
    """`not-on` keeps a reason for those that are left out."""
    text = changed('roles = ["main"]', 'roles = ["main"]\n# not-on = {pypy = "it has none"}')
    assert header.parse_scenario("plain", text, "plain.py").not_on == {"pypy": "it has none"}


def test_a_service_that_a_scenario_starts_is_one_that_is_known() -> None:
    """So the plan can say which package has it."""
    text = changed('roles = ["main"]', 'roles = ["main"]\n# needs = ["redis-server"]')
    assert header.parse_scenario("plain", text, "plain.py").needs == ("redis-server",)
    with pytest.raises(header.InvalidScenario, match="redis-server"):
        header.parse_scenario("plain", text.replace('["redis-server"]', '["redis"]'), "plain.py")


def test_a_termination_may_have_one_target_only() -> None:
    """`SIGINT@group` is a termination with its target."""
    text = changed('["return", "SIG*"]', '["SIGINT@group"]')
    assert header.parse_scenario("plain", text, "plain.py").terminations == ("SIGINT@group",)


def test_each_length_of_handlers_is_a_scenario(tmp_path: Path) -> None:
    """One file with a grid of lengths is as many scenarios, told apart by their ids."""
    text = changed('roles = ["main"]', 'roles = ["main"]\n# handler-ms = [50, 200]')
    (tmp_path / "slow.py").write_text(text)
    loaded = scenarios.load(tmp_path).scenarios
    assert [(one.id, one.length) for one in loaded] == [("slow-200ms", 200), ("slow-50ms", 50)]
    assert loaded[0].title == "A title: 200 ms each"
    assert {one.path for one in loaded} == {str(tmp_path / "slow.py")}


LISTENING = """\
# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn"]
#
# [tool.exitmatrix]
# title = "A server"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn"
# terminations = ["SIG*", "os-exit-3"]
# busy = ["SIGTERM@master", "SIGKILL@worker"]
# ///
"""


def test_a_server_that_is_ended_while_it_answers_is_a_scenario_of_its_own(tmp_path: Path) -> None:
    """One file is both; and a view that ends a process is one of those that serve."""
    (tmp_path / "served.py").write_text(LISTENING)
    idle, busy = scenarios.load(tmp_path).scenarios
    assert [(one.id, one.answering) for one in (idle, busy)] == [
        ("served", False),
        ("served-busy", True),
    ]
    assert (idle.terminations, busy.terminations) == (
        ("SIG*", "os-exit-3"),
        ("SIGTERM@master", "SIGKILL@worker"),
    )
    assert busy.title == "A server, while it answers a request"
    assert idle.acting_role == "worker"
    assert [one.id for one in scenarios.load(tmp_path, ["served-busy"]).scenarios] != []


@pytest.mark.parametrize(
    "busy", ['["SIGTERM@nobody"]', '["os-exit-3"]', '["SIG*"]', '["touch-source"]', '"SIGTERM"']
)
def test_only_a_signal_is_sent_while_a_server_answers(busy: str) -> None:
    """To a role that it has; the line says what is valid."""
    text = LISTENING.replace('["SIGTERM@master", "SIGKILL@worker"]', busy)
    with pytest.raises(header.InvalidScenario) as refusal:
        header.parse_scenario("served", text, "served.py")
    assert refusal.value.key == "tool.exitmatrix.busy"
    assert "valid" in refusal.value.text or "none of" in refusal.value.text


def test_only_what_listens_can_answer() -> None:
    """A program without a port has no client."""
    error = refused(changed('roles = ["main"]', 'roles = ["main"]\n# busy = ["SIGTERM"]'))
    assert error.key == "tool.exitmatrix.busy"


def test_the_id_of_a_length_is_taken_once(tmp_path: Path) -> None:
    """A file that bears the name of another's length is refused."""
    text = changed('roles = ["main"]', 'roles = ["main"]\n# handler-ms = [50]')
    (tmp_path / "slow.py").write_text(text)
    (tmp_path / "slow-50ms.py").write_text(GOOD)
    loaded = scenarios.load(tmp_path)
    assert [one.id for one in loaded.scenarios] == ["slow-50ms"]
    assert "is taken" in loaded.errors[0].text


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('not-on = {jython = "why"}', "not-on"),
        ('not-on = {pypy = ""}', "not-on"),
        ('not-on = ["pypy"]', "not-on"),
        ("handler-ms = 50", "handler-ms"),
        ("handler-ms = [0]", "handler-ms"),
        ("handler-ms = [5000]", "handler-ms"),
        ("handler-ms = [true]", "handler-ms"),
        ("handler-ms = [200, 100]", "handler-ms"),
        ("handler-ms = [100, 100]", "handler-ms"),
        ("rests = 20", "rests"),
        ("rests = -1", "rests"),
    ],
)
def test_a_wrong_value_of_a_rare_key_is_refused(line: str, key: str) -> None:
    """The error names the key, and what would be valid."""
    error = refused(changed('roles = ["main"]', f'roles = ["main"]\n# {line}'))
    assert error.key == f"tool.exitmatrix.{key}"
    assert "valid" in error.text


@pytest.mark.parametrize("pattern", ["SIGINT@nobody", "SIGINT@", "SIGNIT@group"])
def test_a_target_that_does_not_exist_is_refused(pattern: str) -> None:
    """No role has that name, or no termination has it."""
    error = refused(changed('["return", "SIG*"]', f'["{pattern}"]'))
    assert error.key == "tool.exitmatrix.terminations"


def test_the_role_that_acts_can_be_said() -> None:
    """An in-process termination takes place in the role that the header names."""
    text = changed('roles = ["main"]', 'roles = ["parent", "child"]\n# acts = "child"')
    assert header.parse_scenario("plain", text, "plain.py").acting_role == "child"
    text = changed('roles = ["main"]', 'roles = ["parent", "child"]')
    assert header.parse_scenario("plain", text, "plain.py").acting_role == "parent"


def test_stderr_can_be_asked_for() -> None:
    """`printed` makes stderr a part of the outcome."""
    text = changed('roles = ["main"]', 'roles = ["main"]\n# printed = true')
    assert header.parse_scenario("plain", text, "plain.py").printed


def test_data_in_flight_are_told_by_kind() -> None:
    """Each kind is said with what a clean end makes of it, in an order of their own."""
    table = '\n# [tool.exitmatrix.data]\n# "lock file" = "removed"\n# "a shelf" = "kept"'
    text = changed('"SIG*"]', '"SIG*"]' + table)
    data = header.parse_scenario("plain", text, "plain.py").data
    assert list(data.items()) == [("a shelf", "kept"), ("lock file", "removed")]


def test_data_need_somebody_who_looks_at_them(tmp_path: Path) -> None:
    """A scenario with data in flight brings the program that says what became of them."""
    (tmp_path / "cache").mkdir()
    text = changed('"SIG*"]', '"SIG*"]\n# data = {"shelf" = "kept"}')
    (tmp_path / "cache" / "app.py").write_text(text)
    (error,) = scenarios.load(tmp_path).errors
    assert (error.key, "look.py" in error.text) == ("tool.exitmatrix.data", True)
    (tmp_path / "cache" / "look.py").write_text("print('shelf: kept')\n")
    assert scenarios.load(tmp_path).errors == ()


def test_the_other_files_of_a_folder_are_its_modules(tmp_path: Path) -> None:
    """What a program can import from its folder is known by name; a single file has none."""
    (tmp_path / "a").mkdir()
    for name in ("app", "settings", "database"):
        (tmp_path / "a" / f"{name}.py").write_text(GOOD)
    (tmp_path / "b.py").write_text(GOOD)
    folder, file = scenarios.load(tmp_path).scenarios
    assert folder.modules == ("database", "settings")
    assert file.modules == ()


@pytest.mark.parametrize("key", ["title", "roles", "ready", "terminations"])
def test_a_missing_key_is_named(key: str) -> None:
    """Each key of [tool.exitmatrix] is needed, and a missing one is named."""
    text = "".join(
        line for line in GOOD.splitlines(keepends=True) if not line.startswith(f"# {key} =")
    )
    error = refused(text)
    assert error.key == f"tool.exitmatrix.{key}"
    assert error.text == "missing"


WRONG = [
    # old, new, key, what the text must tell
    ("# title =", "# titel =", "tool.exitmatrix.titel", "nearest: title"),
    ("# dependencies =", "# dependency =", "dependency", "nearest: dependencies"),
    ("# requires-python =", "# requires_python =", "requires_python", "nearest: requires-python"),
    ("[tool.exitmatrix]", "[tool.exitmatrics]", "tool.exitmatrix", "missing"),
    ("[tool.exitmatrix]", "[tools.exitmatrix]", "tools", "nearest: tool"),
    ('"A title"', "7", "tool.exitmatrix.title", "one line of text"),
    ('"A title"', '" "', "tool.exitmatrix.title", "one line of text"),
    ('"A title"', '"two\\nlines"', "tool.exitmatrix.title", "one line of text"),
    ('["main"]', '["Main"]', "tool.exitmatrix.roles", "['parent', 'child']"),
    ('["main"]', '["child", "parent"]', "tool.exitmatrix.roles", "['parent', 'child']"),
    ('["main"]', "[]", "tool.exitmatrix.roles", "['main']"),
    ('["main"]', '"main"', "tool.exitmatrix.roles", "a list of texts"),
    ('["main"]', "[1]", "tool.exitmatrix.roles", "a list of texts"),
    ('{stdout = "ready"}', '"stdout"', "tool.exitmatrix.ready", header.READY_FORMS),
    ('{stdout = "ready"}', '{stderr = "x"}', "tool.exitmatrix.ready", header.READY_FORMS),
    ('{stdout = "ready"}', '{stdout = ""}', "tool.exitmatrix.ready", header.READY_FORMS),
    (
        '{stdout = "ready"}',
        '{stdout = "a\\nb"}',
        "tool.exitmatrix.ready",
        header.READY_FORMS,
    ),
    ('{stdout = "ready"}', "{stdout = 1}", "tool.exitmatrix.ready", header.READY_FORMS),
    ('"return", "SIG*"', '"retrun"', "tool.exitmatrix.terminations", "nearest: return"),
    ('"return", "SIG*"', '"sigterm"', "tool.exitmatrix.terminations", "SIGTERM"),
    ('"return", "SIG*"', '"SIGFOO*"', "tool.exitmatrix.terminations", "matches no termination"),
    ('["return", "SIG*"]', "[]", "tool.exitmatrix.terminations", "at least one"),
    ('["return", "SIG*"]', '"*"', "tool.exitmatrix.terminations", "a list of texts"),
    ('["main"]', '["main"]\n# acts = "child"', "tool.exitmatrix.acts", '"main"'),
    ('["main"]', '["main"]\n# printed = "stderr"', "tool.exitmatrix.printed", "true or false"),
    ('["main"]', '["main"]\n# data = "files"', "tool.exitmatrix.data", "a table"),
    ('["main"]', '["main"]\n# data = {a = "lost"}', "tool.exitmatrix.data.a", '"removed"'),
    ('["main"]', '["main"]\n# data = {"a:" = "kept"}', "tool.exitmatrix.data", "a colon"),
    ('["main"]', '["main"]\n# data = {" " = "kept"}', "tool.exitmatrix.data", "a few words"),
    ("dependencies = []", 'dependencies = ["tornado"]', "dependencies", "flask, gevent, granian"),
    ("dependencies = []", 'dependencies = ["flask>>2"]', "dependencies", "flask>>2"),
    ("dependencies = []", "dependencies = 0", "dependencies", "a list of texts"),
    ('">=2.7"', '"2.7 or later"', "requires-python", '">=3.9"'),
    ('">=2.7"', "2.7", "requires-python", '">=3.9"'),
    ('">=2.7"', ">=2.7", "", "no TOML"),
    ("# /// script", "# /// python", "", "no header"),
    ('print("ready")', 'print("ready"', "", "does not compile"),
    ('print("ready")', "return 1", "", "does not compile"),
    ('print("ready")', 'print "ready"', "", "does not compile"),
    ('print("ready")', "\0", "", "does not compile"),
    ('print("ready")', "(" * 5000 + ")" * 5000, "", "does not compile"),
]


@pytest.mark.parametrize(("old", "new", "key", "message"), WRONG)
def test_a_wrong_header_names_the_key_and_what_is_valid(
    old: str, new: str, key: str, message: str
) -> None:
    """Every mistake in a header is refused with its key and the way out."""
    error = refused(changed(old, new))
    assert error.key == key
    assert message in error.text
    assert "\n" not in error.text


def test_two_headers_are_refused() -> None:
    """PEP 723 allows one block of a type."""
    assert "two headers" in refused(GOOD + GOOD).text


@pytest.mark.parametrize(
    "id", ["", "Plain", "plain_x", "a.b", "..", "-x", "a/b", "../x", "a b", "ä", "x\n", "a\0"]
)
def test_ids_that_could_be_paths_are_refused(id: str) -> None:
    """An id is small letters, digits and hyphens, so it never leads out of a folder."""
    assert "is no scenario id" in refused(GOOD, id).text


# ------------------------------------------------------------------ the folder


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    """Each broken file is an error of its own; every other scenario is loaded, by id."""
    (tmp_path / "z.py").write_text(GOOD)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.py").write_text(GOOD)
    (tmp_path / "b.py").write_text(changed("# title =", "# titel ="))
    (tmp_path / "c.py").write_text("print(1)\n")
    (tmp_path / "d.py").write_bytes(GOOD.encode() + b"# \xff\n")
    (tmp_path / "E.py").write_text(GOOD)
    (tmp_path / "f.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "app.py").write_text("no python")
    loaded = scenarios.load(tmp_path)
    assert [scenario.id for scenario in loaded.scenarios] == ["app", "z"]
    errors = {error.file: error for error in loaded.errors}
    assert sorted(errors) == ["E.py", "b.py", "c.py", "d.py", "f.py", "g/app.py"]
    assert str(errors["b.py"]).startswith("b.py: tool.exitmatrix.titel: unknown key")
    assert "UTF-8" in errors["d.py"].text
    assert "cannot be read" in errors["f.py"].text


def test_a_folder_with_an_app_is_one_scenario(tmp_path: Path) -> None:
    """The folder is the scenario's folder, its app.py the file that is run."""
    (tmp_path / "flask").mkdir()
    (tmp_path / "flask" / "app.py").write_text(GOOD)
    (tmp_path / "flask" / "helper.py").write_text("x = 1\n")
    (scenario,) = scenarios.load(tmp_path).scenarios
    assert scenario.id == "flask"
    assert scenario.path == str(tmp_path / "flask" / "app.py")
    assert scenario.folder == str(tmp_path / "flask")


def test_what_is_no_scenario_is_passed_over(tmp_path: Path) -> None:
    """Caches, data folders, other files and editors' hidden files are no errors."""
    (tmp_path / "a.py").write_text(GOOD)
    (tmp_path / ".a.py").write_text("")
    (tmp_path / "README.md").write_text("")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "data").mkdir()
    loaded = scenarios.load(tmp_path)
    assert [scenario.id for scenario in loaded.scenarios] == ["a"]
    assert loaded.errors == ()


def test_one_id_is_one_scenario(tmp_path: Path) -> None:
    """A file and a folder of one name are not both taken."""
    (tmp_path / "a.py").write_text(GOOD)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "app.py").write_text(GOOD)
    loaded = scenarios.load(tmp_path)
    assert len(loaded.scenarios) == 1
    assert "is taken" in loaded.errors[0].text


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_scenarios_is_an_error(tmp_path: Path, name: str) -> None:
    """Nothing to run is said, never shown as success."""
    loaded = scenarios.load(tmp_path / name)
    assert loaded.scenarios == ()
    assert "no *.py" in loaded.errors[0].text


def test_line_ends_of_another_system_are_read(tmp_path: Path) -> None:
    """A file with carriage returns is the same scenario."""
    (tmp_path / "a.py").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert scenarios.load(tmp_path).errors == ()


def test_warnings_about_a_scenario_stay_its_own(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """Reading a program with a doubtful escape tells the harness's user nothing."""
    (tmp_path / "a.py").write_text(GOOD + 'x = "\\d"\n')
    assert scenarios.load(tmp_path).errors == ()
    assert not recwarn.list


# --------------------------------------------------------- the committed ones


def test_every_committed_scenario_loads() -> None:
    """The folder of the project has no error, and holds each variant that was promised."""
    assert [str(error) for error in COMMITTED.errors] == []
    ids = {scenario.id for scenario in COMMITTED.scenarios}
    assert ids >= {"plain", "flask", "flask-debug", "flask-unthreaded", *VARIANTS}


@pytest.mark.parametrize("id", VARIANTS)
def test_a_variant_of_plain_asks_one_question(id: str) -> None:
    """A variant runs with `return`; its docstring opens with the question."""
    scenario = next(each for each in COMMITTED.scenarios if each.id == id)
    assert scenario.terminations in (("return",), USUAL)
    assert scenario.ready == Ready(by="stdout", line="ready")
    assert scenario.family == "none"
    question, _, promise = scenario.doc.partition("\n\n")
    assert question.endswith("?")
    assert promise


@pytest.mark.parametrize("scenario", COMMITTED.scenarios, ids=lambda each: each.id)
def test_a_committed_scenario_is_a_program_of_its_own(scenario: Scenario) -> None:
    """It imports `endings` unless a command starts it, and never the probe."""
    imported = set()
    for node in ast.walk(ast.parse(Path(scenario.path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert "endings" in imported or scenario.command
    assert not {name for name in imported if name.startswith(("exitmatrix", "harness"))}
    assert "sitecustomize" not in imported


def test_a_way_to_start_python_is_a_scenario_of_its_own() -> None:
    """Each has its id behind the file's, and what it is in its title."""
    text = (FOLDER / "plain-started.py").read_text()
    parsed = header.parse_scenario("plain-started", text, "plain-started.py")
    made = header.declared_by(parsed)
    assert [one.id for one in made] == [f"plain-started-{id}" for id in parsed.starts]
    assert all(one.start and one.start.does in one.title and not one.starts for one in made)
    with pytest.raises(header.InvalidScenario, match="starts: valid: c, m"):
        header.parse_scenario("x", text.replace('"runpy"', '"run"'), "x.py")


@pytest.mark.parametrize("scenario", COMMITTED.scenarios, ids=lambda each: each.id)
def test_a_committed_scenario_has_terminations(scenario: Scenario) -> None:
    """Its patterns select at least one entry of the catalogue."""
    assert any(
        pattern in (IN_PROCESS, RARE) or fnmatch.filter(TERMINATIONS, pattern.partition("@")[0])
        for pattern in scenario.terminations
    )


@pytest.mark.real
def test_scenarios_that_admit_2_7_are_2_7_syntax() -> None:
    """A scenario whose requires-python admits 2.7 compiles there."""
    old = [each for each in interpreters.find().interpreters if each.language == (2, 7)]
    if not old:
        pytest.skip("no Python 2.7 here")
    subjects = [each for each in COMMITTED.scenarios if "2.7.18" in SpecifierSet(each.requires)]
    paths = [each.path for each in subjects]
    paths += [f"{each.folder}/{name}.py" for each in subjects for name in each.modules]
    assert paths
    program = (
        "import sys\n"
        "for path in sys.argv[1:]:\n"
        "    compile(open(path).read(), path, 'exec', 0, True)\n"
        "print(len(sys.argv) - 1)\n"
    )
    done = subprocess.run(
        [old[0].path, "-E", "-c", program, *paths],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", f"{len(paths)}\n")
