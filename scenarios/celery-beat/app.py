# /// script
# requires-python = ">=3.10"
# dependencies = ["celery>=5.7"]
#
# [tool.exitmatrix]
# title = "celery beat"
# roles = ["main"]
# ready = {line = "beat: Starting"}
# command = ["python", "script.py", "--app", "app", "beat", "--loglevel", "INFO"]
# server = "celery-beat"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL"]
# ///
"""Which handlers run when the scheduler of celery is stopped?

The broker is in its memory, so that no server is needed. `script.py` does what the installed script
`celery` does.
"""

import atexit

from celery import Celery

app = Celery("app", broker="memory://")


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")
