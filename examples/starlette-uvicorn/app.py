import atexit
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


@asynccontextmanager
async def lifespan(app):
    yield
    print("pool closed", flush=True)


@atexit.register
def flush_metrics():
    print("metrics flushed", flush=True)


async def index(request):
    return PlainTextResponse("hello")


app = Starlette(routes=[Route("/", index)], lifespan=lifespan)
