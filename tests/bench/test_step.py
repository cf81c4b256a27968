"""What one step costs on a menu of 500 screens: the engine's share of an answer is next to nothing."""

import time
from collections.abc import Callable
from statistics import median

import pytest

from tests.core.build import BYE, ask, choose, engine, look_up, menu
from tests.core.talk import Talk
from ussd.core.engine import Effect, Engine, Event, Fetch, LookedUp, Show, Typed
from ussd.core.session import Session

pytestmark = pytest.mark.alone

SCREENS = 500
STEPS = 3000
MICROSECONDS = 50
"""The most that half of all steps may take."""


def five_hundred_screens() -> dict[str, object]:
    """Choosing and asking screens in turn, each leading to the next; a lookup and two ends behind the last."""
    screens: dict[str, object] = {}
    for number in range(0, SCREENS - 4, 2):
        options = (f"پرسش {number}>ask{number}", f"ادامه>menu{number + 2}", "پایان>bye", f"نوبت‌دهی>menu{number}")
        screens[f"menu{number}"] = choose(f"فهرست {number}", *options)
        screens[f"ask{number}"] = ask("کد ملی:", f"menu{number + 2}", check="national_code")
    last = {f"menu{SCREENS - 4}": choose("فهرست", "استعلام>look"), "look": look_up("hi", "bye", "bye", ("code",))}
    return screens | last | {"hi": {"end": "نام: {name}"}, "bye": BYE}


def microseconds(engine: Engine, session: Session, event: Event) -> tuple[float, Effect]:
    """The median of many equal steps, and what they come to."""
    _, effect = engine.step(session, event)
    return _median(lambda: engine.step(session, event)), effect


def _heading(effect: Effect) -> str:
    assert isinstance(effect, Show)
    return effect.text.split("\n")[0]


def _median(timed: Callable[[], object]) -> float:
    took = []
    for _ in range(STEPS):
        started = time.perf_counter_ns()
        timed()
        took.append(time.perf_counter_ns() - started)
    return median(took) / 1000


@pytest.fixture(scope="module")
def big() -> Engine:
    built = menu(five_hundred_screens() | {"first": ask("کد:", "menu0")}, start="first")
    assert len(built.screens) >= SCREENS
    return engine(built)


def test_a_step_takes_less_than_fifty_microseconds(big: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    asking, choosing = Talk(big), Talk(big)
    asking.dial("12345", *["2"] * 50, "1")
    choosing.dial("12345", *["2"] * 60)
    took = {}
    took["a key"], moved = microseconds(big, choosing.session, Typed("2"))
    took["a wrong key"], noted = microseconds(big, choosing.session, Typed("77"))
    took["an answer"], accepted = microseconds(big, asking.session, Typed("۰۰۰۷۵۶۹۶۰۲"))
    assert [_heading(effect) for effect in (moved, accepted)] == ["فهرست 122", "فهرست 102"]
    assert noted != moved
    with capsys.disabled():
        print("\nmedian of a step, in microseconds:", ", ".join(f"{name} {cost:.1f}" for name, cost in took.items()))
    assert all(cost < MICROSECONDS for cost in took.values())


def test_an_answer_with_facts_costs_little_more(big: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Talk(big)
    waiting.dial("12345", *["2"] * (SCREENS // 2 - 2))
    session, fetch = big.step(waiting.session, Typed("1"))
    assert isinstance(fetch, Fetch)
    cost, _ = microseconds(big, session, LookedUp("found", {"name": "سارا"}))
    with capsys.disabled():
        print(f"median of an answer with facts, in microseconds: {cost:.1f}")
    assert cost < 4 * MICROSECONDS
