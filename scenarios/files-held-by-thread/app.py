# /// script
# requires-python = ">=2.7"
# dependencies = []
#
# [tool.exitmatrix]
# title = "A program with open files, and a daemon thread in one of its functions"
# roles = ["main"]
# ready = {stdout = "ready"}
# terminations = [
#     "return", "sys-exit-3", "exception", "os-exit-7", "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "text file" = "kept"
# "NamedTemporaryFile" = "removed"
# "zip archive" = "kept"
# "gzip file of another module" = "kept"
#
# [tool.exitmatrix.program]
# steps = ["register A", "register B", "register C", "daemon thread"]
#
# [tool.exitmatrix.program.data]
# "text file" = "buffer"
# "NamedTemporaryFile" = "file of a global"
# "zip archive" = "archive of a global"
# "gzip file of another module" = "gzip file of a held module"
# ///
"""Are files that nobody has closed written when a program ends well, while a daemon thread of its
own is at rest in a function of the same file?

The documentation says that daemon threads are stopped abruptly, and that their resources, such
as open files, may not be released properly (threading, Thread objects). These files are the
main thread's, and one is a global of a module that the program imports.
"""
from __future__ import print_function

import atexit
import sys
import tempfile
import threading
import zipfile

import endings
import packing  # noqa: F401 - its file is one of those

never = threading.Event()


@atexit.register
def A():
    print("A: cleaning up")


@atexit.register
def B():
    print("B: cleaning up")


@atexit.register
def C():
    print("C: cleaning up")


def background():
    never.wait()


text = open("notes.txt", "w")
text.write("a line\n")
named = tempfile.NamedTemporaryFile(prefix="named-", dir=".")
packed = zipfile.ZipFile("data.zip", "w")
packed.writestr("first", b"." * 100000)

thread = threading.Thread(target=background)
thread.daemon = True
thread.start()
print("ready")
sys.stdout.flush()
endings.end_here()
