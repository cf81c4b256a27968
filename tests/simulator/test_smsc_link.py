"""How our SMSC treats those who connect to it: binds, links, and PDUs that are wrong."""

import asyncio
from dataclasses import replace

import pytest

from gateways.smpp.pdu import Address, Bind, Bound, Command, Empty, Message, Pdu, Status, Submitted, Tag, Unread
from simulator.call import CallFailed
from simulator.smsc import LinkGone, Smsc
from tests.conftest import LINE
from tests.simulator.esme import ACCOUNT, BIND, Esme, answer, esme


@pytest.mark.parametrize(
    ("bind", "status"),
    [
        (BIND, Status.OK),
        (replace(BIND, system_id="other"), Status.RINVSYSID),
        (replace(BIND, password="wrong"), Status.RINVPASWD),
        (replace(BIND, password=""), Status.RINVPASWD),
    ],
)
async def test_only_the_account_may_bind_where_one_is_told(bind: Bind, status: Status) -> None:
    async with esme(Smsc(account=ACCOUNT), bind=None) as one:
        bound = await one.ask(Command.BIND_TRANSCEIVER, bind)
        assert bound.status == status
        assert bound.body == (Bound() if status else Bound("SMSC", {Tag.SC_INTERFACE_VERSION: b"\x34"}))
        again = await one.ask(Command.BIND_TRANSCEIVER, BIND)
        assert again.status == (Status.OK if status else Status.RALYBND)
    assert ACCOUNT.password not in repr(ACCOUNT)


async def test_without_an_account_anybody_may_bind() -> None:
    async with esme(Smsc(), bind=None) as one:
        assert (await one.ask(Command.BIND_TRANSMITTER, Bind("any", "thing"))).status == Status.OK


async def test_a_receiver_and_a_transmitter_are_as_good_as_a_transceiver() -> None:
    smsc = Smsc(screen_seconds=0.1)
    async with smsc.listening() as address:
        receiver, transmitter = [Esme(*await asyncio.open_connection(*address)) for _ in range(2)]
        await receiver.ask(Command.BIND_RECEIVER, BIND)
        with pytest.raises(CallFailed, match="nobody bound"):
            await smsc.bound(0.05)
        assert (await transmitter.ask(Command.BIND_TRANSMITTER, BIND)).status == Status.OK
        await smsc.bound(1)
        call = smsc.call(LINE, "*1#")
        waits = asyncio.create_task(call.dial())
        await receiver.delivered()
        assert (await receiver.ask(Command.SUBMIT_SM, answer(call))).status == Status.RINVBNDSTS
        assert (await transmitter.ask(Command.SUBMIT_SM, answer(call))).status == Status.OK
        assert (await waits).text == "hello"
        receiver.writer.close()
        transmitter.writer.close()


async def test_nobody_who_is_not_bound_gets_or_gives_anything() -> None:
    smsc = Smsc()
    async with esme(smsc, bind=None) as one:
        call = smsc.call(LINE, "*1#")
        with pytest.raises(CallFailed, match="nobody is bound") as failed:
            await call.dial()
        assert failed.value.kind == "nobody bound"
        assert (await one.ask(Command.SUBMIT_SM, answer(call))).status == Status.RINVBNDSTS


async def test_a_deliver_sm_that_is_refused_is_told_by_its_status() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        for status, name in ((Status.RX_P_APPN, "RX_P_APPN"), (0x444, "0x444")):
            waits = asyncio.create_task(smsc.call(LINE, "*1#").dial())
            await one.delivered(status)
            with pytest.raises(CallFailed, match=name) as failed:
                await waits
            assert failed.value.kind == name


async def test_a_screen_that_never_comes_is_a_failure() -> None:
    smsc = Smsc(screen_seconds=0.05)
    async with esme(smsc) as one:
        waits = asyncio.create_task(smsc.call(LINE, "*1#").dial())
        await one.delivered()
        with pytest.raises(CallFailed, match="no screen within"):
            await waits


async def test_a_link_that_ends_fails_the_call_at_once() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        waits = asyncio.create_task(smsc.call(LINE, "*1#").dial())
        assert await one.next() is not None
        one.writer.close()
        with pytest.raises(CallFailed, match="the link ended"):
            await asyncio.wait_for(waits, 2)


async def test_enquire_link_is_answered_and_asked() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        assert await one.ask(Command.ENQUIRE_LINK, Empty()) == Pdu(Command.ENQUIRE_LINK_RESP, one.sequence)
        asks = asyncio.create_task(smsc.enquire())
        asked = await one.next()
        assert asked is not None
        assert asked.command == Command.ENQUIRE_LINK
        one.say(Pdu(Command.ENQUIRE_LINK_RESP, asked.sequence))
        await asks
        one.writer.close()
        with pytest.raises(LinkGone):
            await smsc.enquire()


async def test_either_side_may_unbind() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        assert (await one.ask(Command.UNBIND, Empty())).command == Command.UNBIND_RESP
        assert await one.next() is None
    async with esme(smsc) as one:
        leaves = asyncio.create_task(smsc.unbind())
        asked = await one.next()
        assert asked is not None
        assert asked.command == Command.UNBIND
        one.say(Pdu(Command.UNBIND_RESP, asked.sequence))
        await leaves
        assert await one.next() is None


async def test_it_takes_leave_when_it_stops_and_can_be_cut_off() -> None:
    smsc = Smsc()
    async with esme(smsc) as one:
        smsc.cut()
        assert await one.next() is None
    async with smsc.listening() as address:
        one = Esme(*await asyncio.open_connection(*address))
        await one.ask(Command.BIND_TRANSCEIVER, BIND)
    leave = await one.next()
    assert leave is not None
    assert leave.command == Command.UNBIND
    one.writer.close()


async def test_what_is_no_pdu_is_refused_and_a_length_that_lies_ends_the_link() -> None:
    async with esme(Smsc()) as one:
        unknown = Pdu(Command.GENERIC_NACK, one.sequence + 1, status=Status.RINVCMDID)
        assert await one.ask(0x7777, Unread(b"abc")) == unknown
        assert (await one.ask(Command.DELIVER_SM, Message(Address("1"), Address("2"), 0, b""))).command == (
            Command.GENERIC_NACK
        )
        one.writer.write(bytes.fromhex("00000011 00000004 00000000 00000009 00"))
        assert await one.next() == Pdu(Command.GENERIC_NACK, 9, status=Status.RINVCMDLEN)
        one.say(Pdu(Command.SUBMIT_SM_RESP, 4711, Submitted()))
        assert (await one.ask(Command.ENQUIRE_LINK, Empty())).status == Status.OK
        one.writer.write(bytes.fromhex("ffffffff 00000004 00000000 00000009"))
        assert await one.next() == Pdu(Command.GENERIC_NACK, 9, status=Status.RINVCMDLEN)
        assert await one.next() is None
