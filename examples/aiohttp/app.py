"""A service that closes what it has in aiohttp's own hooks, and nothing elsewhere."""

import sys
from collections.abc import AsyncIterator

from aiohttp import web


async def index(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def database(_app: web.Application) -> AsyncIterator[None]:
    yield
    print("database closed")


async def say_goodbye(_app: web.Application) -> None:
    print("clients told")


app = web.Application()
app.router.add_get("/", index)
app.cleanup_ctx.append(database)
app.on_shutdown.append(say_goodbye)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
