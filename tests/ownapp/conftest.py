"""Programs of the kind that people have, and `exitmatrix run` as they call it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import FOUND, NEWEST, note_exercised
from tests.support.command import COMMAND

Run = Callable[..., subprocess.CompletedProcess[str]]

PLAIN = """\
import atexit, sys, time

@atexit.register
def bye():
    print("bye")

print("ready", flush=True)
time.sleep(600)
"""

GRACEFUL = """\
import atexit, signal, sys, time

@atexit.register
def bye():
    print("bye")

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
time.sleep(600)
"""

FORKING = """\
import atexit, os, signal, sys, time

def stop(*_):
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
children = []
for _ in range(2):
    pid = os.fork()
    if not pid:
        children = []
        break
    children.append(pid)

@atexit.register
def bye():
    for child in children:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)

print("ready", flush=True)
time.sleep(600)
"""

TWICE = """\
import atexit, os, time

atexit.register(print, "bye")
if os.fork():
    os.wait()
    print("ready", flush=True)
    time.sleep(600)
os.setsid()
if os.fork():
    os._exit(0)
time.sleep(600)
"""

DAEMON = """\
import atexit, os, time

if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
atexit.register(print, "bye")
time.sleep(600)
"""

LEAVING = """\
import atexit, os, tempfile, time

path = os.path.join(tempfile.gettempdir(), "app.lock")
open(path, "w").close()
atexit.register(os.remove, path)
print("ready", flush=True)
time.sleep(600)
"""

TEMPORARY = """\
import atexit, os, shutil, tempfile, time

file, path = tempfile.mkstemp()
atexit.register(os.remove, path)
for _ in range(2):
    atexit.register(shutil.rmtree, tempfile.mkdtemp())
def say(what):
    print(what)
atexit.register(say, "bye")
whole = tempfile.TemporaryDirectory()
print("ready", flush=True)
time.sleep(600)
"""

SERVING = """\
import socket, sys, time

listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
time.sleep(600)
"""

COUNTING = """\
import socket, sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client, _ = listener.accept()
    with open(sys.argv[2], "a") as file:
        file.write("asked")
    client.recv(1000)
    client.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    client.close()
"""
"""It tells of each client, in a file that is not in the working folder."""

ANSWERING = """\
import http.server, signal, sys, threading, time

class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(float(self.path.strip("/")))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Slow)
server.daemon_threads = False
if "graceful" in sys.argv:
    stop = threading.Thread(target=server.shutdown)
    signal.signal(signal.SIGTERM, lambda *_: stop.start())
server.serve_forever()
server.server_close()
"""

HASTY = """\
import socket, sys, time

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.shutdown(socket.SHUT_WR)  # answered, and nothing of the request was read
    time.sleep(2)
"""

PROGRAMS = {
    "hasty.py": HASTY,
    "answering.py": ANSWERING,
    "plain.py": PLAIN,
    "graceful.py": GRACEFUL,
    "forking.py": FORKING,
    "daemon.py": DAEMON,
    "leaving.py": LEAVING,
    "counting.py": COUNTING,
    "serving.py": SERVING,
    "temporary.py": TEMPORARY,
    "twice.py": TWICE,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the programs."""
    for name, text in PROGRAMS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def run_app(folder: Path) -> Run:
    """`exitmatrix run` there, with the newest Python as `python`."""
    path = folder / "bin"
    path.mkdir()
    (path / "python").symlink_to(FOUND[NEWEST].path)

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        note_exercised([NEWEST])
        places = os.pathsep.join([str(path), str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(
            [*COMMAND, "run", "--progress", "none", *words],
            cwd=folder,
            env={**os.environ, "PATH": places, **variables},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def row(text: str, ending: str) -> str:
    """The line of an ending in the table."""
    return next(line for line in text.splitlines() if re.match(rf"  {ending} .*\S", line))
