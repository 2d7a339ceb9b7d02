# /// script
# requires-python = ">=3.7"
# dependencies = ["pytest"]
#
# [tool.exitmatrix]
# title = "`pytest -x` of a test with a session fixture"
# roles = ["main"]
# ready = {stdout = "ready"}
# runner = ["-m", "pytest", "-x", "-s", "-p", "no:terminal", "-p", "no:cacheprovider", "--junit-xml=report.xml"]
# terminations = ["return", "sys-exit-3", "exception", "keyboard-interrupt", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"]
#
# [tool.exitmatrix.data]
# "file of the fixture" = "removed"
# "report of the tests" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["use pytest", "register A", "register B", "register C", {try = ["end here"], finally = "fixture:service"}]
#
# [tool.exitmatrix.program.handlers]
# "fixture:service" = "save file of the fixture"
#
# [tool.exitmatrix.program.data]
# "file of the fixture" = "until removed"
# "report of the tests" = "until saved"
# ///
"""Are session fixtures torn down, and is the report written, when a test run ends that way?

It takes place in the first test. The fixture makes a file, as a test container or a server would be
started, and removes it behind `yield`. What pytest itself prints is left out: how long a line of
it is depends on the folder.
"""
from __future__ import print_function

import atexit
import os
import sys

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
    os.remove("service.pid")


@pytest.fixture(scope="session", autouse=True)
def service():
    with open("service.pid", "w") as file:
        file.write("1\n")
    yield
    stop()


def test_one():
    print("ready")
    sys.stdout.flush()
    endings.end_here()


def test_another():
    pass
