"""What people call situations and programs: the words that are typed into a search box.

Pure. A situation is one of `declare/situations.py`; here stand its names in the world, and
for every program that is measured the cell that answers for it. `answer`, the report
and the page share both tables.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from exitmatrix.declare.matching import follow, held_in, held_loosely_in, words_of
from exitmatrix.declare.situations import SITUATIONS_BY_ID
from exitmatrix.model import Ending, Frozen, Scenario
from exitmatrix.model.app import Situation
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.launcher import Launcher
from exitmatrix.model.tree import ALL, FIRST, GROUP


class Spoken(Frozen, kw_only=True):
    """A situation in words."""

    situation: str  # its id
    title: str  # how it opens a row
    words: tuple[str, ...]  # what else it is called


SPOKEN: tuple[Spoken, ...] = (
    Spoken(
        situation="deploy",
        title="kubectl delete pod, docker stop",
        words=(
            *(
                "kubectl delete pod",
                "kubectl rollout restart",
                "docker stop",
                "docker compose down",
            ),
            *(
                "docker compose stop",
                "podman stop",
                "rolling update",
                "cloud run",
            ),
            # Ctrl-C there stops the containers, as its reference says; nobody gets SIGINT.
            "docker compose up",
            *("docker restart", "docker compose restart", "podman restart"),
            "docker service update",
            *("kubectl scale", "kubectl drain", "node drain", "pod eviction", "helm upgrade"),
            *("evicted", "liveness probe", "liveness probe failed"),
            *("aws ecs stop-task", "ecs stop task", "ecs task stopped", "ecs", "fargate"),
            # Fargate sends SIGTERM to the task: Amazon ECS, Fargate Spot termination notices.
            *("ecs spot interruption", "fargate spot", "fargate spot interruption"),
            # SIGTERM to the child: subprocess, Popen.terminate.
            *("subprocess terminate", "popen.terminate", "subprocess.popen.terminate"),
            *("popen.terminate()", "process.terminate()", "proc.terminate()", "p.terminate()"),
            "signal.sigterm",
            *("exit 143", "exit code 143", "exit status 143", "143", "sigterm", "kill"),
            *("returncode -15", "exit code -15", "terminated", "signal 15"),
            *("kill the first pid", "supervisorctl stop", "supervisorctl restart", "deploy"),
            *("supervisor stop", "supervisor restart", "compose stop", "compose down"),
            *("supervisord stop", "supervisord restart"),
            *(
                "compose restart",
                "redeploy",
                "rollout",
                "helm rollback",
                "docker swarm",
                "pod deleted",
                "delete pod",
                "pod terminating",
            ),
            *("pod terminated", "pod termination", "kubernetes", "k8s", "graceful shutdown"),
            "gracefully shut down",
            # A preStop hook comes before the signal: Kubernetes, Container Lifecycle Hooks.
            *("prestop", "prestop hook", "terminationgraceperiodseconds", "grace period"),
            *("stop_grace_period", "stop timeout", "scale down", "scale to zero", "autoscaler"),
            # What systemd and gunicorn write of SIGTERM.
            *("handling signal: term", "status=15/term", "status=143/n/a", "kill -term"),
            # SIGTERM to the container: Railway, Deployment Teardown; Azure Container Apps,
            # Application lifecycle management; Dokku stops containers as Docker does.
            *("kubectl apply", "kubectl rollout undo"),
            *("railway", "azure container apps", "container apps", "dokku"),
            # SIGTERM to its main process: celery, Workers Guide, Stopping the worker.
            *("warm shutdown", "celery warm shutdown"),
        ),
    ),
    Spoken(
        situation="stop-service",
        title="systemctl stop",
        words=(
            *("systemctl restart", "stop a service", "reboot", "shutdown"),
            *("pkill", "pkill -f", "killall", "kill --", "spot instance"),
            "systemctl kill",  # to all processes of the service: systemctl(1), --kill-whom
            *("service stop", "service restart", "systemd", "systemd stop", "power button"),
            *("timeoutstopsec", "stop-sigterm", "stop-sigterm timed out", "poweroff", "halt"),
            # The system shuts down and stops its services: EC2, Terminate your instance.
            *("spot interruption", "instance terminated", "ec2 terminate", "preemptible"),
            *("systemd timeout", "systemd stop timeout", "result 'timeout'"),
            *("shut down", "spot termination", "preempted", "preemption", "vm stop"),
            # To all processes of the dyno: Heroku Dev Center, Dyno Shutdown Behavior.
            *("heroku restart", "heroku", "dyno", "heroku dyno"),
            *("r12", "r12 exit timeout", "error r12"),
        ),
    ),
    Spoken(
        situation="ctrl-c",
        title="Ctrl-C",
        words=(
            "ctrl+c",
            *("control c", "ctrl c", "signal 2", "interrupted"),
            *("keyboard interrupt", "returncode -2", "exit code -2", "signal.sigint"),
            "sigint",
            "keyboardinterrupt",
            "^c",
            *("exit 130", "exit code 130", "exit status 130", "130"),
        ),
    ),
    Spoken(
        situation="oom",
        title="OOM killer, kill -9 to the serving process",
        words=(
            *("oom killer", "out of memory", "oom", "exit 137", "kill -9", "sigkill", "oomkilled"),
            *("memory limit", "kill the second pid", "exit code 137", "exit status 137", "137"),
            *("killed", "signal 9", "returncode -9", "kill -kill", "kill -sigkill"),
            # What the arbiter of gunicorn logs of a worker, and what a pool raises.
            *("exit code -9", "terminated due to signal 9", "terminated abruptly"),
            *("popen.kill()", "process.kill()", "p.kill()", "proc.kill()", "signal.sigkill"),
            *("status=9/kill", "result 'oom-kill'", "oom-kill"),
        ),
    ),
    Spoken(
        situation="lost-parent",
        title="kill -9 to the first process",
        words=(
            *("lost parent", "kill -9 the first pid", "parent dies", "parent died"),
            *("subprocess timeout", "subprocess.run timeout"),
            *("orphan", "orphans", "orphan process", "orphaned process", "orphaned"),
            *("kill -9 the parent", "kill -9 of parent", "parent killed", "parent is killed"),
            *("kill -9 parent", "kill -9 master", "master killed", "master is killed"),
        ),
    ),
    Spoken(
        situation="hang-up",
        title="the terminal is closed",
        words=(
            "terminal closed",
            "close the terminal",
            "ssh disconnect",
            "hang up",
            "sighup",
            "logout",
            *("ssh connection lost", "ssh connection", "ssh timeout", "close terminal"),
            *("screen closed", "tmux kill-session", "tmux kill-server", "close the window"),
            "screen killed",
            *("tmux kill-window", "tmux kill-pane", "ssh session", "ssh session closed"),
            *("ssh disconnected", "ssh closed", "ssh drops", "lost ssh", "window closed"),
            *("kill terminal", "quit terminal", "terminal window", "signal.sighup"),
            *("exit 129", "exit code 129", "exit status 129"),
        ),
    ),
    Spoken(
        situation="crash",
        title="a crash (segmentation fault)",
        words=(
            *("segfault", "segmentation fault", "crash", "sigsegv", "kill -segv", "kill -11"),
            *("exit 139", "exit code 139", "exit status 139", "139", "returncode -11"),
            "exit code -11",
            *("segmentation fault core dumped", "signal 11"),
        ),
    ),
)

SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "plain": (
        *("python app.py", "a program", "script", "program", "python"),
        *("python3", "main.py", "app.py"),
    ),
    "flask": ("app.run", "flask development server"),
    "flask-debug": ("app.run debug", "flask debug server", "debug server", "reloader", "werkzeug"),
    "flask-run": ("flask run", "python -m flask run", "flask"),
    "flask-run-debug": ("flask --debug run", "flask run --debug", "flask run --reload"),
    "http-server": ("python -m http.server", "http.server", "simplehttpserver"),
    "django-runserver": ("manage.py runserver", "runserver", "django"),
    "django-runserver-noreload": ("manage.py runserver --noreload", "runserver --noreload"),
    "celery-prefork": ("celery", "celery worker", "celery --pool prefork"),
    "celery-solo": ("celery --pool solo", "celery -p solo"),
    "gunicorn": ("gunicorn", "gunicorn sync"),
    "gunicorn-preload": ("gunicorn --preload",),
    "gunicorn-gthread": ("gunicorn gthread", "gunicorn --threads", "gunicorn -k gthread"),
    "gunicorn-uvicorn": (
        "gunicorn uvicorn",
        "gunicorn uvicornworker",
        "gunicorn -k uvicorn_worker.uvicornworker",
        "gunicorn -k uvicorn.workers.uvicornworker",
        "gunicorn --worker-class uvicorn_worker.uvicornworker",
        "gunicorn --worker-class uvicorn.workers.uvicornworker",
        *("gunicorn with uvicorn workers", "uvicorn workers in gunicorn"),
        "uvicornworker",
    ),
    "gunicorn-gevent": (
        *("gunicorn gevent", "gunicorn -k gevent", "gunicorn --worker-class gevent", "gevent"),
    ),
    "gunicorn-asgi": ("gunicorn asgi", "gunicorn -k asgi"),
    "uvicorn": (*("uvicorn", "uvicorn --workers 1", "fastapi run", "fastapi", "starlette"),),
    "uvicorn-workers": ("uvicorn --workers", "uvicorn workers", "fastapi run --workers"),
    "uvicorn-reload": ("uvicorn --reload", "uvicorn reload", "fastapi dev"),
    "hypercorn": ("hypercorn", "hypercorn --workers 1"),
    "hypercorn-workers": ("hypercorn --workers", "hypercorn workers"),
    "hypercorn-no-worker": ("hypercorn --workers 0",),
    "granian": ("granian", "granian --interface asgi", "granian asgi"),
    "granian-wsgi": ("granian --interface wsgi", "granian wsgi"),
    "daphne": ("daphne", "channels"),
    "ipykernel": (
        "jupyter kernel",
        "jupyter",
        "notebook",
        "ipython",
        "python -m ipykernel_launcher",
        "ipython kernel",
    ),
    "uwsgi": ("uwsgi without a master", "uwsgi single"),
    "uwsgi-master": ("uwsgi", "uwsgi --master", "pyuwsgi"),
    "uwsgi-die-on-term": ("uwsgi --die-on-term", "uwsgi die-on-term"),
    "uwsgi-lazy-apps": ("uwsgi --lazy-apps", "uwsgi lazy-apps"),
    "waitress": ("waitress-serve", "waitress"),
}
"""What people run, and the scenario that is measured for it."""

SCENARIO_TITLES: Mapping[str, str] = {
    "plain": "a program",
    "flask": "Flask's server",
    "flask-debug": "Flask's debug server",
    "flask-run": "flask run",
    "flask-run-debug": "flask --debug run",
    "http-server": "http.server",
    "django-runserver": "Django's runserver",
    "django-runserver-noreload": "runserver --noreload",
    "celery-prefork": "celery worker",
    "celery-solo": "celery --pool solo",
    "gunicorn": "gunicorn",
    "gunicorn-preload": "gunicorn --preload",
    "gunicorn-gthread": "gunicorn --threads 2",
    "gunicorn-uvicorn": "gunicorn, uvicorn's workers",
    "gunicorn-gevent": "gunicorn, gevent",
    "gunicorn-asgi": "gunicorn, its ASGI workers",
    "uvicorn": "uvicorn",
    "uvicorn-workers": "uvicorn --workers 2",
    "uvicorn-reload": "uvicorn --reload",
    "hypercorn": "hypercorn",
    "hypercorn-workers": "hypercorn --workers 2",
    "hypercorn-no-worker": "hypercorn --workers 0",
    "granian": "granian, ASGI",
    "granian-wsgi": "granian, WSGI, 2 workers",
    "daphne": "daphne",
    "ipykernel": "a Jupyter kernel",
    "uwsgi": "uWSGI, one process",
    "uwsgi-master": "uWSGI --master",
    "uwsgi-die-on-term": "uWSGI --master --die-on-term",
    "uwsgi-lazy-apps": "uWSGI --master --lazy-apps",
    "waitress": "waitress",
}


ALSO: Mapping[str, tuple[str, ...]] = {
    "asyncio-run": ("asyncio", "asyncio.run"),
    "flask-apscheduler": ("apscheduler", "backgroundscheduler"),
    "plain-thread-alive": ("threading", "a thread"),
    "process-pool": ("processpoolexecutor", "process pool"),
    "rq": ("rq worker", "redis queue"),
    "coverage": ("coverage run",),
    "pytest-xdist": ("xdist", "pytest -n"),
    "gunicorn-reload": ("gunicorn --reload",),
    "hypercorn-reload": ("hypercorn --reload",),
    "celery-threads-busy": ("celery --pool threads", "celery -p threads"),
    "asyncio-executor": ("run_in_executor", "asyncio.to_thread"),
    "multiprocessing-forkserver": ("multiprocessing", "multiprocessing.process"),
    "multiprocessing-pool-two": ("multiprocessing.pool", "multiprocessing pool"),
    "uvicorn-run": ("uvicorn.run",),
}
"""What else people run, by other words than its id; it has no row in the table of situations."""

BELOW: Mapping[str, tuple[str, ...]] = {
    "python-m": ("python -m", "python -m app"),
    "sh": (
        *("behind a shell", "below a shell", "under a shell", "through a shell", "in a shell"),
        *("sh -c", "/bin/sh -c", "shell=true", "shell form", "cmd in shell form", "shell"),
    ),
    "sh-then": ("sh -c 'command; true'", "a shell that does something afterwards"),
    "bash": ("bash -c", "bash", "behind bash"),
    "script": (
        *("entry script without exec", "script without exec", "behind an entry script"),
        *("entrypoint.sh", "entrypoint script", "entry script", "docker-entrypoint.sh"),
        *("sh entrypoint.sh", "bash entrypoint.sh", "/entrypoint.sh", "./entrypoint.sh"),
        "entrypoint /entrypoint.sh",
    ),
    "script-exec": (
        *("entry script with exec", "script with exec", "script that ends with exec"),
        *("exec form", "entrypoint.sh with exec"),
    ),
    "script-trap": ("script with a trap", "entry script with a trap", "trap"),
    "pid1": (
        *("as a container's PID 1", "a container's pid 1", "container's pid 1", "as pid 1"),
        *("pid 1", "pid1", "in docker"),
        *("in a container", "a container's first process", "docker without --init", "container"),
        *("docker", "docker run", "in kubernetes", "in a pod"),
    ),
    "tini": ("under tini", "tini", "docker run --init", "docker --init", "init: true"),
    "tini-g": ("tini -g", "under tini -g"),
    "dumb-init": ("under dumb-init", "dumb-init"),
    "dumb-init-single": ("dumb-init --single-child", "under dumb-init --single-child"),
    "pty": ("in a terminal", "terminal", "docker run -it", "pty"),
    "nohup": ("nohup", "under nohup"),
    "setsid": ("setsid", "setsid --wait"),
    "timeout": ("timeout", "under timeout"),
    "uv-run": ("uv run", "uv run python app.py", "uv"),
    "make": ("make", "make run", "a makefile", "makefile"),
    "honcho": ("honcho", "under honcho", "honcho start", "foreman", "procfile"),
    "supervisord": ("supervisord", "under supervisord", "supervisor", "under supervisor"),
    "supervisord-asgroup": ("stopasgroup", "killasgroup", "supervisord with stopasgroup"),
    "pyinstaller": ("a program of PyInstaller", "pyinstaller", "pyinstaller --onefile", "frozen"),
}
"""What stands above a program, and the launcher that is measured for it."""

BELOW_TITLES: Mapping[str, str] = {
    "pid1": "a program, a container's PID 1",
    "sh": "behind a shell: sh -c, a script without exec",
    "tini": "under tini, docker run --init",
    "supervisord": "under supervisord",
}
"""Those that have a row in the table of situations, each with the plain program."""


SITUATION_WORDS: Mapping[str, str] = {
    **{one.situation: one.situation for one in SPOKEN},
    **{word: one.situation for one in SPOKEN for word in (one.title.lower(), *one.words)},
}
"""Situations by all of their names."""

PROGRAMS: Mapping[str, str] = {
    **{title.lower(): id for id, title in SCENARIO_TITLES.items()},
    **{
        word: id for table in (SUBJECTS, ALSO) for id, many in table.items() for word in (id, *many)
    },
}
"""Scenarios by what people call them."""


class StartedProgram(NamedTuple):
    """What runs: a scenario, and what stands above it."""

    scenario: str
    launcher: str = DIRECT


class UnknownName(Exception):
    """Words that name nothing; the text is one line."""


def situation_of(words: str) -> Situation:
    """The situation that words name. Raises UnknownName."""
    found = situation_named_in(words)
    return SITUATIONS_BY_ID[
        SITUATION_WORDS[found] if found else _named(words, SITUATION_WORDS, "situation")
    ]


def situation_named_in(words: str) -> str:
    """The longest name of a situation that is in the words; "" for none."""
    return held_in(words, SITUATION_WORDS) or held_loosely_in(words, SITUATION_WORDS)


def scenario_of(words: str, scenarios: Iterable[str] = ()) -> str:
    """The scenario that stands for what people run. Raises UnknownName."""
    return _named(words, {**{id: id for id in scenarios}, **PROGRAMS}, "program")


def program_named_in(words: str, scenarios: Iterable[str] = ()) -> str:
    """The longest name of a program that is in the words; "" for none."""
    return held_in(words, (*PROGRAMS, *scenarios))


def program_and_launcher_of(words: str, scenarios: Iterable[str] = ()) -> StartedProgram:
    """What people run, be it below something else. Raises UnknownName.

    `flask debug server under tini`; what stands above alone has a program below it.
    """
    scenarios = tuple(scenarios)
    asked = " ".join(word for word in words.lower().split() if word not in WHOSE)
    names = {word: id for id, many in BELOW.items() for word in (id, *many)}
    for id, title in BELOW_TITLES.items():  # as it stands in the table
        if asked == title.lower():
            return StartedProgram(PLAIN, id)
    held = [
        name
        for name in names
        if name not in PROGRAMS and follow(words_of(name), words_of(asked))  # `script` is both
    ]
    if not held or asked in PROGRAMS or asked in scenarios:
        return StartedProgram(_scenario_or_nearest(asked, names, scenarios))
    longest = max(held, key=len)
    rest = " ".join(words_of(asked)).replace(" ".join(words_of(longest)), " ", 1).split()
    rest = [word for word in rest if word not in FILLERS]
    scenario = scenario_of(" ".join(rest), scenarios) if rest else PLAIN
    return StartedProgram(scenario, names[longest])


def launcher_named_in(words: str, program: str) -> str:
    """What stands above, by words that mean nothing else: `in docker`, `sh -c`; else `direct`.

    They follow each other: `in gunicorn, docker` is not `in docker`. Those of the program's own
    name are no launcher's: `python -m http.server`.
    """
    names = {word: id for id, many in BELOW.items() for word in many if word not in program}
    some = [word for word in names if " " in word or word in ALONE]
    asked = words_of(words)
    return names.get(held_in(words, [one for one in some if follow(words_of(one), asked)]), DIRECT)


PLAIN = "plain"
ALONE = frozenset(("tini", "dumb-init", "nohup", "setsid", "honcho", "pyinstaller"))
"""Words that name what stands above wherever they are: a `shell` and a `timeout` may be others."""

WHOSE = frozenset(("my", "our"))
FILLERS = frozenset(("a", "an", "as", "behind", "below", "by", "in", "the", "through", "under"))


def _scenario_or_nearest(words: str, launchers: Mapping[str, str], scenarios: Iterable[str]) -> str:
    """A program's scenario; of words that are none's, what is nearest, launchers too."""
    try:
        return scenario_of(words, scenarios)
    except UnknownName as error:
        close = difflib.get_close_matches(words.lower(), launchers, n=1, cutoff=0.7)
        if not close:
            raise
        raise UnknownName(f"no program is called '{words}'; nearest: {close[0]}") from error


KNOWN: Mapping[str, str] = {
    "situation": "docker stop, systemctl stop, Ctrl-C, OOM killer, ssh disconnect, segfault",
    "program": "gunicorn, uvicorn, celery, flask run, manage.py runserver, python app.py",
}
"""Some of the names, for words that nothing is near."""

OTHERWISE: Mapping[str, str] = {"program": "; for any other: exitmatrix run -- COMMAND"}


def _named(words: str, names: Mapping[str, str], what: str) -> str:
    asked = " ".join(words.lower().split())
    if asked in names:
        return names[asked]
    if not asked:
        raise UnknownName(
            f"no {what} is named; there are {', '.join(dict.fromkeys(names.values()))}"
        )
    if held := held_in(asked, names):  # `kubectl delete pod web-1` holds one
        return names[held]
    near = difflib.get_close_matches(asked, names, n=3, cutoff=0.6)
    known = f"nearest: {', '.join(near)}" if near else f"known are {KNOWN[what]}, ..."
    raise UnknownName(f"no {what} is called '{words}'; {known}{OTHERWISE.get(what, '')}")


def ending_in(situation: Situation, scenario: Scenario) -> Ending | None:
    """The cell of a scenario that answers for a situation; None where none does."""
    signal, target = situation.first.signal, situation.target
    if signal == "SIGSEGV":  # a program is not sent this signal from outside: it reads bad memory
        return None if scenario.command else Ending("segfault", scenario.acting_role)
    if situation.needs_several and len(scenario.roles) < 2:
        return None
    if target == FIRST:
        return Ending(signal, scenario.roles[0])
    if target in (GROUP, ALL):
        return Ending(signal, GROUP if len(scenario.roles) > 1 else scenario.roles[0])
    return Ending(signal, scenario.roles[-1])


def ending_below(situation: Situation, scenario: Scenario, launcher: Launcher) -> Ending | None:
    """The cell that answers for a situation below a launcher; None where none does.

    Of a service every process is sent SIGTERM: where the launcher sets its program apart, the
    group of the first process is not all of them, and no cell answers.
    """
    chain = launcher.facts.stays if launcher.facts else ()
    signal, target = situation.first.signal, situation.target
    if target == FIRST:
        return None if situation.needs_several and not chain else Ending(signal, FIRST)
    if target in (GROUP, ALL):
        if launcher.namespace:
            return Ending(signal, FIRST)
        apart = target == ALL and any(one.apart for one in chain)
        return Ending(signal, ALL if apart else GROUP)
    return ending_in(situation, scenario)


def rows() -> Sequence[tuple[Spoken, Situation]]:
    """Every situation that is spoken of, in order."""
    return [(one, SITUATIONS_BY_ID[one.situation]) for one in SPOKEN]
