"""One connection to an SMSC: who answers what, what ends it, and what does not."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateways.smpp.link import BindRefused, Link, LinkGone, Timers, Unanswered
from gateways.smpp.pdu import RESPONSE, Bind, Command, Message, Pdu, Status, Submitted, write
from tests.gateways.smpp.peer import Peer, delivered, peers

BIND = Bind("tamin", "hush")
PATIENT = Timers(30, 5)


@asynccontextmanager
async def linked(
    timers: Timers = PATIENT, take: Callable[[Message], int] = lambda _: 0
) -> AsyncIterator[tuple[Link, Peer, "asyncio.Task[str]"]]:
    """A bound link, its other end, and its life."""
    async with peers() as smsc:
        link = Link("mci", await asyncio.open_connection("127.0.0.1", smsc.port), timers, take)
        peer = await smsc.next()
        async with link.living() as life:
            bound, _ = await asyncio.gather(peer.bound(), link.bind(Command.BIND_TRANSCEIVER, BIND))
            assert bound.body == BIND
            try:
                yield link, peer, life
            finally:
                peer.close()


async def test_each_response_reaches_its_own_request_in_whatever_order_they_come() -> None:
    async with linked() as (link, peer, _):
        asked = [asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered())) for _ in range(5)]
        requests = [await peer.expect(Command.SUBMIT_SM) for _ in asked]
        assert [request.sequence for request in requests] == [2, 3, 4, 5, 6]
        for request in reversed(requests):
            peer.answer(request, body=Submitted(f"id{request.sequence}"))
        answers = [await one for one in asked]
        assert [answer.body for answer in answers] == [Submitted(f"id{number}") for number in (2, 3, 4, 5, 6)]


async def test_a_refused_bind_says_its_status_and_nothing_else() -> None:
    async with peers() as smsc:
        link = Link("mci", await asyncio.open_connection("127.0.0.1", smsc.port), PATIENT, lambda _: 0)
        peer = await smsc.next()
        async with link.living():
            binding = asyncio.create_task(link.bind(Command.BIND_TRANSCEIVER, BIND))
            await peer.bound(status=Status.RINVPASWD)
            with pytest.raises(BindRefused, match=r"^RINVPASWD$"):
                await binding
        assert await peer.is_over(), "no unbind where nothing was bound"


async def test_no_answer_is_no_answer_and_a_late_one_troubles_nobody() -> None:
    async with linked(Timers(30, 0.1)) as (link, peer, life):
        asked = asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered()))
        request = await peer.expect(Command.SUBMIT_SM)
        with pytest.raises(Unanswered):
            await asked
        peer.answer(request, body=Submitted("late"))
        peer.answer(request, body=Submitted("again"))
        peer.put(Command.SUBMIT_SM_RESP, 4711, Submitted())
        await _is_alive(peer)
        assert not life.done()


async def test_a_response_of_another_command_is_not_taken_for_the_right_one() -> None:
    async with linked() as (link, peer, _):
        asked = asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered()))
        request = await peer.expect(Command.SUBMIT_SM)
        peer.put(Command.ENQUIRE_LINK_RESP, request.sequence)
        await _is_alive(peer)
        assert not asked.done()
        peer.answer(request, body=Submitted("right"))
        assert (await asked).body == Submitted("right")


@pytest.mark.parametrize(("status", "read"), [(Status.RINVCMDID, Status.RINVCMDID), (0, Status.RUNKNOWNERR)])
async def test_a_generic_nack_is_a_refusal_whatever_it_says(status: int, read: int) -> None:
    async with linked() as (link, peer, _):
        asked = asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered()))
        peer.put(Command.GENERIC_NACK, (await peer.get()).sequence, status=status)
        assert (await asked).status == read


async def test_what_is_delivered_is_answered_with_what_its_taker_says() -> None:
    taken: list[Message] = []

    def take(message: Message) -> int:
        taken.append(message)
        return Status.RX_P_APPN if message.text == b"no" else Status.OK

    async with linked(take=take) as (_, peer, _):
        for sequence, text in enumerate((b"yes", b"no"), 7):
            peer.put(Command.DELIVER_SM, sequence, delivered(text))
        peer.put(Command.DATA_SM, 9, delivered(b"data", payload=True))
        answers = [await peer.get() for _ in range(3)]
        assert [(one.command, one.sequence, one.status) for one in answers] == [
            (Command.DELIVER_SM_RESP, 7, 0),
            (Command.DELIVER_SM_RESP, 8, Status.RX_P_APPN),
            (Command.DATA_SM_RESP, 9, 0),
        ]
        assert [message.text for message in taken] == [b"yes", b"no", b"data"]


async def test_after_a_silence_the_peer_is_asked_whether_it_is_there() -> None:
    async with linked(Timers(0.1, 0.2)) as (_, peer, life):
        for _ in range(3):
            peer.answer(await peer.expect(Command.ENQUIRE_LINK))
        await peer.expect(Command.ENQUIRE_LINK)
        assert await life == "enquire_link is not answered"
        assert await peer.is_over()


async def test_a_peer_that_talks_is_not_asked() -> None:
    async with linked(Timers(0.6, 0.2)) as (_, peer, life):
        for _ in range(18):
            await _is_alive(peer)  # which fails if anything but the answer comes
            await asyncio.sleep(0.05)
        assert not life.done()


async def test_a_doubt_asks_at_once() -> None:
    async with linked() as (link, peer, _):
        link.doubt()
        await peer.expect(Command.ENQUIRE_LINK)


async def test_their_enquire_link_is_answered_while_a_thousand_requests_of_ours_wait() -> None:
    async with linked() as (link, peer, _):
        asked = [asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered())) for _ in range(1000)]
        for _ in asked:
            await peer.expect(Command.SUBMIT_SM)
        await _is_alive(peer)
        for one in asked:
            one.cancel()


async def test_their_unbind_is_answered_and_is_the_end() -> None:
    async with linked() as (link, peer, life):
        asked = asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered()))
        await peer.expect(Command.SUBMIT_SM)
        peer.put(Command.UNBIND, 7)
        assert await peer.get() == Pdu(Command.UNBIND_RESP, 7)
        assert await peer.is_over()
        assert await life == "unbound by the SMSC"
        with pytest.raises(LinkGone, match="unbound"):
            await asked
        with pytest.raises(LinkGone, match="unbound"):
            await link.ask(Command.SUBMIT_SM, delivered())


async def test_on_leaving_we_unbind() -> None:
    async with peers() as smsc:
        link = Link("mci", await asyncio.open_connection("127.0.0.1", smsc.port), PATIENT, lambda _: 0)
        peer = await smsc.next()

        async def play() -> None:
            await peer.bound()
            peer.answer(await peer.expect(Command.UNBIND))
            assert await peer.is_over()

        played = asyncio.create_task(play())
        async with link.living():
            await link.bind(Command.BIND_TRANSCEIVER, BIND)
        await played


@pytest.mark.parametrize("says", ["nothing", "goodbye"])
async def test_a_peer_that_does_not_answer_our_unbind_holds_nothing_up(says: str) -> None:
    async with peers() as smsc:
        link = Link("mci", await asyncio.open_connection("127.0.0.1", smsc.port), Timers(30, 0.2), lambda _: 0)
        peer = await smsc.next()
        async with asyncio.timeout(2), link.living():
            await asyncio.gather(peer.bound(), link.bind(Command.BIND_TRANSCEIVER, BIND))
            if says == "goodbye":
                closing = asyncio.get_running_loop().call_later(0.05, peer.close)
        if says == "goodbye":
            closing.cancel()


async def test_a_lost_connection_fails_what_waits_at_once() -> None:
    async with linked() as (link, peer, life):
        asked = asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered()))
        await peer.expect(Command.SUBMIT_SM)
        peer.close()
        with pytest.raises(LinkGone):
            await asked
        assert await life in ("closed by the SMSC", "connection lost")


@pytest.mark.parametrize("length", [0, 15, 4097, 0xFFFFFFFF])
async def test_a_length_that_no_pdu_has_is_nacked_and_ends_the_link(length: int) -> None:
    async with linked() as (_, peer, life):
        peer.writer.write(struct.pack(">IIII", length, Command.DELIVER_SM, 0, 77) + bytes(20))
        assert await peer.get() == Pdu(Command.GENERIC_NACK, 77, status=Status.RINVCMDLEN)
        assert await life == "a length that no PDU has"


async def test_a_known_command_with_a_broken_body_is_answered_and_the_link_lives() -> None:
    async with linked() as (_, peer, life):
        for sequence, (command, body) in enumerate([(Command.DELIVER_SM, b"\xff"), (Command.DATA_SM, b"USSD\0")], 7):
            peer.writer.write(struct.pack(">IIII", 16 + len(body), command, 0, sequence) + body)
            answer = await peer.get()
            assert (answer.command, answer.sequence) == (command | RESPONSE, sequence)
            assert answer.status
        await _is_alive(peer)
        assert not life.done()


async def test_a_broken_response_counts_as_a_refusal() -> None:
    async with linked() as (link, peer, _):
        asked = asyncio.create_task(link.ask(Command.SUBMIT_SM, delivered()))
        request = await peer.expect(Command.SUBMIT_SM)
        peer.writer.write(struct.pack(">IIII", 18, Command.SUBMIT_SM_RESP, 0, request.sequence) + b"id")
        assert (await asked).status


@pytest.mark.parametrize("command", [0x77, 0x10000, Command.SUBMIT_SM, Command.BIND_TRANSCEIVER])
async def test_a_command_that_is_not_for_us_is_nacked_and_the_link_lives(command: int) -> None:
    async with linked() as (_, peer, life):
        body = write(Pdu(Command.SUBMIT_SM, 1, delivered()))[16:] if command == Command.SUBMIT_SM else b"\0" * 7
        peer.writer.write(struct.pack(">IIII", 16 + len(body), command, 0, 7) + body)
        answer = await peer.get()
        assert (answer.command, answer.sequence) == (Command.GENERIC_NACK, 7)
        assert answer.status == Status.RINVCMDID
        await _is_alive(peer)
        assert not life.done()


@pytest.mark.parametrize("command", [Command.OUTBIND, Command.ALERT_NOTIFICATION, Command.GENERIC_NACK])
async def test_what_has_no_response_gets_none(command: Command) -> None:
    async with linked() as (_, peer, life):
        peer.writer.write(struct.pack(">IIII", 18, command, 0, 7) + b"\0\0")
        await _is_alive(peer)
        assert not life.done()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.builds(
                lambda command, sequence, body: struct.pack(">IIII", 16 + len(body), command, 0, sequence) + body,
                st.sampled_from([*Command, 0x77, 0x80000077]),
                st.integers(0, 0xFFFFFFFF),
                st.binary(max_size=80),
            ),
        ),
        max_size=6,
    )
)
async def test_whatever_comes_the_link_lives_or_ends_in_order(octets: list[bytes]) -> None:
    async with linked(Timers(30, 0.5), take=lambda _: 0) as (link, peer, life):
        for one in octets:
            peer.writer.write(one)
        peer.writer.write_eof()
        async with asyncio.timeout(2):
            assert await life in (
                "closed by the SMSC", "a length that no PDU has", "unbound by the SMSC", "connection lost"
            )  # fmt: skip
        with pytest.raises(LinkGone):
            await link.ask(Command.ENQUIRE_LINK)


async def _is_alive(peer: Peer) -> None:
    """What was sent so far is done with: an enquire_link comes after it."""
    peer.put(Command.ENQUIRE_LINK, 0x1234)
    assert await peer.get() == Pdu(Command.ENQUIRE_LINK_RESP, 0x1234)
