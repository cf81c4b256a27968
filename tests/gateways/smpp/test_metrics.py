"""What an SMSC delivers is counted as any other gateway's callbacks are."""

import asyncio

import pytest

from gateways.smpp.bridge import Bridge
from gateways.smpp.meaning import PROFILE
from gateways.smpp.pdu import Command, Status, Tag
from tests.conftest import LINE
from tests.counted import Since
from tests.gateways.smpp.conftest import Apps, bound
from tests.gateways.smpp.network import Phone
from tests.gateways.smpp.peer import delivered, peers
from ussd.app import App
from ussd.line import Line
from ussd.settings.smpp import Smpp

DIALLED = delivered(tlvs={Tag.USSD_SERVICE_OP: b"\x01", Tag.ITS_SESSION_INFO: b"\x80\x00"})
NONE = delivered(tlvs={Tag.USSD_SERVICE_OP: b"\x33", Tag.ITS_SESSION_INFO: b"\x80\x00"})


async def test_a_dialogue_and_its_end_are_counted(apps: Apps) -> None:
    async with bound(apps) as (app, net):
        since, phone = Since(app.metrics), Phone(net, LINE)
        await phone.dial("*4*1420*1*2#")
        await phone.hang_up()
        await phone.dial("*9*9#")
        async with asyncio.timeout(5):
            while since.of("callback_seconds_count") != {"callback_seconds_count mci": 3}:  # a hang-up has no reply
                await asyncio.sleep(0.01)
        assert since.of("callbacks_total", "callback_seconds_count", "drops_total") == {
            "callbacks_total mci *4*1420# shown": 1,
            "callbacks_total mci *4*1420# aborted": 1,
            "callbacks_total mci  ended": 1,
            "callback_seconds_count mci": 3,
            "drops_total aborted *4*1420# ask_national_code": 1,
        }


@pytest.mark.parametrize(
    ("message", "at_once", "status", "counted"),
    [
        (NONE, 2, Status.RX_P_APPN, {"callbacks_total mci  refused": 1}),
        (DIALLED, 0, Status.RMSGQFUL, {"callbacks_total mci  limited": 1, "limited_total full": 1}),
    ],
)
async def test_what_is_sent_back_is_counted(
    app: App, monkeypatch: pytest.MonkeyPatch, message: bytes, at_once: int, status: Status, counted: dict[str, float]
) -> None:
    monkeypatch.setenv("MCI_PASSWORD", "hush")
    since = Since(app.metrics)
    async with peers() as smsc:
        given = Smpp(host="127.0.0.1", port=smsc.port, system_id="tamin", password_env="MCI_PASSWORD")  # type: ignore[arg-type]
        async with Bridge(Line("mci", PROFILE), given, app.service, at_once=at_once).running():
            peer = await smsc.next()
            await peer.bound()
            peer.put(Command.DELIVER_SM, 1, message)
            assert (await peer.get()).status == status
            assert since.of("callbacks_total", "limited_total") == counted
            peer.close()
