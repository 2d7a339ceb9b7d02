"""Programs that people ask for and that no scenario measures: what is nearest, and how to try one.

Pure. A row goes when the program is measured. A text says what starts it, never what happens.
"""

from __future__ import annotations

from collections.abc import Iterable

from exitmatrix.declare.matching import held_in
from exitmatrix.model import Frozen

HOOKS = "`exitmatrix run` sees its hooks."


class Unmeasured(Frozen, kw_only=True):
    """A program by its names."""

    words: tuple[str, ...]  # the first is its title
    command: str  # how it is started, for `run`
    says: str = ""
    nearest: str = ""  # a program to ask for instead; "" where none stands for it


UNMEASURED: tuple[Unmeasured, ...] = (
    Unmeasured(
        # Their tasks are no processes: Celery, Concurrency, Overview of Concurrency Options.
        words=(
            *("celery --pool gevent", "celery -p gevent", "celery gevent"),
            *("celery --pool eventlet", "celery -p eventlet", "celery eventlet"),
        ),
        command="celery -A app worker --pool gevent",
        says="Its tasks run in one process, as with the solo pool.",
        nearest="celery --pool solo",
    ),
    Unmeasured(words=("streamlit",), command="streamlit run app.py"),
    Unmeasured(words=("gradio",), command="python app.py"),
    Unmeasured(
        words=("dash", "plotly dash"),
        command="python app.py",
        says="Its app.run is Flask's development server.",
        nearest="app.run",
    ),
    Unmeasured(words=("aiohttp", "aiohttp.web"), command="python app.py", says=HOOKS),
    Unmeasured(words=("sanic",), command="sanic app:app", says=HOOKS),
    Unmeasured(words=("twisted", "twistd"), command="twistd -n web", says=HOOKS),
    Unmeasured(words=("arq",), command="arq worker.WorkerSettings", says=HOOKS),
    Unmeasured(words=("tornado",), command="python app.py"),
    Unmeasured(words=("robyn",), command="python app.py"),
    Unmeasured(words=("cherrypy",), command="python app.py"),
    Unmeasured(
        words=("litestar",),
        command="litestar run",
        says="`litestar run` starts uvicorn.",
        nearest="uvicorn",
    ),
    Unmeasured(
        words=("quart",),
        command="hypercorn app:app",
        says="What is measured is a server that runs such an app.",
        nearest="hypercorn",
    ),
    *(
        Unmeasured(
            words=(name,),
            command="gunicorn app:app",
            says="What is measured is a server that runs such an app.",
            nearest="gunicorn",
        )
        for name in ("bottle", "falcon", "pyramid")
    ),
    Unmeasured(words=("mod_wsgi", "apache"), command="mod_wsgi-express start-server app.py"),
    Unmeasured(words=("nginx unit",), command="unitd --no-daemon"),
    Unmeasured(words=("dramatiq",), command="dramatiq app"),
    Unmeasured(words=("huey",), command="huey_consumer app.huey"),
    Unmeasured(words=("airflow",), command="airflow scheduler"),
    Unmeasured(words=("prefect",), command="prefect worker start --pool default"),
    Unmeasured(words=("dagster",), command="dagster dev"),
    Unmeasured(words=("luigi",), command="luigi --module app Task"),
    Unmeasured(words=("mlflow",), command="mlflow server"),
    Unmeasured(words=("torchrun", "pytorch"), command="torchrun app.py"),
    Unmeasured(words=("ray", "ray serve"), command="python app.py"),
    Unmeasured(words=("dask", "dask worker"), command="dask worker HOST:8786"),
    Unmeasured(words=("scrapy", "scrapy crawl"), command="scrapy crawl spider"),
    Unmeasured(words=("locust",), command="locust --headless -f app.py"),
    Unmeasured(words=("grpc", "grpcio", "grpc server"), command="python app.py"),
    Unmeasured(words=("kafka", "kafka consumer", "rabbitmq", "pika"), command="python app.py"),
    Unmeasured(words=("discord", "discord bot", "discord.py"), command="python app.py"),
    Unmeasured(words=("telegram", "telegram bot", "aiogram"), command="python app.py"),
    Unmeasured(
        words=("threadpoolexecutor", "thread pool", "pool of threads"),
        command="python app.py",
        nearest="a thread",
    ),
)

NAMES = {word: one for one in UNMEASURED for word in one.words}


def unmeasured_named_in(words: str, measured: Iterable[str]) -> Unmeasured | None:
    """The program whose name is in the words, if none that is measured is a longer one there."""
    found = held_in(words, (*NAMES, *measured))
    return NAMES.get(found)
