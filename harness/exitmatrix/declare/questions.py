"""What people ask about clean-up at exit, and the cells that answer it. Frozen data.

The words are this project's own; the threads in which it is asked are the sources. A cell
is SCENARIO/[LAUNCHER/]TERMINATION@TARGET, with `*`: what is on record of it answers, and
what is not is shown as that. Nothing here says what was measured.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from exitmatrix.model import Frozen

TRACKER = "https://github.com/"


class Part(Frozen):
    """Cells that answer a part of a question, and what they stand for in its words."""

    says: str
    cells: str


class PeopleAsk(Frozen, kw_only=True):
    """One question, as people ask it."""

    number: int  # by how many people it is likely to hit; it is never given to another
    id: str
    asks: str
    cases: tuple[Part, ...] = ()  # the first one is the answer in short
    tries: str = ""  # the command that tries it on the reader's own program
    threads: tuple[str, ...] = ()  # OWNER/REPOSITORY#NUMBER, or an address
    missing: str = ""  # what nothing here can tell

    @property
    def folder(self) -> str:
        """Where its page stands."""
        return f"questions/{self.number}-{self.id}"


def url_of(thread: str) -> str:
    """Where a thread is read."""
    if thread.startswith("https://"):
        return thread
    repository, _, number = thread.partition("#")
    return f"{TRACKER}{repository}/issues/{number}"  # it leads on to a pull request too


def _of(repository: str, *numbers: int) -> tuple[str, ...]:
    return tuple(f"{repository}#{number}" for number in numbers)


STOPPED = Part("a program is sent SIGTERM", "plain/SIGTERM@main")
KILLED = Part("a program is sent SIGKILL", "plain/SIGKILL@main")
GRACEFUL = Part("a program with a handler that exits", "plain-graceful/SIGTERM@main")

QUESTIONS: tuple[PeopleAsk, ...] = (
    PeopleAsk(
        number=1,
        id="container-137",
        asks="My container uses up the whole grace period and ends with 137. Does the signal reach"
        " Python at all?",
        cases=(
            Part("an entry script calls it", "plain/script/SIGTERM@first"),
            Part("sh -c starts it", "plain/sh/SIGTERM@first"),
            Part("an entry script ends with exec", "plain/script-exec/SIGTERM@first"),
            Part(
                "an entry script traps SIGTERM and passes it on", "plain/script-trap/SIGTERM@first"
            ),
            Part("it is PID 1 of the container", "plain/pid1/SIGTERM@first"),
            Part("it is PID 1 and has a handler", "plain-graceful/pid1/SIGTERM@first"),
            Part("tini before it, and a handler", "plain-graceful/tini/SIGTERM@first"),
            Part("dumb-init before it, and a handler", "plain-graceful/dumb-init/SIGTERM@first"),
            Part(
                "clean-up that outlasts the grace period", "plain-slow-3000ms/SIGTERM-then-*@main"
            ),
            STOPPED,
            GRACEFUL,
            Part("gunicorn", "gunicorn/SIGTERM@master"),
            Part("uvicorn", "uvicorn/SIGTERM@main"),
            Part("Flask's own server", "flask/SIGTERM@main"),
        ),
        tries="exitmatrix run --ending deploy --as script -- python app.py",
        threads=(
            *_of("apache/superset", 41172, 41173, 8156, 33513),
            *_of("CTFd/CTFd", 713),
            *_of("geopython/pygeoapi", 544),
            *_of("PostHog/posthog", 11417),
            *_of("steamcmd/api", 50),
            *_of("mrmn2/PdfDing", 165),
            *_of("pass-culture/pass-culture-main", 4448),
            *_of("huggingface/huggingface-inference-toolkit", 94),
        ),
    ),
    PeopleAsk(
        number=2,
        id="gunicorn-signals",
        asks="Does my clean-up run in gunicorn's workers, or in its master, and which of its hooks"
        " do, for each of its signals, a timeout and --max-requests?",
        cases=(
            Part("SIGTERM to the master", "gunicorn/SIGTERM@master"),
            Part("SIGINT to the master", "gunicorn/SIGINT@master"),
            Part("SIGQUIT to the master", "gunicorn/SIGQUIT@master"),
            Part("SIGHUP to the master", "gunicorn/SIGHUP@master"),
            Part("SIGTERM to a worker", "gunicorn/SIGTERM@worker"),
            Part("SIGKILL to a worker", "gunicorn/SIGKILL@worker"),
            Part("with --preload, SIGTERM to the master", "gunicorn-preload/SIGTERM@master"),
            Part("with hooks, SIGTERM to the master", "gunicorn-hooks/SIGTERM@master"),
            Part("with hooks, SIGINT to the master", "gunicorn-hooks/SIGINT@master"),
            Part("with hooks, SIGABRT to a worker", "gunicorn-hooks/SIGABRT@worker"),
            Part("with hooks, SIGKILL to a worker", "gunicorn-hooks/SIGKILL@worker"),
            Part("with hooks, a view that hangs", "gunicorn-hooks/hang@worker"),
            Part("with hooks, --max-requests reached", "gunicorn-hooks/return@worker"),
            Part("gevent, SIGTERM to the master", "gunicorn-gevent/SIGTERM@master"),
            Part("gunicorn's ASGI workers, SIGTERM", "gunicorn-asgi/SIGTERM@master"),
            Part("gunicorn's ASGI workers, SIGINT", "gunicorn-asgi/SIGINT@master"),
        ),
        tries="exitmatrix run --ending deploy -- gunicorn -b 127.0.0.1:{port} app:app",
        threads=_of("benoitc/gunicorn", 1457, 2462, 1493, 2839, 1464, 516),
    ),
    PeopleAsk(
        number=3,
        id="lifespan-on-sigterm",
        asks="Does the lifespan's shutdown run on SIGTERM as it does on Ctrl-C, and do my atexit"
        " handlers?",
        cases=(
            Part("uvicorn, SIGTERM", "uvicorn/SIGTERM@main"),
            Part("uvicorn, Ctrl-C", "uvicorn/SIGINT@main"),
            Part("hypercorn, SIGTERM", "hypercorn*/SIGTERM@m*"),
            Part("hypercorn, Ctrl-C", "hypercorn*/SIGINT@m*"),
            Part("granian, SIGTERM", "granian*/SIGTERM@m*"),
            Part("a script that calls uvicorn.run, SIGTERM", "uvicorn-run/SIGTERM@main"),
            Part("the same, Ctrl-C", "uvicorn-run/SIGINT@main"),
            Part("Server.serve inside asyncio.run, SIGTERM", "uvicorn-serve/SIGTERM@main"),
            Part("the same, Ctrl-C", "uvicorn-serve/SIGINT@main"),
            Part("a handler for SIGTERM in the app's module", "uvicorn-graceful/SIGTERM@main"),
            Part("one in the lifespan's startup", "uvicorn-graceful-late/SIGTERM@main"),
            Part("one before uvicorn.run", "uvicorn-run-graceful/SIGTERM@main"),
        ),
        tries="exitmatrix run --ending deploy --ending ctrl-c -- uvicorn --port {port} app:app",
        threads=(
            *_of("PrefectHQ/fastmcp", 4927),
            *_of("fastapi/fastapi", 617),
            *_of("pbrissaud/suivi-bourse", 838),
            *_of("Kludex/uvicorn", 1600),
        ),
    ),
    PeopleAsk(
        number=4,
        id="uvicorn-workers-and-reload",
        asks="With uvicorn --workers or --reload: are the children's shutdown events skipped?",
        cases=(
            Part("--workers, SIGTERM to the supervisor", "uvicorn-workers/SIGTERM@master"),
            Part("--workers, SIGINT to the supervisor", "uvicorn-workers/SIGINT@master"),
            Part("--workers, Ctrl-C: to all of them", "uvicorn-workers/SIGINT@group"),
            Part("--workers, SIGTERM to all of them", "uvicorn-workers/SIGTERM@group"),
            Part("--reload, SIGTERM to the first process", "uvicorn-reload/SIGTERM@master"),
            Part("--reload, Ctrl-C: to both", "uvicorn-reload/SIGINT@group"),
            Part("--reload, SIGTERM to the process that serves", "uvicorn-reload/SIGTERM@worker"),
            Part("--reload, a file is saved", "uvicorn-reload/SIGUSR1@worker"),
            Part(
                "--workers with --limit-max-requests, and one has answered enough",
                "uvicorn-workers-max-requests/return@worker",
            ),
        ),
        tries="exitmatrix run --ending stop-service --ending ctrl-c -- uvicorn --workers 2 --port"
        " {port} app:app",
        threads=_of("Kludex/uvicorn", 668, 364, 1160, 671, 853, 1069),
    ),
    PeopleAsk(
        number=5,
        id="celery-task-at-sigterm",
        asks="Is a running Celery task finished or lost when every process is sent SIGTERM?",
        cases=(
            Part("two running tasks, SIGTERM to all", "celery-prefork-queue/SIGTERM@group"),
            Part("SIGTERM to the main process", "celery-prefork-queue/SIGTERM@master"),
            Part("SIGQUIT, a cold shutdown", "celery-prefork-queue/SIGQUIT@master"),
            Part("tasks from redis, SIGTERM to all", "celery-redis-queue/SIGTERM@group"),
            Part("the same, to the main process", "celery-redis-queue/SIGTERM@master"),
            Part("the same, the main process is killed", "celery-redis-queue/SIGKILL@master"),
            Part("a pool of threads", "celery-threads-busy/*@main"),
            Part("a running task, SIGTERM to the main process", "celery-[ps]*-busy/SIGTERM@m*"),
            Part("a running task, SIGTERM twice", "celery-[ps]*-busy/SIGTERM-then-*@m*"),
            Part("a running task, SIGQUIT", "celery-[ps]*-busy/SIGQUIT@m*"),
            Part("a running task, Ctrl-C", "celery-[ps]*-busy/SIGINT@*"),
            Part("idle, SIGTERM to all of its processes", "celery-prefork/SIGTERM@group"),
        ),
        tries="exitmatrix run --ending deploy --ending stop-service -- celery -A app worker",
        threads=(*_of("celery/celery", 2700, 4795, 4942, 7339, 1628), *_of("celery/kombu", 1836)),
    ),
    PeopleAsk(
        number=6,
        id="opentelemetry-spans",
        asks="Are my last spans exported at the end, and can the export hang the exit?",
        cases=(
            Part("SIGTERM without a handler", "opentelemetry/SIGTERM@main"),
            Part("the end of the code", "opentelemetry/return@main"),
            Part("Ctrl-C", "opentelemetry/SIGINT@main"),
            Part("os._exit", "opentelemetry/os-exit-7@main"),
            Part("SIGKILL", "opentelemetry/SIGKILL@main"),
            Part(
                "a collector that does not answer, SIGTERM with a handler",
                "opentelemetry-dead/SIGTERM@main",
            ),
            Part(
                "the same, with SIGKILL 2.5 s later",
                "opentelemetry-dead/SIGTERM-then-SIGKILL@main",
            ),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(
            *_of("open-telemetry/opentelemetry-python", 5568, 1567, 4215, 3307),
            *_of("open-telemetry/opentelemetry-python-contrib", 4916),
            *_of("PostHog/posthog", 70964),
        ),
        missing="seconds, which no record tells, and workers of a server. By hand, with 1.45 of the"
        " SDK on 3.11.2 and 3.15.2, after SIGTERM: 10.1 s with a collector that does not answer,"
        " and 6.5 to 8.1 s where nobody listens; two runs of each",
    ),
    PeopleAsk(
        number=7,
        id="two-owners-of-sigterm",
        asks="A library installs its own handler for SIGTERM. Does my clean-up still run, and does"
        " the process end?",
        cases=(
            Part(
                "the library came last and calls the handler that it found",
                "plain-two-owners-chains/SIGTERM@main",
            ),
            Part(
                "it came last and exits by itself",
                "plain-two-owners-replaces/SIGTERM@main",
            ),
            Part("it came last, and its handler returns", "plain-two-owners-swallows/SIGTERM@main"),
            Part(
                "it came last, and sends the signal again to the default action",
                "plain-two-owners-raises-again/SIGTERM@main",
            ),
            Part(
                "it came last, and sends the signal again to mine",
                "plain-two-owners-restores/SIGTERM@main",
            ),
            Part("mine came last", "plain-two-owners-program-last/SIGTERM@main"),
            Part(
                "faulthandler.register came last",
                "plain-two-owners-faulthandler/SIGTERM@main",
            ),
            Part(
                "faulthandler.register with chain=True came last",
                "plain-two-owners-faulthandler-chain/SIGTERM@main",
            ),
            Part("mine, before Werkzeug's reloader", "flask-debug-graceful/SIGTERM@parent"),
            Part("the same, to the child that serves", "flask-debug-graceful/SIGTERM@child"),
            Part("mine, and a server that installs none", "flask-graceful/SIGTERM@main"),
            Part("coverage's, before mine", "coverage-graceful/SIGTERM@main"),
            Part("coverage's alone", "coverage-sudden/SIGTERM@main"),
            Part("mine in an app, and uvicorn", "uvicorn-graceful/SIGTERM@main"),
            Part("mine in an app's lifespan, and uvicorn", "uvicorn-graceful-late/SIGTERM@main"),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=_of("DataDog/dd-trace-py", 7273, 16412, 17130, 17679, 17195, 2772),
    ),
    PeopleAsk(
        number=8,
        id="handlers-in-forked-children",
        asks="Whose handlers run in a child process: its own, those it inherited, or none?",
        cases=(
            Part("multiprocessing, start method fork", "multiprocessing-fork/return@child"),
            Part("fork server, the default since 3.14", "multiprocessing-forkserver/return@child"),
            Part("start method spawn", "multiprocessing-spawn/return@child"),
            Part("its function calls sys.exit", "multiprocessing-*/sys-exit-3@child"),
            Part("its function raises", "multiprocessing-*/exception@child"),
            Part("Process.terminate(), SIGTERM to the child", "multiprocessing-*/SIGTERM@child"),
            Part(
                "the same, the program has a handler that exits: forked",
                "multiprocessing-graceful-fork/SIGTERM@child",
            ),
            Part(
                "the same, below a fork server, the default since 3.14",
                "multiprocessing-graceful-forkserver/SIGTERM@child",
            ),
            Part("Process.kill()", "multiprocessing-*/SIGKILL@child"),
            Part("Ctrl-C", "multiprocessing-*/SIGINT@group"),
            Part("a task of ProcessPoolExecutor returns", "process-pool/return@child"),
            Part("a task of ProcessPoolExecutor calls sys.exit", "process-pool/sys-exit-3@child"),
            Part("a worker of ProcessPoolExecutor is killed", "process-pool/SIGKILL@child"),
            Part("the same, there are two workers", "process-pool-two/SIGKILL@child"),
            Part("the same, Ctrl-C to all of them", "process-pool-two/SIGINT@group"),
            Part("a Pool of two, a task returns", "multiprocessing-pool-two/return@child"),
            Part("the same, start method spawn", "multiprocessing-pool-two-spawn/return@child"),
            Part(
                "a Pool of two, a task calls sys.exit", "multiprocessing-pool-two/sys-exit-3@child"
            ),
            Part("a Pool of two, a worker is killed", "multiprocessing-pool-two/SIGKILL@child"),
            Part("os.fork, and it comes to its end", "plain-fork-returns/return@parent"),
            Part("os.fork, and it leaves by os._exit", "plain-fork-os-exit/return@parent"),
            Part("the same, with os.register_at_fork", "plain-fork-hooks/return@parent"),
            Part("a handler that forks", "plain-handler-forks/return@parent"),
        ),
        tries="exitmatrix run --ending deploy --ending oom -- python app.py",
        threads=(
            *_of("python/cpython", 83856, 114279, 114220, 81423, 96061, 82265),
            *_of("gentoo/portage", 1370),
        ),
    ),
    PeopleAsk(
        number=9,
        id="coverage-at-sigterm",
        asks="Is coverage saved when the process is ended that way, and does `sigterm = true`"
        " change how it ends?",
        cases=(
            Part("coverage run, SIGTERM", "coverage/SIGTERM@main"),
            Part("with sigterm = true, SIGTERM", "coverage-sudden/SIGTERM@main"),
            Part("a handler of the program's own that exits", "coverage-graceful/SIGTERM@main"),
            Part("coverage run, os._exit", "coverage/os-exit-7@main"),
            Part("with patch = _exit, os._exit", "coverage-sudden/os-exit-7@main"),
            Part("coverage run, exec", "coverage/exec@main"),
            Part("coverage run, Ctrl-C", "coverage/SIGINT@main"),
            Part("coverage run, an exception", "coverage/exception@main"),
            Part("coverage run, SIGKILL", "coverage/SIGKILL@main"),
            Part(
                "with patch = subprocess, a child of multiprocessing comes to its end",
                "coverage-subprocess/SIGTERM@master",
            ),
            Part(
                "the same, Process.terminate() of the child",
                "coverage-subprocess/SIGTERM@worker",
            ),
            Part("the same, the child is killed", "coverage-subprocess/SIGKILL@worker"),
        ),
        tries="exitmatrix run --ending deploy -- coverage run app.py",
        threads=(
            *_of("coveragepy/coveragepy", 1599, 310, 1310, 1960, 1315),
            *_of("pytest-dev/pytest-cov", 139, 276),
        ),
        missing="child processes that are forked, and pytest-cov",
    ),
    PeopleAsk(
        number=10,
        id="prometheus-files-of-dead-workers",
        asks="Which metric files stay behind when a worker dies, and which hook can remove them?",
        cases=(
            Part("a worker is killed", "gunicorn-prometheus/SIGKILL@worker"),
            Part("a worker is sent SIGTERM", "gunicorn-prometheus/SIGTERM@worker"),
            Part("the master is killed", "gunicorn-prometheus/SIGKILL@master"),
            Part("SIGTERM to the master", "gunicorn-prometheus/SIGTERM@master"),
            Part("a reload", "gunicorn-prometheus/SIGHUP@master"),
            Part("--max-requests reached", "gunicorn-prometheus/return@worker"),
        ),
        tries="exitmatrix run --ending oom --look-in metrics -- gunicorn -b 127.0.0.1:{port}"
        " app:app",
        threads=(
            *_of("prometheus/client_python", 115, 275, 236, 495, 566),
            *_of("BerriAI/litellm", 28713),
            *_of("skypilot-org/skypilot", 9689, 9690),
        ),
    ),
    PeopleAsk(
        number=11,
        id="workers-that-leave-by-os-exit",
        asks="My job runs in a worker that ends by os._exit. Is what an atexit handler should send"
        " lost?",
        cases=(
            Part("rq, SIGTERM to a worker that runs a job", "rq/SIGTERM@master"),
            Part("the same, to all of its processes", "rq/SIGTERM@group"),
            Part("the same, SIGTERM again after 2.5 s", "rq/SIGTERM-then-SIGTERM@master"),
            Part("the process of the job is sent SIGTERM", "rq/SIGTERM@worker"),
            Part("the process of the job is killed", "rq/SIGKILL@worker"),
            Part("the worker is killed, and its job runs on", "rq/SIGKILL@master"),
            Part("Ctrl-C", "rq/SIGINT@group"),
            Part("a forked child that leaves by os._exit", "plain-fork-os-exit/return@parent"),
            Part("a program that calls os._exit(0)", "plain/os-exit-0@main"),
            Part("output and files in flight", "data-in-flight/os-exit-7@main"),
        ),
        tries="exitmatrix run --ending deploy --ending oom -- rq worker",
        threads=(
            *_of("frappe/frappe", 41087),
            *_of("closeio/tasktiger", 65),
            *_of("rq/rq", 523, 584, 1516, 1025),
        ),
    ),
    PeopleAsk(
        number=12,
        id="asyncio-and-sigterm",
        asks="In asyncio.run, do `finally` and `__aexit__` run on SIGTERM, or on Ctrl-C only?",
        cases=(
            Part("SIGTERM without a handler", "asyncio-run/SIGTERM@main"),
            Part("Ctrl-C", "asyncio-run/SIGINT@main"),
            Part(
                "Ctrl-C, and again while the first clean-up runs", "asyncio-run/SIGINT-twice@main"
            ),
            Part("SIGTERM, with loop.add_signal_handler", "asyncio-graceful/SIGTERM@main"),
            Part("Ctrl-C, a function runs in the loop's threads", "asyncio-executor/SIGINT@main"),
            Part("an exception in the main task", "asyncio-run/exception@main"),
            Part("os._exit", "asyncio-run/os-exit-0@main"),
        ),
        tries="exitmatrix run --ending deploy --ending ctrl-c -- python app.py",
        threads=(*_of("python/cpython", 125688, 32105, 74864), *_of("aio-libs/aiohttp", 1932)),
    ),
    PeopleAsk(
        number=13,
        id="task-in-a-child-process",
        asks="The worker gets SIGTERM while a task runs in its child. Whose clean-up runs?",
        cases=(
            Part(
                "the worker passes it on, the task's handler raises",
                "supervisor-task/SIGTERM@parent",
            ),
            Part("the same, its handler returns", "supervisor-task-returns/SIGTERM@parent"),
            Part("it is not passed on", "multiprocessing-fork/SIGTERM@parent"),
            Part("both get it, and have no handler", "multiprocessing-fork/SIGTERM@group"),
            Part("the task alone gets it, its handler raises", "supervisor-task/SIGTERM@child"),
            Part("the worker is killed", "supervisor-task/SIGKILL@parent"),
            Part("a task that subprocess started", "plain-subprocess/SIGTERM@parent"),
        ),
        tries="exitmatrix run --ending deploy --ending stop-service -- python worker.py",
        threads=_of("apache/airflow", 58936, 73006, 14422, 18041, 39096),
        missing="Airflow itself",
    ),
    PeopleAsk(
        number=14,
        id="prefect-flow-at-sigterm",
        asks="A flow run is sent SIGTERM: do its hooks run, or is it sudden death?",
        tries="exitmatrix run --ending deploy --ending stop-service -- python flow.py",
        threads=_of("PrefectHQ/prefect", 7800, 12988, 10826, 22622),
        missing=(
            "Prefect itself: its API server with a database takes a minute to start, and a "
            "program of the matrix has half of one to become ready. Prefect gives its own "
            "temporary server twenty seconds, so that on a busy machine the flow fails before it "
            "begins. By hand, with Prefect 3.9.1 on 3.12 and the server that a script starts for "
            "itself, in three runs of each: SIGTERM to the script runs `finally` and the hook "
            "on_crashed, and no atexit handler; it is killed by SIGTERM, and leaves that "
            "server behind. Ctrl-C runs all three, and ends the server. SIGHUP runs nothing, and "
            "leaves the server behind. on_cancellation ran in none. The command tells what each "
            "of yours runs"
        ),
    ),
    PeopleAsk(
        number=15,
        id="workers-without-their-parent",
        asks="The main process was killed. Do its workers end?",
        cases=(
            Part("a child of a program", "plain-subprocess/SIGKILL@parent"),
            Part("gunicorn's workers", "gunicorn/SIGKILL@master"),
            Part("uvicorn's workers", "uvicorn-workers/SIGKILL@master"),
            Part("the child of Flask's reloader", "flask-debug/SIGKILL@parent"),
            Part("a process of multiprocessing", "multiprocessing-[fs]*/SIGKILL@parent"),
            Part("the same, the parent is sent SIGTERM", "multiprocessing-[fs]*/SIGTERM@parent"),
            Part("the same, the parent alone is interrupted", "multiprocessing-*/SIGINT@parent"),
            Part("a worker of ProcessPoolExecutor", "process-pool/SIGKILL@parent"),
            Part("two of them, one waits for a task", "process-pool-two*/SIGKILL@parent"),
            Part("two of a Pool, one waits for a task", "multiprocessing-pool-two*/SIGKILL@parent"),
            Part("a daemonic process, SIGKILL", "multiprocessing-daemon/SIGKILL@parent"),
            Part("a daemonic process, os._exit", "multiprocessing-daemon/os-exit-7@parent"),
            Part("a daemonic process, the parent returns", "multiprocessing-daemon/return@parent"),
        ),
        tries="exitmatrix run --ending lost-parent -- python app.py",
        threads=(
            *_of("pytorch/pytorch", 8805, 5736, 26072, 43455, 6606, 14391),
            *_of("python/cpython", 111873, 80180),
        ),
    ),
    PeopleAsk(
        number=16,
        id="pool-threads-at-exit",
        asks="Since a newer Python my script takes twenty seconds to exit, or prints"
        " PythonFinalizationError. Why?",
        cases=(
            Part(
                "a global joins its daemon thread in `__del__`: `late` means in vain",
                "plain-join-in-del/return@main",
            ),
            Part(
                "a pool of psycopg that was not closed: `hint` for each thread waited for",
                "psycopg-pool/return@main",
            ),
            Part("the same pool, SIGTERM", "psycopg-pool/SIGTERM@main"),
            Part("such a global, after an exception", "plain-join-in-del/exception@main"),
            Part("such a global, SIGTERM", "plain-join-in-del/SIGTERM@main"),
            Part("`__del__` of a global that joins nothing", "plain-del-global/return@main"),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(
            *_of("psycopg/psycopg", 954, 930, 1043),
            *_of("green-coding-solutions/green-metrics-tool", 1856),
            *_of("python/cpython", 123940, 130402),
        ),
        missing="records of seconds: a join in vain takes its whole timeout, for each thread",
    ),
    PeopleAsk(
        number=17,
        id="ray-actors",
        asks="Does atexit run in an actor of Ray that is killed, or goes out of scope?",
        tries="exitmatrix run --ending deploy --ending oom --allow-address :: -- python driver.py",
        threads=_of("ray-project/ray", 50004, 12806, 12805, 21909, 37288, 45656),
        missing=(
            "Ray itself: its gcs_server, its raylet and each worker listen on every address of "
            "the machine, also with _node_ip_address='127.0.0.1' (2.60.0), and the matrix ends "
            "programs that others can reach. The command allows it for one of yours. By hand, "
            "with Ray 2.60.0 on 3.12, in three runs of each: the actor's `__ray_shutdown__`, its "
            "`__del__` and atexit run, in this order, where it goes out of scope, where it calls "
            "sys.exit or ray.actor.exit_actor, after `__ray_terminate__`, and after SIGTERM to "
            "its process. None of them runs after ray.kill, ray.shutdown or the end of the "
            "program, nor after os._exit and SIGKILL. SIGINT to its process does not end it"
        ),
    ),
    PeopleAsk(
        number=18,
        id="jupyter-kernel-restart",
        asks="Do exit handlers run when a Jupyter kernel is restarted, and how long may they take?",
        cases=(
            Part("it is restarted: SIGHUP to this manager", "ipykernel-manager/SIGHUP@master"),
            Part("it is shut down: SIGTERM to this manager", "ipykernel-manager/SIGTERM@master"),
            Part(
                "it is restarted while it runs a cell, which is interrupted before",
                "ipykernel-manager-busy/SIGHUP@master",
            ),
            Part(
                "it is restarted, and a handler takes longer than 2.5 s",
                "ipykernel-manager-slow/SIGHUP@master",
            ),
            Part("its process is sent SIGTERM", "ipykernel/SIGTERM@main"),
            Part("its process is killed", "ipykernel/SIGKILL@main"),
            Part(
                "its process is killed, and its server restarts it",
                "ipykernel-restarter/SIGKILL@worker",
            ),
            Part("its server is killed", "ipykernel-manager/SIGKILL@master"),
        ),
        tries="exitmatrix run --ending deploy -- python -m ipykernel_launcher -f kernel.json",
        threads=(
            *_of("jupyter-server/jupyter_server", 1422),
            *_of("ipython/ipython", 9061),
            *_of("jupyter/jupyter_client", 606, 104, 618, 620),
            *_of("ipython/ipykernel", 462),
            *_of("jupyterlab/jupyterlab", 16276),
            *_of("dask/dask-gateway", 155),
        ),
    ),
    PeopleAsk(
        number=19,
        id="pytest-fixtures-at-the-end",
        asks="Are pytest's session fixtures torn down after -x, a crash, Ctrl-C or a CI cancel?",
        cases=(
            Part("SIGTERM, as a cancelled job gets it", "pytest/SIGTERM@main"),
            Part("Ctrl-C", "pytest/SIGINT@main"),
            Part("-x, and a test fails", "pytest/exception@main"),
            Part("-x, and a test calls sys.exit", "pytest/sys-exit-3@main"),
            Part("a test calls os._exit", "pytest/os-exit-7@main"),
            Part("SIGKILL", "pytest/SIGKILL@main"),
            Part("the terminal is closed", "pytest/SIGHUP@main"),
            Part("with pytest-xdist, SIGTERM to the controller", "pytest-xdist/SIGTERM@master"),
            Part("the same, SIGTERM to all", "pytest-xdist/SIGTERM@group"),
            Part("the same, Ctrl-C", "pytest-xdist/SIGINT@group"),
            Part("the same, SIGINT to the controller alone", "pytest-xdist/SIGINT@master"),
            Part("two workers, -x, and a test fails", "pytest-xdist-exits/exception@worker"),
            Part("two workers, a test calls os._exit", "pytest-xdist-exits/os-exit-7@worker"),
            Part("with one worker, it is killed", "pytest-xdist/SIGKILL@worker"),
            Part("the same, the controller is killed", "pytest-xdist/SIGKILL@master"),
        ),
        tries="exitmatrix run --ending ci-cancel --ending ctrl-c -- pytest",
        threads=(
            *_of("pytest-dev/pytest-xdist", 537, 54, 679, 435),
            *_of("pytest-dev/pytest", 12021),
        ),
        missing="seconds: a worker whose controller is gone waits five for its test, then"
        " interrupts it",
    ),
    PeopleAsk(
        number=20,
        id="futures-after-shutdown",
        asks="`cannot schedule new futures after interpreter shutdown`: who may still submit?",
        cases=(
            Part(
                "the thread h and the handlers A and C submit when main has ended",
                "plain-pool-late/return@main",
            ),
            Part("the same, after Ctrl-C", "plain-pool-late/SIGINT@main"),
            Part("the same, SIGTERM", "plain-pool-late/SIGTERM@main"),
            Part(
                "what is in the pool of asyncio.run when its main task is over",
                "asyncio-executor/return@main",
            ),
        ),
        threads=(
            *_of("python/cpython", 148280, 80961, 77278, 99704),
            *_of("agronholm/apscheduler", 1025),
        ),
    ),
    PeopleAsk(
        number=21,
        id="supervisor-leaves-grandchildren",
        asks="`supervisorctl stop` leaves grandchildren running. What does stopasgroup change?",
        cases=(
            Part("the signal goes to the first process", "plain-subprocess/SIGTERM@parent"),
            Part("stopasgroup: to all of them", "plain-subprocess/SIGTERM@group"),
            Part("then SIGKILL to the first process", "plain-subprocess/SIGKILL@parent"),
            Part("killasgroup: SIGKILL to all of them", "plain-subprocess/SIGKILL@group"),
        ),
        tries="exitmatrix run --ending deploy --ending timeout -- python app.py",
        threads=_of("Supervisor/supervisor", 1101, 1396, 865, 595, 1502),
    ),
    PeopleAsk(
        number=22,
        id="pyinstaller-folder",
        asks="Is the `_MEI` folder of a one-file program left behind when I kill it?",
        cases=(
            Part("SIGKILL to the first pid", "plain/pyinstaller/SIGKILL@first"),
            Part("SIGKILL to the second pid", "plain/pyinstaller/SIGKILL@main"),
            Part("SIGTERM to the first pid", "plain/pyinstaller/SIGTERM@first"),
            Part("the same, with a handler", "plain-graceful/pyinstaller/SIGTERM@first"),
            Part("Ctrl-C", "plain/pyinstaller/SIGINT@group"),
        ),
        tries="exitmatrix run --ending deploy --ending oom --ending lost-parent -- ./dist/app",
        threads=_of("pyinstaller/pyinstaller", 2379, 5518, 8640, 8700, 6591, 6923),
        missing="what is left in TMPDIR: below a launcher no record tells that. By hand, with"
        " PyInstaller 6.22 on 3.11, in three runs of each: SIGKILL to the first pid leaves the"
        " folder; after SIGKILL to the second, and after SIGINT, SIGTERM and SIGHUP to either or"
        " to both, the first has removed it. The command tries what you have built, and names both",
    ),
    PeopleAsk(
        number=23,
        id="leaked-semaphores",
        asks="`There appear to be leaked semaphore objects`: what leaves them behind?",
        cases=(
            Part("SIGHUP to all: a terminal is closed", "named-objects/SIGHUP@group"),
            Part("SIGHUP to the program alone", "named-objects/SIGHUP@main"),
            Part("SIGTERM to all", "named-objects/SIGTERM@group"),
            Part("SIGTERM to the program alone", "named-objects/SIGTERM@main"),
            Part("Ctrl-C", "named-objects/SIGINT@group"),
            Part("SIGKILL to all", "named-objects/SIGKILL@group"),
            Part("SIGKILL to the program alone", "named-objects/SIGKILL@main"),
            Part("os._exit", "named-objects/os-exit-7@main"),
            Part("the program returns", "named-objects/return@main"),
            Part("Flask's debugger, which has a lock", "flask-debug/SIGHUP@group"),
            Part("a bar of tqdm, which makes a lock; a terminal is closed", "tqdm/SIGHUP@group"),
            Part("a bar of tqdm, SIGTERM to the program", "tqdm/SIGTERM@main"),
        ),
        tries="exitmatrix run --ending hang-up --ending oom -- python app.py",
        threads=(
            *_of("OSGeo/grass", 7832),
            *_of("aqlaboratory/openfold-3", 268),
            *_of("skypilot-org/skypilot", 4856),
            *_of("datachain-ai/datachain", 615),
            *_of("dask/distributed", 1078),
            *_of("tqdm/tqdm", 1355, 1677),
            *_of("gem5/gem5", 3116),
        ),
    ),
    PeopleAsk(
        number=24,
        id="uwsgi",
        asks="Does atexit run in uWSGI's workers on max-requests, harakiri, reload and stop?",
        cases=(
            Part("SIGTERM to the master, which starts anew", "uwsgi-master/SIGTERM@master"),
            Part("SIGINT to the master", "uwsgi-master/SIGINT@master"),
            Part("SIGHUP to the master, a reload", "uwsgi-master/SIGHUP@master"),
            Part(
                "SIGQUIT to all of its processes: KillSignal=SIGQUIT in a systemd unit",
                "uwsgi-master/SIGQUIT@group",
            ),
            Part("the master is killed", "uwsgi-master/SIGKILL@master"),
            Part("with --die-on-term, SIGTERM to the master", "uwsgi-die-on-term/SIGTERM@master"),
            Part(
                "with --die-on-term, SIGTERM to all, and clean-up that takes a quarter of a second",
                "uwsgi-slow/SIGTERM@group",
            ),
            Part("with --lazy-apps, SIGINT to the master", "uwsgi-lazy-apps/SIGINT@master"),
            Part("without a master", "uwsgi/SIG[TI]*@main"),
            Part("without a master, while it answers a request", "uwsgi-busy/SIG[TIH]*@main"),
            Part("a wheel in a virtual environment, SIGTERM", "uwsgi-wheel/SIGTERM@master"),
            Part("--max-requests reached", "uwsgi-limits/return@worker"),
            Part("--harakiri, and a view that hangs", "uwsgi-limits/hang@worker"),
        ),
        tries="exitmatrix run --ending deploy --ending ctrl-c -- uwsgi --http 127.0.0.1:{port}"
        " --module app",
        threads=(
            *_of("unbit/uwsgi", 2615, 2626, 2063, 680, 776, 995, 1609, 2095, 2148, 2696, 2478),
            *_of("lincolnloop/pyuwsgi-wheels", 19),
        ),
    ),
    PeopleAsk(
        number=25,
        id="threads-in-handlers",
        asks="Is it true that since 3.12 a handler cannot start a thread, or fork?",
        cases=(
            Part("a handler that starts a thread", "plain-handler-starts-thread/return@main"),
            Part("a handler that forks", "plain-handler-forks/return@parent"),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(
            *_of("Parsl/parsl", 3104),
            *_of("eight04/deno_vm", 11),
            *_of("pytest-dev/execnet", 271),
            *_of("getsentry/sentry-python", 2299),
        ),
    ),
    PeopleAsk(
        number=26,
        id="ctrl-c-takes-long",
        asks="Ctrl-C takes half a minute. Who is being waited for?",
        cases=(
            Part("uvicorn, while it answers a request", "uvicorn-busy/SIGINT@main"),
            Part("hypercorn, while it answers a request", "hypercorn-busy/SIGINT@master"),
            Part("gunicorn, while it answers a request", "gunicorn-busy/SIGINT@master"),
            Part("with threads, while one of them does", "gunicorn-gthread-busy/SIGINT@master"),
            Part("flask run, while it answers a request", "flask-run-busy/SIGINT@main"),
            Part("uvicorn while a client reads a stream", "uvicorn-open-stream/SIGINT@main"),
            Part("the same, Ctrl-C again after 2.5 s", "uvicorn-open-stream/SIGINT-then-*@main"),
            Part("the same, SIGTERM", "uvicorn-open-stream/SIGTERM@main"),
            Part("the same, SIGTERM again after 2.5 s", "uvicorn-open-stream/SIGTERM-then-*@main"),
            Part(
                "--timeout-graceful-shutdown 1, Ctrl-C", "uvicorn-open-stream-timeout/SIGINT@main"
            ),
            Part(
                "--timeout-graceful-shutdown 1, SIGTERM", "uvicorn-open-stream-timeout/SIGTERM@main"
            ),
            Part(
                "hypercorn --graceful-timeout 1, and a request takes longer",
                "hypercorn-open-request/SIGINT@main",
            ),
            Part("without connections, Ctrl-C", "uvicorn/SIGINT@main"),
        ),
        tries="exitmatrix run --ending ctrl-c -- uvicorn --port {port} app:app",
        threads=(
            *_of("tiangolo/uvicorn-gunicorn-docker", 18),
            *_of("vectorize-io/hindsight", 495),
            *_of("pgjones/hypercorn", 308),
        ),
        missing="idle connections of other servers than uvicorn, and seconds, which no record"
        " holds; the command tells both of your program",
    ),
    PeopleAsk(
        number=27,
        id="thread-keeps-it-alive",
        asks="A background thread keeps my process alive until it is killed. When is that so?",
        cases=(
            Part("a non-daemon thread", "plain-thread-alive/return@main"),
            Part("a daemon thread", "plain-thread-daemon/return@main"),
            Part("a scheduler of daemon threads, SIGTERM", "flask-apscheduler/SIGTERM@main"),
            Part("the same, Ctrl-C", "flask-apscheduler/SIGINT@main"),
            Part("a request in a thread of gunicorn", "gunicorn-gthread-busy/SIGTERM@master"),
            Part("a request in a thread of waitress", "waitress-busy/SIGINT@main"),
            Part("a request in a thread of flask run", "flask-run-busy/SIGINT@main"),
            Part("a stream that a client reads, uvicorn", "uvicorn-open-stream/SIGTERM@main"),
            Part(
                "the same, --timeout-graceful-shutdown 1",
                "uvicorn-open-stream-timeout/SIGTERM@main",
            ),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(
            *_of("conbench/conbench", 1161),
            *_of("adamchainz/django-browser-reload", 318),
        ),
    ),
    PeopleAsk(
        number=28,
        id="slow-clean-up",
        asks="My clean-up takes long. When is it cut off?",
        cases=(
            Part("SIGKILL 2.5 s after SIGTERM; 1 s each", "plain-slow-1000ms/SIGTERM-then-*@main"),
            Part("the same, 3 s each", "plain-slow-3000ms/SIGTERM-then-*@main"),
            Part("a second Ctrl-C after 2.5 s; 3 s each", "plain-slow-3000ms/SIGINT-then-*@main"),
            Part("the child of a reloader; 50 ms", "flask-debug-slow-50ms/SIGINT@group"),
            Part("the child of a reloader; 1 s", "flask-debug-slow-1000ms/SIGINT@group"),
            Part("gunicorn's graceful_timeout, a hook", "gunicorn-stuck/SIGTERM@master"),
            Part("gunicorn's timeout of a view", "gunicorn-hooks/hang@worker"),
            Part("granian's --workers-kill-timeout", "granian-kill-timeout/SIGTERM@master"),
            Part(
                (
                    "Sentry's handler waits for a collector that does not answer; SIGKILL 2.5 s "
                    "after SIGTERM"
                ),
                "sentry-dead/SIGTERM-then-*@main",
            ),
        ),
        tries="exitmatrix run --ending deploy --grace 10s -- gunicorn -b 127.0.0.1:{port} app:app",
        threads=_of("benoitc/gunicorn", 3077, 2646),
    ),
    PeopleAsk(
        number=29,
        id="lambda",
        asks="Does atexit, or a handler for SIGTERM, ever run in AWS Lambda?",
        cases=(
            Part("what SIGTERM does to a program", "plain/SIGTERM@main"),
            GRACEFUL,
            Part("what SIGKILL does to it", "plain-graceful/SIGKILL@main"),
        ),
        threads=(
            *_of("aws/aws-lambda-python-runtime-interface-client", 105, 63),
            *_of("aws-samples/graceful-shutdown-with-aws-lambda", 2),
            *_of("aws-samples/aws-lambda-extensions", 63),
        ),
        missing="the platform: which of the two signals a runtime is sent there",
    ),
    PeopleAsk(
        number=30,
        id="joblib-leftovers",
        asks="Which memory-mapped folders and trackers does joblib leave behind?",
        cases=(
            Part("SIGTERM", "joblib/SIGTERM@main"),
            Part("Ctrl-C", "joblib/SIGINT@main"),
            Part("SIGKILL", "joblib/SIGKILL@main"),
            Part("os._exit", "joblib/os-exit-7@main"),
            Part("an exception", "joblib/exception@main"),
            Part("the end of the code", "joblib/return@main"),
        ),
        tries="exitmatrix run --ending deploy --ending oom -- python app.py",
        threads=(*_of("joblib/loky", 244), *_of("joblib/joblib", 1786, 1091, 187)),
        missing="what is there when the workers have gone, minutes later",
    ),
    PeopleAsk(
        number=31,
        id="is-atexit-enough",
        asks="I start helpers for my tests and stop them in atexit. Is that enough?",
        cases=(
            Part("under pytest, SIGTERM, as a cancelled job gets it", "pytest/SIGTERM@main"),
            Part("under pytest, Ctrl-C", "pytest/SIGINT@main"),
            Part("under pytest, SIGKILL", "pytest/SIGKILL@main"),
            Part("in a worker of pytest-xdist, SIGTERM to all", "pytest-xdist/SIGTERM@group"),
            Part("a program, SIGTERM", "plain/SIGTERM@main"),
            Part("a program, Ctrl-C", "plain/SIGINT@main"),
            Part("a program, SIGKILL", "plain/SIGKILL@main"),
            Part("a program, a crash", "plain/segfault@main"),
            Part("a program, os._exit", "plain/os-exit-0@main"),
            Part("a program, an exception", "plain/exception@main"),
        ),
        tries="exitmatrix run --ending ci-cancel --ending ctrl-c -- pytest",
        threads=_of("testcontainers/testcontainers-python", 478),
    ),
    PeopleAsk(
        number=32,
        id="temporary-files",
        asks="Which temporary files, caches and transactions survive which end?",
        cases=(
            Part("SIGTERM", "*-in-flight/SIGTERM@main"),
            Part("SIGKILL", "*-in-flight/SIGKILL@main"),
            Part("Ctrl-C", "*-in-flight/SIGINT@main"),
            Part("os._exit", "*-in-flight/os-exit-7@main"),
            Part("an exception", "*-in-flight/exception@main"),
            Part("the last line", "*-in-flight/return@main"),
            Part("two who write to one file, SIGKILL", "files-two-writers/SIGKILL@main"),
            Part("two who write to one file, at the last line", "files-two-writers/return@main"),
            Part("both are sent SIGTERM together", "files-two-writers-together/SIGTERM@group"),
            Part("both are killed together", "files-two-writers-together/SIGKILL@group"),
            Part(
                "in the middle of a transaction of SQLite, SIGKILL", "sqlite-journals/SIGKILL@main"
            ),
            Part("the same, the last line", "sqlite-journals/return@main"),
            Part("of a Flask app on its development server, SIGTERM", "flask-files/SIGTERM@main"),
            Part("the same, Ctrl-C", "flask-files/SIGINT@main"),
            Part("of the process that serves, SIGTERM to it", "flask-debug-files/SIGTERM@child"),
            Part("the same, SIGTERM to its parent", "flask-debug-files/SIGTERM@parent"),
            Part("of gunicorn's workers, SIGTERM to the master", "gunicorn-files/SIGTERM@master"),
            Part("of a worker of gunicorn, SIGKILL", "gunicorn-files/SIGKILL@worker"),
            Part("locks of filelock, SIGKILL", "filelock/SIGKILL@main"),
            Part("locks of filelock, an exception", "filelock/exception@main"),
        ),
        tries="exitmatrix run --ending deploy --ending oom -- python app.py",
        threads=(*_of("python/cpython", 26198, 81096, 88271), *_of("sagemath/sage", 39188)),
    ),
    PeopleAsk(
        number=33,
        id="terminate-a-step-that-sleeps",
        asks="Does `terminate` reach a step of a pipeline that sleeps or waits?",
        cases=(
            Part("a step that sleeps, its handler raises", "supervisor-task/SIGTERM@parent"),
            Part("its handler returns", "supervisor-task-returns/SIGTERM@parent"),
            Part("it has no handler", "multiprocessing-*/SIGTERM@child"),
            Part("a step that subprocess started", "plain-subprocess-terminate/return@parent"),
            GRACEFUL,
        ),
        tries="exitmatrix run --ending deploy -- python pipeline.py",
        threads=_of("dagster-io/dagster", 2906, 3410, 14248),
        missing="Dagster itself",
    ),
    PeopleAsk(
        number=34,
        id="django-runserver",
        asks="Django's runserver: which process gets the signal, and which cleans up?",
        cases=(
            Part("SIGTERM to the first process", "django-runserver/SIGTERM@master"),
            Part("Ctrl-C", "django-runserver/SIGINT@group"),
            Part("SIGTERM to the child that serves", "django-runserver/SIGTERM@worker"),
            Part("a file is saved", "django-runserver/SIGUSR1@worker"),
            Part(
                "SIGTERM when the reloader has started its child and does not wait for it yet",
                "django-runserver-late/SIGTERM@master",
            ),
            Part(
                "SIGTERM to the child, within the callback of a weak reference",
                "django-runserver-late/SIGTERM@worker",
            ),
            Part("without the reloader, SIGTERM", "django-runserver-noreload/SIGTERM@main"),
            Part("without the reloader, Ctrl-C", "django-runserver-noreload/SIGINT@main"),
        ),
        tries="exitmatrix run -- python manage.py runserver {port}",
        threads=(*_of("django/django", 448, 16674), *_of("arteria/django-background-tasks", 194)),
    ),
    PeopleAsk(
        number=35,
        id="killed-worker-nobody-restarts",
        asks="The process that serves was killed, and its parent still runs. Does anybody answer?",
        cases=(
            Part("uvicorn --reload", "uvicorn-reload/SIGKILL@worker"),
            Part("uvicorn --workers", "uvicorn-workers/SIGKILL@worker"),
            Part("Flask's reloader", "flask-debug/SIGKILL@child"),
            Part("gunicorn", "gunicorn/SIGKILL@worker"),
            Part("Django's reloader", "django-runserver/SIGKILL@worker"),
            Part("granian --respawn-failed-workers", "granian-kill-timeout/SIGKILL@worker"),
        ),
        tries="exitmatrix run --ending oom -- uvicorn --reload --port {port} app:app",
        threads=_of("vstorm-co/agenticos", 334),
    ),
    PeopleAsk(
        number=36,
        id="stop-in-a-debugger",
        asks="I press Stop in the debugger, and atexit is not called. Why?",
        cases=(
            Part("debugpy, attached; the request terminate", "debugpy/SIGTERM@master"),
            Part("the same, disconnect with terminateDebuggee", "debugpy/SIGHUP@master"),
            Part("the same, the editor is killed", "debugpy/SIGKILL@master"),
            Part("the program itself is interrupted, as by Ctrl-C", "debugpy/SIGINT@worker"),
            Part("os._exit(0), which is what it comes to there", "plain/os-exit-0@main"),
            Part("SIGKILL, which debugpy's launcher sends to its program", "plain/SIGKILL@main"),
        ),
        tries="exitmatrix run --ending oom -- python app.py",
        threads=_of("microsoft/ptvsd", 2009),
        missing="a program that the debugger itself has launched: its source says that it sends"
        " SIGKILL to the program's group (debugpy/launcher/debuggee.py, kill)",
    ),
    PeopleAsk(
        number=37,
        id="windows",
        asks="On Windows: the console is closed, I log off, it shuts down. What runs?",
        threads=(
            *_of("moses-palmer/pystray", 78),
            *_of("mathoudebine/turing-smart-screen-python", 132),
            *_of("python/cpython", 96289),
        ),
        missing="Windows: the harness needs /proc and process groups, and none of the three endings"
        " is a signal there: they come as CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and"
        " CTRL_SHUTDOWN_EVENT",
    ),
    PeopleAsk(
        number=38,
        id="run-exitfuncs",
        asks="May a library call atexit._run_exitfuncs itself?",
        cases=(
            Part("a program that does", "plain-run-exitfuncs/return@main"),
            Part("a library that has a list of its own", "plain-own-registry/return@main"),
            Part("the same, SIGTERM", "plain-own-registry/SIGTERM@main"),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(
            *_of("gaogaotiantian/viztracer", 596, 567),
            *_of("honeybadger-io/honeybadger-python", 201),
        ),
    ),
    PeopleAsk(
        number=39,
        id="atexit-and-sigterm",
        asks="Does atexit run on SIGTERM, and does it help to install a signal handler?",
        cases=(
            STOPPED,
            GRACEFUL,
            Part("the program sends SIGTERM to itself", "plain/self-SIGTERM@main"),
            Part("the same, with the handler", "plain-graceful/self-SIGTERM@main"),
            Part("a library that relies on atexit: Sentry's last event", "sentry/SIGTERM@main"),
            Part("a finally block instead of atexit", "plain-finally/SIGTERM@main"),
            Part("a finally block, with the handler", "plain-finally-graceful/SIGTERM@main"),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(*_of("vivekchand/clawmetry", 1593), *_of("nedbat/coveragepy", 2)),
    ),
    PeopleAsk(
        number=40,
        id="always-execute-exit-functions",
        asks="Handlers for signals that end by sys.exit, with atexit below them: what does that"
        " recipe cover?",
        cases=(
            GRACEFUL,
            Part("Ctrl-C", "plain-graceful/SIGINT@main"),
            Part("SIGHUP", "plain-graceful/SIGHUP@main"),
            Part("SIGKILL", "plain-graceful/SIGKILL@main"),
            Part("the last line", "plain-graceful/return@main"),
            Part("a registry of one's own, SIGTERM", "plain-own-registry/SIGTERM@main"),
            Part("the same, Ctrl-C", "plain-own-registry/SIGINT@main"),
            Part("the same, an exception", "plain-own-registry/exception@main"),
            Part("the same, sys.exit", "plain-own-registry/sys-exit-3@main"),
            Part("the same, the last line", "plain-own-registry/return@main"),
        ),
        tries="exitmatrix run --ending deploy --ending hang-up -- python app.py",
        threads=_of("kuralabs/multiexit", 1, 2),
    ),
    PeopleAsk(
        number=41,
        id="asyncio-worker",
        asks="My own asyncio worker dies on SIGTERM, and prints a traceback on Ctrl-C. What runs?",
        cases=(
            Part("SIGTERM without a handler", "asyncio-run/SIGTERM@main"),
            Part("SIGTERM, with loop.add_signal_handler", "asyncio-graceful/SIGTERM@main"),
            Part("the same, while the main task blocks", "asyncio-blocking/SIGTERM@main"),
            Part("Ctrl-C", "asyncio-run/SIGINT@main"),
            Part("Ctrl-C, while the main task blocks", "asyncio-blocking/SIGINT@main"),
            Part("Ctrl-C twice, while it blocks", "asyncio-blocking/SIGINT-then-SIGINT@main"),
            Part(
                "SIGTERM: the loop has a handler, a library then sets one with signal.signal",
                "asyncio-two-owners/SIGTERM@main",
            ),
            Part(
                "SIGTERM: the loop has a handler, and somebody calls signal.set_wakeup_fd",
                "asyncio-wakeup-taken/SIGTERM@main",
            ),
        ),
        tries="exitmatrix run --ending deploy --ending ctrl-c -- python worker.py",
        threads=(
            *_of("chrisguidry/docket", 212),
            *_of("anoadragon453/matrix-reminder-bot", 212),
            *_of("tempesta-tech/webshield", 9),
            *_of("python/cpython", 87079, 88378),
        ),
    ),
    PeopleAsk(
        number=42,
        id="sitecustomize-in-workers",
        asks="Do spawned workers lose a sitecustomize that was injected?",
        cases=(
            Part(
                "a process that multiprocessing spawns: what is told of its handlers is told by a"
                " sitecustomize on PYTHONPATH",
                "multiprocessing-spawn/return@child",
            ),
            Part("one that a fork server forks", "multiprocessing-forkserver/return@child"),
            Part("one that is forked", "multiprocessing-fork/return@child"),
            Part("a process that subprocess starts", "plain-subprocess/SIGINT@group"),
            Part("a worker of gunicorn", "gunicorn/SIGTERM@master"),
            Part("a worker of uvicorn, which is spawned", "uvicorn-workers/SIGTERM@master"),
            Part("a worker of pytest-xdist", "pytest-xdist/SIGTERM@master"),
        ),
        threads=(
            *_of("scaleapi/scale-agentex", 305),
            *_of("open-telemetry/opentelemetry-python", 4927),
        ),
        missing="a worker that is started with -I, -E or -S, without PYTHONPATH, or where another"
        " sitecustomize is found first: there nothing is observed from inside, and `exitmatrix run`"
        " says so of each process of yours",
    ),
    PeopleAsk(
        number=43,
        id="ctrl-c-and-kernels",
        asks="Ctrl-C on a notebook server restarts kernels, which then die as orphans. Why?",
        cases=(
            Part("a kernel whose server is gone", "ipykernel-manager/SIGKILL@master"),
            Part("Ctrl-C does not reach a kernel itself", "ipykernel-manager/SIGINT@group"),
            Part("nor does it end one that it reaches", "ipykernel/SIGINT@main"),
        ),
        tries="exitmatrix run --ending ctrl-c --ending lost-parent -- jupyter server --port {port}",
        threads=_of("jupyter/notebook", 5991),
        missing="a notebook server, and what restarts its kernels while it ends",
    ),
    PeopleAsk(
        number=44,
        id="pypy-semaphores",
        asks="Ctrl-C with forkserver leaves hundreds of semaphores on PyPy. Which?",
        cases=(
            Part("Ctrl-C, and what has a name", "named-objects/SIGINT@group"),
            Part("SIGINT to the program alone", "named-objects/SIGINT@main"),
            Part("Ctrl-C, and a fork server", "multiprocessing-forkserver/SIGINT@group"),
        ),
        tries="exitmatrix run --ending ctrl-c -- pypy3 app.py",
        threads=_of("pypy/pypy", 3504),
        missing="a program that makes hundreds of them",
    ),
    PeopleAsk(
        number=45,
        id="os-exit-in-a-test",
        asks="A test calls os._exit. What is lost with it?",
        cases=(
            Part("pytest's fixtures and its report", "pytest/os-exit-7@main"),
            Part("handlers and output", "plain/os-exit-0@main"),
            Part("files, caches, transactions", "data-in-flight/os-exit-7@main"),
            Part("the same with os._exit in a view", "flask/os-exit-0@main"),
            Part("the data of coverage", "coverage/os-exit-7@main"),
            Part("the same with patch = _exit", "coverage-sudden/os-exit-7@main"),
        ),
        tries="exitmatrix run --ending deploy -- pytest",
        threads=_of("sonichi/sutando", 3811),
    ),
    PeopleAsk(
        number=46,
        id="subprocess-call-after-ctrl-c",
        asks="How long does subprocess.call wait for its child after Ctrl-C?",
        cases=(
            Part("a child without slow handlers", "plain-subprocess/SIGINT@group"),
            Part("a child whose handlers take 50 ms each", "flask-debug-slow-50ms/SIGINT@group"),
            Part("100 ms each", "flask-debug-slow-100ms/SIGINT@group"),
            Part("300 ms each", "flask-debug-slow-300ms/SIGINT@group"),
        ),
        tries="exitmatrix run --ending ctrl-c -- python app.py",
    ),
    PeopleAsk(
        number=47,
        id="test-my-own-shutdown",
        asks="How do I test that my own program shuts down well?",
        cases=(
            Part(
                "the test sends SIGTERM, and the program handles it", "plain-graceful/SIGTERM@main"
            ),
            Part("it has no handler: such a test fails", "plain/SIGTERM@main"),
            Part("a test with Ctrl-C passes, and says nothing of SIGTERM", "plain/SIGINT@main"),
            Part("the test signals the shell above it", "plain-graceful/sh/SIGTERM@first"),
            Part("an entry script with exec", "plain-graceful/script-exec/SIGTERM@first"),
            Part("clean-up that outlasts the test", "plain-slow-3000ms/SIGTERM-then-SIGKILL@main"),
            Part("the test kills it: nothing can pass", "plain-graceful/SIGKILL@main"),
            Part("Flask's own server", "flask/SIGTERM@main"),
            Part("Flask's debug server, and its reloader alone", "flask-debug/SIGTERM@parent"),
        ),
        tries="exitmatrix run --expect deploy:ran=all,within=10s -- python app.py",
        threads=(
            *_of("dgtlmoon/changedetection.io", 1850, 1853),
            *_of("bahmutov/start-server-and-test", 321),
            *_of("microsoft/playwright", 34430),
            *_of("avast/pytest-docker", 26),
            *_of("TechEmpower/FrameworkBenchmarks", 4740),
        ),
        missing="your own program: the cells tell what a test finds in these. The command runs"
        " yours, and its exit status is 1 where what you expect is not met",
    ),
    PeopleAsk(
        number=48,
        id="ctrl-c-and-a-pool",
        asks="I press Ctrl-C, the workers of my Pool end, and the program hangs. Why?",
        cases=(
            Part("a Pool of two, Ctrl-C to all of them", "multiprocessing-pool-two/SIGINT@group"),
            Part("SIGINT to the program alone", "multiprocessing-pool-two/SIGINT@parent"),
            Part("SIGINT to a worker alone", "multiprocessing-pool-two/SIGINT@child"),
            Part("ProcessPoolExecutor, Ctrl-C to all", "process-pool-two/SIGINT@group"),
        ),
        tries="exitmatrix run --ending ctrl-c -- python app.py",
        threads=(
            *_of("python/cpython", 96062),
            *_of("dfm/emcee", 113),
            *_of("rlworkgroup/garage", 143),
            *_of("brekkylab/backlot", 108),
        ),
    ),
    PeopleAsk(
        number=49,
        id="manager-outlives-the-program",
        asks="My program is gone, and the process of its multiprocessing.Manager is still there."
        " When does it end?",
        cases=(
            Part("SIGTERM to the program", "multiprocessing-manager/SIGTERM@parent"),
            Part("it is killed, as by the OOM killer", "multiprocessing-manager/SIGKILL@parent"),
            Part("it calls os._exit", "multiprocessing-manager/os-exit-7@parent"),
            Part("its terminal is closed", "multiprocessing-manager/SIGHUP@group"),
            Part("SIGTERM to all of its processes", "multiprocessing-manager/SIGTERM@group"),
            Part("Ctrl-C", "multiprocessing-manager/SIGINT@group"),
            Part("its last line", "multiprocessing-manager/return@parent"),
            Part(
                "with a fork server, the default since 3.14: it is killed",
                "multiprocessing-manager-forkserver/SIGKILL@parent",
            ),
        ),
        tries="exitmatrix run --ending deploy --ending oom -- python app.py",
        threads=(
            *_of("python/cpython", 81158, 80180),
            *_of("samuelcolvin/watchfiles", 218),
            *_of("mloda-ai/mloda", 1323, 1327),
            *_of("keylime/keylime", 1883),
            *_of("truenas/middleware", 5181),
        ),
    ),
    PeopleAsk(
        number=50,
        id="queue-hangs-at-exit",
        asks="My program has done its work and does not exit: a multiprocessing.Queue still holds"
        " items. What runs, and what ends it?",
        cases=(
            Part("its last line", "multiprocessing-queue-unread/return@main"),
            Part("an exception", "multiprocessing-queue-unread/exception@main"),
            Part("Ctrl-C", "multiprocessing-queue-unread/SIGINT@main"),
            Part("SIGTERM", "multiprocessing-queue-unread/SIGTERM@main"),
            Part(
                "with cancel_join_thread, its last line",
                "multiprocessing-queue-cancelled/return@main",
            ),
            Part("the same, Ctrl-C", "multiprocessing-queue-cancelled/SIGINT@main"),
        ),
        tries="exitmatrix run --ending ctrl-c -- python app.py",
        threads=(
            *_of("python/cpython", 73983, 91594),
            *_of("NVIDIA/multi-storage-client", 178),
            *_of("siliconcompiler/siliconcompiler", 5246),
            *_of("facebookresearch/spdl", 1564),
            *_of("log2timeline/plaso", 399),
        ),
        missing="a child process that has put what its parent does not take, and is joined",
    ),
    PeopleAsk(
        number=51,
        id="shared-memory-vanishes",
        asks="I attach to shared memory that another program has made, and it is gone when mine"
        " ends. Which ends leave it?",
        cases=(
            Part("the last line", "named-objects-attached/return@main"),
            Part("SIGTERM", "named-objects-attached/SIGTERM@main"),
            Part("SIGKILL", "named-objects-attached/SIGKILL@main"),
            Part("os._exit", "named-objects-attached/os-exit-7@main"),
            Part("the terminal is closed", "named-objects-attached/SIGHUP@group"),
        ),
        tries="exitmatrix run --ending deploy -- python app.py",
        threads=(
            *_of("python/cpython", 82300, 104291, 110778),
            *_of("tenstorrent/tt-inference-server", 2802),
        ),
        missing="`track=False`, new in 3.13: by its documentation, the tracker is not told of the"
        " memory",
    ),
)


def asked_about(question: str) -> tuple[PeopleAsk, ...]:
    """What people ask that a cell answers: those first whose short answer it is."""
    found = [
        (place, one)
        for one in QUESTIONS
        for place, case in enumerate(one.cases)
        if fnmatchcase(question, case.cells)
    ]
    first = {one.number: place for place, one in reversed(found)}
    numbers = sorted(first, key=lambda number: (first[number] > 0, number))
    return tuple(one for number in numbers for one in QUESTIONS if one.number == number)
