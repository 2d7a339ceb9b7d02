# /// script
# requires-python = ">=3.10"
# dependencies = ["psycopg-pool"]
#
# [tool.exitmatrix]
# title = "A pool of psycopg that was not closed, and no database"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
# not-on = {pypy = "psycopg's own libpq has no build for PyPy"}
#
# [tool.exitmatrix.program]
# steps = ["use psycopg_pool", "register A", "register B", "register C", "daemon thread", "daemon thread", "keep __del__:pool"]
# handlers = {"__del__:pool" = ["join daemon, else logging:hint", "join daemon, else logging:hint"]}
# ///
"""What does a pool of connections do at the end of a program that has not closed it?

Its two threads are daemons. In `__del__` it asks them to end, joins each for up to five seconds (here
half a one), and logs that it could not stop one. It has room for a connection and no need of any.
"""
from __future__ import print_function

import atexit
import logging
import sys

import db
import endings

assert db.connections


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


class Hints(logging.Handler):
    """Tells of the line that the pool logs for each thread that it could not stop."""

    @endings.tells("logging:hint")
    def hint(self):
        pass

    def emit(self, record):
        if "hint" in record.msg:
            self.hint()


logging.getLogger("psycopg.pool").addHandler(Hints())
print("ready")
sys.stdout.flush()
endings.end_here()
