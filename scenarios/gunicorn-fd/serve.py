"""Makes a socket, and runs gunicorn with it. A worker looks for its master after half of --timeout."""

import socket
import sys

from gunicorn.app.wsgiapp import run

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(8)
sys.argv[1:] = ["--bind", "fd://%d" % listener.detach(), "--timeout", "6", "app:app"]
sys.exit(run())
