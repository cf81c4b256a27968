"""The public menu as a subscriber meets it, through the whole engine."""

import asyncio
import re
import time

import pytest

from simulator.call import Call
from tests.conftest import ENTITLED, FAILING, LAPSED, MAIN_MENU, PROMPT, SLOW, UNKNOWN, Handset
from ussd.app import App
from ussd.callback import Callback, Phase, Reply
from ussd.core.profile import Profile
from ussd.core.text import measure
from ussd.line import Line

POSITIVE = re.compile("از حمایت درمانی برخوردار میباشید\\.\nکد پیگیری: n[0-9]{6}")
NEGATIVE = re.compile("از حمایت درمانی برخوردار نمیباشید\\.\nکد پیگیری: n[0-9]{6}")
APOLOGY = "پاسخی از سامانه نرسید."


async def typed(call: Call, *answers: str) -> list[Reply]:
    return [await call.dial(), *[await call.type(answer) for answer in answers]]


async def test_the_whole_dialogue_reads_as_it_is_printed(handset: Handset) -> None:
    main, inquiry, prompt, answer = await typed(handset.call(), "1", "2", ENTITLED)
    assert main == Reply(MAIN_MENU, ends=False)
    assert "\n2-استحقاق درمان\n" in inquiry.text
    assert prompt == Reply(PROMPT, ends=False)
    assert POSITIVE.fullmatch(answer.text)
    assert answer.ends


@pytest.mark.parametrize("code", [LAPSED, UNKNOWN])
async def test_whoever_is_not_insured_now_gets_the_negative_answer_with_a_code(handset: Handset, code: str) -> None:
    answer = await handset.call(f"*4*1420*1*2*{code}#").dial()
    assert NEGATIVE.fullmatch(answer.text)
    assert answer.ends


async def test_persian_and_arabic_digits_are_typed_and_dialled_as_well(handset: Handset) -> None:
    replies = await typed(handset.call(), "۱", "٢", "۰۰۰۷۵۶۹۶۰۲")
    assert POSITIVE.fullmatch(replies[-1].text)
    assert POSITIVE.fullmatch((await handset.call("*۴*۱۴۲۰*۱*۲*۰۰۰۷۵۶۹۶۰۲#").dial()).text)


async def test_every_answer_has_a_tracking_code_of_its_own(handset: Handset) -> None:
    answers = {(await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text for _ in range(10)}
    assert len(answers) == 10


async def test_a_direct_dial_opens_the_second_page(handset: Handset) -> None:
    page = await handset.call("*4*1420*5#").dial()
    assert page.text.startswith("1-")
    assert page.text.endswith("\n0-بازگشت")


async def test_a_code_that_cannot_be_right_stays_at_the_prompt_with_a_note(handset: Handset) -> None:
    reply = await handset.call("*4*1420*1*2*1111111111#").dial()
    assert reply == Reply(f"کد ملی معتبر نیست.\n{PROMPT}", ends=False)


async def test_the_third_wrong_answer_ends_politely(handset: Handset) -> None:
    *notes, last = (await typed(handset.call(), "9", "x", "*"))[1:]
    assert all("گزینه معتبر نیست." in note.text and not note.ends for note in notes)
    assert last.ends
    assert "دوباره شماره‌گیری کنید".replace("\u200c", "") in last.text


@pytest.mark.parametrize("dialled", ["*9*9#", "#", "*", "", "4", "*4*1420##", "*" * 10_000, "*4#1420#", "\ud800"])
async def test_an_unknown_shortcode_gets_an_end_screen(app_reply, dialled: str) -> None:  # type: ignore[no-untyped-def]
    reply = await app_reply(dialled)
    assert reply.ends
    assert "کد دستوری" in reply.text


async def test_a_last_screen_fits_the_narrowest_line(handset: Handset) -> None:
    narrow = Line("reference", Profile(max_octets=80))
    service = handset.carrier.service
    for dialled, phase in (("*9*9#", Phase.BEGIN), ("", Phase.CONTINUE), ("", Phase.ABORT)):
        reply = await service.answer(narrow, Callback("s1", handset.msisdn, phase, dialled=dialled))
        assert reply.ends
        assert 0 < measure(reply.text).octets <= 80


async def test_a_branch_without_a_service_says_where_to_get_it(handset: Handset) -> None:
    for path in ("1*1", "1*3", "2*1", "2*2", "2*3", "3", "4", "5*1", "5*2", "5*3"):
        reply = await handset.call(f"*4*1420*{path}#").dial()
        assert reply.ends, path
        assert "1420" in reply.text, path


@pytest.mark.alone
async def test_the_slow_person_gets_an_apology_before_the_deadline_and_others_are_answered_meanwhile(
    app: App, handset: Handset
) -> None:
    begun = time.monotonic()
    slow = asyncio.create_task(handset.call(f"*4*1420*1*2*{SLOW}#").dial())
    others = 0
    while not slow.done():
        asked = time.monotonic()
        assert (await Handset(app, f"98912000{others:04}").call().dial()).text == MAIN_MENU
        assert time.monotonic() - asked < 2
        others += 1
    assert time.monotonic() - begun < 5.5
    assert slow.result().text.startswith(APOLOGY)
    assert slow.result().ends
    assert others > 10


async def test_the_failing_person_gets_the_apology_and_no_verdict(handset: Handset) -> None:
    reply = await handset.call(f"*4*1420*1*2*{FAILING}#").dial()
    assert reply.text.startswith(APOLOGY)
    assert reply.ends


class TestResume:
    async def test_a_redial_offers_to_go_on(self, handset: Handset) -> None:
        dropped = handset.call()
        await typed(dropped, "1", "2")
        await dropped.hang_up()
        redialled = handset.call()
        offer = await redialled.dial()
        assert offer.text.endswith("ادامه میدهید؟\n1-ادامه\n2-شروع دوباره")
        assert (await redialled.type("1")).text == PROMPT
        assert POSITIVE.fullmatch((await redialled.type(ENTITLED)).text)

    async def test_the_offer_may_be_declined(self, handset: Handset) -> None:
        await typed(handset.call(), "1", "2")
        assert (await typed(handset.call(), "۲"))[-1].text == MAIN_MENU

    async def test_a_wrong_answer_to_the_offer_keeps_it(self, handset: Handset) -> None:
        await typed(handset.call(), "1", "2")
        redialled = handset.call()
        assert "ادامه" in (await typed(redialled, "7"))[-1].text
        assert (await redialled.type("1")).text == PROMPT

    async def test_a_session_that_ended_is_not_offered(self, handset: Handset) -> None:
        await typed(handset.call(), "1", "2", ENTITLED)
        assert (await handset.call().dial()).text == MAIN_MENU

    async def test_a_session_that_never_left_the_first_screen_is_not_offered(self, handset: Handset) -> None:
        await handset.call().dial()
        assert (await handset.call().dial()).text == MAIN_MENU

    async def test_a_dial_string_with_answers_starts_anew(self, handset: Handset) -> None:
        await typed(handset.call(), "1", "2")
        assert "استحقاق درمان" in (await handset.call("*4*1420*1#").dial()).text

    async def test_another_line_is_offered_nothing(self, handset: Handset) -> None:
        await typed(handset.call(), "1", "2")
        handset.msisdn = "989120000002"
        assert (await handset.call().dial()).text == MAIN_MENU
