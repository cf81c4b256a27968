"""Dial strings: which menu they open, and the answers that they bring along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd.core.dial import MAX_DIALLED, Dial, extend, parse, whole

CODES = frozenset({"*4*1420#", "*4*1420*99#", "*1666#", "*4*40#"})
answers = st.lists(st.text("0123456789", max_size=6), max_size=8)


@pytest.mark.parametrize(
    ("dialled", "code", "given_answers"),
    [
        ("*4*1420#", "*4*1420#", ()),
        ("*1666#", "*1666#", ()),
        ("*4*1420*1*2#", "*4*1420#", ("1", "2")),
        ("*4*1420*1*2*0007569602#", "*4*1420#", ("1", "2", "0007569602")),
        ("*4*1420*99#", "*4*1420*99#", ()),
        ("*4*1420*99*1#", "*4*1420*99#", ("1",)),
        ("*4*1420*9*9#", "*4*1420#", ("9", "9")),
        ("*4*1420*00#", "*4*1420#", ("00",)),
        ("*4*1420**2#", "*4*1420#", ("", "2")),
        ("*4*1420*1**#", "*4*1420#", ("1", "", "")),
        ("*4*1420*#", "*4*1420#", ("",)),
        ("*4*1420*salam#", "*4*1420#", ("salam",)),
        ("*۴*۱۴۲۰*۱#", "*4*1420#", ("1",)),
        ("*٤*١٤٢٠#", "*4*1420#", ()),
        ("\u200e*4*1420*1#\u202c", "*4*1420#", ("1",)),
        (" *4*1420# ", "*4*1420#", ()),
    ],
)
def test_the_longest_shortcode_wins_and_what_follows_are_answers(
    dialled: str, code: str, given_answers: tuple[str, ...]
) -> None:
    assert parse(dialled, CODES) == Dial(code, given_answers)


@pytest.mark.parametrize(
    "dialled",
    [
        *(
            "",
            "*",
            "#",
            "**",
            "##",
            "*#",
            "4*1420#",
            "*4*1420",
            "4*1420",
            "*4*1420##",
            "**4*1420#",
            "*4*14200#",
            "*4*142#",
        ),
        *("*4#", "*4*1420#*1#", "#*4*1420#", "*4*1420#1", "*4*1420\x00#", "*²*1420#", "*04*1420#", "*4*1420*1#\x00"),
    ],
)
def test_what_opens_no_menu(dialled: str) -> None:
    assert parse(dialled, CODES) is None


def test_ten_thousand_stars_open_nothing() -> None:
    assert parse("*" * 10_000, CODES) is None
    assert parse("*4*1420" + "*" * 10_000 + "#", CODES) is None


def test_a_handset_dials_at_most_182_characters() -> None:
    stars = MAX_DIALLED - len("*4*1420#")
    assert parse("*4*1420" + "*" * stars + "#", CODES) == Dial("*4*1420#", ("",) * stars)
    assert parse("*4*1420" + "*" * (stars + 1) + "#", CODES) is None


@given(st.text() | st.text("*#0123456789۴ "))
def test_any_text_is_a_dial_string_or_none(text: str) -> None:
    found = parse(text, CODES)
    assert found is None or found.code in CODES


@given(st.sampled_from(sorted(CODES)), answers)
def test_what_is_dialled_is_what_is_heard(code: str, given_answers: list[str]) -> None:
    dialled = "*".join([code.removesuffix("#"), *given_answers]) + "#"
    found = parse(dialled, [code])
    assert found == Dial(code, tuple(given_answers))


@given(st.sampled_from(sorted(CODES)), st.lists(st.text("0123456789", min_size=1, max_size=6), max_size=8))
def test_a_dial_string_that_a_gateway_split_is_put_together_again(code: str, given_answers: list[str]) -> None:
    assert parse(extend(code, "*".join(given_answers)), [code]) == Dial(code, tuple(given_answers))


@pytest.mark.parametrize("stripped", ["*4*1420*1#", "4*1420*1#", "*4*1420*1", "4*1420*1", " 4*1420*1\n"])
def test_a_star_and_a_hash_that_a_gateway_stripped_are_put_back(stripped: str) -> None:
    assert whole(stripped) == "*4*1420*1#"


@given(st.text())
def test_putting_back_is_done_once(text: str) -> None:
    assert whole(whole(text)) == whole(text)
