"""What goes out over a link: how much at once, how fast, until when, and never twice."""

import asyncio

import pytest

from gateways.smpp.outlet import Dropped
from gateways.smpp.pdu import Command, Status
from tests.gateways.smpp.keeping import bound, keeping, nothing_more, submitting, until
from tests.gateways.smpp.peer import delivered, peers

pytestmark = pytest.mark.usefixtures("quick")


async def test_no_more_than_a_window_is_unanswered_and_the_first_come_first() -> None:
    async with bound(window=3) as (client, peer):
        sent = [submitting(client, text=bytes([number])) for number in range(9)]
        seen = []
        for _ in range(3):
            three = [await peer.expect(Command.SUBMIT_SM) for _ in range(3)]
            await nothing_more(peer)
            seen += [pdu.body.text[0] for pdu in three]  # type: ignore[union-attr]
            for pdu in three:
                peer.answer(pdu)
        await asyncio.gather(*sent)
        assert seen == list(range(9))


async def test_a_message_that_waits_too_long_for_its_turn_is_dropped() -> None:
    async with bound(window=1) as (client, peer):
        first, second = submitting(client), submitting(client, seconds=0.1)
        pdu = await peer.expect(Command.SUBMIT_SM)
        with pytest.raises(Dropped, match="window"):
            await second
        peer.answer(pdu)
        await first
        with pytest.raises(Dropped, match="late"):
            await submitting(client, seconds=-1)
        await nothing_more(peer)


@pytest.mark.parametrize("status", [Status.RTHROTTLED, Status.RMSGQFUL])
async def test_a_throttled_message_is_sent_again_later_and_all_others_wait_with_it(status: Status) -> None:
    async with bound() as (client, peer):
        clock = asyncio.get_running_loop().time
        sent = submitting(client, text=b"first")
        pauses = []
        for _ in range(3):
            peer.answer(await peer.expect(Command.SUBMIT_SM), status)
            begun = clock()
            await nothing_more(peer)
            other = submitting(client, text=b"other")
            pdu = await peer.expect(Command.SUBMIT_SM)
            pauses.append(clock() - begun)
            peer.answer(pdu)
            peer.answer(await peer.expect(Command.SUBMIT_SM))
            await asyncio.gather(sent, other)
            sent = submitting(client, text=b"first")
        assert min(pauses) >= 0.02, "half of the first pause, less the clock's grain"
        peer.answer(await peer.expect(Command.SUBMIT_SM))
        await sent


async def test_what_stays_throttled_is_dropped_at_its_deadline() -> None:
    async with bound() as (client, peer):
        sent = submitting(client, seconds=0.5)
        tries = 0
        while not sent.done():
            getting = asyncio.create_task(peer.expect(Command.SUBMIT_SM))
            await asyncio.wait([getting, sent], return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                tries += 1
                peer.answer(getting.result(), Status.RTHROTTLED)
            else:
                getting.cancel()
        with pytest.raises(Dropped, match="throttled"):
            await sent
        assert 2 <= tries <= 8


@pytest.mark.parametrize(("status", "why"), [(Status.RINVDSTADR, "RINVDSTADR"), (0x0400, "0x400")])
async def test_any_other_refusal_drops_the_message(status: int, why: str) -> None:
    async with bound() as (client, peer):
        sent = submitting(client)
        peer.answer(await peer.expect(Command.SUBMIT_SM), status)
        with pytest.raises(Dropped, match=f"^{why}$"):
            await sent
        await nothing_more(peer)


async def test_what_nobody_wants_any_more_is_not_sent() -> None:
    async with bound() as (client, peer):
        with pytest.raises(Dropped, match="aborted"):
            await client.submit(delivered(), asyncio.get_running_loop().time() + 5, lambda: False)
        await nothing_more(peer)


async def test_a_message_without_a_response_is_not_sent_twice_and_its_smsc_is_asked_whether_it_is_there() -> None:
    async with bound(response_timeout=0.2, window=1) as (client, peer):
        sent = submitting(client)
        await peer.expect(Command.SUBMIT_SM)
        with pytest.raises(Dropped, match="unanswered"):
            await sent
        peer.answer(await peer.expect(Command.ENQUIRE_LINK))
        other = submitting(client)
        peer.answer(await peer.expect(Command.SUBMIT_SM))
        await other
        assert client.bound


async def test_what_was_unanswered_when_the_link_ended_is_not_sent_over_the_next() -> None:
    async with peers() as smsc, keeping(smsc, window=2) as client:
        peer = await smsc.next()
        await peer.bound()
        await until(lambda: client.bound)
        sent = [submitting(client) for _ in range(4)]
        for _ in range(2):
            await peer.expect(Command.SUBMIT_SM)
        peer.close()
        assert [str(one) for one in await asyncio.gather(*sent, return_exceptions=True)] == ["link gone"] * 4
        again = await smsc.next()
        await again.bound()
        await until(lambda: client.bound)
        await nothing_more(again)
