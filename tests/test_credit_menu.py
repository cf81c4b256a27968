"""`*4*1420*99#`: the credit code of the line that dials."""

import re

from tests.conftest import Handset
from ussd.app import App
from ussd.callback import Callback, Phase

SCREEN = re.compile(r"کد اعتباری شما:\n((?:\d{4}-){3}\d{4})\nاعتبار باقیمانده: 10000 درخواست")


async def test_it_shows_the_code_in_groups_of_four_and_the_credit_and_ends(handset: Handset) -> None:
    reply = await handset.call("*4*1420*99#").dial()
    shown = SCREEN.fullmatch(reply.text)
    assert shown is not None, reply.text
    assert reply.ends
    assert int(shown[1].replace("-", "")) % 97 == 1


async def test_dialled_again_it_shows_the_same_and_another_line_has_another(app: App, handset: Handset) -> None:
    first = await handset.call("*4*1420*99#").dial()
    assert (await handset.call("*4*1420*99#").dial()).text == first.text
    assert (await Handset(app, "989120000002").call("*4*1420*99#").dial()).text != first.text


async def test_persian_digits_dial_it_too(handset: Handset) -> None:
    assert (await handset.call("*۴*۱۴۲۰*۹۹#").dial()).text == (await handset.call("*4*1420*99#").dial()).text


async def test_the_longest_shortcode_wins_and_the_shorter_is_as_it_was(handset: Handset) -> None:
    assert SCREEN.fullmatch((await handset.call("*4*1420*99#").dial()).text)
    assert (await handset.call("*4*1420#").dial()).text.startswith("تأمین اجتماعی\n1-استعلام")
    assert (await handset.call("*4*1420*1#").dial()).text.startswith("استعلام\n")


async def test_a_gateway_that_splits_the_dial_string_comes_to_it_too(handset: Handset) -> None:
    split = Callback("s1", handset.msisdn, Phase.CONTINUE, dialled="*4*1420#", typed="99", accumulated=True)
    reply = await handset.carrier.service.answer(handset.carrier.door.line, split)
    assert SCREEN.fullmatch(reply.text)


async def test_what_is_dialled_after_it_changes_nothing(handset: Handset) -> None:
    assert SCREEN.fullmatch((await handset.call("*4*1420*99*1*2#").dial()).text)
