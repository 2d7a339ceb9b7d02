# /// script
# requires-python = ">=3.8"
# dependencies = ["django"]
#
# [tool.exitmatrix]
# title = "Django's runserver whose processes are told to stop at the wrong moment"
# roles = ["master", "worker"]
# ready = {line = "late: begins"}
# command = ["python", "app.py", "runserver", "127.0.0.1:{port}"]
# server = "django-runserver-late"
# terminations = ["SIGTERM"]
# ///
"""What comes of SIGTERM where an exception cannot do what it is for?

The reloader is the master. It has started its worker, and is about to wait for it: it would end that
when its wait is interrupted. The worker's main thread is in the callback of a weak reference, which
nothing leaves by an exception. On PyPy the collector calls such callbacks, among others those that
importlib has for the locks of modules. Both moments are short, and are held here for as long as is asked for.
"""

import atexit
import gc
import os
import subprocess
import sys
import threading
import time
import weakref

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path
from django.utils import autoreload

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


class Found(object):
    """What the collector finds."""


def hold(reference):
    """On PyPy any thread may call it, and SIGTERM is for the main one."""
    if threading.current_thread() is threading.main_thread():
        seen.append(reference)
        print("late: begins", flush=True)
        time.sleep(20)


seen = []


def begun(sender, **about):
    while not seen:
        found = Found()
        reference = weakref.ref(found, hold)
        del found
        gc.collect()
        del reference


class Popen(subprocess.Popen):
    def __init__(self, *args, **kwargs):
        super(Popen, self).__init__(*args, **kwargs)
        time.sleep(20)


if os.environ.get("RUN_MAIN"):
    autoreload.autoreload_started.connect(begun)
else:
    subprocess.Popen = Popen


def index(request):
    return HttpResponse("Hello, World!")


urlpatterns = [path("", index)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
