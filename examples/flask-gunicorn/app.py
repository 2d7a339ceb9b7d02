import atexit
import os
import tempfile

from flask import Flask

app = Flask(__name__)

lock = os.path.join(tempfile.gettempdir(), f"app-{os.getpid()}.lock")
open(lock, "w").close()
atexit.register(os.remove, lock)


@app.get("/")
def index():
    return "hello"
