"""A connection's turnstile without a server: who is told in which order, and who is handed on as whom."""

import asyncio
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from gateways import africastalking
from tests.web.crowds import dial, left
from ussd.admission import Turns
from ussd.callback import Callback, Phase
from ussd.web.sight import Seen
from ussd.web.turnstile import LetIn, Turnstile


class Behind(asyncio.Protocol):
    """Writes down what comes to it."""

    def __init__(self) -> None:
        self.heard = list[bytes]()

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)


class Wire(asyncio.Transport):
    """Writes down what goes out."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.said = list[bytes]()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said.append(bytes(data))


class NoRoom:
    """Turns everybody away."""

    overrun = True

    def verdict(self, request: Seen, peer: str) -> bytes:
        return f"told {peer}".encode()


def test_a_peer_that_reads_nothing_is_no_longer_told_at_sight() -> None:
    """Its answers would heap up here; aiohttp reads no more of it then."""
    behind, wire, whole = Behind(), Wire(), b"".join(dial("africastalking"))
    turnstile = Turnstile(behind, NoRoom())
    turnstile.connection_made(wire)
    turnstile.data_received(whole)
    assert (wire.said, behind.heard) == ([b"told 127.0.0.1"], [])
    turnstile.pause_writing()
    turnstile.data_received(whole)
    turnstile.resume_writing()
    turnstile.data_received(whole)
    assert (wire.said, behind.heard) == ([b"told 127.0.0.1"], [whole, whole])


async def test_while_an_answer_is_under_way_nobody_is_told_before_it() -> None:
    behind, wire, whole = Behind(), Wire(), b"".join(dial("africastalking"))
    keeper, done = NoRoom(), asyncio.Event()
    turnstile = Turnstile(behind, keeper)
    turnstile.connection_made(wire)
    keeper.overrun = False
    turnstile.data_received(whole)
    keeper.overrun = True
    turnstile.data_received(whole)  # aiohttp has not begun with the first
    answering = asyncio.create_task(done.wait())
    turnstile.begun(answering)
    turnstile.data_received(whole)
    assert (wire.said, len(behind.heard)) == ([], 3)
    for _ in range(2):
        turnstile.begun(answering)
    turnstile.data_received(whole)
    assert (wire.said, len(behind.heard)) == ([], 4)
    turnstile.begun(answering)
    done.set()
    await answering
    turnstile.data_received(whole)
    assert (wire.said, len(behind.heard)) == ([b"told 127.0.0.1"], 4)


class LetsIn:
    """Gives everybody a place."""

    overrun = True

    def __init__(self) -> None:
        self.turns = Turns()

    def verdict(self, request: Seen, peer: str) -> LetIn:
        return LetIn(Callback("s1", "989120000001", Phase.BEGIN), self.turns.at_the_door())


async def test_who_is_let_through_keeps_its_place_until_somebody_begins_to_answer_or_it_is_gone() -> None:
    keeper, whole = LetsIn(), b"".join(dial("africastalking"))
    turnstiles = [Turnstile(Behind(), keeper) for _ in range(3)]
    for turnstile in turnstiles:
        turnstile.connection_made(Wire())
        turnstile.data_received(whole)
    assert keeper.turns.at_work() == 3
    answering = asyncio.create_task(asyncio.sleep(0))
    let_in = turnstiles[0].begun(answering)
    assert turnstiles[0].begun(answering) is None
    turnstiles[0].connection_lost(None)
    assert keeper.turns.at_work() == 3, "who answers has it"
    turnstiles[1].connection_lost(ConnectionResetError())
    assert keeper.turns.at_work() == 2
    assert let_in
    left([let_in.slot])
    assert keeper.turns.at_work() == 1
    await answering


class Reads:
    """Lets everybody in, and knows it by its session."""

    overrun = True

    def __init__(self) -> None:
        self.turns = Turns()

    def verdict(self, request: Seen, peer: str) -> LetIn:
        return LetIn(africastalking.decode(request.wire), self.turns.at_the_door())


@given(st.lists(st.sampled_from(["whole", "split", "begins", "is done", "is answered by aiohttp itself"]), max_size=30))
async def test_who_is_answered_is_never_taken_for_somebody_else(events: list[str]) -> None:
    """Whatever comes together, is a part, or never comes to us as aiohttp has an answer of its own."""
    keeper, heard = Reads(), deque[str]()
    turnstile, answered = Turnstile(Behind(), keeper), list[asyncio.Event]()
    turnstile.connection_made(Wire())
    for number, event in enumerate(events):
        head, body = dial("africastalking", number)
        if event in ("whole", "split"):
            for part in (head + body,) if event == "whole" else (head, body):
                turnstile.data_received(part)
            heard.append(f"{number:032x}")
        elif event == "begins" and heard:
            answered.append(asyncio.Event())
            let_in = turnstile.begun(asyncio.create_task(answered[-1].wait()))
            assert let_in is None or let_in.callback.session == heard[0]
            heard.popleft()
            left([let_in.slot] if let_in and let_in.slot else [])
        elif event == "is done" and answered:
            answered.pop().set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        elif event == "is answered by aiohttp itself" and heard:
            heard.popleft()
    turnstile.connection_lost(None)
    assert keeper.turns.at_work() == 0
    for one in answered:
        one.set()
