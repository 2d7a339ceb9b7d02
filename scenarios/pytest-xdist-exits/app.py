# /// script
# requires-python = ">=3.10"
# dependencies = ["pytest-xdist"]
#
# [tool.exitmatrix]
# title = "`pytest -n 2 -x`, in one of whose workers a test fails, or exits"
# roles = ["master", "worker"]
# acts = "worker"
# ready = {line = "ready"}
# command = ["python", "-m", "pytest", "-s", "-x", "-n", "2", "--max-worker-restart", "0", "-p", "no:cacheprovider", "app.py"]
# server = "pytest-xdist -n 2"
# terminations = ["exception", "os-exit-7"]
# ///
"""Are session fixtures torn down in the workers of pytest-xdist when -x stops the run, or when a
test calls os._exit?

The other worker is at work on a test of three seconds.
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
    while not os.path.exists("at-work"):
        time.sleep(0.02)
    os.write(2, b"ready\n")  # stdout is where a worker talks to its controller
    endings.end_here("worker")


def test_another():
    open("at-work", "w").close()
    time.sleep(3)
