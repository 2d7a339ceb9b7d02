"""The configuration: a hook for each end that gunicorn tells of."""

import endings


def hook(name):
    @endings.tells("gunicorn:" + name)
    def told():
        print(name)

    return told


_worker_int, _worker_abort, _worker_exit, _child_exit, _on_exit = map(
    hook, ["worker_int", "worker_abort", "worker_exit", "child_exit", "on_exit"]
)


def worker_int(worker):
    _worker_int()


def worker_abort(worker):
    _worker_abort()


def worker_exit(server, worker):
    _worker_exit()


def child_exit(server, worker):
    _child_exit()


def on_exit(server):
    _on_exit()
