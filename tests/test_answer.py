"""`answer`: situations and programs by the words that people use, and measured remedies."""

from __future__ import annotations

import contextlib
import re
from fnmatch import fnmatchcase

import pytest
from exitmatrix.cli.answer import (
    NOTHING_MEASURED,
    answer_document,
    elsewhere,
    output_lines,
    parse_query,
)
from exitmatrix.declare.launchers import LAUNCHED, LAUNCHERS_BY_ID
from exitmatrix.declare.matching import held_in, held_loosely_in
from exitmatrix.declare.questions import asked_about
from exitmatrix.declare.remedies import REMEDIES, Remedy
from exitmatrix.declare.servers import idle
from exitmatrix.declare.signposts import SIGNPOSTS, Signpost, signpost_of
from exitmatrix.declare.situations import SITUATIONS_BY_ID, find_situation
from exitmatrix.declare.spoken import (
    ALSO,
    BELOW,
    BELOW_TITLES,
    KNOWN,
    PROGRAMS,
    SCENARIO_TITLES,
    SPOKEN,
    SUBJECTS,
    UnknownName,
    ending_below,
    ending_in,
    program_and_launcher_of,
    scenario_of,
    situation_of,
)
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.declare.unmeasured import UNMEASURED, Unmeasured
from exitmatrix.judge.remedied import after, before
from exitmatrix.judge.served.request import foresee_served
from exitmatrix.judge.texts import ALL_LAWS
from exitmatrix.model import Record
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import LOADED
from tests.support.command import run
from tests.support.committed import REPORTS, records


@pytest.mark.parametrize(
    ("words", "id"),
    [
        ("kubectl delete pod", "deploy"),
        ("Kubectl  delete pod web-1", "deploy"),
        ("docker stop", "deploy"),
        ("exit 143", "deploy"),
        ("systemctl stop", "stop-service"),
        ("OOM killer", "oom"),
        ("exit 137", "oom"),
        ("kill -9", "oom"),
        ("kill", "deploy"),
        ("Ctrl-C", "ctrl-c"),
        ("ctrl c", "ctrl-c"),
        ("docker-stop", "deploy"),
        ("docker compose up", "deploy"),
        ("heroku restart", "stop-service"),
        ("supervisorctl restart web", "deploy"),
        ("returncode -9", "oom"),
        ("Killed", "oom"),
        ("^C", "ctrl-c"),
        ("exit code 130", "ctrl-c"),
        ("exit 139", "crash"),
        ("kill -11", "crash"),
        ("kill -15", "deploy"),
        ("kill -- -1234", "stop-service"),
        ("ssh connection lost", "hang-up"),
        ("orphan process", "lost-parent"),
        ("oom", "oom"),
    ],
)
def test_a_situation_is_found_by_what_people_call_it(words: str, id: str) -> None:
    """Case and spaces do not matter; the longest name that is in the words counts."""
    assert situation_of(words).id == id


def test_words_that_name_nothing_are_answered_with_the_nearest() -> None:
    """In one line."""
    with pytest.raises(UnknownName, match="docker stop") as caught:
        situation_of("docker stip")
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(UnknownName, match="gunicorn"):
        scenario_of("gunicron")
    with pytest.raises(UnknownName):
        situation_of(" ")


def test_words_that_nothing_is_near_are_answered_with_some_that_are_known() -> None:
    """Each of which names something."""
    with pytest.raises(UnknownName, match="known are docker stop, "):
        situation_of("xyzzy")
    with pytest.raises(UnknownName, match="known are gunicorn, "):
        scenario_of("xyzzy")
    assert all(situation_of(word) for word in KNOWN["situation"].split(", "))
    assert all(scenario_of(word) for word in KNOWN["program"].split(", "))


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("ctrl-c twice", "Ctrl-C twice"),
        ("docker kill web", "docker kill"),
        ("kubectl delete pod web-1 --grace-period=0 --force", "docker kill"),
        ("kill -2", "kill -INT"),
        ("kill -HUP", "reload"),
        ("sys.exit() in a view", "sys.exit"),
        ("stale pid file", "lock file left"),
        ("zombie", "zombie"),
        ("gunicorn worker timeout", "worker timeout"),
    ],
)
def test_what_is_no_situation_is_shown_where_it_is_answered(words: str, title: str) -> None:
    """Before the names of situations: `docker kill` is no `kill`, and a second Ctrl-C no first."""
    found = signpost_of(words)
    assert found
    assert found.words[0].lower() == title.lower()


@pytest.mark.parametrize("sign", SIGNPOSTS, ids=[one.words[0] for one in SIGNPOSTS])
def test_a_signpost_leads_somewhere(sign: Signpost) -> None:
    """To cells that were measured, to situations that there are, to an ending of `run`."""
    measured = {str(one.question) for one in records() if one.outcomes}
    assert set(sign.cells) <= measured
    assert set(sign.terminations) <= set(TERMINATIONS)
    for situation, *subject in sign.asks:
        assert situation_of(situation).id
        assert not signpost_of(situation)
        assert all(program_and_launcher_of(one) for one in subject)
    assert not sign.ending or find_situation(sign.ending).steps
    assert sign.cells or sign.asks
    assert all(signpost_of(word) is sign for word in sign.words)


def test_a_signpost_takes_no_words_from_a_situation() -> None:
    """What names a situation is answered as that."""
    words = [word for one in SPOKEN for word in (one.situation, one.title.lower(), *one.words)]
    assert not [word for word in words if signpost_of(word)]


def test_what_is_no_situation_is_answered_for_the_program_that_was_named() -> None:
    """With its own cells where it was measured, and with the nearest where not."""
    text = "\n".join(elsewhere(parse_query("ctrl-c twice", "app.run", LOADED), REPORTS))
    assert text.startswith("ctrl-c twice: Flask's server\n")
    assert "  exitmatrix explain flask/SIGINT-twice\n" in text
    text = "\n".join(elsewhere(parse_query("ctrl-c twice", "uvicorn", LOADED), REPORTS))
    assert "  Not measured of uvicorn. Nearest:\n" in text
    sign = signpost_of("ctrl-c twice")
    assert sign
    assert all(f"  exitmatrix explain {cell}\n" in text for cell in sign.cells)
    text = "\n".join(elsewhere(parse_query("worker timeout", "gunicorn", LOADED), REPORTS))
    assert "  exitmatrix explain gunicorn-hooks/hang@worker\n" in text
    assert "Not measured" not in text


LATE = {
    "closing the terminal window kills my script": "hang-up",
    "subprocess.Popen.terminate atexit": "deploy",
    "os.kill(os.getpid(), signal.SIGKILL)": "oom",
    "os.kill(pid, signal.SIGTERM)": "deploy",
    "scancel": "slurm",
    "sbatch time limit": "slurm",
    "kill -9 gunicorn master": "lost-parent",
    "kill -9 gunicorn worker": "oom",
    "docker logs show no shutdown message": "output lost",
    "container killed after 10 seconds": "takes 10 seconds",
    "shell form CMD signal": "takes 10 seconds",
    "Worker with pid 7214 was terminated due to signal 6": "worker timeout",
    "Worker with pid 7284 was terminated due to signal 9": "oom",
    "A process in the process pool was terminated abruptly": "oom",
    "p.kill() cleanup": "oom",
    "exit code -9": "oom",
    "exit code -11": "crash",
    "exit code -15": "deploy",
    "exit code -1": "exit -1",
    "exit status 255": "exit -1",
    "pool workers survive kill -9 of parent": "lost-parent",
    "screen killed": "hang-up",
    "gunicorn worker_exit hook not called": "atexit not called",
    "Task was destroyed but it is pending": "CancelledError",
    "loop.add_signal_handler": "CancelledError",
    "ulimit -t": "ulimit -t",
    "systemd stop timeout": "stop-service",
    "State 'stop-sigterm' timed out. Killing.": "stop-service",
    "service restart": "stop-service",
    "spot interruption": "stop-service",
    "docker-compose down": "deploy",
    "compose stop": "deploy",
    "docker compose up ctrl c": "deploy",
    "preStop hook": "deploy",
    "terminationGracePeriodSeconds": "deploy",
    "k8s pod deleted": "deploy",
    "supervisor stop": "deploy",
    "celery warm shutdown": "deploy",
    "fly deploy": "fly deploy",
    "nomad stop": "fly deploy",
    "heroku R12": "stop-service",
    "[CRITICAL] WORKER TIMEOUT (pid:12)": "worker timeout",
    "Worker was sent SIGKILL! Perhaps out of memory?": "oom",
    "Out of memory: Killed process 812 (python)": "oom",
    "gunicorn graceful timeout": "graceful timeout",
    "celery tasks lost": "tasks lost",
    "celery task lost on deploy": "tasks lost",
    "celery cold shutdown": "SIGQUIT",
    "uvicorn --reload ctrl-c": "ctrl-c",
    "pytest ctrl-c": "ctrl-c",
    "notebook restart": "restart kernel",
    "kernel interrupted": "kill -INT",
    "ssh session closed": "hang-up",
    "ssh timeout": "hang-up",
    "tmux kill-window": "hang-up",
    "tmux detach": "tmux detach",
    "closing the laptop": "laptop lid",
    "Segmentation fault (core dumped)": "crash",
    "core dump": "abort",
    "ci cancelled": "github actions cancel",
    "gitlab ci cancel": "gitlab ci",
    "jenkins abort": "gitlab ci",
    "cron timeout": "timeout",
    "timeout 10": "timeout",
    "windows ctrl-c": "windows",
    "taskkill": "windows",
    "ctrl+z": "sigstop",
    "docker pause": "sigstop",
    "stdin closed": "eoferror",
    "exit 0": "exit 0",
    "exit code 3": "exit 3",
    "exit code 120": "exit 120",
    "exit()": "sys.exit",
    "does atexit run on sigterm": "deploy",
    "atexit": "atexit not called",
    "lifespan shutdown not called": "atexit not called",
    "process finished with exit code -1073741510": "windows",
    "helm rollback": "deploy",
    "multiprocessing children left": "children left",
    "crashloopbackoff": "crashloopbackoff",
    # Other forms of words, and words between those of a name.
    "closed terminal": "hang-up",
    "ssh dropped": "hang-up",
    "node drained": "deploy",
    "pods evicted": "deploy",
    "preempted": "stop-service",
    "kubectl delete pod web-1 --force": "docker kill",
    "pkill -9 python": "docker kill",
    "pkill python": "stop-service",
    "how do i gracefully shut down": "deploy",
    "R12 exit timeout": "stop-service",
    "Main process exited, code=killed, status=9/KILL": "oom",
    "Main process exited, code=exited, status=143/n/a": "deploy",
    "Failed with result 'oom-kill'": "oom",
    "Failed with result 'timeout'": "stop-service",
    "[INFO] Handling signal: term": "deploy",
    "docker stop takes 10 seconds": "takes 10 seconds",
    "container takes 10s to stop": "takes 10 seconds",
    "sigterm not received in docker": "takes 10 seconds",
    "ctrl c doesn't kill my program": "hangs on exit",
    "ctrl c not working in docker": "ctrl-c",
    "uvicorn not shutting down": "hangs on exit",
    "why is my lock file still there after kubectl delete pod": "lock file left",
    "redis lock not released": "lock file left",
    "data lost on deploy": "lock file left",
    "port already in use": "children left",
    "finally block not executed on sigterm": "finally",
    "__del__ not called": "__del__",
    "last log lines missing": "output lost",
    "buffer not flushed": "output lost",
    "atexit called twice in flask": "runs twice",
    "502 on deploy": "requests dropped",
    "upstream prematurely closed connection": "requests dropped",
    "Waiting for background tasks to complete": "requests dropped",
    "gunicorn restart": "restart",
    "pm2 restart": "fly deploy",
    "pycharm stop button": "pycharm",
    "vscode stop button": "debugger stop",
    "app engine": "app engine",
    "dokku": "deploy",
    "server crashed": "crashed",
    "sys.exit in a thread": "sys.exit in a thread",
    "os.kill(os.getpid(), signal.SIGTERM)": "os.kill(os.getpid(), signal.sigterm)",
    "gitlab ci cancelled": "gitlab ci",
    "github action cancelled": "github actions cancel",
    "colab disconnected": "colab",
    "nohup": "nohup",
    "docker stop -t 0 web": "docker kill",
    "docker-compose down -t 1": "deploy",
    "ssh session died": "hang-up",
    "kernel killed my process": "oom",
    "caught signal 2": "ctrl-c",
    "pytest -x interrupted": "ctrl-c",
    "does atexit run on os._exit": "os._exit",
    "my cleanup code doesn't run": "atexit not called",
    "atexit.register not working with docker": "atexit not called",
    "gunicorn HUP": "reload",
    "daemon thread killed at exit": "daemon thread",
    "subprocess.run timeout": "lost-parent",
    "threadpool shutdown hang": "hangs on exit",
    "tempdir not deleted": "lock file left",
    "docker logs empty": "output lost",
    "container exits immediately": "crashloopbackoff",
    "systemctl kill gunicorn": "stop-service",
    "systemctl kill -s SIGKILL": "docker kill",
    "kill %1": "deploy",
    "kill 1": "deploy",
    "kill -1 4242": "reload",
    "kill -s QUIT": "SIGQUIT",
    "ecs spot interruption": "deploy",
    "power outage": "docker kill",
    "fuser -k 8000/tcp": "docker kill",
    "[INFO] Handling signal: int": "kill -INT",
    "billiard.exceptions.WorkerLostError": "tasks lost",
    "os._exit(1)": "os._exit",
    "parent died": "lost-parent",
    "subprocess terminate()": "deploy",
}
"""What is typed at three in the morning, and what it means: a situation, or a signpost's title."""


@pytest.mark.parametrize(
    ("words", "launcher"),
    [
        ("sh -c python sigterm", "sh"),
        ("nohup python sigterm", "nohup"),
        ("uv run ctrl+c", "uv-run"),
        ("docker stop in kubernetes", "pid1"),
        ("ssh timeout", "direct"),
        ("close the terminal", "direct"),
        ("docker stop", "direct"),
        ("bash -c python docker stop", "bash"),
        ("python -m http.server ctrl c", "direct"),
        ("atexit in gunicorn, docker stop", "direct"),
    ],
)
@pytest.mark.parametrize("subject", ["python app.py", "gunicorn"])
def test_what_stands_above_may_be_named_with_what_ends_it(
    words: str, launcher: str, subject: str
) -> None:
    """Where its words mean nothing else: a terminal, a shell and a timeout may be others."""
    assert parse_query(words, subject, LOADED).launcher == launcher


def test_what_was_not_measured_below_a_launcher_is_answered_as_it_is_without() -> None:
    """Which is said: first that it was not measured, and how to see it, then the nearest."""
    lines = [*output_lines(parse_query("docker stop", "gunicorn under tini", LOADED), REPORTS)]
    directly = [*output_lines(parse_query("docker stop", "gunicorn", LOADED), REPORTS)]
    before = lines[: lines.index("Started directly")]
    assert f"  {NOTHING_MEASURED}" in before
    assert any("exitmatrix run" in line and "--as tini" in line for line in before)
    assert lines[-len(directly) :] == directly


@pytest.mark.parametrize("words", LATE)
def test_words_of_logs_and_platforms_are_understood(words: str) -> None:
    """With the marks of a message around them; Fly.io and Windows are no `docker stop`."""
    what = parse_query(words, "python app.py", LOADED).what
    assert LATE[words] == (what.words[0] if isinstance(what, Signpost) else what.id)


@pytest.mark.parametrize(
    ("words", "scenario"),
    [
        ("pytest ctrl-c", "pytest"),
        ("uvicorn --reload ctrl-c", "uvicorn-reload"),
        ("celery tasks lost", "celery-prefork"),
        ("kill gunicorn", "gunicorn"),
        ("the terminal is closed", "plain"),
        ("docker stop", "plain"),
    ],
)
def test_a_program_that_the_situation_names_is_the_program(words: str, scenario: str) -> None:
    """Where none is named beside it; the name of a launcher alone is none."""
    asked = parse_query(words, "python app.py", LOADED)
    assert (asked.scenario.id, asked.launcher) == (scenario, "direct")
    assert parse_query(words, "hypercorn", LOADED).scenario.id == "hypercorn"


def test_a_program_may_be_named_first() -> None:
    """And alone it is no question: the line says what to ask."""
    assert parse_query("gunicorn", "docker stop", LOADED) == parse_query(
        "docker stop", "gunicorn", LOADED
    )
    with pytest.raises(UnknownName, match="answer 'docker stop' gunicorn"):
        parse_query("gunicorn", "python app.py", LOADED)


@pytest.mark.parametrize(
    ("words", "scenario"),
    [
        ("uvicorn main:app --workers 4", "uvicorn-workers"),
        ("uvicorn main:app --workers=4", "uvicorn-workers"),
        ("uvicorn main:app --workers 1", "uvicorn"),
        ("uvicorn main:app --port 80 --reload", "uvicorn-reload"),
        ("gunicorn -w 4 -k uvicorn.workers.UvicornWorker app:app", "gunicorn-uvicorn"),
        ("gunicorn --worker-class=uvicorn_worker.UvicornWorker app:app", "gunicorn-uvicorn"),
        ("gunicorn -w 2 --threads 8 app:app", "gunicorn-gthread"),
        ("gunicorn -w 2 app:app", "gunicorn"),
        ("python manage.py runserver 0.0.0.0:8000 --noreload", "django-runserver-noreload"),
        ("flask --app hello --debug run", "flask-run-debug"),
        ("flask run --host 0.0.0.0", "flask-run"),
        ("celery -A proj worker -P solo", "celery-solo"),
        ("celery -A proj worker -l info", "celery-prefork"),
        ("python3 app.py", "plain"),
        ("my script", "plain"),
        ("python script", "plain"),
    ],
)
def test_a_command_line_names_its_program_with_the_options_that_matter(
    words: str, scenario: str
) -> None:
    """Others may stand between them: a server with workers is not one without."""
    assert program_and_launcher_of(words, LOADED) == (scenario, "direct")


@pytest.mark.parametrize(
    ("words", "launcher"),
    [
        ("ctrl c not working in docker", "pid1"),
        ("kill -9 behind a shell", "sh"),
        ("docker stop", "direct"),
        ("the terminal is closed", "direct"),
        ("supervisorctl stop", "direct"),
    ],
)
def test_what_stands_above_may_be_named_beside_the_situation(words: str, launcher: str) -> None:
    """After a preposition; many situations bear the name of a launcher."""
    assert parse_query(words, "python app.py", LOADED).launcher == launcher


def test_endings_of_words_count_only_where_no_name_fits_as_it_is() -> None:
    """`Killed` is what a shell says of SIGKILL, and `kill` sends SIGTERM."""
    assert situation_of("killed").id == "oom"
    assert situation_of("kill").id == "deploy"
    assert held_in("ssh dropped", ["ssh drops"]) == ""
    assert held_loosely_in("it was dropped, my ssh", ["ssh drops"]) == "ssh drops"
    assert held_loosely_in("killed", ["kills", "skill"]) == "kills"


@pytest.mark.parametrize("program", UNMEASURED, ids=[one.words[0] for one in UNMEASURED])
def test_of_a_program_that_nobody_measured_that_is_said(program: Unmeasured) -> None:
    """With what is nearest, which is measured, and a command. No other program answers for it."""
    asked = [parse_query("docker stop", word, LOADED) for word in program.words]
    asked += [parse_query(f"docker stop {program.words[0]}", "python app.py", LOADED)]
    for one in asked:
        assert one.unmeasured == program
        text = "\n".join(output_lines(one, REPORTS))
        assert f"{program.words[0]} is not measured." in " ".join(text.split())
        assert f"exitmatrix run --ending deploy -- {program.command}" in text
        assert "What happens" not in text
        assert answer_document(one, REPORTS).cell is None
    if program.nearest:
        assert parse_query("docker stop", program.nearest, LOADED).unmeasured is None


def test_no_row_of_the_unmeasured_is_measured() -> None:
    """Its names are those of no scenario."""
    words = {word for one in UNMEASURED for word in one.words}
    assert not words & {*LOADED, *PROGRAMS}


def test_options_are_no_part_of_a_name() -> None:
    """`--reload` is no `reload`, and a name of few letters is not looked for by them alone."""
    assert held_in("uvicorn --reload", ["reload"]) == ""
    assert held_in("please reload it", ["reload"]) == "reload"
    assert held_in("docker-compose stop now", ["docker compose stop"]) == "docker compose stop"
    assert held_in("ctrl c", ["ctrl-\\"]) == ""
    assert held_in("exit 255", ["exit()"]) == ""


@given(st.text(max_size=20))
def test_no_words_crash(words: str) -> None:
    """Whatever is typed names something or is refused."""
    for find_name in (situation_of, scenario_of, program_and_launcher_of):
        with contextlib.suppress(UnknownName):
            assert find_name(words)
    assert signpost_of(words) is None or words.strip()


def test_no_name_means_two_things() -> None:
    """A word that two situations share would be answered by chance."""
    words = [word for one in SPOKEN for word in (one.title.lower(), *one.words)]
    assert len(words) == len(set(words))
    words_of_programs = (*SUBJECTS.values(), *ALSO.values(), *BELOW.values())
    subjects = [word for many in words_of_programs for word in many]
    assert len(subjects) == len(set(subjects))
    assert {one.situation for one in SPOKEN} <= set(SITUATIONS_BY_ID)
    assert SUBJECTS.keys() == SCENARIO_TITLES.keys() <= LOADED.keys()
    assert ALSO.keys() <= LOADED.keys()


def test_a_situation_leads_to_a_cell_that_there_is() -> None:
    """Of a program of one process there is no lost parent; all else has its cell."""
    assert ending_in(SITUATIONS_BY_ID["lost-parent"], LOADED["plain"]) is None
    assert str(ending_in(SITUATIONS_BY_ID["oom"], LOADED["gunicorn"])) == "SIGKILL@worker"
    assert str(ending_in(SITUATIONS_BY_ID["deploy"], LOADED["flask-debug"])) == "SIGTERM@parent"
    assert str(ending_in(SITUATIONS_BY_ID["ctrl-c"], LOADED["plain"])) == "SIGINT@main"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("behind a shell", ("plain", "sh")),
        ("a container's PID 1", ("plain", "pid1")),
        ("entry script without exec", ("plain", "script")),
        ("under tini", ("plain", "tini")),
        ("supervisord", ("plain", "supervisord")),
        ("supervisord-asgroup", ("plain", "supervisord-asgroup")),
        ("flask debug server under tini", ("flask-debug", "tini")),
        ("gunicorn behind a shell", ("gunicorn", "sh")),
        ("tini -g flask --debug run", ("flask-run-debug", "tini-g")),
        ("python app.py", ("plain", "direct")),
        ("gunicorn", ("gunicorn", "direct")),
        ("script", ("plain", "direct")),
        ("plain-graceful in a container", ("plain-graceful", "pid1")),
    ],
)
def test_what_stands_above_a_program_is_found_by_what_people_call_it(
    words: str, found: tuple[str, str]
) -> None:
    """The remaining words name the program, if any."""
    assert program_and_launcher_of(words, LOADED) == found


def test_what_stands_above_is_named_where_it_is_nearest() -> None:
    """And words below it that name no program are refused, whatever stands above."""
    with pytest.raises(UnknownName, match="'supervisrd'; nearest: supervisord"):
        program_and_launcher_of("supervisrd")
    with pytest.raises(UnknownName, match="no program is called 'gunicron'"):
        program_and_launcher_of("gunicron under tini")


def test_every_launcher_is_called_something() -> None:
    """All but `direct`, which needs no name; and each row of the table is a launcher."""
    assert set(BELOW) == set(LAUNCHED)
    assert set(BELOW_TITLES) <= set(BELOW)


@pytest.mark.parametrize(
    ("situation", "launcher", "cell"),
    [
        ("deploy", "sh", "SIGTERM@first"),
        ("ctrl-c", "sh", "SIGINT@group"),
        ("ctrl-c", "pid1", "SIGINT@first"),
        ("stop-service", "sh", "SIGTERM@group"),
        ("stop-service", "tini", "SIGTERM@all"),
        ("oom", "sh", "SIGKILL@main"),
        ("lost-parent", "sh", "SIGKILL@first"),
        ("lost-parent", "script-exec", "None"),
    ],
)
def test_a_situation_below_a_launcher_leads_to_what_it_does_there(
    situation: str, launcher: str, cell: str
) -> None:
    """SIGTERM goes to all of a service: where they are in two groups, no cell was run of that."""
    plain = LOADED["plain"]
    assert str(ending_below(SITUATIONS_BY_ID[situation], plain, LAUNCHERS_BY_ID[launcher])) == cell


def shown(question: str) -> list[Record]:
    return [one for one in records() if str(one.question) == question]


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda one: f"{one.instead_of} {one.change[:20]}")
def test_a_remedy_was_measured(remedy: Remedy) -> None:
    """On each Python all runs with it show what some run without it does not.

    That all atexit handlers run, that what it names runs, that it ends, or is kept.
    """
    without, with_it = shown(remedy.instead_of), shown(remedy.shown_by)
    assert without
    assert with_it
    assert all(after(remedy, one.outcomes, idle_in(one)) for one in with_it)
    assert not all(before(remedy, one.outcomes, idle_in(one)) for one in without)


def idle_in(record: Record) -> tuple[str, ...]:
    return idle(LOADED[record.scenario])


def test_every_law_of_servers_is_told_with_its_reason() -> None:
    """A prediction names laws, and each is one that can be looked up."""
    used = {
        law
        for one in records()
        if LOADED.get(one.scenario) and LOADED[one.scenario].server
        for law in foresee_served(one, LOADED[one.scenario]).rules
    }
    assert used <= ALL_LAWS.keys()


@pytest.mark.real
def test_the_answer_names_what_was_measured_and_how_to_try_it() -> None:
    """Exit status 0; the cell, the order of events, the reader's own program."""
    done = run("answer", "docker stop", "python app.py")
    assert done.returncode == 0, done.stderr
    assert re.search(r"as\s+cpython-[\d.]+/none/plain/SIGTERM@main", done.stdout)
    assert "exitmatrix run --ending deploy -- python app.py" in done.stdout
    assert "What to do" in done.stdout
    assert "  exitmatrix answer 'docker stop' 'python app.py in a container'\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    below = run("answer", "docker stop", "behind a shell")
    assert re.search(r"as\s+cpython-[\d.]+/none/plain/sh/SIGTERM@first", below.stdout)
    assert "exitmatrix run --ending deploy --as sh -- python app.py" in below.stdout
    assert "Put exec before the command" in below.stdout
    wrong = run("answer", "docker stip")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("exitmatrix: no situation is called 'docker stip'")


def test_an_answer_names_those_whose_short_answer_it_is_before_others() -> None:
    """Threads that ask exactly this come first; a cell that answers no question names none."""
    found = asked_about("plain/SIGTERM@main")
    short = [one.number for one in found if fnmatchcase("plain/SIGTERM@main", one.cases[0].cells)]
    assert short
    assert [one.number for one in found[: len(short)]] == short
    assert asked_about("nothing/SIGTERM@main") == ()


def test_an_answer_leads_on_to_every_version_and_to_who_asks() -> None:
    """The command for the other Pythons, and the address of a public thread."""
    text = run("answer", "docker stop", "gunicorn").stdout
    assert "exitmatrix explain gunicorn/SIGTERM@master" in text
    assert re.search(r"^Who asks\n  .+\n(  .+\n)*    https://\S+$", text, re.MULTILINE)
