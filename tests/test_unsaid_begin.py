"""A gateway that tells a dial string from an answer by nothing but a session id that nobody has seen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count

import pytest

from tests.conftest import ENTITLED, LINE, MAIN_MENU, PROMPT
from tests.store.fakes import Clock
from ussd.backends import backends, contracts_of
from ussd.callback import Callback, Phase, Reply
from ussd.core.dial import whole
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.profile import Profile
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.line import Line
from ussd.lookups import Answer, Lookups, Question
from ussd.service import Service
from ussd.sessions import Request, SessionKey
from ussd.settings import Settings
from ussd.store import RedisStore

MENU_1666 = "تأمین اجتماعی\nمراکز بستری طرف قرارداد\n1-استحقاق سنجی\n2-با شماره بیمه\n3-English"
BY_NUMBER = "شماره بیمه بیمار را وارد نمایید:"


@dataclass
class Phone:
    """A line behind such a gateway, at whose side nothing is known but a session id."""

    service: Service
    store: RedisStore
    clock: Clock

    async def send(self, typed: str, session: str = "17", *, later: float = 5) -> Reply:
        """Send what was entered, so many seconds after what was sent before: past the time of a retry without an id."""
        self.clock.now += later
        callback = Callback(session, LINE, Phase.CONTINUE, dialled=whole(typed), typed=typed)
        return await self.service.answer(Line("unsaid", Profile()), callback)


@pytest.fixture
async def phone(settings: Settings, redis_url: str) -> AsyncIterator[Phone]:
    asked = count(1)

    async def entitled(question: Question) -> Answer:
        return Answer("entitled", {"tracking_code": f"n{next(asked):06}"})

    contracts, clock, keys = contracts_of(backends()), Clock(), Keys(settings.key())
    menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
    store, lookups = RedisStore(redis_url, keys, clock=clock), Lookups({"entitlement": entitled}, contracts)
    yield Phone(Service(menus, words, store, lookups, keys, clock), store, clock)
    await lookups.close()
    await store.close()


async def test_the_first_input_of_a_session_is_dialled_and_the_others_are_typed(phone: Phone) -> None:
    assert await phone.send("4*1420") == Reply(MAIN_MENU, ends=False)
    await phone.send("1")
    assert await phone.send("2") == Reply(PROMPT, ends=False)
    answer = await phone.send(ENTITLED)
    assert "برخوردار میباشید" in answer.text
    assert answer.ends


async def test_answers_behind_the_shortcode_are_dialled_too(phone: Phone) -> None:
    assert await phone.send("4*1420*1*2") == Reply(PROMPT, ends=False)
    assert (await phone.send(f"4*1420*1*2*{ENTITLED}", session="18")).ends


async def test_the_first_request_gets_the_same_reply_again_however_late(phone: Phone) -> None:
    for dialled, session in (("4*1420", "17"), ("1666", "18"), ("4*1420*1*2*1111111111", "19"), ("1666*2*1", "20")):
        first = await phone.send(dialled, session)
        assert [await phone.send(dialled, session, later=seconds) for seconds in (0, 1, 5, 60)] == [first] * 4


async def test_the_first_request_sent_ten_times_at_once_begins_one_session(phone: Phone) -> None:
    replies = await asyncio.gather(*(phone.send(f"4*1420*1*2*{ENTITLED}", later=0) for _ in range(10)))
    assert len(set(replies)) == 1
    assert replies[0].ends


async def test_a_first_request_that_comes_again_later_in_its_session_is_no_answer_to_the_screen(phone: Phone) -> None:
    await phone.send("4*1420")
    inquiry = await phone.send("1")
    assert await phone.send("4*1420") == inquiry
    assert await phone.send("4*1420", later=0) == inquiry
    assert await phone.send("2") == Reply(PROMPT, ends=False)
    for _ in range(4):
        assert await phone.send("4*1420") == Reply(PROMPT, ends=False), "nor a mistake"


async def test_another_dial_string_in_an_open_session_is_an_answer(phone: Phone) -> None:
    await phone.send("4*1420")
    again = await phone.send("1666")
    assert again.text.endswith(MAIN_MENU.partition("\n")[2])
    assert again.text.startswith("گزینه معتبر نیست.")


async def test_a_dial_string_without_a_star_may_be_an_answer_once_the_first_screen_is_answered(phone: Phone) -> None:
    assert await phone.send("1666") == Reply(MENU_1666, ends=False)
    assert await phone.send("2") == Reply(BY_NUMBER, ends=False)
    assert await phone.send("1666") == Reply(f"شماره بیمه معتبر نیست.\n{BY_NUMBER}", ends=False)


@pytest.mark.parametrize(("dialled", "answer"), [("4*1420", "1"), ("1666", "2")])
async def test_an_empty_input_is_an_answer(phone: Phone, dialled: str, answer: str) -> None:
    await phone.send(dialled)
    await phone.send(answer)
    assert "معتبر نیست" in (await phone.send("")).text


async def test_an_empty_input_in_no_session_is_none(phone: Phone) -> None:
    assert (await phone.send("")).ends


async def test_a_session_id_that_is_used_again_after_the_end_begins_anew(phone: Phone) -> None:
    answer = await phone.send(f"4*1420*1*2*{ENTITLED}")
    assert await phone.send("7") == answer, "no dial string of ours: the last screen again"
    assert await phone.send("4*1420") == Reply(MAIN_MENU, ends=False)
    assert await phone.send("4*1420") == Reply(MAIN_MENU, ends=False)
    await phone.send("1")
    assert await phone.send("2") == Reply(PROMPT, ends=False)
    assert await phone.send(ENTITLED) != answer, "another answer has another tracking code"


async def test_an_answer_in_a_session_that_is_gone_is_told_that_its_time_is_over(phone: Phone) -> None:
    reply = await phone.send("1")
    assert "مهلت" in reply.text
    assert reply.ends


async def test_an_answer_to_a_screen_that_its_menu_has_no_more_is_no_first_request(phone: Phone) -> None:
    old = Session("*4*1420#", "a screen of yesterday", heard="4*1420")
    shown = Reply("of yesterday", ends=False)
    await phone.store.commit(SessionKey("unsaid", LINE, "17"), Request("", "4*1420"), 0, old, shown, offer=False)
    assert await phone.send("1") == Reply(MAIN_MENU, ends=False)
    assert "استحقاق درمان" in (await phone.send("1")).text


async def test_a_redial_is_offered_to_go_on(phone: Phone) -> None:
    await phone.send("4*1420")
    await phone.send("1")
    offer = await phone.send("4*1420", session="18")
    assert "ادامه" in offer.text
    assert await phone.send("4*1420", session="18") == offer
    assert "استحقاق درمان" in (await phone.send("1", session="18")).text
