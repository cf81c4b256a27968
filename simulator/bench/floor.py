"""The floor: the least that anything does which answers a form over HTTP and keeps a session in Redis.

A bare aiohttp handler, `read()` and `parse_qsl`, one GET and one SET of 300 octets by redis-py, and the answers of the
engine as they stand. It looks at nothing, knows no retries, seals, logs and counts nothing.
"""

import asyncio
import sys
from urllib.parse import parse_qsl

from aiohttp import web
from redis.asyncio import Redis

from simulator.bench.flow import PATH
from simulator.bench.right import answers
from ussd.web.loop import new_loop

_SESSION = b"s" * 300
_SECONDS = 180


async def serve(port: int, redis_url: str) -> None:
    """Serve on loopback until the process is ended."""
    said, redis = answers(), Redis.from_url(redis_url)

    async def handle(request: web.Request) -> web.Response:
        fields = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        key, text = f"floor:{fields['sessionId']}", fields["text"]
        await redis.get(key)
        await redis.set(key, _SESSION, ex=_SECONDS)
        return web.Response(text=said[text.count("*") + 1 if text else 0])

    served = web.Application()
    served.router.add_post(PATH, handle)
    runner = web.AppRunner(served, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    # On the loop that the engine gets, or uvloop would be what is measured.
    with asyncio.Runner(loop_factory=new_loop("auto")) as runner:
        runner.run(serve(int(sys.argv[1]), sys.argv[2]))
