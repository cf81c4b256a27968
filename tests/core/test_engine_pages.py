"""Getting about: next lines, pinned keys, back and home."""

import pytest

from tests.core.build import BYE, ENGLISH, ESSAY, MAIN, ask, choose, engine, look_up, menu, small_menu
from tests.core.talk import Talk
from ussd.core.engine import MAX_BEHIND, Engine


@pytest.fixture(scope="module")
def small() -> Engine:
    return engine(small_menu())


@pytest.fixture
def talk(small: Engine) -> Talk:
    talk = Talk(small)
    talk.dial()
    return talk


@pytest.mark.parametrize("key", ["0", "00"])
def test_there_is_no_way_back_from_the_start(talk: Talk, key: str) -> None:
    assert talk.type(key) == f"{ENGLISH.wrong_key}\n{MAIN}"


@pytest.mark.parametrize("key", ["0", "00", "۰", "۰۰"])
@pytest.mark.parametrize("path", [("1",), ("4",), ("1", "x")])
def test_back_and_home_lead_to_the_start_from_an_asking_and_from_a_last_screen(
    talk: Talk, path: tuple[str, ...], key: str
) -> None:
    talk.type(*path)
    assert talk.type(key) == MAIN
    assert (talk.session.behind, talk.session.mistakes) == ((), 0)


def test_the_next_line_shows_the_next_page_and_zero_the_one_before(talk: Talk) -> None:
    assert talk.type("3") == f"Letters\n1-{'a' * 40}\n2-{'b' * 40}\n3-{'c' * 40}\n4-next"
    assert talk.type("4") == f"1-{'d' * 40}\n2-{'e' * 40}\n3-{'f' * 40}\n4-next\n00-start"
    assert talk.type("4") == f"1-{'g' * 40}\n2-{'h' * 40}\n9-All\n0-Zero\n00-start"
    assert talk.type("1") == "Bye"


def test_numbering_starts_anew_on_each_page(talk: Talk) -> None:
    talk.type("3", "4")
    assert talk.type("1") == "Bye"
    assert talk.session.behind[-1][1].option == 3


def test_a_pinned_key_works_on_every_page(small: Engine) -> None:
    for path in (("3",), ("3", "4"), ("3", "4", "4")):
        talk = Talk(small)
        talk.dial()
        talk.type(*path)
        assert talk.type("9") == "Bye"


def test_where_zero_is_an_option_it_is_not_the_way_back_on_any_page(small: Engine) -> None:
    for path in (("3",), ("3", "4"), ("3", "4", "4")):
        talk = Talk(small)
        talk.dial()
        assert "0-back" not in talk.type(*path)
        assert talk.type("0") == "Code?"
        talk.type("0", "00")
        assert talk.at == "main"


def test_zero_goes_back_a_page_and_then_a_screen(talk: Talk) -> None:
    one, two = talk.type("4"), talk.type("1")
    assert one != two
    assert talk.type("0") == one
    assert talk.type("0") == MAIN


def test_a_last_screen_of_several_pages_ends_with_its_last_one(talk: Talk) -> None:
    pages = [talk.type("4"), talk.type("1")]
    assert not talk.ended
    pages.append(talk.type("1"))
    assert talk.ended
    assert " ".join(page.removesuffix("\n1-next") for page in pages) == ESSAY


def test_a_wrong_key_on_a_page_of_a_last_screen_says_so(talk: Talk) -> None:
    assert talk.type("4", "x").startswith(f"{ENGLISH.wrong_key}\nword00")
    assert not talk.ended


def test_the_next_line_under_a_note_leads_on_from_what_is_shown(talk: Talk) -> None:
    noted = talk.type("4", "x")
    pages = [noted.removeprefix(f"{ENGLISH.wrong_key}\n")]
    while not talk.ended:
        pages.append(talk.type("1"))
    assert " ".join(page.removesuffix("\n1-next") for page in pages) == ESSAY


def test_the_ways_back_are_written_on_choosing_screens_behind_the_start() -> None:
    nested = menu(
        {
            "main": choose("Main", "a>one", "b>bye"),
            "one": choose("One", "a>two", "b>main"),
            "two": choose("Two", "a>ask", "b>bye"),
            "ask": ask("Code?", "bye"),
            "bye": BYE,
        }
    )
    talk = Talk(engine(nested))
    assert talk.dial() == "Main\n1-a\n2-b"
    assert talk.type("1") == "One\n1-a\n2-b\n0-back"
    assert talk.type("1") == "Two\n1-a\n2-b\n0-back\n00-start"
    assert talk.type("1") == "Code?"
    assert talk.type("0", "0", "2") == "Main\n1-a\n2-b"
    assert talk.type("0") == "One\n1-a\n2-b\n0-back"


def test_however_far_one_goes_the_start_is_one_key_away() -> None:
    ring = menu({"main": choose("Main", "a>one"), "one": choose("One", "a>one", "b>bye"), "bye": BYE})
    talk = Talk(engine(ring))
    talk.dial()
    talk.type("1", *["1"] * (MAX_BEHIND + 5))
    assert len(talk.session.behind) == MAX_BEHIND
    assert talk.type("00") == "Main\n1-a"


@pytest.mark.parametrize("key", ["0", "00"])
def test_where_the_pages_behind_are_forgotten_the_ways_back_lead_to_the_start(key: str) -> None:
    ring = menu({"main": choose("Main", "a>one"), "one": choose("One", "a>one", "b>bye"), "bye": BYE})
    talk = Talk(engine(ring))
    talk.dial()
    talk.type("1", *["1"] * (MAX_BEHIND + 5))
    assert talk.type(*["0"] * MAX_BEHIND) == "One\n1-a\n2-b"
    assert talk.type(key) == "Main\n1-a"


def test_home_forgets_what_was_answered() -> None:
    screens = {"main": ask("Code?", "look"), "look": look_up("hi", "hi", "hi"), "hi": choose("Hi", "a>bye"), "bye": BYE}
    talk = Talk(engine(menu(screens)))
    talk.dial()
    assert talk.type("12345").startswith("Hi")
    assert (talk.session.answers, talk.session.facts) == ({"code": "12345"}, {"name": "Sara"})
    talk.type("00")
    assert (talk.session.answers, talk.session.facts) == ({}, {})


def test_words_and_keys_come_from_the_menu() -> None:
    words = ENGLISH.model_copy(update={"next": "more", "back": "up", "back_key": "8", "home_key": "9"})
    labels = [f"{letter * 40}>bye" for letter in "abcde"]
    talk = Talk(engine(menu({"main": choose("Main", "a>one"), "one": choose("One", *labels), "bye": BYE}, words=words)))
    talk.dial()
    assert talk.type("1").endswith("\n4-more\n8-up")
    assert talk.type("8") == "Main\n1-a"
    assert talk.type("0").startswith(words.wrong_key)
