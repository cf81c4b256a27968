"""A thousand dialogues at once over one link, through an SMSC that is not ours."""

import asyncio
import re
from datetime import UTC, datetime

import pytest

from tests.gateways.smpp.conftest import Apps, bound
from tests.gateways.smpp.network import Phone
from ussd.keys import Keys
from ussd.ledger import day_of, opened
from ussd.settings import Settings


@pytest.mark.alone
async def test_a_thousand_dialogues_at_once_over_one_link_are_never_mixed_up(apps: Apps, settings: Settings) -> None:
    codes = [_national_code(number) for number in range(1000)]
    lines = [str(989121000000 + number) for number in range(1000)]
    async with bound(apps, window=50, profile={"deadline": 30}) as (_, net):

        async def dialogue(number: int) -> str:
            phone = Phone(net, lines[number], bytes([number % 8, 0x80]))  # many share a session number
            if number % 2:
                found = [await phone.dial(f"*4*1420*1*2*{codes[number]}#")]
            else:
                found = [await phone.dial("*4*1420#"), *[await phone.type(one) for one in ("1", "2", codes[number])]]
            assert [one.ends for one in found] == [False] * (len(found) - 1) + [True]
            [code] = re.findall("n[0-9]{6}", found[-1].text)
            return str(code)

        async with asyncio.timeout(30):
            shown = await asyncio.gather(*(dialogue(number) for number in range(1000)))
    assert len(set(shown)) == 1000
    async with opened(settings.ledger, Keys(settings.key()), migrate=False, samples=False) as ledger:
        for code, msisdn, national_code in zip(shown, lines, codes, strict=True):
            found = await ledger.tracker.find(code, day_of(datetime.now(UTC)), reveal=True)
            assert found
            assert found.subject
            assert (found.msisdn, found.subject.number) == (msisdn, national_code)


def _national_code(number: int) -> str:
    """One of a thousand that pass their check digit; nobody's, as no city has this prefix."""
    digits = f"999{number:06d}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
    return digits + str(rest if rest < 2 else 11 - rest)
