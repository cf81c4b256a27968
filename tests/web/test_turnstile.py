"""In a crowd who cannot be served is told so before aiohttp reads anything, and cannot tell the difference."""

import asyncio
from dataclasses import replace

import pytest

from tests.conftest import MAIN_MENU
from tests.counted import Since
from tests.web.crowds import connected, crowd, dial, left, octets, served
from ussd.admission import Kind, Slot, Turns
from ussd.app import App
from ussd.callback import Callback, Reply, WireReply, WireRequest
from ussd.settings.auth import AuthGiven
from ussd.web.auth import guard_of

AT_SIGHT = (
    "africastalking",
    "arkesel",
    "hubtel",
    "mtn_madapi",
    "nalo",
    "reference",
    "restcomm",
    "trueafrican",
    "wigal",
)
"""The gateways whose dials are plain: a POST that says that it begins a session, and no more in its path."""


@pytest.mark.parametrize("gateway", AT_SIGHT)
async def test_who_is_turned_away_reads_the_same_octets_whoever_wrote_them(app: App, gateway: str) -> None:
    """What comes in two segments is aiohttp's to read."""
    since = Since(app.metrics)
    async with served(app) as port, crowd(app), connected(port) as whole, connected(port) as split:
        at_sight = list[tuple[bytes, bytes]]()
        for _ in range(3):
            await whole.send(b"".join(dial(gateway)))
            at_sight.append(await whole.answer())
        await split.send(*dial(gateway))
        by_aiohttp = await split.answer()
    assert by_aiohttp[0].startswith(b"HTTP/1.1 200 OK\r\n")
    assert at_sight == [by_aiohttp] * 3
    assert since.of("shed_total") == {"shed_total dial": 4}
    assert since.of("callbacks_total") == {f"callbacks_total {gateway}  shed": 4}


async def test_a_connection_that_carries_one_request_is_closed_after_its_answer(app: App) -> None:
    """As nginx has it before a server that is to see each caller alone."""
    head, body = dial("africastalking")
    head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    async with served(app) as port, crowd(app), connected(port) as whole, connected(port) as split:
        await whole.send(head + body)
        await split.send(head, body)
        at_sight, by_aiohttp = await whole.answer(), await split.answer()
        assert at_sight == by_aiohttp
        assert b"Connection: close\r\n" in at_sight[0]
        assert await whole.rest() == await split.rest() == b""


async def test_who_is_turned_away_at_sight_never_comes_to_aiohttp(app: App) -> None:
    """Its door has a format that reads nothing the second time."""
    door = app.doors["reference"]
    read = list[WireRequest]()

    class Counted:
        PROFILE = door.gateway.PROFILE
        encode = staticmethod(door.gateway.encode)

        @staticmethod
        def decode(wire: WireRequest) -> object:
            read.append(wire)
            return door.gateway.decode(wire)

    async with served(app, replace(door, gateway=Counted)) as port, crowd(app), connected(port) as line:  # type: ignore[arg-type]
        await line.send(b"".join(dial("reference")))
        await line.answer()
        assert len(read) == 1
        await line.send(*dial("reference"))
        await line.answer()
        await line.send(b"".join(dial("reference")))
        await line.answer()
        assert len(read) == 3, "after what was no plain request nothing is read at sight on that connection"


async def test_without_a_crowd_a_dial_is_answered(app: App) -> None:
    async with served(app) as port, connected(port) as line:
        for number in range(3):
            await line.send(b"".join(dial("africastalking", number)))
            head, body = await line.answer()
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert body.decode() == f"CON {MAIN_MENU}"


async def test_who_is_going_on_is_let_through_a_crowd_and_each_answer_belongs_to_its_request(app: App) -> None:
    async with served(app) as port, connected(port) as line:
        await line.send(b"".join(dial("africastalking")))
        assert MAIN_MENU in (await line.answer())[1].decode()
        async with crowd(app):
            await line.send(b"".join(dial("africastalking", 1, ("1",))))  # waits for a place
            await line.send(b"".join(dial("africastalking", 2)))  # would be told at once
        assert "استعلام" in (await line.answer())[1].decode()
        await line.answer()
        assert app.service.turns.at_work() == 0


async def test_in_a_crowd_who_dials_as_a_place_is_free_has_it_until_its_answer(app: App) -> None:
    """It is read once, and not asked again after aiohttp: who has come meanwhile waits for the next place."""
    app.service.turns = turns = Turns(clock=lambda: 1000.0)
    turns.limit.value = 32
    slots = [turns.at_once(Kind.GOING) for _ in range(32)]
    assert turns.at_the_door() is None
    assert turns.overrun
    at_work = list[int]()
    door = app.doors["africastalking"]

    class Watched:
        """Somebody comes to go on as a dial is read."""

        PROFILE = door.gateway.PROFILE

        @staticmethod
        def decode(wire: WireRequest) -> Callback:
            at_work.append(turns.at_work())
            waiting.append(asyncio.create_task(turns.wait(Kind.GOING, asyncio.get_running_loop().time() + 5)))
            return door.gateway.decode(wire)

        @staticmethod
        def encode(reply: Reply, callback: Callback) -> WireReply:
            at_work.append(turns.at_work())
            return door.gateway.encode(reply, callback)

    waiting = list[asyncio.Task[Slot]]()
    async with served(app, replace(door, gateway=Watched)) as port, connected(port) as line:  # type: ignore[arg-type]
        left(slots[:1])
        await line.send(b"".join(dial("africastalking")))
        assert MAIN_MENU in (await line.answer())[1].decode()
        assert at_work == [31, 32]
        left([await waiting[0], *slots[1:]])
        assert turns.at_work() == 0


async def test_a_dial_that_comes_right_after_an_answer_is_told_in_its_turn(app: App) -> None:
    async with served(app) as port, connected(port) as line, crowd(app):
        for number in range(50):
            whole = b"".join(dial("africastalking", number))
            await line.send(*(dial("africastalking", number) if number == 25 else (whole,)))
            assert "شلوغ" in (await line.answer())[1].decode()


async def test_a_fault_is_told_in_a_crowd_too(app: App) -> None:
    wire = WireRequest(headers={"Content-Type": "application/json"}, body=b'{"event": "begin"}')
    async with served(app) as port, crowd(app), connected(port) as line:
        await line.send(b"".join(octets(wire, "reference")))
        head, body = await line.answer()
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"msisdn: missing" in body


async def test_a_stranger_is_refused_in_a_crowd_too_and_its_gateway_is_told(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCI_TOKEN", "t" * 32)
    given = AuthGiven.model_validate({"bearer": {"token_env": "MCI_TOKEN"}, "networks": ["127.0.0.0/8"]})
    door = replace(app.doors["reference"], guard=guard_of("reference", given, app.doors))  # type: ignore[arg-type]
    head, body = dial("reference")
    async with served(app, door) as port, crowd(app), connected(port) as stranger, connected(port) as known:
        await stranger.send(head + body)
        assert (await stranger.answer())[0].startswith(b"HTTP/1.1 401 ")
        await known.send(head.replace(b"\r\n", b"\r\nAuthorization: Bearer " + b"t" * 32 + b"\r\n", 1) + body)
        assert "شلوغ" in (await known.answer())[1].decode()
