# /// script
# requires-python = ">=3.10"
# dependencies = ["debugpy"]
#
# [tool.exitmatrix]
# title = "A program to which a debugger is attached"
# roles = ["master", "worker"]
# ready = {line = "ready"}
# command = ["python", "app.py"]
# server = "debugpy"
# terminations = ["SIGTERM@master", "SIGTERM@group", "SIGHUP@master", "SIGKILL@master", "SIGINT@worker"]
# ///
"""Do the handlers of a program run when somebody presses Stop in a debugger?

The first process speaks the Debug Adapter Protocol as an editor does, and the program is its child.
SIGTERM has it send the request `terminate`, and SIGHUP `disconnect` with terminateDebuggee.
"""

import atexit
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time

PORT = "DEBUGGEE_PORT"  # names the file in which the program says where it listens


def be_a_program():
    import debugpy

    _, port = debugpy.listen(0)
    with open("port.new", "w") as file:
        file.write(str(port))
    os.rename("port.new", os.environ[PORT])
    debugpy.wait_for_client()
    print("ready", flush=True)
    while True:
        time.sleep(1)


class Client:
    """What an editor is to the debugger."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        self.numbers = itertools.count(1)

    def request(self, command, **arguments):
        message = {"seq": next(self.numbers), "type": "request", "command": command}
        body = json.dumps({**message, "arguments": arguments}).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def wait_for(self, name):
        while True:
            length = 0
            for line in iter(self.stream.readline, b"\r\n"):
                if not line:
                    return
                if line.startswith(b"Content-Length:"):
                    length = int(line.split()[1])
            message = json.loads(self.stream.read(length))
            if name in (message.get("event"), message.get("command")):
                return


def debug():
    program = subprocess.Popen(
        [sys.executable, "app.py"], env={**os.environ, PORT: "port"}, start_new_session=True
    )
    while not os.path.exists("port"):
        time.sleep(0.05)
    with open("port") as file:
        port = int(file.read())
    client = Client(port)

    def stop(number, frame):
        if number == signal.SIGTERM:
            client.request("terminate")
        else:
            client.request("disconnect", terminateDebuggee=True)
        program.wait()
        sys.exit()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    client.request("initialize", adapterID="python", clientID="editor", pathFormat="path")
    client.wait_for("initialize")
    client.request("attach", connect={"host": "127.0.0.1", "port": port})
    client.wait_for("initialized")
    client.request("configurationDone")
    while True:
        signal.pause()


if PORT in os.environ:

    @atexit.register
    def A():
        print("A: cleaning up")

    @atexit.register
    def B():
        print("B: cleaning up")

    @atexit.register
    def C():
        print("C: cleaning up")

    be_a_program()
else:
    debug()
