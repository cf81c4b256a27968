"""Whatever the drawn handset does to a call is recorded as it was: the recording passes as a test at once."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from simulator.call import Carrier
from simulator.phone.network import Network, profile_of
from simulator.phone.subscriber import Subscriber
from simulator.phone.trouble import COMING, Trouble
from simulator.transcripts.apart import Reach, apart
from simulator.transcripts.record import Recorder
from simulator.transcripts.replay import Played, replay
from simulator.transcripts.transcript import read
from tests.conftest import ENTITLED, LINE, SLOW
from ussd.callback import Reply
from ussd.settings import Settings

GATEWAYS = ("reference", "africastalking")
TYPED = ("1", "2", ENTITLED)


@pytest.fixture
async def reach(settings: Settings, redis_url: str) -> AsyncIterator[Reach]:
    """An engine apart."""
    async with apart(settings, redis_url) as reach:
        yield reach


def phone(reach: Reach, gateway: str, recorder: Recorder, line: str = LINE) -> Subscriber:
    """A line that can misbehave."""

    async def open_(name: str) -> Carrier:
        return reach(name)[1]

    network = Network(GATEWAYS, open_, profile_of)
    return Subscriber(line, network, gateway, lambda entry: None, recorder, ask_again=0.0)


async def talk(one: Subscriber, code: str, *answers: str) -> None:
    """Dial and answer, as far as the call goes."""
    reply = await one.dial(code)
    await one.settle()
    for answer in answers:
        if one.call is not None:
            reply = await one.type(answer)
            await one.settle()
    assert reply is None or isinstance(reply, Reply)


async def replayed(path: Path, settings: Settings, redis_url: str) -> Played:
    """What comes of a recording in an engine in which nothing has happened yet."""
    async with apart(settings, redis_url) as another:
        return await replay(read(path), another)


@pytest.mark.parametrize("trouble", COMING)
async def test_trouble_with_any_callback(
    reach: Reach, settings: Settings, redis_url: str, tmp_path: Path, trouble: Trouble
) -> None:
    recorder = Recorder(tmp_path / "some.txt")
    for number, (gateway, at) in enumerate(product(GATEWAYS, range(3))):
        one = phone(reach, gateway, recorder, f"98912000100{number}")
        await _armed(one, trouble, TYPED[:at], TYPED[at:])
        await talk(one, "*4*1420#", "1")
        one.drop()
        await one.close()
    played = await replayed(tmp_path / "some.txt", settings, redis_url)
    assert (played.differences, played.unreached) == ((), 0)
    assert (tmp_path / "some.txt").read_text().count(f"@{trouble.value}") >= 6


async def _armed(one: Subscriber, trouble: Trouble, before: tuple[str, ...], behind: tuple[str, ...]) -> None:
    """A dialogue in whose middle one callback is in trouble."""
    if not before:
        one.armed = trouble
    await talk(one, "*4*1420#", *before)
    if before:
        one.armed = trouble
    for answer in behind:
        if one.call is not None:
            await one.type(answer)
            await one.settle()


async def test_trouble_between_callbacks(reach: Reach, settings: Settings, redis_url: str, tmp_path: Path) -> None:
    one = phone(reach, "reference", Recorder(tmp_path / "some.txt"))
    await talk(one, "*4*1420#", "1")
    await one.again()
    await talk(one, "*4*1420#", "1", "2")
    one.drop()
    await talk(one, "*4*1420#", "1")
    await one.hang_up()
    one.armed = Trouble.HANG_UP
    await talk(one, f"*4*1420*1*2*{SLOW}#")
    await talk(one, "*4*1420#", "1", ENTITLED)
    await one.again()
    await one.close()
    played = await replayed(tmp_path / "some.txt", settings, redis_url)
    assert played.differences == ()
    assert played.screens >= 10
