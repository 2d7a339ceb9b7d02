"""Reports for the trackers of others: what is wrong, with the program that shows it. Frozen data.

What happens, since when, the output and the environment are not written here: they are
taken from records, from claims, and from runs of the program. None of them is sent.
"""

from __future__ import annotations

from exitmatrix.model.draft import Draft, Ticket

DRAFTS: tuple[Draft, ...] = (
    Draft(
        id="cpython-atexit-exceptions",
        tracker="python/cpython",
        title=(
            "atexit: an exception in an exit handler is not raised again, and since 3.10 "
            "SystemExit is printed"
        ),
        documented="A traceback is printed for an exception in a handler, unless it is SystemExit;"
        " after all handlers have run, the last exception is raised again.",
        where="library/atexit, 3.10 to 3.15, also as reworded in September 2026 (gh-156086)",
        claims=("A12", "A13"),
        cells=("plain-handlers-raise/return@main", "plain-handler-sys-exit/return@main"),
        cause=(
            "Since bpo-42639 (GH-23779, 3.10) `atexit_callfuncs` in `Modules/atexitmodule.c` "
            "passes each exception to sys.unraisablehook and keeps none. Up to 3.9 it fetched "
            "the last one, and `Python/pylifecycle.c` dropped it."
        ),
        since=(
            "The hook: 3.10 (GH-23779). That the last exception is not raised again: each Python "
            "3 that was measured, 3.6 on."
        ),
        program="""\
import atexit, sys

def fails():
    raise ValueError("failed")

def leaves():
    sys.exit(3)

atexit.register(print, "the others still run")
atexit.register(fails)
atexit.register(leaves)
""",
        requires=">=3.6",
        stack="none",
        wish="The paragraph could say that each exception, SystemExit too, goes to"
        " sys.unraisablehook, that the other handlers still run, and that the exit status stays"
        " what it was.",
        threads=(
            Ticket("python/cpython#103512", "open: the traceback of SystemExit, since 3.10"),
            Ticket("python/cpython#23779", "the change, merged for 3.10"),
            Ticket("python/cpython#156086", "the rewording of 2026, which kept the sentence"),
        ),
    ),
    Draft(
        id="cpython-atexit-threads",
        tracker="python/cpython",
        title="atexit: `Changed in version 3.12` says that a handler can start no thread and"
        " cannot fork; since 3.12.3 it can",
        documented="Since 3.12 an attempt to start a thread, or to fork, in an exit handler leads"
        " to RuntimeError.",
        where="library/atexit, 3.12 to 3.15, also as reworded in September 2026 (gh-156086)",
        claims=("A15", "A16"),
        cells=("plain-handler-starts-thread/return@main", "plain-handler-forks/return@parent"),
        cause=(
            "GH-104826 (3.12.0) refused both once the interpreter was finalizing. GH-117029, the "
            "backport of GH-116677 that is part of 3.12.3, refuses them only once all non-daemon "
            "threads have ended and finalization proper begins, which is after the handlers."
        ),
        since="3.12.3 (GH-117029), and 3.13.0 on; 3.12.0 to 3.12.2 are as documented.",
        program="""\
import atexit, os, threading

def forks():
    if not os.fork():
        os._exit(0)
    os.wait()
    print("a handler forks")

def starts():
    thread = threading.Thread(target=print, args=("a handler starts a thread",))
    thread.start()
    thread.join()

atexit.register(forks)
atexit.register(starts)
""",
        requires=">=3.6",
        stack="none",
        wish=(
            "The note could say `Changed in version 3.12.3`: possible again; or the refusal "
            "could be restored, if it is intended. At present neither behaviour is documented "
            "for 3.12.3 and later."
        ),
        threads=(
            Ticket("python/cpython#104826", "the change that refused both, with this note"),
            Ticket("python/cpython#113964", "open, labelled docs: the regression that it was"),
            Ticket("python/cpython#117029", "the backport to 3.12 that takes it back"),
            Ticket("python/cpython#116982", "open: would restore threads in handlers on purpose"),
            Ticket("eight04/deno_vm#11", "a library that moved away from atexit for the note"),
            Ticket("pytest-dev/execnet#271", "another one"),
        ),
    ),
    Draft(
        id="cpython-resource-tracker-sighup",
        tracker="python/cpython",
        title="multiprocessing: SIGHUP to the process group kills the resource tracker too, and the"
        " names of semaphores stay",
        documented="When all processes of a program have ended, the resource tracker unlinks the"
        " named semaphores and shared memory that are left, as after a process that was killed by a"
        " signal.",
        where="library/multiprocessing, Contexts and start methods; the head of"
        " `Lib/multiprocessing/resource_tracker.py` speaks of Ctrl-C and `killall python`",
        claims=("P1", "P2"),
        cells=(
            "named-objects/SIGHUP@group",
            "named-objects/SIGTERM@group",
            "named-objects/SIGHUP@main",
            "flask-debug/SIGHUP@group",
        ),
        cause=(
            "The tracker ignores SIGINT and SIGTERM (`_IGNORED_SIGNALS`, and `main` in "
            "`Lib/multiprocessing/resource_tracker.py`). A terminal that is closed sends SIGHUP "
            "to the whole foreground group, the tracker among it, whose default action ends it "
            "before it can unlink anything. Since 3.14 fork is not the default on Linux, so a "
            "program that makes a lock of multiprocessing in the default context has a tracker "
            "and a name."
        ),
        since=(
            "Since there has been a tracker: 3.4 (bpo-8713), then called semaphore_tracker. In "
            "programs that choose no start method, on Linux, since 3.14. Up to 3.7 SIGTERM has "
            "the same effect while the tracker starts: since 3.8 (bpo-33613) its starter blocks "
            "the two signals until the tracker ignores them. So the program below waits until it "
            "does."
        ),
        program="""\
import multiprocessing, os, signal, subprocess, sys, time

if len(sys.argv) > 1:  # the program: a lock with a name, and a wait
    lock = multiprocessing.get_context("spawn").Lock()
    print(lock._semlock.name, flush=True)
    time.sleep(60)


def ignores_sigterm(pid):
    with open("/proc/{}/status".format(pid)) as status:
        (mask,) = [line.split()[1] for line in status if line.startswith("SigIgn")]
    return int(mask, 16) >> (signal.SIGTERM - 1) & 1


for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    program = subprocess.Popen(
        [sys.executable, __file__, "program"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    lock = program.stdout.readline().decode().strip()
    with open("/proc/{0}/task/{0}/children".format(program.pid)) as children:
        tracker = int(children.read())
    while not ignores_sigterm(tracker):  # up to 3.7 nothing blocks it while it starts
        time.sleep(0.01)
    os.killpg(program.pid, getattr(signal, name))
    program.communicate()  # until the tracker has ended, too: it has the same stderr
    path = "/dev/shm/sem." + lock.lstrip("/")
    print(name, "to the group:", "LEFT BEHIND" if os.path.exists(path) else "removed")
    if os.path.exists(path):
        os.unlink(path)
""",
        requires=">=3.6",
        stack="none",
        wish=(
            "The tracker could ignore SIGHUP as well, where the platform has it: it ends with "
            "its last client in any case."
        ),
        threads=(
            Ticket("python/cpython#110844", "open: the signal mask of the same two signals"),
            Ticket("python/cpython#77794", "closed: the same two signals while the tracker starts"),
            Ticket("python/cpython#116849", "open: leaks that are told when terminals are closed"),
            Ticket("OSGeo/grass#7832", "leaked semaphores that users see"),
        ),
    ),
    Draft(
        id="cpython-gzip-unclosed",
        tracker="python/cpython",
        title=(
            "gzip: since 3.14 a GzipFile that is a global and was not closed loses its data at "
            "exit, because `__del__` can no longer import warnings; since 3.12.10 and 3.13.3 it "
            "loses what is in its buffer"
        ),
        documented=(
            "The page does not mention files that are not closed. The change of 3.12.10 and 3.13.3 "
            "was meant to end an exception that was ignored, and the one that added `__del__` to "
            "add a ResourceWarning, so that lost data are noticed."
        ),
        where="library/gzip; `_WriteBufferStream` in `Lib/gzip.py`, and `GzipFile.__del__` of 3.14",
        claims=(),
        cells=("files-in-flight/return@main", "files-in-flight/exception@main"),
        cause="A module that defines a function is in a cycle with it, so its globals are released"
        " by the garbage collector, which clears weak references to garbage before it calls any"
        " finalizer. `_WriteBufferStream.write` then finds no GzipFile and raises RuntimeError"
        " (lost gzip_file): what is buffered is never compressed. Without a function the globals"
        " are released one by one, and 3.13 closes the file in time. Since 3.14 both lose it:"
        " `__del__` imports warnings before it calls `super().__del__()`, which closes the file,"
        " and when globals are released `sys.meta_path` is None, so that the import raises"
        " ImportError, although warnings was imported long ago. On 3.15.2 that alone remains:"
        " with a gzip.py that imports warnings at its head the file is whole there, and on 3.14.10"
        " it is not.",
        since="3.12.10 and 3.13.3 (GH-130055), for programs that define a function; 3.14"
        " (GH-130905) for all. 3.13.5 and 3.13.18 were tried by hand, and 3.12.1 with the gzip.py"
        " of 3.13.5. ZipFile is to get the same warning in the same way (GH-81954).",
        program="""\
import gzip, os, subprocess, sys, tempfile

WRITE = '''
import gzip, sys
file = gzip.open(sys.argv[1], "wb")
file.write(b"all of it")
def function(): pass
'''

with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "data.gz")
    subprocess.call([sys.executable, "-c", WRITE, name], stderr=subprocess.DEVNULL)
    try:
        print("read back:", gzip.open(name).read().decode())
    except EOFError as error:
        print("read back:", error)
""",
        requires=">=3.6",
        stack="none",
        wish="`__del__` could close the file whatever becomes of the warning: in a `finally`"
        " clause, or with warnings imported at the head of the module. `close` could flush the"
        " buffer through the GzipFile that it has at hand, in the place of a weak reference.",
        threads=(
            Ticket("python/cpython#130806", "closed: the warning, asked for because data are lost"),
            Ticket("python/cpython#130905", "the change"),
            Ticket("python/cpython#152354", "the same for ZipFile, merged for a later release"),
            Ticket("python/cpython#129726", "closed: the exception that was ignored"),
            Ticket("python/cpython#130055", "the change of 3.12.10 and 3.13.3: the weak reference"),
        ),
    ),
    Draft(
        id="cpython-daemon-holds-globals",
        tracker="python/cpython",
        title="At exit a daemon thread that is in a function of `__main__` keeps the globals"
        " alive: files that the main thread has not closed lose what is buffered",
        documented=(
            "A daemon thread is stopped abruptly, and its resources, such as open files, may not "
            "be released properly. The page does not mention the main thread's files. The "
            "tutorial warns that what was written to a file that is not closed might not be "
            "complete, even if the program exits successfully; it does not say that this can "
            "depend on a thread which does not use the file."
        ),
        where="library/threading, Thread objects; tutorial/inputoutput, Reading and Writing Files",
        claims=(),
        cells=(
            "files-held-by-thread/return@main",
            "files-held-by-thread/exception@main",
            "files-in-flight/return@main",
        ),
        cause=(
            "`finalize_modules` in `Python/pylifecycle.c` drops the modules, and clears the "
            "dictionary of one only if its module object is still alive then "
            "(`finalize_modules_clear_weaklist`). There is no other reference to the module "
            "object of `__main__`, so it is freed; its dictionary is not, because the frame of "
            "the daemon thread has it as its globals. It is neither cleared nor released: no "
            "`__del__` of a global is called, and no file is flushed. The last line of the "
            "output below shows it: where the thread holds the module object as well, the "
            "dictionary is cleared and nothing is lost."
        ),
        since=(
            "bpo-18214 (3.4), since which a module that is garbage by then is no longer purged. "
            "2.7 writes the file; all of 3.6 to 3.15 that were measured lose it."
        ),
        program="""\
import os, subprocess, sys, tempfile

WRITE = '''
import sys, threading
file = open(sys.argv[1], "w")
file.write("all of it")
wait = threading.Event().wait
def background(*arguments):
    wait()
thread = threading.Thread(target=%s)
thread.daemon = True
thread.start()
'''

folder = tempfile.mkdtemp()
for who, target in (
    ("in a function of the standard library", "wait"),
    ("in a function of the program", "background"),
    ("the same, and it holds the module", "background, args=[sys.modules['__main__']]"),
):
    name = os.path.join(folder, "data")
    status = subprocess.call([sys.executable, "-c", WRITE % target, name])
    with open(name) as file:
        print("%s: exit %d, %r is in the file" % (who, status, file.read()))
    os.remove(name)
os.rmdir(folder)
""",
        requires=">=2.7",
        stack="none",
        wish="The dictionary of `__main__` could be cleared whether or not its module object"
        " is alive, as it is where that is. Or threading could say that a daemon thread"
        " which is in a function of a module keeps all globals of that module from being"
        " released, files of other threads too.",
        threads=(
            Ticket("python/cpython#139542", "closed: objects that are local to a daemon thread"),
            Ticket("python/cpython#19120", "merged in 2020: frames of daemons are not cleared"),
            Ticket("python/cpython#18848", "merged before that: they were to be, and earlier"),
            Ticket("python/cpython#62052", "closed: data of files in reference cycles are lost"),
        ),
    ),
    Draft(
        id="cpython-finalize-in-children",
        tracker="python/cpython",
        title="weakref.finalize: since 3.13 a forked process of multiprocessing runs its exit"
        " handlers, but no finalizer if its parent has made one: its TemporaryDirectory"
        " stays",
        documented=(
            "Each finalizer that is left when the program exits is called, unless its attribute "
            "atexit is false. That a forked process of multiprocessing runs exit handlers since "
            "3.13 is in the changelog only (gh-83856), which does not mention finalizers."
        ),
        where="library/weakref, `finalize`; library/tempfile, `TemporaryDirectory`; the"
        " changelog of 3.13.0",
        claims=("P15",),
        cells=("multiprocessing-finalize/return@child", "multiprocessing-fork/return@child"),
        cause=(
            "All finalizers are called by one atexit handler, which `finalize.__init__` "
            "registers when the first is made, and records in the class: "
            "`_registered_with_atexit` (`Lib/weakref.py`). A fork inherits that flag. Since "
            "GH-114279 the child begins with `atexit._clear()` (`Popen._launch` in "
            "`Lib/multiprocessing/popen_fork.py`, and the fork server), which removes the "
            "handler: a finalizer that the child makes is not called, unless the parent had made "
            "none. So whether a child cleans up depends on what its parent, or a library in it, "
            "has done before the fork."
        ),
        since="3.13 (GH-114279). Up to 3.12 such a process ends by os._exit, and calls none in"
        " either case.",
        program="""\
import atexit, multiprocessing, os, sys, tempfile

kept = []

def child(writer):
    atexit.register(lambda: os.write(1, b"the exit handler of the child runs\\n"))
    kept.append(tempfile.TemporaryDirectory(prefix="child-"))
    writer.send(kept[-1].name)

def show(what):
    reader, writer = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(writer,))
    process.start()
    name = reader.recv()
    process.join()
    left = os.path.exists(name)
    print(what, "the child's folder is", "LEFT BEHIND" if left else "removed", flush=True)
    if left:
        os.rmdir(name)

show("The parent has made no finalizer:")
mine = tempfile.TemporaryDirectory(prefix="parent-")
show("The parent has made one:")
""",
        requires=">=3.6",
        stack="none",
        wish=(
            "Where multiprocessing clears atexit it could also drop the inherited finalizers and "
            "the flag that their handler is registered; or `finalize` could do so itself by "
            "os.register_at_fork. To reset only the flag would not do: the child would call the "
            "finalizers of its parent, and remove the parent's folders."
        ),
        threads=(
            Ticket("python/cpython#114279", "the change, merged for 3.13"),
            Ticket("python/cpython#83856", "closed: what it was asked for"),
            Ticket("sagemath/sage#39201", "merged: folders that vanish with a child, since 3.13"),
        ),
    ),
    Draft(
        id="cpython-forkserver-handlers",
        tracker="python/cpython",
        title="multiprocessing: since the fork server imports `__main__`, exit handlers that the"
        " main module registers run in the server, and no longer in its children",
        documented=(
            "Children of the fork server inherit the imported state of the modules that were "
            "preloaded. The page mentions neither exit handlers nor that the main module is "
            "preloaded by default."
        ),
        where="library/multiprocessing, `set_forkserver_preload`; library/atexit",
        claims=(),
        cells=(
            "multiprocessing-forkserver/return@child",
            "multiprocessing-spawn/return@child",
            "multiprocessing-fork/return@child",
        ),
        cause="Since GH-135295 (gh-126631) the server is told the path of the main module and"
        " imports it, once (`main` in `Lib/multiprocessing/forkserver.py`): `atexit.register` at"
        " the level of the module is executed in the server. Each child begins with"
        " `atexit._clear()` (GH-114279, 3.13), and finds the module imported. The server ends like"
        " any Python when its last client is gone, and then runs what the module has registered.",
        since="3.13.8 and 3.14.1 (GH-135295). In 3.13.0 to 3.13.7 and in 3.14.0 each child imported"
        " the module and ran its handlers; up to 3.12 a child ended by os._exit and ran none. The"
        " fork server is the default on Linux since 3.14.",
        program="""\
import atexit, multiprocessing, os

def clean_up():
    where = {MAIN: "in the program", CHILD: "in the child"}.get(os.getpid(), "in the fork server")
    print("the handler of the module runs", where, flush=True)

MAIN = CHILD = None
atexit.register(clean_up)

def child():
    global CHILD
    CHILD = os.getpid()
    print("the child is at work", flush=True)

if __name__ == "__main__":
    MAIN = os.getpid()
    process = multiprocessing.get_context("forkserver").Process(target=child)
    process.start()
    process.join()
    server = multiprocessing.forkserver._forkserver
    atexit.unregister(clean_up)  # of the program itself: it is about the others
    server._stop()  # waits for the end of the server
""",
        requires=">=3.8",
        stack="none",
        wish="The documentation of the start methods could say that the main module is imported in"
        " the server, that exit handlers which it registers run there, and that a child has to"
        " register its own in the function that it runs. Or the server could forget them, as its"
        " children do.",
        threads=(
            Ticket("python/cpython#126631", "closed: the main module was never preloaded"),
            Ticket("python/cpython#143706", "another effect of the same change, mended: sys.argv"),
            Ticket("python/cpython#83856", "closed: handlers run in forked children since 3.13"),
            Ticket("python/cpython#114220", "open: the order of handlers and of the exit function"),
        ),
    ),
    Draft(
        id="cpython-logging-in-children",
        tracker="python/cpython",
        title="multiprocessing: `logging.shutdown` is not called in a child whose parent or fork"
        " server has imported logging: what a MemoryHandler holds is lost",
        documented=(
            "logging.shutdown is said to be registered as an exit handler when logging is "
            "imported, so that nothing is normally to be done. That exit handlers run in forked "
            "children since 3.13 is in the changelog only (gh-83856); nothing is said of those "
            "that were registered before the fork."
        ),
        where="library/logging, `shutdown`; the changelog of 3.13.0",
        claims=(),
        cells=("multiprocessing-forkserver/return@child", "multiprocessing-fork/return@child"),
        cause=(
            "logging registers its handler once, when it is imported (`Lib/logging/__init__.py`). "
            "Since GH-114279 each forked child begins with `atexit._clear()`, and the module is "
            "not imported again in it. A child that is the first to import logging writes its "
            "records; one whose parent has imported it does not. Since the fork server imports "
            "the main module (GH-135295), and what that imports, its children are among these."
        ),
        since=(
            "3.13 under fork: up to 3.12 such a child ended by os._exit, and lost them in any "
            "case. Under the fork server they were written from 3.13.0 to 3.13.7 and in 3.14.0, by "
            "its source; 3.13.0 and 3.13.5 were seen to, and 3.13.18, 3.14.10 and 3.15.2 not to. "
            "The fork server is the default on Linux since 3.14."
        ),
        program="""\
import logging, logging.handlers, multiprocessing, os, tempfile

def child(name):
    memory = logging.handlers.MemoryHandler(100, target=logging.FileHandler(name))
    logging.getLogger("app").addHandler(memory)
    logging.getLogger("app").warning("all of it")

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for method in ("spawn", "forkserver", "fork"):
            name = os.path.join(folder, method)
            process = multiprocessing.get_context(method).Process(target=child, args=(name,))
            process.start()
            process.join()
            with open(name) as file:
                print(method, "wrote:", file.read().strip() or "NOTHING", flush=True)
""",
        requires=">=3.6",
        stack="none",
        wish="Where multiprocessing clears atexit, it could register logging.shutdown again if"
        " logging is imported; or the page of multiprocessing could say which exit handlers a child"
        " does not have.",
        threads=(
            Ticket("python/cpython#114279", "the change, merged for 3.13"),
            Ticket("python/cpython#83856", "closed: what it was asked for"),
            Ticket("python/cpython#126631", "closed: the main module was never preloaded"),
        ),
    ),
    Draft(
        id="cpython-handlers-in-children-lose-output",
        tracker="python/cpython",
        title="multiprocessing: since 3.13 exit handlers run in forked children, and what they"
        " print or write to an open file is lost",
        documented=(
            "That exit handlers run in forked children since 3.13 is in the changelog only "
            "(gh-83856); of what they write nothing is said."
        ),
        where="library/multiprocessing; the changelog of 3.13.0",
        claims=(),
        cells=("multiprocessing-handler-prints/return@parent",),
        cause=(
            "`BaseProcess._bootstrap` flushes sys.stdout and sys.stderr when the function of the "
            "process has ended. Since GH-114279 `Popen._launch` in "
            "`Lib/multiprocessing/popen_fork.py` then calls `atexit._run_exitfuncs()` and "
            "`os._exit()`, and the fork server does the same: what a handler writes behind that "
            "flush stays in a buffer, unless stdout is a terminal. A file that the handler does "
            "not close loses it, too. A spawned process ends by sys.exit, and writes it."
        ),
        since="3.13 (GH-114279). Up to 3.12 such a handler does not run.",
        program="""\
import atexit, multiprocessing, os, tempfile

def bye():
    os.write(1, b"the handler runs, ")
    log.write("bye")

def child(name):
    global log
    log = open(name, "w")
    atexit.register(bye)

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for method in ("spawn", "forkserver", "fork"):
            print(method, end=": ", flush=True)
            name = os.path.join(folder, method)
            process = multiprocessing.get_context(method).Process(target=child, args=(name,))
            process.start()
            process.join()
            with open(name) as file:
                print("the file holds:", file.read() or "NOTHING", flush=True)
""",
        requires=">=3.6",
        stack="none",
        wish="The two places that call `atexit._run_exitfuncs()` could call"
        " `util._flush_std_streams()` behind it.",
        threads=(
            Ticket("python/cpython#114279", "the change, merged for 3.13"),
            Ticket("python/cpython#83856", "closed: what it was asked for"),
            Ticket("python/cpython#114220", "open: which exit function runs when, in a child"),
        ),
    ),
    Draft(
        id="cpython-lazy-imports-at-the-end",
        tracker="python/cpython",
        title="pathlib: since 3.15 `Path.glob` raises ImportError in a `__del__` that is called at"
        " the end, because it imports glob there; since 3.14 shlex.split does so for collections",
        documented=(
            "Of `__del__` it is said that global variables may be gone when it is called during "
            "interpreter shutdown. Of functions whose module was imported before, and that import "
            "another when they are first called, nothing is said, neither there nor in the notes "
            "on lazy imports of 3.15."
        ),
        where="reference/datamodel, `object.__del__`; What's New In Python 3.15",
        claims=(),
        cells=("plain-del-global/return@main",),
        cause=(
            "Objects that globals hold are released when `sys.meta_path` is None already, and "
            "nothing can be imported any more (`Python/pylifecycle.c`, finalize_modules). 3.15 has "
            "`lazy from glob import ...` in `Lib/pathlib/__init__.py`, and the like in "
            "`Lib/inspect.py`, `Lib/difflib.py` and `Lib/tomllib/_parser.py`; `ast.dump` imports "
            "in the function. Since 3.14 so do `shlex.shlex` and `string.Template`. The exception "
            "is ignored, so the rest of the clean-up is left undone."
        ),
        since=(
            "pathlib, inspect, difflib, ast and tomllib: 3.15. shlex, string.Template and typing: "
            "3.14. By calls of 141 functions of the standard library in such a `__del__`, on "
            "3.13.0, 3.14.10 and 3.15.2. subprocess had the same in the alphas of 3.14, and "
            "imports signal at once again."
        ),
        program="""\
import pathlib, shlex, tempfile

class Folder:
    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp())
        (self.path / "a.tmp").touch()

    def __del__(self):
        for one in self.path.glob("*.tmp"):
            one.unlink()
        self.path.rmdir()
        print("The folder is removed.")

class Command:
    def __del__(self):
        print("The words are", shlex.split("rm -r folder"))

folder = Folder()
command = Command()
""",
        requires=">=3.6",
        stack="none",
        wish=(
            "What a function needs that people call in `__del__` could be imported with its "
            "module, as was done for subprocess; or the paragraph on `__del__` could say that "
            "functions of the standard library may fail there."
        ),
        threads=(
            Ticket(
                "python/cpython#118761",
                "closed: import time in 3.14; a comment of 2025 reports Popen.terminate",
            ),
            Ticket("python/cpython#150073", "open: the same for logging, which a test forbids"),
        ),
    ),
    Draft(
        id="cpython-default-method-signals",
        tracker="python/cpython",
        title="multiprocessing: since 3.14 a process of the default start method has no handlers of"
        " signals that the program has installed: `terminate()` skips its `finally` clauses",
        documented="The default start method is forkserver since 3.14. Affected are said to be"
        " programs with mutable global variables that they share, and with objects that cannot be"
        " pickled; they would see a NameError or a pickling error. Of handlers of signals nothing"
        " is said, neither there nor in the list of differences that it leads to."
        " `Process.interrupt`, new in 3.14, is said to let `finally` clauses run, because it sends"
        " SIGINT.",
        where="What's New In Python 3.14, Incompatible changes, and Improved modules,"
        " multiprocessing; library/multiprocessing, The spawn and forkserver start methods, and"
        " `Process.terminate`",
        claims=(),
        cells=(
            "multiprocessing-graceful-fork/SIGTERM@child",
            "multiprocessing-graceful-forkserver/SIGTERM@child",
            "multiprocessing-graceful-fork/SIGTERM@group",
            "multiprocessing-graceful-forkserver/SIGTERM@group",
        ),
        cause=(
            "A forked process has the handlers of the program that forks it. The fork server is "
            "a Python of its own, started by exec, which resets them, and its children have what "
            "it had: `main` in `Lib/multiprocessing/forkserver.py` restores the actions for "
            "SIGCHLD and SIGINT only. So SIGTERM has its default action in a child, whether it "
            "is sent by `terminate()`, by `systemctl stop` or by a pool that ends."
        ),
        since=(
            "3.14, where forkserver became the default on Linux (gh-84559). With an explicit "
            "start method, all Pythons that were measured do the same."
        ),
        program="""\
import multiprocessing, signal, sys, time

def stop(number, frame):
    sys.exit(3)

def child(begun):
    try:
        begun.set()
        time.sleep(60)
    finally:
        print("finally: the child cleans up", flush=True)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    print("start method:", multiprocessing.get_start_method(), flush=True)
    begun = multiprocessing.Event()
    process = multiprocessing.Process(target=child, args=(begun,))
    process.start()
    begun.wait()
    process.terminate()  # SIGTERM
    process.join()
    print("exit code:", process.exitcode)
""",
        requires=">=3.6",
        stack="none",
        wish="What's New and the list of differences between fork and the other start methods could"
        " name handlers of signals beside global variables: a function that runs in a child has to"
        " install its own, or its program calls `interrupt()` instead of `terminate()`.",
        threads=(
            Ticket("python/cpython#101556", "the change of the default, merged for 3.14"),
            Ticket("python/cpython#75670", "closed: a forked child has the handlers of its parent"),
            Ticket("spack/spack#51788", "a program that lost SIGCHLD by the same change"),
        ),
    ),
    Draft(
        id="cpython-signal-taken-by-a-thread",
        tracker="python/cpython",
        title="A signal that comes while another thread starts a thread or forks may be taken by"
        " that thread: the main thread, which waits for a lock, is not woken, and Ctrl-C is"
        " lost",
        documented="Python's handlers of signals run in the main thread, also if the signal was"
        " received in another. That the main thread may go on waiting then is not said: a wait"
        " for a lock is said to be interruptible by signals.",
        where="library/signal, Signals and threads; library/threading, `Lock.acquire`, Changed in"
        " version 3.2",
        claims=(),
        cells=(
            "multiprocessing-pool-two/SIGINT@group",
            "multiprocessing-pool-two/SIGINT@parent",
        ),
        cause="Linux wakes the main thread for a signal to the process (`complete_signal`), but"
        " does not reserve it. A thread that forks, or starts a thread, looks for pending"
        " signals in the kernel (`copy_process`), and takes what it finds. `trip_signal` in"
        " `Modules/signalmodule.c` then notes the signal for the main thread, which the kernel"
        " sends back to sleep, as nothing is pending any more. Nothing else wakes it. The"
        " program below has the main thread wait for the processor, as it does on a busy"
        " machine. Without that, 12 of 100 Ctrl-Cs were lost on 3.13.0 while another thread did"
        " nothing but start threads. A Pool of multiprocessing does so after Ctrl-C: a thread"
        " of it replaces the workers that the same Ctrl-C has ended, the main thread waits for"
        " a result that nobody has any more, and the program goes on for ever. On a busy"
        " machine some of 80 runs showed it on five of 13 Pythons.",
        since="In all of Python 3 that was measured, and PyPy. On 2.7 a wait with a timeout looks"
        " for signals up to twenty times a second.",
        program="""\
import os, re, signal, subprocess, threading, time

with open("/proc/self/status") as status:
    cpu = re.search(r"Cpus_allowed_list:\\s*(\\d+)", status.read()).group(1)

def tool(*command):  # of util-linux; the pid is the main thread's id
    subprocess.check_output(command + (str(os.getpid()),))

def other(starts, waits):
    waits.wait()
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)
    if starts:
        threading.Thread(target=int).start()  # or os.fork(), or a subprocess
    end = time.time() + 0.01
    while time.time() < end:
        pass

def late(starts):
    waits = threading.Event()
    threading.Thread(target=other, args=(starts, waits)).start()
    tool("chrt", "-i", "-p", "0")  # the main thread alone: it comes last
    begun = time.time()
    try:
        waits.set()
        threading.Event().wait(1)
    except KeyboardInterrupt:
        pass
    tool("chrt", "-o", "-p", "0")
    return time.time() - begun > 0.9

tool("taskset", "-cp", cpu)
for what, starts in (("SIGINT alone", False), ("and a thread is started", True)):
    lost = any([late(starts) for _ in range(5)])
    print("%s: the main thread %s" % (what, "sleeps on" if lost else "wakes"))
""",
        requires=">=3.6",
        stack="none",
        wish="`trip_signal` could pass a signal that it gets in another thread on to the main one,"
        " by `pthread_kill`. Else the documentation could say that a wait without a timeout may"
        " miss a signal.",
        threads=(
            Ticket("python/cpython#96062", "open: a Pool whose worker was killed waits for ever"),
            Ticket("python/cpython#150873", "open: SIGINT that does not end a join, free-threaded"),
            Ticket("brekkylab/backlot#108", "a program that met it, and wakes itself by a pipe"),
        ),
    ),
    Draft(
        id="pypy-signal-is-forgotten",
        tracker="pypy/pypy",
        title="A signal that comes while the handler of another one raises an exception is not"
        " handled until something else asks for signals",
        documented="A handler is called at a later point, for example at the next bytecode"
        " instruction. PyPy's list of differences from CPython does not mention signals.",
        where="library/signal, Execution of Python signal handlers",
        claims=(),
        cells=(
            "plain-signal-waits-for-handler/SIGTERM@main",
            "plain-signal-waits-for-handler/self-SIGTERM@main",
        ),
        cause="On 8.0.1 the handler of one signal no longer interrupts that of another, so the"
        " second signal is pending when the first handler raises. The exception leaves"
        " `_poll_for_signals` (`pypy/module/signal/interp_signal.py`) before it polls again, and"
        " `action_dispatcher` (`pypy/interpreter/executioncontext.py`) has reset the ticker before"
        " it called that: nothing makes it negative again. Another signal does, and so do a switch"
        " of threads, a collection of garbage and the flush of a buffered file. A program that"
        " bounds its work with `signal.alarm` and an exception, as many do, goes on after a SIGTERM"
        " that came at that moment.",
        since="PyPy 8.0.1 was seen to do it; 7.3.3 for 2.7, 7.3.5 for 3.7 and 7.3.11 for 3.9 call"
        " the second handler within the first.",
        program="""\
import os, signal, time

def timeout(number, frame):
    os.kill(os.getpid(), signal.SIGTERM)  # as if somebody stopped the program now
    raise RuntimeError("took too long")

def stop(number, frame):
    print("SIGTERM is handled:", when)

signal.signal(signal.SIGALRM, timeout)
signal.signal(signal.SIGTERM, stop)

when = "at once"
try:
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    time.sleep(10)
except RuntimeError as error:
    print(error)

for _ in range(200):  # two seconds of its work
    time.sleep(0.01)
print("two seconds later")

when = "when another signal has come"
signal.signal(signal.SIGUSR1, lambda number, frame: print("another signal"))
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(0.1)
""",
        requires=">=3.6",
        stack="none",
        wish="`_poll_for_signals` could make the ticker negative again, `rearm_ticker`, when a"
        " handler raises and further signals are pending.",
        threads=(
            Ticket("pypy/pypy#2780", "closed: another difference; about this none was found"),
        ),
    ),
    Draft(
        id="werkzeug-reloader-sigterm",
        tracker="pallets/werkzeug",
        title="The reloader's SIGTERM handler ends the parent, whose subprocess.call kills the"
        " serving child with SIGKILL: none of the child's clean-up runs",
        documented=(
            "The page does not mention how a development server with the reloader ends. The code "
            "installs a handler for SIGTERM in both processes that calls sys.exit(0), so that "
            "each would end in an orderly way."
        ),
        where="Werkzeug 3.1, Serving WSGI Applications, Reloader; `run_with_reloader` in"
        " `src/werkzeug/_reloader.py`",
        claims=(),
        cells=("flask-debug/SIGTERM@parent", "flask-debug/SIGTERM@child"),
        cause=(
            "The parent waits in subprocess.call (`restart_with_reloader`). The SystemExit of "
            "its handler unwinds the call, which in Python 3 kills its child with SIGKILL "
            "(`call` in `Lib/subprocess.py`). So the child never sees SIGTERM: no atexit "
            "handler, no `finally`, no flush. On Python 2.7 the child is left, and goes on "
            "serving."
        ),
        since=(
            "In each Python 3 that was measured, 3.6 on, `subprocess.call` kills its child; in "
            "2.7 it does not. Werkzeug: each release that was measured, 1.0 on."
        ),
        program="""\
import atexit, signal, subprocess, sys, threading

if len(sys.argv) > 1:
    from werkzeug.serving import is_running_from_reloader, run_simple

    who = "child" if is_running_from_reloader() else "parent"
    atexit.register(print, f"{who}: clean-up", flush=True)
    if who == "child":
        threading.Timer(1, print, ("child: serves",), {"flush": True}).start()
    run_simple("127.0.0.1", 0, lambda environ, start: [], use_reloader=True)

else:  # start it, and do what `kill`, `docker stop` and `supervisorctl stop` do
    server = subprocess.Popen(
        [sys.executable, __file__, "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    print(server.stdout.readline(), end="")
    server.send_signal(signal.SIGTERM)
    print("SIGTERM to the parent", server.stdout.read(), sep="\\n", end="")
    print("nobody is left; the exit status is", server.wait())
""",
        requires=">=3.9",
        stack="flask-3.1",
        wish="The parent could pass SIGTERM on to the child and wait for it; or the documentation"
        " of the reloader could say that the child is killed.",
        threads=(
            Ticket("pallets/werkzeug#2634", "closed as a duplicate: SIGTERM is not passed on"),
            Ticket("pallets/werkzeug#58", "closed for want of a program that shows it"),
            Ticket("pallets/werkzeug#1999", "where the handler is described"),
            Ticket("dgtlmoon/changedetection.io#2014", "a project that passes it on itself"),
            Ticket("pyros-dev/rostful#32", "the orphan of Python 2.7"),
        ),
    ),
    Draft(
        id="gunicorn-gthread-quit",
        tracker="benoitc/gunicorn",
        title=(
            "gthread: a worker that gets SIGINT or SIGQUIT while it hands a request to its pool "
            "waits for ever for a lock that it holds itself, and is killed when graceful_timeout "
            "is over: no atexit handler runs"
        ),
        documented="SIGINT and SIGQUIT are a quick shutdown, of the master and of a worker. The"
        " documentation of Python warns that primitives such as threading.Lock should not be used"
        " within a signal's handler.",
        where="gunicorn 27, Signal Handling; library/signal, Signals and threads;"
        " `ThreadWorker.handle_quit` in `gunicorn/workers/gthread.py`",
        claims=(),
        cells=(
            "gunicorn-gthread-late-busy/SIGINT@master",
            "gunicorn-gthread-late-busy/SIGINT@worker",
            "gunicorn-gthread-late-busy/SIGTERM@master",
        ),
        cause=(
            "`handle_quit` calls `self.tpool.shutdown(wait=False)`, which takes the lock "
            "`_shutdown_lock` of the pool. `accept` and `enqueue_req` call `self.tpool.submit` "
            "in the same thread, which holds that lock until the request is in the queue and, "
            "where there is to be another thread, until that has started "
            "(`Lib/concurrent/futures/thread.py`). A signal that comes in between is handled "
            "there: the thread waits for itself. The master sends SIGKILL when "
            "`graceful_timeout` is over; if only the worker was sent the signal, SIGABRT when "
            "`timeout` is over, which ends the wait by SystemExit. The window is as long as the "
            "start of a thread: with requests coming in all the time, on a busy machine, 10 of "
            "120 workers of 23.0, 25.0.1 and 27.0.1 deadlocked at Ctrl-C. The program below "
            "holds it open."
        ),
        since="In each gunicorn that was measured, 20.1 on.",
        program="""\
import atexit, signal, socket, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor

if len(sys.argv) > 1:
    from gunicorn.app.base import BaseApplication
    from gunicorn.workers.gthread import ThreadWorker

    class Pool(ThreadPoolExecutor):
        def _adjust_thread_count(self):  # submit() calls it, and holds its lock
            print("the worker starts a thread for a request", flush=True)
            time.sleep(2)  # as it may take on a busy machine
            super()._adjust_thread_count()

    class Worker(ThreadWorker):
        def get_thread_pool(self):
            print(self.sockets[0].getsockname()[1], flush=True)
            return Pool(2)

    class Server(BaseApplication):
        def load_config(self):
            self.cfg.set("bind", "127.0.0.1:0")
            self.cfg.set("worker_class", Worker)
            self.cfg.set("graceful_timeout", 5)

        def load(self):
            atexit.register(print, "the worker cleans up", flush=True)
            return lambda environ, start: start("200 OK", []) or [b"answered"]

    Server().run()

else:
    for name in ("SIGTERM", "SIGINT"):
        server = subprocess.Popen(
            [sys.executable, __file__, "serve"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        client = socket.create_connection(("127.0.0.1", int(server.stdout.readline())))
        client.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
        print(server.stdout.readline(), end="")
        begun = time.monotonic()
        server.send_signal(getattr(signal, name))
        print(name, "to the master", flush=True)
        try:
            answer = client.recv(1000)
        except ConnectionResetError:
            answer = b""
        client.close()
        print("the client is", "answered" if answer else "not answered", flush=True)
        print(server.stdout.read(), end="")
        server.wait()
        late = time.monotonic() - begun > 4.5
        print("the server is gone", "when graceful_timeout is over" if late else "soon")
""",
        requires=">=3.10",
        stack="gunicorn-27",
        wish=(
            "`handle_quit` could leave the pool alone, because the worker exits at once; or it "
            "could set a flag and wake the loop, as `handle_exit` does, and have the loop shut "
            "the pool down."
        ),
        threads=(
            Ticket("python/cpython#121649", "open: the same of any pool, shutdown in a handler"),
            Ticket("python/cpython#151482", "closed unmerged: a lock that may be taken twice"),
            Ticket("benoitc/gunicorn#3198", "closed: what handlers of signals may not do"),
            Ticket("benoitc/gunicorn#901", "shutdowns that take all of the time under load"),
        ),
    ),
    Draft(
        id="granian-third-signal",
        tracker="emmett-framework/granian",
        title="A worker that gets a third SIGTERM while it answers a request never ends:"
        " its signal handler waits for a channel that is full, and holds the interpreter's lock",
        documented="A worker that is told to stop finishes its requests first, and ends. Nothing is"
        " said of further signals.",
        where="granian, pull request 520; library/signal",
        claims=(),
        cells=("granian-wsgi-busy/SIGTERM@worker", "granian-busy/SIGTERM@worker"),
        cause=(
            "The handler in `granian/_signals.py` calls `WorkerSignal.set` (`src/workers.rs`), "
            "which sends into a channel of one place. The first signal is taken out, and the "
            "worker waits for its request. The second fills the channel. The third waits for a "
            "place, with the interpreter's lock: no view gets on, and no handler runs any more. "
            "One Ctrl-C in a terminal sends a worker two signals, its own and the SIGTERM of its "
            "master, so that a second Ctrl-C is enough. The master waits for the worker without "
            "a limit, unless `--workers-kill-timeout` is set."
        ),
        since="Of releases only 2.8.7 was tried.",
        program="""\
import os, signal, socket, subprocess, sys, time


def app(environ, start_response):
    print("the worker answers", os.getpid(), flush=True)
    time.sleep(4)
    start_response("200 OK", [])
    return [b"answered"]


if __name__ == "__main__":
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-log"]
    for many in (1, 2, 3):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = subprocess.Popen(
            [*command, "--port", str(port), os.path.basename(__file__)[:-3] + ":app"],
            cwd=os.path.dirname(os.path.abspath(__file__)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(100):
            try:
                client = socket.create_connection(("127.0.0.1", port))
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        client.sendall(b"GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
        worker = int(server.stdout.readline().split()[-1])
        for _ in range(many):
            os.kill(worker, signal.SIGTERM)
            time.sleep(0.5)
        print(many, "x SIGTERM to the worker:", flush=True)
        client.settimeout(8)
        try:
            answer = client.recv(1000)
        except TimeoutError:
            answer = b""
        print("  the client is", "answered" if answer else "not answered in 8 s", flush=True)
        client.close()
        try:
            server.wait(5)
            print("  the server has ended", flush=True)
        except subprocess.TimeoutExpired:
            print("  the server hangs", flush=True)
            os.kill(worker, signal.SIGKILL)
            server.kill()
        server.wait()
        server.stdout.close()
""",
        requires=">=3.10",
        stack="granian-2.8",
        wish="`WorkerSignal.set` could use `try_send` and ignore that the channel is full, or let"
        " the interpreter's lock go while it waits.",
        threads=(
            Ticket("emmett-framework/granian#875", "closed: another deadlock of the same moment"),
            Ticket("emmett-framework/granian#901", "merged: a wakeup that was lost at shutdown"),
            Ticket("emmett-framework/granian#903", "closed: a stop signal that tasks may miss"),
            Ticket("emmett-framework/granian#520", "merged: workers wait for their requests"),
        ),
    ),
)

DRAFTS_BY_ID = {one.id: one for one in DRAFTS}
