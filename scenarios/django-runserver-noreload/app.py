# /// script
# requires-python = ">=3.8"
# dependencies = ["django"]
#
# [tool.exitmatrix]
# title = "Django's runserver --noreload"
# roles = ["main"]
# ready = "listening"
# command = ["python", "app.py", "runserver", "--noreload", "127.0.0.1:{port}"]
# server = "django-runserver-noreload"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL", "sys-exit-3", "os-exit-3", "exception", "self-SIGTERM", "SIGTERM-then-SIGTERM"]
# busy = ["SIGTERM", "SIGINT", "SIGKILL", "SIGTERM-then-SIGTERM"]
# ///
"""Do handlers run when `runserver --noreload` is stopped?
"""

import atexit
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
