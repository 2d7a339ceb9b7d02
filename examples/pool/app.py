import atexit
import multiprocessing
import time


def work(number):
    time.sleep(0.1)
    return number * number


def started():
    atexit.register(finished)


def finished():
    print("worker finished", flush=True)


@atexit.register
def saved():
    print("results saved", flush=True)


if __name__ == "__main__":
    with multiprocessing.Pool(2, initializer=started) as pool:
        print("ready", flush=True)
        for _ in pool.imap_unordered(work, range(1_000_000)):
            pass
