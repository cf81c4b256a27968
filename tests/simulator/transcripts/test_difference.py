"""What two screens differ in, as a person reads it."""

from simulator.transcripts.difference import kept, told, visible
from simulator.transcripts.replay import Difference
from simulator.transcripts.steps import Screen
from ussd.callback import Reply

CODE = "{tracking_code:1}"


def lines(expected: Screen, shown: Reply | str, known: dict[str, str] | None = None) -> list[str]:
    return list(told("some.txt", Difference(7, "> 2", expected, shown, known or {})))


def test_it_is_said_where_and_what_with_the_octets_of_both() -> None:
    assert lines(Screen("Main\n1-One\n2-Two"), Reply("Main\n1-Oné\n2-Two\n3-سه", ends=False)) == [
        "some.txt:7:1: another screen after > 2",
        "  - expected, 14 octets of gsm7",
        "  + shown, 42 octets of ucs2",
        "    Main",
        "  - 1-One",
        "  + 1-Oné",
        "    2-Two",
        "  + 3-سه",
    ]


def test_an_end_is_a_difference() -> None:
    said = lines(Screen("Bye", ends=True), Reply("Bye", ends=False))
    assert said[1:] == ["  - expected, 3 octets of gsm7, the end", "  + shown, 3 octets of gsm7", "    Bye", "  - ="]


def test_a_line_whose_code_varies_is_none() -> None:
    said = lines(Screen("Yes.\nCode: {tracking_code}"), Reply("No.\nCode: n570134", ends=False))
    assert said[3:] == ["  - Yes.", "  + No.", "    Code: {tracking_code}"]


def test_another_code_than_before_is_said_with_the_one_before() -> None:
    said = lines(Screen(CODE), Reply("n000002", ends=False), {CODE: "n000001"})
    assert said[3:] == [f"  - {CODE}", "  + {tracking_code}", f"  {CODE} was n000001"]


def test_what_nobody_sees_is_made_visible() -> None:
    assert visible("نوبت\u200cدهی\u00a0\u200f.  ") == "نوبت‹ZWNJ›دهی‹NBSP›‹RLM›.··"
    assert visible("\x1b[2J\u2067") == "‹U+001B›[2J‹U+2067›"


def test_lines_that_look_alike_are_told_apart() -> None:
    said = lines(Screen("5-بعدي"), Reply("5-بعدی", ends=False))
    assert said[-1] == (
        "      they look alike: U+064A ARABIC LETTER YEH was expected, U+06CC ARABIC LETTER FARSI YEH is shown"
    )
    said = lines(Screen("می\u200cشود"), Reply("میشود", ends=False))
    assert said[3:5] == ["  - می‹ZWNJ›شود", "  + میشود"]
    assert "ZERO WIDTH NON-JOINER was expected" in said[5]


def test_where_no_screen_came_it_is_said_why() -> None:
    assert lines(Screen("Main"), "the gateway got HTTP 500: \x1b")[1:] == [
        "  no screen came: the gateway got HTTP 500: ‹U+001B›"
    ]


def test_an_update_keeps_the_placeholders_that_still_hold() -> None:
    expected = Screen("Yes.\nCode: {tracking_code:1}\nfor {digits} days")
    shown = Reply("No.\nCode: n000001\nfor 7 days\nand 1234-5678-9012-3456, n000002", ends=False)
    assert kept(expected, shown, {CODE: "n000001", "{tracking_code:2}": "n000002"}) == (
        "No.\nCode: {tracking_code:1}\nfor {digits} days\nand {credit_code}, {tracking_code:2}"
    )
