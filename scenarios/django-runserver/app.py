# /// script
# requires-python = ">=3.8"
# dependencies = ["django"]
#
# [tool.exitmatrix]
# title = "Django's runserver with its reloader"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "app.py", "runserver", "127.0.0.1:{port}"]
# server = "django-runserver"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGUSR1@worker", "SIGABRT", "sys-exit-3", "os-exit-3", "exception", "os-exit-7", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM@master", "SIGINT@master", "SIGTERM@worker", "SIGINT@worker", "SIGKILL@worker", "SIGTERM-then-SIGTERM@master", "SIGTERM@group", "SIGINT@group"]
# ///
"""Whose handlers run when `runserver` is stopped, or loses a process?

The reloader is the master and the process that serves its worker. Both run this file, so both
register its handlers; what only views register would be in the worker alone. On SIGUSR1 the program
saves its own file.
"""

import atexit
import os
import signal
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

import endings

settings.configure(DEBUG=True, ROOT_URLCONF=__name__)


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def save(number, frame):
    os.utime(__file__)


signal.signal(signal.SIGUSR1, save)


def index(request):
    return HttpResponse("Hello, World!")


def end(request):
    endings.end_here()
    return HttpResponse("Still here")


def busy(request):
    endings.busy()
    return HttpResponse("Done")


urlpatterns = [path("", index), path("end", end), path("busy", busy)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
