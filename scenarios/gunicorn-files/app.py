# /// script
# requires-python = ">=3.10"
# dependencies = ["gunicorn>=27"]
#
# [tool.exitmatrix]
# title = "gunicorn with two sync workers, each with files in flight that are not closed"
# roles = ["master", "worker"]
# ready = "listening"
# command = ["python", "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:{port}", "app:app"]
# server = "gunicorn"
# terminations = ["SIGTERM@master", "SIGINT@master", "SIGQUIT@master", "SIGHUP@master", "SIGTERM@worker", "SIGABRT@worker", "SIGKILL@master", "SIGKILL@worker", "os-exit-7", "self-SIGTERM"]
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
"""Each worker imports the application, and so has the files; a worker leaves in order on SIGTERM and
on what the master passes on. To the whole group it is sent twice, and may find a worker in the middle
of its end: how much of it was done then is a matter of luck.
"""
import atexit

import endings
import work


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


def app(environ, start_response):
    if environ["PATH_INFO"] == "/end":
        endings.end_here()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]
