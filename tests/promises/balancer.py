"""Machines behind a balancer, which sends to who says that it is ready; where nobody does, to whoever is there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, TCPConnector

from tests.server import Server

_EVERY = 0.05
"""Seconds between two looks at a machine."""
_TIMEOUT, _LOOK = ClientTimeout(total=8), ClientTimeout(total=0.5)


@dataclass(slots=True)
class Machine:
    """A place where a server runs, and from time to time does not."""

    name: str
    server: Server | None = None
    ready: bool = False


@dataclass(slots=True)
class Balancer:
    """Deals callbacks out to machines; a connection carries one, as deploy/nginx has it."""

    machines: tuple[Machine, ...]
    client: ClientSession
    refused: int = 0
    """Connections that no machine took: the next is asked then, as by nginx with `proxy_next_upstream error`."""
    _turns: "count[int]" = field(default_factory=count)

    async def post(self, path: str, wire: Mapping[str, str]) -> tuple[str, int, str]:
        """The machine that answered, the status, and the body. What was sent and not answered is a ClientError."""
        turn = next(self._turns) % len(self.machines)
        order = sorted(self.machines[turn:] + self.machines[:turn], key=lambda machine: not machine.ready)
        for machine in order:
            if machine.server:
                with suppress(ClientConnectorError):
                    return machine.name, *await self._sent(machine.server, path, wire)
                self.refused += 1
        await asyncio.sleep(_EVERY)
        return "nobody", 502, "no machine answers"

    async def is_ready(self, machine: Machine) -> None:
        """Wait until it is known to be."""
        while not machine.ready:
            await asyncio.sleep(_EVERY)

    async def _sent(self, server: Server, path: str, wire: Mapping[str, str]) -> tuple[int, str]:
        headers = {"Content-Type": "application/json"}
        url = f"http://127.0.0.1:{server.port}{path}"
        async with self.client.post(url, data=json.dumps(wire).encode(), headers=headers) as reply:
            return reply.status, await reply.text()

    async def look_at(self, machine: Machine) -> None:
        """Ask a machine, again and again, whether it is ready."""
        while True:
            server, ready = machine.server, False
            if server:
                with suppress(ClientError, TimeoutError):
                    url = f"http://127.0.0.1:{server.admin_port}/readyz"
                    async with self.client.get(url, timeout=_LOOK) as reply:
                        ready = reply.status == 200
            machine.ready = ready and machine.server is server
            await asyncio.sleep(_EVERY)


@asynccontextmanager
async def balanced(*machines: Machine) -> AsyncIterator[Balancer]:
    """A balancer that looks at its machines."""
    async with ClientSession(connector=TCPConnector(force_close=True, limit=0), timeout=_TIMEOUT) as client:
        balancer = Balancer(machines, client)
        looking = [asyncio.create_task(balancer.look_at(machine)) for machine in machines]
        try:
            yield balancer
        finally:
            for look in looking:
                look.cancel()
            await asyncio.wait(looking)
