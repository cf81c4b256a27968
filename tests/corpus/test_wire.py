"""Whatever comes over HTTP for a gateway's request is refused, and its session goes on; or it is answered."""

import asyncio
from dataclasses import replace
from itertools import cycle

import pytest

from simulator.operators import Leg
from tests.corpus.front import Front
from tests.corpus.gate import CANARY, gate
from tests.corpus.judge import MENU, WEIGHED, Judge
from tests.corpus.reading import Sent, entries
from ussd.callback import Phase
from ussd.doors import formats

pytestmark = pytest.mark.asyncio(loop_scope="package")

FAMILIES = ("http", "forms", "json", "xml")
OF_EACH = pytest.mark.parametrize("name", formats())
TYPED, GOOD = "1", "2"
IDLE = 200
"""Connections that say nothing."""
WAITS = 0.1
"""Seconds that the server waits for a body here."""


def goes_on(begun: Leg, entry: Sent) -> Leg:
    """The right request, before it is spoilt."""
    marked = entry.typed is not None or (entry.change and CANARY in entry.change.find)
    return replace(begun, phase=Phase.CONTINUE, typed=(CANARY if marked else TYPED,))


@OF_EACH
@pytest.mark.parametrize("family", FAMILIES)
async def test_whatever_is_sent_gets_a_screen_or_is_refused(front: Front, family: str, name: str) -> None:
    judge, written_down = Judge(front, gate(name)), front.written_down()
    assert written_down
    for entry in entries(family, Sent):
        if judge.gate.kind in entry.of and not entry.slow:
            await judge.anew()
            await _sent(judge, entry)
    if front.written_down() != written_down:
        judge.faults.append(f"{name}: something was written in the ledger")
    judge.end()


async def _sent(judge: Judge, entry: Sent) -> None:
    begun = judge.leg()
    await judge.ask_rightly(begun)
    spoilt = judge.gate.spoilt(entry, goes_on(begun, entry))
    if spoilt is None:
        return
    before = await judge.front.kept()
    verdict = entry.verdict(judge.gate.traits)
    answers = await judge.front.send(spoilt, entry.replies, weighed=judge.weighs(spoilt, WEIGHED))
    await judge.judged(entry.it, verdict, await judge.outcome(answers, spoilt), (MENU,))
    if verdict == "refused":
        if await judge.front.kept() != before:
            judge.faults.append(f"{judge.gate.name}: {entry.it}: it changed what is kept")
        await _still_there(judge, entry, begun)
    judge.watched(entry.it, begun)


async def _still_there(judge: Judge, entry: Sent, begun: Leg) -> None:
    good = replace(begun, phase=Phase.CONTINUE, typed=(GOOD,))
    await judge.judged(f"{entry.it}, and then", "same", await judge.ask_rightly(good), (MENU, GOOD))


async def test_what_does_not_come_is_not_waited_for(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ussd.web.callbacks.BODY_SECONDS", WAITS)
    every = [Judge(front, gate(name)) for name in formats()]
    meant = [(judge, entry, judge.leg()) for entry in entries("http", Sent) if entry.slow for judge in every]
    meant = [(judge, entry, begun) for judge, entry, begun in meant if judge.gate.kind in entry.of]
    for judge, _, begun in meant:
        await judge.ask_rightly(begun)
    before = await front.kept()
    spoilt = [judge.gate.spoilt(entry, goes_on(begun, entry)) for judge, entry, begun in meant]
    answers = await front.send_at_once([octets for octets in spoilt if octets is not None])
    assert await front.kept() == before
    for (judge, entry, begun), answer in zip(meant, answers, strict=True):
        await judge.judged(entry.it, "refused", await judge.outcome([answer], b""), (MENU,))
        await _still_there(judge, entry, begun)
        judge.watched(entry.it, begun)
    for judge in every:
        judge.end()


async def test_those_who_never_end_a_request_keep_nobody_waiting(front: Front) -> None:
    begun = [b"", b"P", b"POST /gateways/reference HTTP/1.1\r\nHost: ussd\r\nX: "]
    writers = [(await asyncio.open_connection("127.0.0.1", front.port))[1] for _ in range(IDLE)]
    for writer, octets in zip(writers, cycle(begun)):
        writer.write(octets)
    judge = Judge(front, gate("reference"))
    assert "1-" in repr(await judge.ask_rightly(judge.leg()))
    for writer in writers:
        writer.transport.abort()


async def test_those_who_leave_before_the_reply_leave_nothing_behind(front: Front) -> None:
    for name in formats():
        judge = Judge(front, gate(name))
        leg = judge.leg()
        spoken = judge.gate.spoken(leg)
        assert spoken
        # Whoever asks an asynchronous gateway for a screen gets it, connection or not.
        for end in (20, -1) if name in front.sendings else (20, -1, None):
            _, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(spoken.octets()[:end])
            await writer.drain()
            writer.transport.abort()
        assert "1-" in repr(await judge.screen((MENU,)))
        judge.watched("left at once", leg)
        judge.end()
