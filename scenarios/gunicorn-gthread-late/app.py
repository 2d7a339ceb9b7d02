# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn!=21.*,!=22.*,!=24.*,!=25.*"]
#
# [tool.exitmatrix]
# title = "gunicorn whose threads are slow to start"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-k", "pool.Worker", "--threads", "2", "--timeout", "4", "--graceful-timeout", "5", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn-gthread-late"
# terminations = ["SIGTERM@master"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGTERM@worker", "SIGINT@worker"]
# ///
"""What happens when a worker of gunicorn is told to stop while it hands a request to a thread?

Its main thread is in `submit` of the pool of threads then, and takes the signal there. That is short
where a thread is there, or starts at once; here it lasts as long as is asked for.
"""

import atexit


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
