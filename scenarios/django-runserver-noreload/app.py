# /// script
# requires-python = ">=3.13"
# dependencies = ["django"]
#
# [tool.exitmatrix]
# title = "Django's runserver --noreload"
# roles = ["main"]
# ready = "listening"
# command = ["python", "app.py", "runserver", "--noreload", "127.0.0.1:{port}"]
# server = "django-runserver-noreload"
# terminations = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGKILL"]
# ///
"""Do handlers run when `runserver --noreload` is stopped?
"""

import atexit
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

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


urlpatterns = [path("", index)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
