"""What a generated program with pools of processes needs before its own lines, as text.

It works on Python 3.6 up. On 2.7, which compiles it, there is neither concurrent.futures nor
get_context.
"""

from __future__ import annotations

LEFT_OPEN = '''
LEFT_OPEN = []  # pools that nobody shuts down


class Open(object):
    """Stands in the `with` statement of a pool, which it leaves as it is."""

    def __init__(self, pool):
        self.pool = pool
        LEFT_OPEN.append(pool)

    def __enter__(self):
        return self.pool

    def __exit__(self, *raised):
        pass


def as_it_is(pool):
    return pool
'''

WHERE_LEFT_OPEN = (
    ("_task(task):", "_task(task, keep=as_it_is):"),
    ("begin=None):", "begin=None, keep=as_it_is):"),
    (
        "with ProcessPoolExecutor(1, **options) as",
        "with keep(ProcessPoolExecutor(1, **options)) as",
    ),
    ("with context.Pool(1) as", "with keep(context.Pool(1)) as"),
    ("with ProcessPoolExecutor(\n", "pool = ProcessPoolExecutor(\n"),
    ("initargs=given\n    ) as pool:", "initargs=given\n    )\n    with keep(pool):"),
    (
        "with context.Pool(workers, begin_worker, given) as",
        "with keep(context.Pool(workers, begin_worker, given)) as",
    ),
)
"""What is otherwise in the texts below, in a program that leaves a pool open."""

PROCESS_POOLS = '''
def submit_task(task):
    """A task in a pool of one process, which is forked; its result is waited for."""
    from concurrent.futures import ProcessPoolExecutor
    import multiprocessing

    options = {}
    if sys.version_info >= (3, 7):  # before, there is no other way
        options["mp_context"] = multiprocessing.get_context("fork")
    waits, goes = os.pipe()
    with ProcessPoolExecutor(1, **options) as pool:
        future = pool.submit(run_task, task, next_place(), waits)
        let_go(pool._processes.values(), waits, goes)
        future.result()


def apply_task(task):
    """The same with a Pool of multiprocessing."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    waits, goes = os.pipe()
    with context.Pool(1) as pool:
        result = pool.apply_async(run_task, (task, next_place(), waits))
        let_go(pool._pool, waits, goes)
        result.get()


def next_place():
    return PATH + [FORKS[0]]


def let_go(processes, waits, goes):
    """Have it told when a worker has been waited for, and let that begin."""
    for process in list(processes):
        tell_end(process._popen, next_place())
    FORKS[0] += 1
    os.write(goes, b"g")
    os.close(waits)
    os.close(goes)


def run_task(task, place, waits):
    os.read(waits, 1)
    PATH[:] = place
    FORKS[0] = 0
    tell("started", str(os.getpid()))
    task()
'''

NEXT_PLACE = """
def next_place():
    return PATH + [FORKS[0]]

"""

WORKERS = '''
WAITS = []  # in a worker: what it reads from before it begins with its task


def submit_to(task, method, workers, begin=None):
    """A task in a pool of so many processes, started so; the others have done one before."""
    from concurrent.futures import ProcessPoolExecutor
    import multiprocessing

    context = multiprocessing.get_context(method)
    waits, goes = os.pipe()
    given = ([Handed(TOLD), Handed(waits)], begin)
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=begin_worker, initargs=given
    ) as pool:
        future = pool.submit(run_released, task, next_place())
        others = []
        for number in range(1, workers):
            others.append(pool.submit(tell_worker, place_behind(number)).result())
        let_all_go(list(pool._processes.values()), others, waits, goes)
        future.result()


def apply_to(task, method, workers, begin=None):
    """The same with a Pool of multiprocessing."""
    import multiprocessing

    context = multiprocessing.get_context(method)
    waits, goes = os.pipe()
    given = ([Handed(TOLD), Handed(waits)], begin)
    with context.Pool(workers, begin_worker, given) as pool:
        result = pool.apply_async(run_released, (task, next_place()))
        others = []
        for number in range(1, workers):
            others.append(pool.apply(tell_worker, (place_behind(number),)))
        let_all_go(pool._pool, others, waits, goes)
        result.get()


def place_behind(number):
    return PATH + [FORKS[0] + number]


def let_all_go(processes, others, waits, goes):
    """As for one: whoever did none of the others' tasks is at the first one."""
    for process in processes:
        number = others.index(process.pid) + 1 if process.pid in others else 0
        tell_end(process._popen, place_behind(number))
    FORKS[0] += len(processes)
    os.write(goes, b"g")
    os.close(waits)
    os.close(goes)


def begin_worker(handed, begin):
    global TOLD
    TOLD = handed[0].number
    WAITS[:] = [handed[1].number]
    if begin:
        begin()


def tell_worker(place):
    PATH[:] = place
    FORKS[0] = 0
    tell("started", str(os.getpid()))
    return os.getpid()


def run_released(task, place):
    os.read(WAITS[0], 1)
    tell_worker(place)
    task()
'''
