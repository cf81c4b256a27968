"""An answer that comes after its deadline is kept for the line that asked, and asked for once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from simulator.call import Call, InProcess
from simulator.operators import reference
from tests.conftest import ENTITLED, LAPSED, MAIN_MENU, Handset
from ussd.app import App
from ussd.backends import backends, contracts_of
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.profile import Profile
from ussd.keys import Keys
from ussd.line import Line
from ussd.lookups import Answer, Lookups, Question
from ussd.service import Service
from ussd.settings import Settings
from ussd.store import RedisStore
from ussd.web.callbacks import Door

APOLOGY = "پاسخی از سامانه نرسید."
ANSWER = "از حمایت درمانی برخوردار میباشید.\nکد پیگیری: n000001"


@dataclass
class Slow:
    """Answers once it is let go, and counts how often it was asked."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def __call__(self, question: Question) -> Answer:
        self.asked += 1
        await self.go.wait()
        return Answer("entitled", {"tracking_code": f"n00000{self.asked}"})


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def patient(app: App, settings: Settings, redis_url: str, slow: Slow) -> AsyncIterator[Handset]:
    """A handset on a line with a short deadline, and the slow backend behind it."""
    contracts = contracts_of(backends())
    store, lookups = RedisStore(redis_url, Keys(settings.key())), Lookups({"entitlement": slow}, contracts)
    menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
    service = Service(menus, words, store, lookups, Keys(settings.key()))
    handset = Handset(app)
    door = Door(app.door("reference").gateway, Line("reference", Profile(deadline=0.7)))
    handset.carrier = InProcess(door, service)
    yield handset
    await lookups.close()
    await store.close()


async def came(slow: Slow, handset: Handset) -> None:
    """Let the backend answer, and the answer be kept."""
    slow.go.set()
    await asyncio.sleep(0.1)


async def test_a_redial_shows_a_late_answer_at_once_and_once(patient: Handset, slow: Slow) -> None:
    assert (await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text.startswith(APOLOGY)
    await came(slow, patient)
    redialled = await patient.call().dial()
    assert (redialled.text, redialled.ends) == (ANSWER, True)
    assert (await patient.call().dial()).text == MAIN_MENU
    assert slow.asked == 1


async def test_the_same_question_dialled_again_gets_the_late_answer_without_being_asked(
    patient: Handset, slow: Slow
) -> None:
    await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    await came(slow, patient)
    assert (await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text == ANSWER
    assert slow.asked == 1


async def test_another_question_is_asked_and_not_answered_with_the_late_answer(patient: Handset, slow: Slow) -> None:
    await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    await came(slow, patient)
    assert (await patient.call(f"*4*1420*1*2*{LAPSED}#").dial()).text.endswith("n000002")
    assert slow.asked == 2
    assert (await patient.call().dial()).text == MAIN_MENU, "an older answer would be taken for the newer question's"


async def test_of_two_late_answers_only_the_last_questions_is_kept(patient: Handset, slow: Slow) -> None:
    for code in (ENTITLED, LAPSED):
        assert (await patient.call(f"*4*1420*1*2*{code}#").dial()).text.startswith(APOLOGY)
    await came(slow, patient)
    assert (await patient.call().dial()).text.endswith("n000002")
    assert (await patient.call().dial()).text == MAIN_MENU


async def test_a_question_typed_in_a_dialogue_outdates_a_late_answer_too(patient: Handset, slow: Slow) -> None:
    await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    typed = patient.call("*4*1420*1*2#")
    await typed.dial()
    await came(slow, patient)
    assert (await typed.type(LAPSED)).text.endswith("n000002")
    assert (await patient.call().dial()).text == MAIN_MENU


async def test_who_asks_again_while_it_is_under_way_waits_for_the_same_answer(patient: Handset, slow: Slow) -> None:
    await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    again = asyncio.create_task(patient.call(f"*4*1420*1*2*{ENTITLED}#").dial())
    await asyncio.sleep(0.05)
    slow.go.set()
    assert (await again).text == ANSWER
    assert slow.asked == 1


async def test_another_line_reads_nothing_of_it(patient: Handset, slow: Slow) -> None:
    await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    await came(slow, patient)
    patient.msisdn = "989120000002"
    assert (await patient.call().dial()).text == MAIN_MENU


async def test_a_retry_of_the_redial_gets_the_same_bytes(patient: Handset, slow: Slow) -> None:
    await patient.call(f"*4*1420*1*2*{ENTITLED}#").dial()
    await came(slow, patient)
    redialled = patient.call()
    first = await redialled.dial()
    copy = Call(reference, patient.carrier, patient.msisdn, redialled.dialled, redialled.session)  # type: ignore[arg-type]
    assert await copy.dial() == first


async def test_a_late_answer_of_a_dialogue_is_shown_on_the_redial(patient: Handset, slow: Slow) -> None:
    call = patient.call()
    await call.dial()
    await call.type("1")
    await call.type("2")
    assert (await call.type(ENTITLED)).text.startswith(APOLOGY)
    await came(slow, patient)
    assert (await patient.call().dial()).text == ANSWER
