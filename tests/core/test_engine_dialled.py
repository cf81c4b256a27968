"""Answers behind the shortcode, and what becomes of a session that was left open."""

from dataclasses import replace

import pytest

from tests.core.build import BYE, ENGLISH, ESSAY, MAIN, ask, choose, engine, menu, small_menu
from tests.core.talk import Talk, dropped_after
from ussd.core.engine import Dialled, Engine, Fetch, LookedUp, Show, Typed
from ussd.core.profile import Profile
from ussd.core.session import Place, Session

OFFER = "Your last session was cut off. Go on?\n1-Go on\n2-Start anew"


@pytest.fixture(scope="module")
def small() -> Engine:
    return engine(small_menu())


def test_answers_behind_the_shortcode_are_heard_one_by_one(small: Engine) -> None:
    assert Talk(small).dial("1") == "Code?"
    assert Talk(small).dial("1", "12345") == "Hello Sara, 12345"
    assert Talk(small).dial("3", "4", "1") == "Bye"


def test_dialling_leaves_the_session_as_typing_does(small: Engine) -> None:
    dialled, typed = Talk(small), Talk(small)
    dialled.dial("5", "3", "4")
    typed.dial()
    typed.type("5", "3", "4")
    assert dialled.session == typed.session


@pytest.mark.parametrize("answers", [("x", "1"), ("7", "6"), ("", "6"), ("99", "99", "99", "99")])
def test_the_first_answer_that_is_refused_stops_the_rest(small: Engine, answers: tuple[str, ...]) -> None:
    talk = Talk(small)
    assert talk.dial(*answers) == f"{ENGLISH.wrong_key}\n{MAIN}"
    assert (talk.at, talk.session.mistakes) == ("main", 1)
    assert not talk.ended


def test_a_refused_answer_stops_at_the_screen_that_refused_it(small: Engine) -> None:
    assert Talk(small).dial("1", "123", "12345") == "Five digits.\nCode?"


def test_answers_behind_an_end_are_dropped(small: Engine) -> None:
    talk = Talk(small)
    assert talk.dial("6", "1", "2", "x") == "Bye"
    assert talk.ended


def test_answers_turn_the_pages_of_a_last_screen_as_if_typed(small: Engine) -> None:
    talk = Talk(small)
    last = talk.dial("4", "1", "1", "1", "1")
    assert ESSAY.endswith(last)
    assert talk.ended


def test_answers_go_on_behind_a_lookup(small: Engine) -> None:
    talk = Talk(small, lambda _: LookedUp("missing"))
    assert talk.dial("1", "12345", "6", "7") == "Bye"
    assert talk.fetched == [Fetch("registry", {"code": "12345"})]


def test_a_live_screen_is_never_answered_from_a_dial_string() -> None:
    screens = {
        "main": choose("Main", "a>sure", "b>code"),
        "sure": choose("Sure?", "yes>bye", live="true"),
        "code": ask("Code?", "bye", live="true"),
        "bye": BYE,
    }
    live = engine(menu(screens))
    for answers, screen in ((("1", "1"), "Sure?\n1-yes\n0-back"), (("2", "12345"), "Code?")):
        talk = Talk(live)
        assert talk.dial(*answers) == screen
        assert (talk.ended, talk.session.mistakes, talk.session.waiting) == (False, 0, ())
    assert talk.type("12345") == "bye"


def test_answers_of_a_lost_callback_are_heard_behind_the_first(small: Engine) -> None:
    session, _ = small.step(small.start(), Dialled())
    _, effect = small.step(session, Typed("1", ("12345",)))
    assert effect == Fetch("registry", {"code": "12345"})
    session, effect = small.step(session, Typed("x", ("1", "12345")))
    assert effect == Show(f"{ENGLISH.wrong_key}\n{MAIN}")
    assert session.waiting == ()


def test_whoever_left_a_session_open_is_asked_whether_to_go_on(small: Engine) -> None:
    dropped = dropped_after(small, "5", "1", "x")
    talk = Talk(small)
    assert talk.dial(dropped=dropped) == OFFER
    assert not talk.ended
    assert talk.type("1") == "Code?"
    assert talk.type("0", "0") == MAIN


def test_to_start_anew_forgets_the_session_that_was_left_open(small: Engine) -> None:
    talk = Talk(small)
    talk.dial(dropped=dropped_after(small, "5", "1"))
    assert talk.type("2") == MAIN
    assert talk.session == replace(small.start(), born=talk.session.born)


def test_a_wrong_answer_to_the_question_asks_it_again(small: Engine) -> None:
    talk = Talk(small)
    talk.dial(dropped=dropped_after(small, "1"))
    assert talk.type("0") == f"{ENGLISH.wrong_key}\n{OFFER}"
    assert talk.type("1") == "Code?"
    talk.dial(dropped=dropped_after(small, "1"))
    assert talk.type("3", "3", "3") == ENGLISH.too_many


def test_to_go_on_shows_the_very_page(small: Engine) -> None:
    talk = Talk(small)
    talk.dial(dropped=dropped_after(small, "3", "4"))
    assert talk.type("1").startswith(f"1-{'d' * 40}\n")


def test_to_go_on_with_a_last_screen_is_asked_as_well(small: Engine) -> None:
    talk = Talk(small)
    assert talk.dial(dropped=dropped_after(small, "4", "1")) == OFFER
    assert not talk.ended
    assert talk.type("1").startswith("word")


def test_a_session_that_continues_goes_on_without_a_question() -> None:
    going_on = engine(small_menu(resume="continue"))
    assert Talk(going_on).dial(dropped=dropped_after(going_on, "1", "x")) == "Code?"


def test_a_session_that_restarts_starts_anew() -> None:
    anew = engine(small_menu(resume="restart"))
    assert Talk(anew).dial(dropped=dropped_after(anew, "1")) == MAIN


@pytest.mark.parametrize("resume", ["ask", "continue", "restart"])
def test_answers_in_the_dial_string_always_start_anew(resume: str) -> None:
    any_way = engine(small_menu(resume=resume))
    dropped = dropped_after(any_way, "1")
    assert Talk(any_way).dial("6", dropped=dropped) == "Bye"
    assert Talk(any_way).dial("", dropped=dropped) == f"{ENGLISH.wrong_key}\n{MAIN}"


@pytest.mark.parametrize("resume", ["ask", "continue"])
def test_to_go_on_from_the_first_screen_is_not_offered(resume: str) -> None:
    any_way = engine(small_menu(resume=resume))
    for answers in ((), ("x",), ("5",), ("1", "00")):
        talk = Talk(any_way)
        assert talk.dial(dropped=dropped_after(any_way, *answers)) == MAIN
        assert not talk.session.offered


def test_the_question_is_one_page_on_the_narrowest_line() -> None:
    for octets in range(40, 161):
        narrow = engine(small_menu(), Profile(max_octets=octets))
        talk = Talk(narrow)
        assert talk.dial(dropped=dropped_after(narrow, "1")) in (OFFER, "1-Go on\n2-Start anew")
        assert talk.type("x").endswith("1-Go on\n2-Start anew")
        assert talk.type("2").startswith("Main")


def test_where_the_question_fits_no_screen_the_session_starts_anew() -> None:
    words = ENGLISH.model_copy(update={"go_on_yes": "Go on where I was cut off", "go_on_no": "Go to the very start"})
    narrow = engine(small_menu(words=words), Profile(max_octets=40))
    assert Talk(narrow).dial(dropped=dropped_after(narrow, "1")).startswith("Main")


STORED = Session("*1#", "hello", facts={"name": "Sara"}, answers={"code": "12345"}, behind=(("code", Place()),))


def test_a_stored_session_goes_on_in_the_menu_that_it_began_in(small: Engine) -> None:
    assert small.holds(STORED)
    assert small.holds(replace(STORED, screen="essay", at=Place(text=100)))


@pytest.mark.parametrize(
    "changed",
    [
        replace(STORED, screen="removed"),
        replace(STORED, screen="look"),
        replace(STORED, facts={}),
        replace(STORED, answers={}),
        replace(STORED, at=Place(text=2000)),
        replace(STORED, screen="main", at=Place(text=4, option=6)),
    ],
    ids=["no such screen", "a lookup now", "a fact more", "an answer more", "a text less", "an option less"],
)
def test_a_session_of_a_menu_that_has_changed_since_is_not_gone_on_with(small: Engine, changed: Session) -> None:
    assert not small.holds(changed)
    assert Talk(small).dial(dropped=changed) == MAIN


def test_the_way_back_passes_over_screens_that_are_there_no_more(small: Engine) -> None:
    gone = (("look", Place()), ("removed", Place()), ("hello", Place()), ("essay", Place(text=2000)))
    stored = Session("*1#", "essay", behind=(("code", Place()), *gone))
    assert small.step(stored, Typed("0"))[1] == Show("Code?")
    assert small.step(replace(stored, behind=gone), Typed("0"))[1] == Show(MAIN)
    assert small.step(stored, Typed("00"))[1] == Show(MAIN)
