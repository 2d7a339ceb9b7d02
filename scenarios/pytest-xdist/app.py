# /// script
# requires-python = ">=3.10"
# dependencies = ["pytest-xdist"]
#
# [tool.exitmatrix]
# title = "pytest -n 1, in whose worker a test runs"
# roles = ["master", "worker"]
# ready = {line = "ready"}
# command = ["python", "-m", "pytest", "-s", "-n", "1", "--max-worker-restart", "0", "-p", "no:cacheprovider", "app.py"]
# server = "pytest-xdist"
# not-on = {pypy = "SIGINT does not interrupt the test of a worker there, and why is not known yet"}
# terminations = ["SIGTERM", "SIGINT@master", "SIGINT@group", "SIGHUP@master", "SIGKILL@master", "SIGKILL@worker"]
# ///
"""Are session fixtures torn down in a worker of pytest-xdist when the run ends that way?

The controller imports no test. The test of the worker takes longer than anybody waits for it.
"""

import atexit
import os
import time

import endings
import pytest


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


@endings.tells("fixture:service")
def stop():
    pass


@pytest.fixture(scope="session", autouse=True)
def service():
    yield
    stop()


def test_one():
    os.write(2, b"ready\n")  # stdout is where a worker talks to its controller
    time.sleep(60)
