import atexit
import os
import tempfile

from celery import Celery

folder = os.path.join(tempfile.gettempdir(), "broker")
for name in ("in", "processed"):
    os.makedirs(os.path.join(folder, name), exist_ok=True)

app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": os.path.join(folder, "in"),
    "data_folder_out": os.path.join(folder, "in"),
    "processed_folder": os.path.join(folder, "processed"),
    "control_folder": folder,
}


@atexit.register
def close_connections():
    print("connections closed", flush=True)


@app.task
def add(x, y):
    return x + y
