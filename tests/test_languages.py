"""The language that a line has chosen is kept for it, through every gateway's sessions."""

import pytest
from redis.asyncio import Redis

from simulator.call import Call
from tests.conftest import ENTITLED, LINE, MAIN_MENU, Handset
from ussd.app import App

ENGLISH = "Social Security\n1-Inquiry\n2-Services"


async def english(call: Call) -> str:
    """Choose English, on the second page of the menu."""
    await call.dial()
    await call.type("5")
    return (await call.type("4")).text


async def test_a_dialogue_in_english_comes_to_the_answer(handset: Handset) -> None:
    call = handset.call()
    assert (await english(call)).startswith(ENGLISH)
    assert (await call.type("1")).text.startswith("Inquiry\n1-Insurance record\n2-Treatment entitlement")
    assert (await call.type("۲")).text == "Enter your national code:"
    answer = await call.type(ENTITLED)
    assert answer.text.startswith("You are entitled to treatment.\nTracking code: n")
    assert answer.ends


async def test_the_choice_is_kept_for_the_line_and_for_every_menu(handset: Handset, app: App) -> None:
    call = handset.call()
    await english(call)
    await call.type("1")
    await call.type("2")
    await call.type(ENTITLED)
    assert (await handset.call().dial()).text.startswith(ENGLISH)
    assert (await handset.call("*4*1420*99#").dial()).text.startswith("Your credit code:")
    assert (await handset.call(f"*4*1420*1*2*{ENTITLED}#").dial()).text.startswith("You are entitled")
    assert (await Handset(app, "989120000002").call().dial()).text == MAIN_MENU


async def test_persian_may_be_chosen_again(handset: Handset) -> None:
    call = handset.call()
    await english(call)
    assert (await call.type("8")).text == "1-فارسی\n0-back\n00-start"
    assert (await call.type("1")).text == MAIN_MENU
    assert (await handset.call("*1666#").dial()).text.startswith("تأمین اجتماعی")


async def test_the_choice_names_nobody_and_does_not_stay_for_ever(handset: Handset, redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        before = set(await redis.keys("*:a"))
        await english(handset.call())
        [kept] = set(await redis.keys("*:a")) - before
        assert LINE.encode() not in kept
        assert await redis.get(kept) == b"en"
        assert 0 < await redis.pttl(kept) <= 365 * 86_400_000


@pytest.mark.parametrize("typed", ["9", "x", ""])
async def test_a_mistake_in_english_is_said_in_english(handset: Handset, typed: str) -> None:
    call = handset.call()
    await english(call)
    assert (await call.type(typed)).text.startswith("No such option.")
