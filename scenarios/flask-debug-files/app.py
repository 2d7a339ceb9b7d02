# /// script
# requires-python = ">=3.6"
# dependencies = ["flask"]
#
# [tool.exitmatrix]
# title = "The same files under the debug server with its reloader"
# roles = ["parent", "child"]
# not-on = {"cpython-3.[67].*" = "modules are cleared in the order of their import up to 3.7 (bpo-33331), so zipfile may be cleared before the archive; when it is, depends on the release of Flask"}
# ready = "http"
# terminations = [
#     "os-exit-7", "segfault", "SIGTERM@parent", "SIGTERM@child",
#     "SIGINT@child", "SIGINT@group", "SIGHUP@child", "SIGKILL@parent", "SIGKILL@child",
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
# supervisor = "reloader"
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
# "gzip file" = "gzip file of a held module"
# "csv file" = "buffer"
# "mapped file" = "written"
# "rotating log" = "written"
# "log in memory" = "memory"
# "SQLite transaction" = "transaction"
# "SQLite journal" = "journal"
# ///
"""Both processes run this file. The files are opened by the one that serves only, as one does
that would not open them twice: the reloader sets WERKZEUG_RUN_MAIN for its child. A cache is a folder
that each has of its own. SIGTERM to the parent, as a deploy sends it, kills the child: what the files
hold is lost although the parent ends in order. The server runs in a daemon thread, which holds the app,
and with it `work`.
"""
import atexit
import os
import tempfile

from flask import Flask

import endings

SERVES = os.environ.get("WERKZEUG_RUN_MAIN") == "true"
if SERVES:
    import work

app = Flask(__name__)
cache = tempfile.TemporaryDirectory(prefix="cache-", dir=".")


@atexit.register
def A():
    print("A: committing")
    if SERVES:
        work.commit()


@atexit.register
def B():
    print("B: putting the new settings in the place of the old")
    if SERVES:
        work.rename()


@atexit.register
def C():
    print("C: removing the folder")
    if SERVES:
        work.remove()


@app.route("/")
def index():
    return "Hello from process %d\n" % os.getpid()


@app.route("/end")
def end():
    endings.end_here()
    return "Still here\n"


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0, debug=True)
