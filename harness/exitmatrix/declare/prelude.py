"""What a generated program may need before its own lines, as text: it is run, not imported.

It works on Python 2.7 and 3.6 up. source.py says which program needs what.
"""

from __future__ import annotations

TELL = """
TOLD = int(os.environ.get("TOLD", "2"))  # the descriptor to write to; stderr by default
PATH = []  # which fork of which fork this process is
FORKS = [0]


def tell(*words):
    line = " ".join((".".join(str(number) for number in PATH) or "-",) + words)
    os.write(TOLD, (line + "\\n").encode("ascii"))
"""

FORK = '''
def fork():
    """True in the child; the parent waits for the child's end first."""
    number = FORKS[0]
    child = os.fork()
    if child == 0:
        PATH.append(number)
        FORKS[0] = 0
        tell("started", str(os.getpid()))
        return True
    FORKS[0] += 1
    status = os.waitpid(child, 0)[1]
    PATH.append(number)
    tell("exit", str(status))
    PATH.pop()
    return False
'''

JOINED = """
def start_and_join(body):
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
"""

DAEMON = '''
def start_daemon(body):
    """A daemon; the starter waits until its body is done, or it has ended of an exception."""
    done = locked()
    raised = []

    def run():
        try:
            body()
        except:
            raised.append(True)
            raise
        finally:
            done.release()
        locked().acquire()

    thread = threading.Thread(target=run)
    thread.daemon = True
    thread.start()
    done.acquire()
    if raised:
        thread.join()
'''

TELL_END = '''
def tell_end(popen, place):
    """Have it told when multiprocessing has waited for a process."""
    poll = popen.poll

    def poll_and_tell(*args, **kwargs):
        known = popen.returncode
        code = poll(*args, **kwargs)
        if known is None and code is not None:
            status = code << 8 if code >= 0 else -code
            tell("exit", str(status), place=place)
        return code

    popen.poll = poll_and_tell

'''

HANDED = '''

class Handed(object):
    """A descriptor that a process is given, which may be another number there."""

    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        from multiprocessing.reduction import DupFd

        return taken, (DupFd(self.number),)


def taken(descriptor):
    return Handed(descriptor.detach())
'''

PROCESSES = (
    """
PROCESSES = []  # of multiprocessing: each with a pipe that it tells on, and one that it waits for
SERVER = []  # the place of the fork server, and how often it has forked
STARTER = []  # in one of them, the other ends of these pipes
"""
    + HANDED
    + '''

def start_process(body, method, daemon=False):
    import multiprocessing

    context = multiprocessing
    if method != "fork" or hasattr(multiprocessing, "get_context"):
        context = multiprocessing.get_context(method)
    rested, rests = os.pipe()
    waits, release = os.pipe()
    place = place_of(method)
    handed = [Handed(number) for number in (TOLD, rested, rests, waits)]
    process = context.Process(target=run_process, args=(body, place, handed))
    process.daemon = daemon
    PROCESSES.append((process, rested, [release]))
    try:
        process.start()
    except:
        PROCESSES.pop()
        raise
    finally:
        os.close(rests)
        os.close(waits)
    os.read(rested, 1)  # it has told that it began, or is gone
    count(method)
    tell_end(process._popen, place)


def place_of(method):
    """Where in the tree the next process is: a fork server is one too."""
    if method != "forkserver":
        return PATH + [FORKS[0]]
    return PATH + (SERVER or [FORKS[0], 0])


def count(method):
    if method == "forkserver" and not SERVER:
        SERVER[:] = [FORKS[0], 0]
        FORKS[0] += 1
    if method == "forkserver":
        SERVER[1] += 1
    else:
        FORKS[0] += 1

'''
    + TELL_END
    + '''
def run_process(body, place, handed):
    global TOLD
    for _, _, releases in PROCESSES:  # of the starter, if this was forked
        while releases:
            os.close(releases.pop())
    del PROCESSES[:], SERVER[:]
    TOLD = handed[0].number
    STARTER[:] = [one.number for one in handed[1:]]
    PATH[:] = place
    FORKS[0] = 0
    tell("started", str(os.getpid()))
    os.write(STARTER[1], b"s")
    body()


def await_process():
    """Until the process that was started last rests, or has ended."""
    process, rested, _ = PROCESSES[-1]
    while process.is_alive() and not select.select([rested], [], [], 0.005)[0]:
        pass


def join_process():
    """Let the process that was started last go on if it rests, and wait for its end."""
    process, _, releases = PROCESSES[-1]
    while releases:
        os.close(releases.pop())
    process.join()


def wait_for_starter():
    """Rest, until the starter joins this process or is gone."""
    _, rests, waits = STARTER
    os.write(rests, b"r")
    while True:
        try:
            os.read(waits, 1)
            return
        except OSError as error:  # Python 2
            if error.errno != errno.EINTR:
                raise
'''
)

TELL_ELSEWHERE = """
TOLD = None  # the descriptor to write to, where there is one; stderr by default
if __name__ == "__main__":
    TOLD = int(os.environ.get("TOLD", "2"))
PATH = []  # which fork of which fork this process is
FORKS = [0]


def tell(*words, **other):
    line = " ".join((".".join(map(str, other.get("place", PATH))) or "-",) + words)
    if TOLD is not None:
        os.write(TOLD, (line + "\\n").encode("ascii"))
"""

POOLS = '''
OPEN = []  # pools that nobody shuts down


def use_pool(task, ends):
    from concurrent.futures import ThreadPoolExecutor, thread

    pool = ThreadPoolExecutor(1)
    if ends == "with":
        with pool:
            pool.submit(task).result()
    elif ends == "shutdown":
        pool.submit(task)
        pool.shutdown()
    elif ends == "left open":
        OPEN.append(pool)
        pool.submit(task).result()
    else:
        OPEN.append(pool)
        pool.submit(do_at_exit, task, thread)


def do_at_exit(task, pools):
    """Wait until the exit function of pools has begun, which then waits for this."""
    while not pools._shutdown:
        time.sleep(0.002)
    task()
'''

LOCKED = """
def locked():
    lock = threading.Lock()
    lock.acquire()
    return lock
"""

AFTER_MAIN = '''
WAITING = []  # the locks of threads that wait for the end of main's code and for their turn
BEFORE = []  # the threads that had their turn
ENDED = []


def start_after_main(body):
    turn = locked()

    def run():
        turn.acquire()
        for thread in BEFORE:
            thread.join()
        BEFORE[:] = [threading.current_thread()]
        try:
            body()
        finally:
            if turn in WAITING:
                WAITING.remove(turn)
                next_turn()

    threading.Thread(target=run).start()
    WAITING.append(turn)
    if ENDED and WAITING == [turn]:
        next_turn()


def next_turn():
    if WAITING:
        WAITING[0].release()


def shutdown(wait=threading._shutdown):
    """Every Python calls this when main's code has ended and what it wrote is flushed."""
    ENDED.append(True)
    next_turn()
    wait()


threading._shutdown = shutdown
'''

HOLD = """        endings.hold("forked")  # until the harness watches this process
"""

HEADER = """\
# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "{title}"
# roles = {roles}
# ready = "none"
# terminations = ["return"]
# ///
"""

FORGET_WAITING = """        WAITING[:] = BEFORE[:] = []  # those threads are the parent's
"""

JOINS_MAIN = """
def start_joining_main(body):
    def run():
        [main] = [one for one in threading.enumerate() if one.name == "MainThread"]
        main.join()
        body()

    threading.Thread(target=run).start()
"""

LET_GO = """    ENDED.append(True)
    threading._shutdown = wait  # or threading would hold on to the globals of this program
"""

NAMESAKE = """
def namesake(function):
    def other():
        pass

    other.__name__ = function.__name__
    return other
"""

BROKEN_PIPE = '''
def close_stdout():
    """Make descriptor 1 the end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(write)
    os.close(read)
'''

KEPT = """
class Kept(object):
    pass


KEPT = Kept()
"""

RELEASED = """
class Released(object):
    def __init__(self, function):
        self.function = function

    def __del__(self):
        self.function()


_RELEASED = []  # the underscore has it released first, when every other global is still there
"""

INTERRUPT = """
try:
    from _thread import interrupt_main
except ImportError:
    from thread import interrupt_main
"""

FAULTHANDLER = """
def dump_on(number, chain):
    import faulthandler

    faulthandler.register(number, chain=chain)
"""

EXHAUST = {
    "recursion": """
def recurse():
    recurse()
""",
    "input": """
try:
    ask = raw_input
except NameError:
    ask = input
""",
    "file size": """
def write_too_much():
    name = sys.argv[0] + ".%d" % os.getpid()
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT)
    os.unlink(name)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    os.write(descriptor, b"12345678")
    os.write(descriptor, b"9")
""",
}
"""By what there is too little of; other resources are not among those of generated programs."""
