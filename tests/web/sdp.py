"""An operator's SDP that does as it is told with the screens it gets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.operators import Leg, parlayx
from tests.conftest import LINE
from ussd.callback import Phase, Reply, WireReply, WireRequest
from ussd.web.callbacks import written

DEADLINE, GRACE = 1.0, 1.0
FAULT = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>SVC0001</faultcode>'
    "<faultstring>989120000001</faultstring></e:Fault></e:Body></e:Envelope>"
)


@dataclass
class Sdp:
    """Answers each screen with the next of its moods: a status, `fault`, `hang`, `drop`, and `take` after the last."""

    moods: list[int | str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take note of a screen."""
        self.bodies.append(await request.read())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        mood = self.moods.pop(0) if self.moods else "take"
        async with self.came:
            self.came.notify_all()
        match mood:
            case "hang":
                await asyncio.sleep(30)
            case "drop" if request.transport:
                request.transport.abort()
            case "fault":
                return web.Response(text=FAULT, status=500, content_type="text/xml")
            case int(status):
                return web.Response(status=status, text="989120000001", headers={"Location": "/elsewhere"})
        return written(parlayx.took())

    async def screens(self, count: int = 1, seconds: float = 5.0) -> list[Reply]:
        """The screens that came, once there are so many."""
        async with asyncio.timeout(seconds), self.came:
            await self.came.wait_for(lambda: len(self.bodies) >= count)
        return [parlayx.read(WireReply(body, "text/xml")) for body in self.bodies]


@asynccontextmanager
async def sdp(*moods: int | str, port: int | None = None) -> AsyncIterator[Sdp]:
    """One that listens."""
    found = Sdp(list(moods))
    served = web.Application()
    served.router.add_post("/send", found.handle)
    server = TestServer(served, port=port, shutdown_timeout=0.1)
    async with server:
        found.url = str(server.make_url("/send"))
        yield found


def notification(
    dialled: str = "*4*1420#", *typed: str, session: str = "1904855568", phase: Phase | None = None
) -> WireRequest:
    """What it sends of a session; the same for the same."""
    return parlayx.ask(Leg(session, LINE, dialled, phase or (Phase.CONTINUE if typed else Phase.BEGIN), typed))
