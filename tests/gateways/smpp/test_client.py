"""Keeping a gateway bound: binds, binds again whenever a link ends, and unbinds."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateways.smpp import client as client_module
from gateways.smpp.client import Client
from gateways.smpp.outlet import Dropped
from gateways.smpp.pdu import Bind, Command, Pdu, Status
from tests.gateways.smpp.keeping import keeping, smpp, submitting, until
from tests.gateways.smpp.peer import peers

pytestmark = pytest.mark.usefixtures("quick")


async def test_it_binds_as_it_is_configured() -> None:
    async with peers() as smsc, keeping(smsc, system_type="USSD", address_range="^1420$") as client:
        assert not client.bound
        bound = await (await smsc.next()).bound()
        assert bound.body == Bind("tamin", "hush", "USSD", 0x34, "^1420$")
        await until(lambda: client.bound)


async def test_a_pair_sends_over_its_transmitter_and_is_bound_when_both_are() -> None:
    async with peers() as smsc, keeping(smsc, bind="pair") as client:
        transmitter = await smsc.next()
        await transmitter.bound(Command.BIND_TRANSMITTER)
        receiver = await smsc.next()
        assert not client.bound
        await receiver.bound(Command.BIND_RECEIVER)
        await until(lambda: client.bound)
        sent = submitting(client)
        transmitter.answer(await transmitter.expect(Command.SUBMIT_SM))
        await sent


async def test_a_pair_of_which_one_ends_ends_and_is_made_again() -> None:
    async with peers() as smsc, keeping(smsc, bind="pair") as client:
        transmitter = await smsc.next()
        await transmitter.bound(Command.BIND_TRANSMITTER)
        receiver = await smsc.next()
        await receiver.bound(Command.BIND_RECEIVER)
        await until(lambda: client.bound)
        receiver.close()
        await transmitter.expect(Command.UNBIND)
        transmitter.close()
        await (await smsc.next()).bound(Command.BIND_TRANSMITTER)


async def test_what_it_is_to_send_while_nothing_is_bound_is_dropped() -> None:
    async with peers() as smsc, keeping(smsc) as client:
        with pytest.raises(Dropped, match="away"):
            await submitting(client)


@pytest.mark.parametrize("ends", ["closed", "unbound"])
async def test_whenever_the_link_ends_it_binds_again(ends: str) -> None:
    async with peers() as smsc, keeping(smsc) as client:
        for _ in range(3):
            peer = await smsc.next()
            await peer.bound()
            await until(lambda: client.bound)
            if ends == "closed":
                peer.close()
            else:
                peer.put(Command.UNBIND, 1)
                assert await peer.get() == Pdu(Command.UNBIND_RESP, 1)
            await until(lambda: not client.bound)


async def test_a_wrong_password_is_said_without_it_and_tried_again_at_the_slow_end() -> None:
    with capture_logs() as log:
        async with peers() as smsc, keeping(smsc) as client:
            begun = asyncio.get_running_loop().time()
            for _ in range(2):
                await (await smsc.next()).bound(status=Status.RINVPASWD)
                assert not client.bound
            assert asyncio.get_running_loop().time() - begun > 0.2, "half of the longest pause, less the clock's grain"
            await (await smsc.next()).bound()
            await until(lambda: client.bound)
    away = [one for one in log if one["event"] == "smsc_away"]
    assert [one["why"] for one in away[:2]] == ["bind refused: RINVPASWD"] * 2
    assert "hush" not in repr(log)


async def test_a_link_that_held_for_a_while_is_made_again_soon_and_one_that_did_not_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "SETTLED", 0.2)
    with capture_logs() as log:
        async with peers() as smsc, keeping(smsc) as client:
            for seconds in (0, 0, 0, 0.4):
                peer = await smsc.next()
                await peer.bound()
                await until(lambda: client.bound)
                await asyncio.sleep(seconds)
                peer.close()
            await smsc.next()
    pauses = [one["seconds"] for one in log if one["event"] == "smsc_away"]
    assert pauses[2] >= 0.1 > pauses[3]


async def test_an_smsc_that_still_holds_our_old_link_is_tried_again_soon() -> None:
    with capture_logs() as log:
        async with peers() as smsc, keeping(smsc) as client:
            await (await smsc.next()).bound(status=Status.RALYBND)
            await (await smsc.next()).bound()
            await until(lambda: client.bound)
    assert [(one["why"], one["seconds"]) for one in log[:1]] == [("bind refused: RALYBND", 0.0)]


async def test_an_smsc_that_is_not_there_is_tried_less_and_less_often_until_it_is() -> None:
    async with peers() as gone:
        port = gone.port
    with capture_logs() as log:
        client = Client("mci", smpp(port), lambda _: 0)
        async with client.running():
            await asyncio.sleep(0.8)
            async with peers(port) as smsc:
                await (await smsc.next()).bound()
                await until(lambda: client.bound)
                smsc.all[0].close()
    tries = [one for one in log if one["event"] == "smsc_away"]
    assert 3 <= len(tries) <= 8
    assert tries[0]["why"] == "no connection"


async def test_a_bind_that_is_not_answered_is_tried_again() -> None:
    async with peers() as smsc, keeping(smsc, response_timeout=0.2) as client:
        silent = await smsc.next()
        await silent.expect(Command.BIND_TRANSCEIVER)
        assert await silent.is_over()
        await (await smsc.next()).bound()
        await until(lambda: client.bound)


async def test_an_smsc_that_goes_silent_is_left_and_found_again() -> None:
    async with peers() as smsc, keeping(smsc, enquire_link=0.1, response_timeout=0.2) as client:
        peer = await smsc.next()
        await peer.bound()
        await peer.expect(Command.ENQUIRE_LINK)
        again = await smsc.next()
        await again.bound()
        await until(lambda: client.bound)


async def test_on_stop_it_unbinds() -> None:
    async with peers() as smsc:
        client = Client("mci", smpp(smsc.port), lambda _: 0)

        async def play() -> None:
            peer = await smsc.next()
            await peer.bound()
            peer.answer(await peer.expect(Command.UNBIND))
            assert await peer.is_over()

        played = asyncio.create_task(play())
        async with client.running():
            await until(lambda: client.bound)
        assert not client.bound
        await played
