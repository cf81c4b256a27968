"""One step at a time: what is typed on each kind of screen, and what a lookup brings back."""

import pytest

from tests.core.build import BYE, ENGLISH, MAIN, engine, look_up, menu, public_menu, small_menu
from tests.core.talk import Talk
from ussd.core.engine import Dialled, Ended, Engine, Fetch, Finish, LookedUp, Show, Typed
from ussd.core.machine import IllegalStep
from ussd.core.text import measure


@pytest.fixture(scope="module")
def small() -> Engine:
    return engine(small_menu())


@pytest.fixture
def talk(small: Engine) -> Talk:
    talk = Talk(small)
    talk.dial()
    return talk


def test_the_main_menu_reads_as_it_is_printed() -> None:
    screen = Talk(engine(public_menu())).dial()
    assert screen == "تأمین اجتماعی\n1-استعلام\n2-خدمات\n3-نوبتدهی بیمهای\n4-نوبتدهی درمانی\n5-بعدي"
    assert (len(screen), measure(screen).octets) == (72, 144)


def test_dialling_shows_the_first_screen(talk: Talk) -> None:
    assert talk.screens == [MAIN]
    assert not talk.ended


def test_a_key_leads_where_its_option_says(talk: Talk) -> None:
    assert talk.type("1") == "Code?"
    assert talk.at == "code"


@pytest.mark.parametrize("typed", ["6", "۶", "٦", "６", " 6 ", "\u200e6\n", "۶\u200c"])
def test_a_key_is_heard_in_any_digits(talk: Talk, typed: str) -> None:
    assert talk.type(typed) == "Bye"
    assert talk.ended


@pytest.mark.parametrize(
    "typed", ["", "7", "99", "*", "#", "-1", "+1", "01", "1.0", "1*2", "²", "a", "1" * 5000, "\x00", "😀", "{name}"]
)
def test_a_wrong_key_shows_the_same_screen_again_under_a_note(talk: Talk, typed: str) -> None:
    assert talk.type(typed) == f"{ENGLISH.wrong_key}\n{MAIN}"
    assert talk.at == "main"
    assert not talk.ended


@pytest.mark.parametrize("typed", ["", "1234", "123456", "1234a", "+1234", "1_234", "1234²", "12345\x00"])
def test_a_wrong_answer_asks_again_under_the_authors_note(talk: Talk, typed: str) -> None:
    talk.type("1")
    assert talk.type(typed) == "Five digits.\nCode?"
    assert talk.session.answers == {}


def test_where_the_author_wrote_no_note_the_shared_one_is_shown(talk: Talk) -> None:
    assert talk.type("2", "abc") == f"{ENGLISH.wrong_answer}\nNumber?"


def test_the_third_wrong_answer_ends_politely(talk: Talk) -> None:
    assert talk.type("x", "x") == f"{ENGLISH.wrong_key}\n{MAIN}"
    assert not talk.ended
    assert talk.type("x") == ENGLISH.too_many
    assert talk.ended


def test_wrong_answers_are_counted_only_while_none_is_right(talk: Talk) -> None:
    assert talk.type("x", "x", "1", "x", "x", "12345") == "Hello Sara, 12345"


def test_wrong_answers_in_a_row_are_counted_over_pages(talk: Talk) -> None:
    assert talk.type("4", "x", "x", "x") == ENGLISH.too_many


@pytest.mark.parametrize("right", [("5", "0"), ("1", "0"), ("1", "00"), ("1", "x", "0")])
def test_a_right_answer_takes_the_note_away(talk: Talk, right: tuple[str, ...]) -> None:
    assert talk.type("x", *right) == MAIN
    assert talk.session.mistakes == 0


def test_an_acceptable_answer_is_an_answer_even_where_it_reads_like_a_way_back(small: Engine) -> None:
    for typed in ("0", "00", "۰۰"):
        talk = Talk(small)
        talk.dial()
        assert talk.type("2", typed) == "Bye"
        assert talk.session.answers == {"number": typed.replace("۰", "0")}


def test_an_answer_is_kept_until_it_is_given_anew(talk: Talk) -> None:
    talk.type("1", "12345")
    assert talk.session.answers == {"code": "12345"}


def test_a_lookup_is_asked_with_what_the_screen_gives_and_with_nothing_else(talk: Talk) -> None:
    assert talk.type("1", "۱۲۳۴۵") == "Hello Sara, 12345"
    assert talk.fetched == [Fetch("registry", {"code": "12345"})]
    assert talk.ended


@pytest.mark.parametrize(("outcome", "screen"), [("missing", MAIN), ("unavailable", "Later, please")])
def test_each_outcome_leads_where_the_author_says(small: Engine, outcome: str, screen: str) -> None:
    talk = Talk(small, lambda _: LookedUp(outcome))
    talk.dial()
    assert talk.type("1", "12345").startswith(screen)


def test_a_lookup_is_no_place_to_go_back_to(small: Engine) -> None:
    talk = Talk(small, lambda _: LookedUp("missing"))
    talk.dial()
    assert talk.type("1", "12345", "0") == "Code?"


def test_a_hang_up_says_goodbye_and_changes_nothing(small: Engine, talk: Talk) -> None:
    talk.type("1", "x")
    assert small.step(talk.session, Ended()) == (talk.session, Finish(ENGLISH.ended))


def test_what_is_shown_can_be_shown_again(small: Engine, talk: Talk) -> None:
    for typed in ("3", "4", "x", "00", "4", "x"):
        shown = talk.type(typed)
        assert small.shown(talk.session) == Show(shown)


def test_no_step_is_made_that_the_menu_does_not_have(small: Engine) -> None:
    start, _ = small.step(small.start(), Dialled())
    waiting, fetch = small.step(small.step(start, Typed("1"))[0], Typed("12345"))
    assert isinstance(fetch, Fetch)
    for session, event in (
        (start, LookedUp("found")),
        (waiting, Typed("1")),
        (waiting, LookedUp("no such outcome")),
        (waiting, LookedUp("entered")),
        (waiting, LookedUp("")),
    ):
        with pytest.raises(IllegalStep):
            small.step(session, event)


@pytest.mark.parametrize("name", ["", " ", " " * 2000, "\n" * 2000, "\u200c" * 2000])
def test_a_value_of_nothing_but_white_space_makes_no_empty_page(name: str) -> None:
    screens = {"main": look_up("hi", "bye", "bye"), "hi": {"end": "Hello {name}"}, "bye": BYE}
    talk = Talk(engine(menu(screens)), lambda _: LookedUp("found", {"name": name}))
    assert talk.dial() == "Hello"
    assert talk.ended


def test_a_menu_that_was_never_checked_is_not_served() -> None:
    unchecked = small_menu()
    number = unchecked.screens["number"].model_copy(update={"check": "no_such_rule"})
    with pytest.raises(IllegalStep, match="the menu was never checked"):
        engine(unchecked.model_copy(update={"screens": unchecked.screens | {"number": number}}))


def test_what_a_lookup_finds_cannot_write_anything_but_itself(small: Engine) -> None:
    talk = Talk(small, lambda _: LookedUp("found", {"name": "{code}\n\u202e{name}\x1b[2J\ud800"}))
    talk.dial()
    assert talk.type("1", "12345") == "Hello {code} {name}[2J, 12345"
