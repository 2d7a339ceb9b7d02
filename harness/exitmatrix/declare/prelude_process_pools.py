"""What a generated program with pools of processes needs before its own lines, as text.

It works on Python 3.6 up. On 2.7, which compiles it, there is neither concurrent.futures nor
get_context.
"""

from __future__ import annotations

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
