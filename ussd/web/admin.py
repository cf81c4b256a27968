"""The administration port: `/healthz` says that the process lives, `/readyz` whether to send it callbacks.

`/metrics` is for Prometheus.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from ussd.metrics import CONTENT_TYPE, Metrics

CHECK_SECONDS = 1.0

Check = Callable[[], Awaitable[None]]
"""Raises where the thing that it asks is away."""


@dataclass(slots=True)
class Readiness:
    """What must answer for this process to be ready, and whether it is on its way out."""

    checks: Mapping[str, Check]
    draining: bool = field(default=False)

    async def states(self) -> dict[str, str]:
        """`ok` or `away` for each, asked at once."""
        answers = await asyncio.gather(*(_state(check) for check in self.checks.values()))
        return dict(zip(self.checks, answers, strict=True)) | ({"draining": "yes"} if self.draining else {})


async def _state(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception:  # whatever it is, it is not ready, and who asks wants a 503 and no traceback
        return "away"
    return "ok"


def application(readiness: Readiness, metrics: Metrics) -> web.Application:
    """The application of the administration port."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        states = await readiness.states()
        ready = set(states.values()) <= {"ok"}
        return web.json_response(states, status=200 if ready else 503)

    async def written(_: web.Request) -> web.Response:
        return web.Response(body=metrics.written(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", written)])
    return app
