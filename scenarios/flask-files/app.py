# /// script
# requires-python = ">=3.6"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "A Flask app on its development server, with files in flight that are not closed"
# roles = ["main"]
# not-on = {"cpython-3.[67].*" = "modules are cleared in the order of their import up to 3.7 (bpo-33331), so zipfile may be cleared before the archive; when it is, depends on the release of Flask"}
# ready = "http"
# terminations = [
#     "exception", "os-exit-7", "segfault", "exec", "self-SIGTERM",
#     "SIGTERM", "SIGINT", "SIGHUP", "SIGKILL",
# ]
#
# [tool.exitmatrix.data]
# "NamedTemporaryFile" = "removed"
# "TemporaryDirectory" = "removed"
# "folder that a handler removes" = "removed"
# "flock" = "removed"
# "file to be renamed" = "removed"
# "renamed file" = "kept"
# "zip archive" = "kept"
# "tar archive" = "kept"
# "gzip file" = "kept"
# "csv file" = "kept"
# "mapped file" = "kept"
# "rotating log" = "kept"
# "log in memory" = "kept"
# "SQLite transaction" = "kept"
# "SQLite journal" = "removed"
#
# [tool.exitmatrix.program]
# steps = ["import TemporaryDirectory", "register A", "register B", "register C"]
# server = "threads"
#
# [tool.exitmatrix.program.data]
# "NamedTemporaryFile" = "file of a global"
# "TemporaryDirectory" = "file"
# "folder that a handler removes" = "file"
# "flock" = "of the kernel"
# "file to be renamed" = "file"
# "renamed file" = "memory"
# "zip archive" = "archive of a global"
# "tar archive" = "buffered archive"
# "gzip file" = "gzip file of a global"
# "csv file" = "buffer"
# "mapped file" = "written"
# "rotating log" = "written"
# "log in memory" = "memory"
# "SQLite transaction" = "transaction"
# "SQLite journal" = "journal"
# ///
"""A tutorial's app works with files of all kinds. Its handlers commit, rename and remove; all else
is a global of a module that it imports. The development server has no handler of SIGTERM.
"""
import atexit
import os

from flask import Flask

import endings
import work

app = Flask(__name__)


@atexit.register
def A():
    print("A: committing")
    work.commit()


@atexit.register
def B():
    print("B: putting the new settings in the place of the old")
    work.rename()


@atexit.register
def C():
    print("C: removing the folder")
    work.remove()


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0)
