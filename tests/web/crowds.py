"""A server as `ussd serve` sets it up, whose every place is taken, and connections to it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib import import_module

from aiohttp import web

from simulator.operators import Leg, Operator
from ussd.admission import Kind, Slot, Turns
from ussd.admission.turns import AT_MOST
from ussd.app import App
from ussd.callback import Phase, WireRequest
from ussd.web.callbacks import MAX_BODY, Door, routes
from ussd.web.keeper import DoorKeeper
from ussd.web.server import serving_on


class Line:
    """A gateway's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, *octets: bytes) -> None:
        """Each as a segment of its own."""
        for part in octets:
            self._writer.write(part)
            await asyncio.sleep(0.02)

    async def answer(self) -> tuple[bytes, bytes]:
        """The next response: its head without the date, and its body."""
        async with asyncio.timeout(5):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: ([0-9]+)", head)
            assert length
            return re.sub(rb"Date: [^\r]+ GMT\r\n", b"", head, count=1), await self._reader.readexactly(int(length[1]))

    async def rest(self) -> bytes:
        """What comes until the server closes the connection."""
        async with asyncio.timeout(5):
            return await self._reader.read()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


@asynccontextmanager
async def served(app: App, *doors: Door) -> AsyncIterator[int]:
    """The port of a server as `ussd serve` sets it up, before these doors or all."""
    application = web.Application(client_max_size=MAX_BODY)
    application.add_routes(routes(doors or app.doors.values(), app.service))
    runner = web.AppRunner(application, access_log=None, auto_decompress=False)
    keeper = DoorKeeper(doors or app.doors.values(), app.service)
    async with serving_on(runner, "127.0.0.1", 0, keeper=keeper) as port:
        yield port


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Line]:
    line = Line(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield line
    finally:
        await line.close()


@asynccontextmanager
async def crowd(app: App) -> AsyncIterator[None]:
    """As long as it lasts every place is taken, somebody waits to go on, and no time passes at the door."""
    before, app.service.turns = app.service.turns, Turns(clock=lambda: 1000.0)
    turns, until = app.service.turns, asyncio.get_running_loop().time() + 60
    slots = [turns.at_once(Kind.GOING) for _ in range(turns.limit.value)]
    dials = [asyncio.create_task(turns.wait(Kind.DIAL, until)) for _ in range(AT_MOST)]
    await asyncio.sleep(0)
    assert turns.is_one_too_many(Kind.DIAL)
    waiting = [*dials, asyncio.create_task(turns.wait(Kind.GOING, until))]
    await asyncio.sleep(0)
    await _gone(dials)
    try:
        yield
    finally:
        await _gone(waiting)
        left(slots)
        app.service.turns = before


def room_in_a_crowd() -> Turns:
    """Every place is free, and more come than can be served; no time passes, so it stays like this."""
    turns = Turns(clock=lambda: 1000.0)
    slots = [turns.at_once(Kind.GOING) for _ in range(turns.limit.value)]
    assert turns.at_the_door() is None
    left(slots)
    assert turns.overrun
    return turns


def left(slots: Iterable[Slot | None]) -> None:
    """Each of them is, and was got before."""
    for slot in slots:
        assert slot
        slot.leave()


async def _gone(waiting: list[asyncio.Task[Slot]]) -> None:
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def octets(wire: WireRequest, gateway: str) -> tuple[bytes, bytes]:
    """A request's head and body."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in wire.headers.items())
    head = (
        f"{wire.method} /gateways/{gateway} HTTP/1.1\r\nHost: ussd\r\n{headers}Content-Length: {len(wire.body)}\r\n\r\n"
    )
    return head.encode(), wire.body


def dial(gateway: str, number: int = 1, typed: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
    operator: Operator = import_module(f"simulator.operators.{gateway}")
    phase = Phase.CONTINUE if typed else Phase.BEGIN
    wire = operator.ask(Leg(f"{number:032x}", f"98912{number:07}", "*4*1420#", phase, typed))
    assert wire
    return octets(wire, gateway)
