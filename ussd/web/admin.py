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
    smscs: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    """Whether we are bound, for each SMPP gateway."""
    doors: bool = True
    """Whether anything is called over HTTP."""

    async def states(self) -> dict[str, str]:
        """`ok` or `away` for each, asked at once."""
        answers = await asyncio.gather(*(_state(check) for check in self.checks.values()))
        links = {f"smsc {name}": "ok" if bound() else "away" for name, bound in self.smscs.items()}
        draining = {"draining": "yes"} if self.draining else {}
        return dict(zip(self.checks, answers, strict=True)) | links | draining

    def ready(self, states: Mapping[str, str]) -> bool:
        """Whether callbacks can be answered: one operator's SMSC that is away is no fault of all the others'."""
        if self.draining or any(states[name] != "ok" for name in self.checks):
            return False
        return self.doors or not self.smscs or any(states[f"smsc {name}"] == "ok" for name in self.smscs)


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
        if readiness.ready(states):
            return web.json_response(states)
        return web.json_response(states, status=503, headers={"Retry-After": "1"})

    async def written(_: web.Request) -> web.Response:
        return web.Response(body=metrics.written(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", written)])
    return app
