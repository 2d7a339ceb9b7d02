"""What people ask for that is no situation: symptoms, mistakes, and ways to end in other words.

Pure. `answer` shows where each is answered: cells, or another question. A text says what
the words stand for, never what happens: that is for the records to say.
"""

from __future__ import annotations

from exitmatrix.declare.matching import held_in, held_loosely_in
from exitmatrix.declare.spoken import SITUATION_WORDS, situation_named_in
from exitmatrix.model import Frozen


class Signpost(Frozen, kw_only=True):
    """Words, and where they are answered."""

    words: tuple[str, ...]  # the first is its title
    says: str
    terminations: tuple[str, ...] = ()  # of the program that was named, where they were measured
    cells: tuple[str, ...] = ()  # otherwise: scenario, termination and target
    asks: tuple[tuple[str, ...], ...] = ()  # situations to ask for instead, and of what
    ending: str = ""  # of `run`, for a program of one's own


SIGNPOSTS: tuple[Signpost, ...] = (
    Signpost(
        words=(
            *("Ctrl-C twice", "ctrl+c twice", "two ctrl-c", "second ctrl-c", "double ctrl-c"),
            *("ctrl-c again", "ctrl-c ctrl-c", "sigint twice"),
        ),
        says="SIGINT, and SIGINT again while the first handler runs, or 2.5 s later.",
        terminations=("SIGINT-twice", "SIGINT-then-SIGINT"),
        cells=("plain/SIGINT-twice@main", "plain/SIGINT-then-SIGINT@main"),
    ),
    Signpost(
        words=("SIGTERM twice", "kill twice", "docker stop twice", "second sigterm"),
        says="SIGTERM, and SIGTERM again 2.5 s later.",
        terminations=("SIGTERM-then-SIGTERM",),
        cells=("plain/SIGTERM-then-SIGTERM@main",),
    ),
    Signpost(
        words=(
            *("docker kill", "docker compose kill", "podman kill", "docker rm -f"),
            *("kubectl delete --force", "--grace-period=0", "systemctl kill -s kill"),
            *("systemctl kill -s sigkill", "systemctl kill --signal kill"),
            *("docker stop -t 0", "docker stop --time 0", "docker compose down -t 0"),
            *("kubectl delete pod --force", "pkill -9", "killall -9", "pkill -kill", "force quit"),
            "fuser -k",  # sends SIGKILL unless another is named: fuser(1)
            *("power loss", "power failure", "power cut", "power outage", "kernel panic"),
            "force kill",
        ),
        says=(
            "The processes end at once, without a warning. The nearest that is measured is SIGKILL."
        ),
        terminations=("SIGKILL",),
        cells=("plain/SIGKILL@main", "files-in-flight/SIGKILL@main"),
        ending="SIGKILL",
    ),
    Signpost(
        words=(
            *("reload", "graceful reload", "systemctl reload", "kill -hup", "kill -1"),
            *("kill -s hup", "gunicorn reload", "reload workers", "hup"),
            "handling signal: hup",
        ),
        says="SIGHUP, which many servers take as a request to reload. A reloader that watches"
        " files is different: ask for `file changed`.",
        terminations=("SIGHUP",),
        cells=("gunicorn/SIGHUP@master", "plain/SIGHUP@main"),
        ending="SIGHUP",
    ),
    Signpost(
        words=(
            *("SIGQUIT", "kill -quit", "kill -3", "ctrl-\\", "^\\", "cold shutdown"),
            *("kill -s quit", "ctrl backslash", "handling signal: quit"),
        ),
        says="SIGQUIT, which Ctrl-\\ in a terminal sends. celery calls it a cold shutdown.",
        terminations=("SIGQUIT",),
        cells=("plain/SIGQUIT@main", "gunicorn/SIGQUIT@master"),
        ending="SIGQUIT",
    ),
    Signpost(
        words=(
            *("kill -INT", "kill -2", "kill -s int", "kill -sigint", "handling signal: int"),
            *("kernel interrupted", "interrupt the kernel", "interrupt kernel"),
        ),
        says="SIGINT to one process. Ctrl-C in a terminal sends it to the whole group.",
        terminations=("SIGINT",),
        cells=("plain/SIGINT@main", "gunicorn/SIGINT@master"),
        ending="SIGINT",
    ),
    Signpost(
        # Fly.io, App configuration, kill_signal; Nomad, Configure exit signals for jobs.
        words=(
            *("fly deploy", "fly.io", "flyctl", "fly machine stop", "fly machine", "fly apps"),
            *("nomad", "nomad stop", "nomad job stop", "stopsignal sigint", "killsignal=sigint"),
            # PM2, Graceful Start/Shutdown.
            *("pm2", "pm2 stop", "pm2 restart", "pm2 reload", "pm2 delete"),
        ),
        says="Fly.io, Nomad and PM2 send SIGINT first unless another signal is configured, and kill"
        " what is left when their kill timeout is over. Nomad's Docker tasks get SIGTERM: ask for"
        " `docker stop`.",
        terminations=("SIGINT",),
        cells=("plain/SIGINT@main", "gunicorn/SIGINT@master"),
        asks=(("docker stop",),),
        ending="SIGINT",
    ),
    Signpost(
        # timeout(1); it sends SIGTERM, or the signal of --signal.
        words=("timeout", "timeout command", "cron timeout", "timed out", "exit 124"),
        says="The command `timeout` sends SIGTERM to its process group when the time is over; exit"
        " status 124 says so. Other limits of time differ: ask for what sends the signal.",
        terminations=("SIGTERM",),
        cells=("plain/timeout/SIGTERM@group", "plain/SIGTERM@main"),
        asks=(("subprocess timeout",), ("systemd timeout",)),
        ending="timeout",
    ),
    Signpost(
        words=(
            *("tasks lost", "task lost", "lost task", "lost tasks", "job lost", "jobs lost"),
            "billiard.exceptions.workerlosterror",
            *("acks_late", "workerlosterror", "worker lost", "worker exited prematurely"),
        ),
        says="Whether a task is lost depends on how its worker ends, and on when the task was"
        " acknowledged.",
        cells=(
            *("celery-prefork-queue/SIGTERM@master", "celery-prefork-queue/SIGTERM@group"),
            *("celery-redis-queue/SIGTERM@master", "celery-redis-queue/SIGKILL@master"),
            "rq/SIGTERM@master",
        ),
    ),
    Signpost(
        words=(
            *("restart kernel", "kernel restart", "restart the kernel", "notebook restart"),
            *("kernel restarted", "kernel died", "kernel shutdown", "shut down kernel"),
        ),
        says="A manager of kernels restarts one, shuts it down, or sees that it was killed.",
        cells=(
            *("ipykernel-manager/SIGHUP@master", "ipykernel-manager/SIGTERM@master"),
            "ipykernel-restarter/SIGKILL@worker",
        ),
    ),
    Signpost(
        words=("SIGUSR1", "kill -usr1", "kill -10", "sigusr2", "kill -usr2", "kill -12"),
        says="A signal for the program's own use. Of the two, SIGUSR1 is measured of programs.",
        terminations=("SIGUSR1",),
        cells=("plain/SIGUSR1@main",),
        ending="SIGUSR1",
    ),
    Signpost(
        words=(
            *("abort", "os.abort", "sigabrt", "kill -abrt", "kill -6", "core dumped"),
            *("exit 134", "exit code 134", "exit status 134", "core dump", "fatal python error"),
        ),
        says="SIGABRT, or another signal that makes the kernel write a core file.",
        terminations=("abort", "SIGABRT", "segfault"),
        cells=("plain/abort@main", "plain/SIGABRT@main", "plain/segfault@main"),
        ending="SIGABRT",
    ),
    Signpost(
        words=("sys.exit", "sys.exit in a view", "sys.exit()", "systemexit", "exit()", "quit()"),
        says="The program calls sys.exit: of a server, in a view.",
        terminations=("sys-exit-0", "sys-exit-3"),
        cells=("plain/sys-exit-3@main", "flask-run/sys-exit-3@main", "gunicorn/sys-exit-3@worker"),
    ),
    Signpost(
        words=("sys.exit in a thread", "sys.exit in thread", "sys.exit from a thread"),
        says="sys.exit raises SystemExit, which ends a thread and not its process.",
        terminations=("thread-system-exit",),
        cells=("plain/thread-system-exit@main",),
    ),
    Signpost(
        words=("os._exit", "os._exit in a view", "os._exit()", "os._exit(0)", "os._exit(1)"),
        says="The program calls os._exit: of a server, in a view.",
        terminations=("os-exit-0", "os-exit-3", "os-exit-7"),
        cells=("plain/os-exit-7@main", "flask-debug/os-exit-0@child", "gunicorn/os-exit-3@worker"),
    ),
    Signpost(
        words=(
            *("unhandled exception", "uncaught exception", "exception", "traceback", "raise"),
            *("exit 1", "exit code 1", "exit status 1"),
        ),
        says="An uncaught exception: of a server, in a view.",
        terminations=("exception", "thread-exception"),
        cells=("plain/exception@main", "plain/thread-exception@main"),
    ),
    Signpost(
        words=("autoreload", "auto-reload", "auto reload", "save a file", "file changed"),
        says="The program's file changes on disk, and a reloader sees it.",
        terminations=("touch-source",),
        cells=("flask-debug/touch-source@child",),
    ),
    Signpost(
        words=(
            *("worker timeout", "request timeout", "harakiri", "hanging view", "view hangs"),
            *("gunicorn timeout", "terminated due to signal 6"),  # what the arbiter logs of it
        ),
        says="A view does not return, and the server ends its worker.",
        terminations=("hang",),
        cells=("gunicorn-hooks/hang@worker", "uwsgi-limits/hang@worker"),
    ),
    Signpost(
        words=("graceful timeout", "graceful-timeout", "graceful_timeout", "--graceful-timeout"),
        says="Workers that still run when the time is over are killed.",
        cells=("gunicorn-stuck/SIGTERM@master", "uvicorn-open-stream-timeout/SIGTERM@main"),
        asks=(("docker stop", "gunicorn"),),
    ),
    Signpost(
        words=("max requests", "--max-requests", "max-requests", "limit-max-requests"),
        says="A worker has answered as many requests as it may.",
        cells=("uwsgi-limits/return@worker",),
    ),
    Signpost(
        words=("broken pipe", "brokenpipeerror", "sigpipe", "| head", "errno 32"),
        says="The reader of its stdout goes away.",
        terminations=("stdout-closed", "SIGPIPE"),
        cells=("plain/stdout-closed@main", "plain/SIGPIPE@main"),
    ),
    Signpost(
        words=("disk full", "no space left on device", "enospc"),
        says="A full disk is not measured. The nearest is a limit on the size of a file.",
        terminations=("file-limit",),
        cells=("plain/file-limit@main", "plain-limits/file-limit@main"),
    ),
    Signpost(
        words=("memoryerror", "rlimit_as", "ulimit -v"),
        says=(
            "A limit on memory that Python notices. The OOM killer is different: it sends SIGKILL."
        ),
        terminations=("memory-limit",),
        cells=("plain/memory-limit@main",),
        asks=(("OOM killer",),),
    ),
    Signpost(
        words=("ulimit -t", "rlimit_cpu", "sigxcpu", "cpu time limit exceeded"),
        says="A limit on processor time: the kernel sends SIGXCPU.",
        terminations=("cpu-limit",),
        cells=("plain/cpu-limit@main", "plain-limits/cpu-limit@main"),
    ),
    Signpost(
        words=(
            *("exit -1", "exit code -1", "exit status -1", "sys.exit(-1)"),
            *("exit 255", "exit code 255", "exit status 255"),
        ),
        says="sys.exit(-1), which becomes 255: of its number the kernel keeps the low eight bits."
        " Other programs, such as ssh, exit with 255 for an error of their own.",
        terminations=("sys-exit-minus-1",),
        cells=("plain/sys-exit-minus-1@main",),
    ),
    Signpost(
        words=(
            *("CancelledError", "task was destroyed but it is pending", "add_signal_handler"),
            *("loop.add_signal_handler", "task cancelled", "cancel all tasks", "pending tasks"),
        ),
        says="What an event loop does with its tasks when the program is told to end.",
        cells=(
            *("asyncio-run/SIGINT@main", "asyncio-run/SIGTERM@main"),
            "asyncio-graceful/SIGTERM@main",
        ),
        asks=(("Ctrl-C", "asyncio.run"), ("docker stop", "asyncio.run")),
    ),
    Signpost(
        words=("recursionerror", "maximum recursion depth", "stack overflow"),
        says="Endless recursion, in Python or through C code.",
        terminations=("recursion-limit", "stack-overflow"),
        cells=("plain/recursion-limit@main", "plain/stack-overflow@main"),
    ),
    Signpost(
        words=(
            *("lock file left", "lock file", "stale lock", "stale lockfile", "lockfile"),
            *("pid file stale", "pid file", "stale pid file", "pidfile"),
            *("tempdir", "temporary directory", "temporary folder"),
            *("temp files left", "temp files", "temporary files", "tempfile", "temp file"),
            *(
                "left behind",
                "lost data",
                "data lost",
                "data loss",
                "truncated file",
                "corrupt file",
            ),
            *("lock not released", "connection not closed", "transaction", "half written"),
            *("sqlite locked", "database is locked", "file not closed", "corrupted"),
        ),
        says="What a program leaves behind depends on how it ended. These have a lock file,"
        " temporary files, open files, a transaction and others in flight.",
        cells=(
            *("data-in-flight/SIGTERM@main", "data-in-flight/SIGKILL@main"),
            *("files-in-flight/SIGTERM@main", "files-in-flight/SIGKILL@main"),
            *("flask-files/SIGTERM@main", "flask-debug-files/SIGTERM@parent"),
            *("gunicorn-files/SIGTERM@master", "gunicorn-files/SIGKILL@worker"),
            "filelock/SIGKILL@main",
        ),
    ),
    Signpost(
        words=(
            *("shared memory leak", "shared memory", "leaked shared_memory", "dev shm"),
            *("leaked semaphore", "semaphore", "semaphores", "resource_tracker"),
        ),
        says="Names in the system that outlive their program: shared memory and semaphores.",
        cells=(
            *("named-objects/SIGHUP@group", "named-objects/SIGTERM@group"),
            *("named-objects/SIGKILL@main", "named-objects/SIGKILL@group"),
        ),
    ),
    Signpost(
        words=(
            *("children left", "child processes left", "processes left", "leftover processes"),
            *("children not killed", "child not killed", "subprocess not killed"),
            *("children alive", "children still running", "child still running"),
            *("address already in use", "port already in use", "errno 98", "port in use"),
        ),
        says="Whether child processes end with their parent depends on how that ends, and on who"
        " gets the signal.",
        cells=(
            *("plain-subprocess/SIGTERM@parent", "plain-subprocess/SIGKILL@parent"),
            *("multiprocessing-fork/SIGTERM@parent", "multiprocessing-fork/SIGKILL@parent"),
        ),
        asks=(("lost parent", "gunicorn"),),
    ),
    Signpost(
        words=("zombie", "zombies", "zombie process", "defunct"),
        says="A zombie has ended, and waits for its parent to read its exit status. What matters"
        " is how it ended, and, in a container, who reaps it.",
        asks=(("docker stop", "in a container"), ("docker stop", "under tini")),
    ),
    Signpost(
        words=(
            *("hangs on exit", "process hangs", "hangs", "does not exit", "won't exit"),
            *("won't stop", "does not stop", "stuck on exit", "stuck at exit"),
            *("won't die", "doesn't die", "never ends", "doesn't exit", "doesn't stop"),
            *("not shutting down", "doesn't shut down", "hung", "hang", "stuck", "won't quit"),
            *("ctrl-c does nothing", "ctrl-c ignored", "ctrl c doesn't kill"),
        ),
        says=(
            "It waits for something, or it has no handler for the signal. Programs that do not end:"
        ),
        cells=(
            *("plain-thread-alive/return@main", "plain/stdout-full@main"),
            *("plain-writer-stuck/return@main", "multiprocessing-fork/SIGINT@parent"),
        ),
        asks=(("docker stop", "in a container"),),
    ),
    Signpost(
        words=(
            *("atexit not called", "atexit not running", "atexit does not run", "atexit"),
            *("lifespan", "lifespan shutdown", "shutdown event", "on_shutdown"),
            *(
                "handler not called",
                "cleanup not called",
                "clean-up did not run",
            ),
            *("cleanup not run", "atexit.register", "never runs", "doesn't run", "does not run"),
            *("not working", "cleanup function", "cleanup code", "app.on_event", "hook not called"),
            "logging.shutdown",
        ),
        says="Whether handlers run depends on how the process ends. Ask for that:",
        asks=(("docker stop",), ("systemctl stop",), ("Ctrl-C",), ("OOM killer",)),
    ),
    Signpost(
        words=(
            *(
                "github actions cancel",
                "github action",
                "ci cancel",
                "ci timeout",
                "job timeout",
                "cancel workflow",
            ),
            *("workflow cancelled", "job cancelled", "github actions", "ci-cancel"),
            *("ci cancelled", "ci canceled", "workflow canceled", "job canceled"),
        ),
        says="GitHub Actions sends SIGINT to the first process, SIGTERM 7.5 s later, and SIGKILL"
        " to all 2.5 s after that.",
        terminations=("SIGINT", "SIGTERM"),
        cells=("plain/SIGINT@main", "plain/SIGTERM@main"),
        ending="ci-cancel",
    ),
    Signpost(
        words=("pytest killed", "pytest is killed", "tests killed", "pytest timeout"),
        says="A session of pytest that is ended from outside.",
        cells=("pytest/SIGKILL@main", "pytest/SIGTERM@main", "pytest/SIGINT@main"),
    ),
    Signpost(
        words=("debugger stop", "stop debugging", "vs code stop", "vs code stop button"),
        says="debugpy, the debugger of VS Code, ends the program that it is attached to.",
        cells=("debugpy/SIGTERM@master", "debugpy/SIGINT@worker"),
    ),
    Signpost(
        # IntelliJ Platform, KillableProcessHandler.destroyProcessGracefully and killProcess.
        words=(
            *("pycharm", "pycharm stop", "pycharm stop button", "intellij", "intellij stop"),
            *("stop button", "red square"),
        ),
        says="On Linux and macOS, Stop in PyCharm sends SIGINT to every process of the program; if"
        " it is pressed again, they are killed. In VS Code: ask for `stop debugging`.",
        terminations=("SIGINT",),
        cells=("plain/SIGINT@main", "flask-debug/SIGINT@group"),
        ending="ctrl-c",
    ),
    Signpost(
        words=(
            *("app engine", "google app engine", "gae", "azure app service", "app service"),
            *(
                "app service restart",
                "digitalocean",
                "digitalocean app platform",
                "app platform",
                "render.com",
            ),
            *("elastic beanstalk", "beanstalk", "cloud foundry", "openshift", "databricks"),
        ),
        says="What this platform does is not measured. If it sends SIGTERM and kills what is left"
        " after some time, this is the answer:",
        asks=(("docker stop",),),
        ending="deploy",
    ),
    Signpost(
        words=("colab", "google colab", "colab runtime", "spyder", "kaggle"),
        says="What Colab, Kaggle and Spyder do is not measured. Their kernels are ipykernel's, and"
        " these are the ways in which a manager of kernels ends one:",
        cells=("ipykernel-manager/SIGHUP@master", "ipykernel-manager/SIGTERM@master"),
    ),
    Signpost(
        words=(
            *("crashed", "server crashed", "app crashed", "program crashed", "python crashed"),
            *("process crashed", "script crashed", "worker crashed", "server died"),
            *("process died", "worker died"),
        ),
        says="A crash is an uncaught exception, a signal such as SIGSEGV, or the OOM killer. The"
        " exit status tells which: 1, 139 and 137.",
        terminations=("exception", "segfault", "SIGKILL"),
        cells=("plain/exception@main", "plain/segfault@main", "plain/SIGKILL@main"),
    ),
    Signpost(
        words=(
            *("takes 10 seconds", "takes 10s", "takes ten seconds", "10 seconds to stop"),
            *("slow to stop", "stop is slow", "slow stop", "slow shutdown", "shutdown is slow"),
            *("takes 30 seconds", "takes long to stop", "takes forever to stop"),
            *("ignores sigterm", "sigterm ignored", "sigterm not received", "sigterm not sent"),
            *("signal not received", "signals not forwarded", "signal not forwarded"),
            *("does not get sigterm", "doesn't receive sigterm", "never receives sigterm"),
            *("killed after 10 seconds", "shell form cmd", "exec in entrypoint.sh"),
        ),
        says="The first process of a container gets only signals that it handles, and a shell in"
        " between does not pass them on. Then the platform waits, and kills.",
        cells=("plain/pid1/SIGTERM@first", "plain/sh/SIGTERM@first", "plain/tini/SIGTERM@first"),
        asks=(("docker stop", "in a container"), ("docker stop", "behind a shell")),
        ending="deploy",
    ),
    Signpost(
        words=(
            *("finally", "finally not run", "finally not executed", "finally block"),
            *("with block", "context manager", "__exit__", "exitstack"),
        ),
        says="A `finally` clause and the end of a `with` block run if an exception passes through"
        " them, and a signal without a handler raises none.",
        cells=(
            *("plain-finally/SIGTERM@main", "plain-finally/SIGINT@main"),
            *("plain-finally-graceful/SIGTERM@main", "plain-finally/os-exit-7@main"),
        ),
    ),
    Signpost(
        words=("daemon thread", "daemon threads", "daemonic thread", "daemon=true"),
        says="A daemon thread is not waited for when the program ends.",
        cells=("plain-thread-daemon/return@main", "plain-finally-threads/return@main"),
    ),
    Signpost(
        words=("__del__", "destructor", "weakref.finalize", "finalizer", "destructor not called"),
        says="An object's `__del__` and a `weakref.finalize`, when the program ends.",
        cells=(
            *("plain-del-global/return@main", "plain-del-global/SIGTERM@main"),
            *("plain-weakref-finalize/return@main", "plain-weakref-finalize/SIGTERM@main"),
        ),
    ),
    Signpost(
        words=(
            *("output lost", "stdout lost", "print lost", "print missing", "output missing"),
            *("logs missing", "log lines missing", "logs lost", "last logs missing"),
            *("not flushed", "buffer not flushed", "unflushed", "print not shown", "no output"),
            *("pythonunbuffered", "nothing flushed", "logs empty", "no logs", "docker logs"),
        ),
        says="What is printed to a pipe or a file waits in a buffer. Whether it is written depends"
        " on how the process ends.",
        terminations=("SIGTERM", "SIGKILL", "os-exit-7"),
        cells=("plain/SIGTERM@main", "plain/SIGKILL@main", "plain/os-exit-7@main"),
    ),
    Signpost(
        words=(
            *("runs twice", "called twice", "run twice", "executed twice", "printed twice"),
            *("atexit twice", "handler twice", "twice in flask"),
        ),
        says="A function that is registered twice runs twice. Under a reloader two processes"
        " register it, and each runs its own.",
        cells=("plain-same-twice/return@main", "flask-debug/SIGINT@group"),
    ),
    Signpost(
        words=(
            *("requests dropped", "requests lost", "in-flight requests", "502 on deploy", "502"),
            *("bad gateway", "connection reset", "prematurely closed connection"),
            *("dropped requests", "requests fail", "errors on deploy", "drain connections"),
            *("waiting for connections to close", "waiting for background tasks to complete"),
        ),
        says="What becomes of a request that is being answered when the server is stopped:",
        cells=(
            *("gunicorn-busy/SIGTERM@master", "gunicorn-gthread-busy/SIGTERM@master"),
            *("uvicorn-busy/SIGTERM@main", "uvicorn-open-stream/SIGTERM@main"),
            *("hypercorn-busy/SIGTERM@master", "flask-run-busy/SIGTERM@main"),
        ),
        ending="scale-down",
    ),
    Signpost(
        words=("restart", "restarting", "restarted"),
        says="A restart stops what runs, and starts it again. It is stopped by:",
        asks=(("docker stop",), ("systemctl stop",)),
    ),
    Signpost(
        words=(
            *("nohup", "disown", "background process", "in the background", "in background"),
            *("setsid", "daemonize"),
        ),
        says="What the end of a session does to a program that was put into the background:",
        asks=(("ssh disconnect", "under nohup"), ("ssh disconnect", "setsid"), ("ssh disconnect",)),
        ending="hang-up",
    ),
    Signpost(
        words=("os.kill(os.getpid(), signal.sigterm)", "os.kill", "kills itself", "signal.raise"),
        says="The program sends itself a signal.",
        terminations=("self-SIGTERM", "self-SIGKILL"),
        cells=("plain/self-SIGTERM@main", "plain/self-SIGKILL@main"),
    ),
    Signpost(
        words=("laptop lid", "laptop", "suspend", "hibernate", "sleep mode"),
        says=(
            "Suspending a machine freezes processes and sends them no signal (kernel "
            "documentation, Freezing of tasks). A connection that is lost meanwhile is not "
            "measured."
        ),
        asks=(("ssh disconnect",),),
    ),
    Signpost(
        words=("lambda", "aws lambda", "lambda timeout", "lambda shutdown"),
        says="What AWS Lambda does is not measured. The nearest is SIGTERM to every process.",
        asks=(("systemctl stop",),),
        ending="stop-service",
    ),
    Signpost(
        # GitLab Runner, executors/shell; Jenkins, Aborting a build.
        words=(
            *("gitlab ci", "gitlab runner", "gitlab", "jenkins", "jenkins abort"),
            *("gitlab ci cancelled", "gitlab ci cancel", "gitlab ci timeout", "jenkins cancelled"),
            *("gitlab job cancelled", "gitlab job timeout", "jenkins job cancelled"),
            "jenkins timeout",
        ),
        says="GitLab's shell executor and Jenkins send SIGTERM to the processes of a job that is"
        " cancelled. That is what stops a service, too:",
        asks=(("systemctl stop",),),
        ending="stop-service",
    ),
    Signpost(
        # slurm.conf(5), KillWait.
        words=("slurm", "scancel", "slurm scancel", "sbatch", "srun", "slurm time limit"),
        says="When the time of a job is over, Slurm sends SIGTERM to its processes, and SIGKILL"
        " after KillWait, which is 30 s unless set. That is what stops a service, too:",
        asks=(("systemctl stop",),),
        ending="stop-service",
    ),
    Signpost(
        words=(
            *("windows", "taskkill", "task manager", "ctrl_close_event", "powershell"),
            *("ctrl_c_event", "exit code -1073741510", "0xc000013a"),
        ),
        says="Windows is not measured. It has no such signals: a console is closed by events, and"
        " a process is ended by TerminateProcess, which runs no Python code. The nearest:",
        cells=("plain/SIGINT@main", "plain/SIGKILL@main"),
    ),
    Signpost(
        # tmux(1), detach-client; screen(1), detach.
        words=(
            *("tmux detach", "screen detach", "screen detached", "tmux detached", "detach"),
            *("tmux", "screen"),
        ),
        says="To detach a session of tmux or screen sends no signal: its programs go on. To close"
        " its window does:",
        asks=(("tmux kill-window",),),
    ),
    Signpost(
        words=(
            *("sigstop", "sigtstp", "sigcont", "ctrl-z", "ctrl+z", "^z", "kill -stop"),
            *("docker pause", "docker unpause", "freeze", "frozen process"),
        ),
        says="A process that is stopped or frozen executes nothing, and goes on after SIGCONT or"
        " when it is thawed: that ends nothing. SIGTERM acts on it when it goes on:",
        asks=(("docker stop",),),
    ),
    Signpost(
        words=("eoferror", "eof when reading a line", "stdin closed", "ctrl-d", "^d"),
        says="Input has ended: input() raises EOFError.",
        terminations=("input-ended",),
        cells=("plain/input-ended@main",),
    ),
    Signpost(
        words=("exit 0", "exit code 0", "exit status 0", "exits normally", "last line", "return"),
        says="The program ends normally.",
        terminations=("return", "sys-exit-0"),
        cells=("plain/return@main", "plain/sys-exit-0@main"),
    ),
    Signpost(
        words=("exit 120", "exit code 120", "exit status 120"),
        says="Python exits with 120 if the last flush of stdout or stderr fails.",
        terminations=("stdout-closed",),
        cells=("plain/stdout-closed@main",),
    ),
    Signpost(
        words=("exit 3", "exit code 3", "exit status 3", "worker failed to boot"),
        says="A worker of gunicorn exits with 3 if it cannot start; a reloader takes 3 as a request"
        " to start again.",
        terminations=("sys-exit-3", "os-exit-3"),
        cells=("gunicorn/sys-exit-3@worker", "flask-debug/os-exit-3@child"),
    ),
    Signpost(
        words=(
            *("crashloopbackoff", "crash loop", "back-off restarting failed container"),
            *("pod restarts", "pod restarting", "container restarts", "container keeps restarting"),
            *("exits immediately", "terminates immediately", "exits at once"),
        ),
        says="A container ends again and again. How its process ended is in its exit status"
        " (kubectl describe pod): 137 and 143 are these, and 1 is an exception.",
        asks=(("exit 137",), ("exit 143",)),
    ),
)


def signpost_of(words: str) -> Signpost | None:
    """The signpost whose longest words are in what was asked; None where there is none.

    It comes before situations: `docker kill` is no `kill`. But a longer name of a situation that
    its words are a part of comes before it: an `ssh timeout` is no `timeout`. So does any, where
    the signpost would ask for one: `atexit not called on SIGTERM` asks for SIGTERM.
    """
    found = held_in(words, NAMES)
    if not found and not held_in(words, SITUATION_WORDS):
        found = held_loosely_in(words, NAMES)
    if not found:
        return None
    sign = NAMES[found]
    situation = situation_named_in(words)
    if not situation or held_in(found, (situation,)):
        return sign
    asks_for_one = not (sign.cells or sign.terminations)
    return None if asks_for_one or held_in(situation, (found,)) else sign


NAMES = {word.lower(): one for one in SIGNPOSTS for word in one.words}
