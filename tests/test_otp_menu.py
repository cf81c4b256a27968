"""`*4*40#` as the line meets it to which a one-time code was sent, through the whole engine."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from tests.conftest import LINE, Handset
from tests.ledger.one_time_desk import Desk, desk_of
from ussd.app import App
from ussd.keys import Keys
from ussd.ledger import opened
from ussd.ledger.ledger import utc_now
from ussd.settings import Settings

NONE = "کدی در انتظار این خط نیست.\nنخست در سایت، کد یکبار مصرف بخواهید."
LONGEST_NAME = "سامانه نسخه الکترونیکی درمانگا"


class SetBack:
    """A clock that is late."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() - self.by


@pytest.fixture
def clock() -> SetBack:
    return SetBack()


@pytest.fixture
async def desk(app: App, settings: Settings, clock: SetBack) -> AsyncIterator[Desk]:
    """Where codes are sent, in another process as it were; its clock can be set back, so that a code is older."""
    keys = Keys(settings.key())
    async with opened(settings.ledger, keys) as ledger, desk_of(ledger.database, keys, clock) as desk:
        yield desk


async def dialled(handset: Handset, code: str = "*4*40#") -> str:
    reply = await handset.call(code).dial()
    assert reply.ends
    return reply.text


async def test_the_line_reads_its_code_whose_it_is_and_how_long_it_is_good(
    handset: Handset, desk: Desk, clock: SetBack
) -> None:
    clock.by = timedelta(seconds=30)
    code = await desk.sent(await desk.client("my.gov.ir"), LINE)
    read = re.fullmatch("کد یکبار مصرف:\n(.*)\nبرای my.gov.ir\nمهلت: (.*) ثانیه", await dialled(handset))
    assert read is not None
    assert read[1] == code
    assert 60 < int(read[2]) <= 90, "the tests' own slowness is not what is measured"


async def test_another_line_is_told_that_there_is_none_and_where_to_get_one(handset: Handset, desk: Desk) -> None:
    await desk.sent(await desk.client("my.gov.ir"), LINE)
    handset.msisdn = "989120000002"
    assert await dialled(handset) == NONE


async def test_a_code_of_120_seconds_ago_is_none(handset: Handset, desk: Desk, clock: SetBack) -> None:
    clock.by = timedelta(seconds=120)
    await desk.sent(await desk.client("my.gov.ir"), LINE)
    assert await dialled(handset) == NONE


async def test_dialling_again_asks_again(handset: Handset, desk: Desk) -> None:
    gov = await desk.client("my.gov.ir")
    assert await dialled(handset) == NONE
    first = await desk.sent(gov, LINE)
    assert f"\n{first}\n" in await dialled(handset)
    second = await desk.sent(gov, LINE)
    assert f"\n{second}\n" in await dialled(handset)
    await desk.tried(gov, second, LINE)
    assert await dialled(handset) == NONE


async def test_what_follows_the_shortcode_changes_nothing(handset: Handset, desk: Desk) -> None:
    assert await dialled(handset, "*4*40*1*00#") == NONE


async def test_the_longest_name_of_a_client_leaves_it_one_screen(handset: Handset, desk: Desk) -> None:
    code = await desk.sent(await desk.client(LONGEST_NAME), LINE)
    text = await dialled(handset)
    assert f"\n{code}\nبرای {LONGEST_NAME}\n" in text
    assert len(text.encode("utf-16-be")) <= 160
