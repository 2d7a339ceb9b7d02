"""Settings of gunicorn, as the documentation of prometheus_client gives them."""

import os

os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics"))
if not os.path.isdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]):
    os.mkdir(os.environ["PROMETHEUS_MULTIPROC_DIR"])

workers = 2


def child_exit(server, worker):
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
