"""An open loop asks what it was told to, whatever the server does; and what goes wrong on purpose is told apart."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest
from aiohttp import web

from simulator.load import Mix, Plan, Step
from simulator.load.found import Found
from tests.conftest import ENTITLED
from tests.simulator.loaded import WORDS, ending, found, right

INPUTS = ("1", ENTITLED)
PLAN = Plan(inputs=INPUTS, steps=(Step(100, 0.5),), evenly=True, grace=3.0, words=WORDS)
CLOSED = Plan(dialogues=60, at_once=8, inputs=INPUTS, seconds=20.0, words=WORDS)


class Stalling:
    """A server that is right, but answers nobody for a while."""

    def __init__(self, begins: float, seconds: float) -> None:
        """`begins` is counted from the second dialogue: the first is not measured."""
        self.begins, self.seconds, self.began = begins, seconds, 0.0
        self.meanwhile, self.lasted = 0, 0.0

    async def __call__(self, number: int, place: int) -> web.Response:
        self.began = self.began or (time.perf_counter() if number else 0.0)
        passed = time.perf_counter() - self.began - self.begins
        if number and 0 <= passed < self.seconds:
            self.meanwhile += place == 0
            await asyncio.sleep(self.seconds - passed)
            self.lasted = max(self.lasted, time.perf_counter() - self.began - self.begins)
        return right(number, place)


def test_arrivals_are_the_same_for_a_seed_and_as_many_as_the_rate_says() -> None:
    plan = Plan(seed=7, steps=(Step(50, 20), Step(500, 10), Step(50, 20)))
    arrivals = list(plan.arrivals())
    assert arrivals == list(plan.arrivals()) != list(replace(plan, seed=8).arrivals())
    assert [one.due for one in arrivals] == sorted(one.due for one in arrivals)
    assert all(one.step == (one.due >= 20) + (one.due >= 30) for one in arrivals)
    counts = Counter(one.step for one in arrivals)
    assert [counts[step] for step in range(3)] == pytest.approx([1000, 5000, 1000], rel=0.15)


def test_arrivals_by_chance_come_in_bursts_and_those_that_are_even_do_not() -> None:
    def in_tenths(plan: Plan) -> set[int]:
        return set(Counter(int(one.due * 10) for one in plan.arrivals()).values())

    plan = Plan(steps=(Step(100, 10),))
    assert max(in_tenths(plan)) >= 16
    assert in_tenths(replace(plan, evenly=True)) <= {9, 10, 11}


@pytest.mark.alone
async def test_the_rate_is_kept_while_the_server_stalls_and_the_stall_is_in_the_percentiles() -> None:
    stalling = Stalling(0.2, 1.0)
    result = await found(stalling, replace(PLAN, steps=(Step(100, 1.4),)))
    assert (result.sound, result.total.finished) == (True, 140)
    assert stalling.meanwhile > 80
    dial, most = result.total.dial, 1000 * stalling.lasted + 200
    assert (dial.ms(0.1) < 200, 200 < dial.ms(0.5) < 800, 800 < dial.ms(0.99) < most) == (True, True, True)
    assert result.total.lag.ms(0.5) < 50


@pytest.mark.alone
async def test_a_closed_loop_does_not_see_most_of_the_same_stall() -> None:
    result = await found(Stalling(0.2, 0.5), replace(CLOSED, dialogues=2000, seconds=0.8))
    assert result.times.ms(0.9) < 100
    assert result.times.ms(1.0) > 400


async def test_what_waits_for_a_connection_has_waited_since_it_was_due() -> None:
    result = await found(Stalling(0.1, 0.5), replace(PLAN, steps=(Step(100, 0.7),), connections=2))
    assert (result.sound, result.total.finished) == (True, 70)
    assert result.total.dial.ms(0.5) > 100
    assert result.waited > 40
    assert result.late


async def test_a_client_that_is_late_says_so_and_its_lateness_is_in_the_times() -> None:
    async def answer(number: int, place: int) -> web.Response:
        if number and number % 20 == 0 and place == 0:
            time.sleep(0.15)  # this is the client's loop too
        return right(number, place)

    result = await found(answer, PLAN)
    assert result.sound
    assert result.late
    assert result.total.lag.ms(1.0) > 100
    assert result.total.dial.ms(1.0) >= result.total.lag.ms(1.0) - 1


@pytest.mark.alone
async def test_each_step_has_its_own_count_and_its_own_times() -> None:
    async def answer(number: int, place: int) -> web.Response:
        if 20 < number <= 80:
            await asyncio.sleep(0.1)
        return right(number, place)

    steps = (Step(50, 0.4), Step(150, 0.4), Step(50, 0.4))
    result = await found(answer, replace(PLAN, steps=steps))
    assert [(step, tally.dialogues, tally.finished) for step, tally in result.steps] == [
        (steps[0], 20, 20),
        (steps[1], 60, 60),
        (steps[2], 20, 20),
    ]
    assert result.sound
    before, crowd, after = (tally for _, tally in result.steps)
    assert before.dial.ms(0.5) < 90 < crowd.dial.ms(0.5)
    assert after.dial.ms(0.5) < 90
    assert crowd.good < crowd.finished  # 0.3 s each: those that began late came to their end in the next step
    assert after.good > after.finished
    assert result.goodput == pytest.approx(100 / result.seconds)


async def test_what_still_goes_on_when_the_grace_is_over_is_unfinished() -> None:
    async def answer(number: int, place: int) -> web.Response:
        if number > 40:
            await asyncio.sleep(30)
        return right(number, place)

    async with asyncio.timeout(5):
        result = await found(answer, replace(PLAN, grace=1.0))
    assert (result.total.dialogues, result.total.finished, result.failed) == (50, 40, {"unfinished": 10})


async def test_who_thinks_types_later_and_his_thinking_is_not_the_servers_time() -> None:
    asked: dict[tuple[int, int], float] = {}

    async def answer(number: int, place: int) -> web.Response:
        asked[number, place] = time.perf_counter()
        return right(number, place)

    result = await found(answer, replace(PLAN, steps=(Step(50, 0.2),), think=0.3, grace=5.0))
    assert (result.sound, result.total.finished) == (True, 10)
    assert all(asked[number, place + 1] - asked[number, place] > 0.29 for number in range(1, 11) for place in (0, 1))
    assert result.total.going_on.ms(0.5) < 300


async def turning_away(number: int, place: int) -> web.Response:
    """A server that turns away by four words, at the dial and later, in the letters of some handsets."""
    match number % 10, place:
        case 1, 0:
            return ending(WORDS.busy.replace("ی", "ي").replace("ک", "ك").replace("\u200c", ""))
        case 2, 0:
            return ending(WORDS.too_often.replace("{minutes}", "۱۵"))
        case 3, 2:
            return ending(WORDS.spoken("en").apology)
        case 4, 1:
            return ending(WORDS.apology.splitlines()[0])
        case _:
            return right(number, place)


async def test_who_is_turned_away_is_shed_and_neither_wrong_nor_failed() -> None:
    result = await found(turning_away, PLAN)
    total = result.total
    assert total.shed == {"busy": 5, "too_often": 5, "apology": 10}
    assert (total.begun, total.finished, result.failed, result.wrong) == (40, 30, {}, {})
    assert (len(total.dial), len(total.going_on), len(total.turned_away)) == (40, 65, 20)
    assert result.sound


async def test_in_a_closed_loop_nobody_is_to_be_turned_away() -> None:
    result = await found(turning_away, CLOSED)
    assert (result.total.shed, result.failed, result.wrong) == ({"busy": 6, "too_often": 6, "apology": 12}, {}, {})
    assert not result.sound


@pytest.mark.parametrize("word", ["expired", "unknown_code", "ended", "too_many"])
async def test_a_dialogue_that_the_server_lost_is_wrong_and_not_shed(word: str) -> None:
    async def answer(number: int, place: int) -> web.Response:
        return ending(getattr(WORDS, word)) if (number, place) == (3, 1) else right(number, place)

    result = await found(answer, PLAN)
    assert (result.total.shed, result.wrong) == ({}, {"ended early": 1})


async def test_a_busy_screen_that_goes_on_is_wrong() -> None:
    async def answer(number: int, place: int) -> web.Response:
        if (number, place) == (3, 1):
            return web.json_response({"text": WORDS.busy, "ends": False})
        return right(number, place)

    assert (await found(answer, PLAN)).wrong == {"another text": 1}


async def test_where_the_first_is_turned_away_nothing_is_known_and_nothing_more_asked() -> None:
    async def answer(number: int, place: int) -> web.Response:
        return ending(WORDS.busy)

    result = await found(answer, PLAN)
    assert (result.total.dialogues, result.failed, result.sound) == (1, {"the first was shed": 1}, False)


async def mixed(mix: Mix, plan: Plan) -> tuple[Found, Counter[tuple[int, int]]]:
    """The load of a server that is right, and how often each callback came there."""
    asked: Counter[tuple[int, int]] = Counter()

    async def answer(number: int, place: int) -> web.Response:
        asked[number, place] += 1
        await asyncio.sleep(0.002)
        return right(number, place)

    return await found(answer, replace(plan, mix=mix)), asked


@pytest.mark.parametrize("plan", [PLAN, CLOSED])
async def test_a_share_of_callbacks_is_sent_twice_at_once(plan: Plan) -> None:
    result, asked = await mixed(Mix(duplicates=0.5), plan)
    assert result.sound
    assert set(asked.values()) == {1, 2}
    assert 0.25 < sum(count == 2 for count in asked.values()) / len(asked) < 0.75
    assert [asked[0, place] for place in range(3)] == [1, 1, 1]
    assert len(result.times) == 3 * result.total.dialogues


async def test_two_answers_to_one_callback_that_differ_are_wrong() -> None:
    asked: Counter[tuple[int, int]] = Counter()

    async def answer(number: int, place: int) -> web.Response:
        asked[number, place] += 1
        again = asked[number, place] == 2
        match number % 10, place:
            case 1, 0 if again:
                return web.json_response({"ends": False, "text": "خانه"})  # the same to a reader, in other bytes
            case 2, 1 if again:
                return web.Response(status=503)
            case _:
                return right(number, place)

    result = await found(answer, replace(PLAN, mix=Mix(duplicates=1.0)))
    assert (result.wrong, result.failed) == ({"retry differs": 10}, {})
    assert not result.sound


async def test_a_share_of_dialogues_stops_without_a_word_after_any_screen_but_the_last() -> None:
    result, asked = await mixed(Mix(drops=0.5), replace(PLAN, steps=(Step(200, 0.5),)))
    total = result.total
    assert result.sound
    assert total.dropped + total.finished == total.dialogues == 100
    assert 25 < total.dropped < 75
    for place in (1, 2):
        assert sum(asked[number, place - 1] and not asked[number, place] for number in range(1, 101)) > 5
    assert max(asked.values()) == 1


async def test_a_share_of_callbacks_is_left_unread_and_sent_again() -> None:
    result, asked = await mixed(Mix(leave=0.5), PLAN)
    assert result.sound
    assert max(asked.values()) == 2
    assert sum(asked.values()) > 180
    assert len(result.times) == 150


async def test_a_screen_that_was_meant_for_who_left_is_wrong_for_anybody_else() -> None:
    left: list[web.Response] = []
    asked: Counter[tuple[int, int]] = Counter()

    async def answer(number: int, place: int) -> web.Response:
        asked[number, place] += 1
        if number and place == 2 and asked[number, place] == 1:
            left.append(right(number, place))
        another = left.pop(0) if place == 2 and asked[number, place] == 2 and number > 40 else None
        return another or right(number, place)

    result = await found(answer, replace(PLAN, mix=Mix(leave=1.0)))
    assert set(result.wrong) == {"another dialogue's code"}


def test_what_befalls_a_dialogue_is_the_same_for_a_seed() -> None:
    plan = replace(PLAN, seed=5, mix=Mix(drops=0.5))
    stops = [plan.stops(number) for number in range(100)]
    assert stops == [replace(plan).stops(number) for number in range(100)]
    assert stops != [replace(plan, seed=6).stops(number) for number in range(100)]
    assert {0, 1, None} == set(stops)
    assert stops[0] is None
