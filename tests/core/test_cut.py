"""Where a text is cut: between words, else between grapheme clusters, and always further on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from ussd.core.text import cut, measure

WORDS = st.text("abکیه ‌", min_size=1, max_size=12)
CLUSTERS = st.sampled_from(["هٔ", "é", "👨‍👩‍👧", "🇮🇷", "👍🏽", "a" + "\u0301" * 6, "\u0301"])
texts = st.lists(WORDS | CLUSTERS | st.sampled_from([" ", "\n", "   "]), min_size=1, max_size=20).map("".join)
octets = st.integers(min_value=0, max_value=60)


def cluster_ends(text: str) -> set[int]:
    ends, end = set(), 0
    for cluster in iter_graphemes(text):
        end += len(cluster)
        ends.add(end)
    return ends


@given(texts, octets)
def test_a_cut_is_always_progress_and_loses_nothing_but_white_space(text: str, most: int) -> None:
    shown, rest = cut(text, lambda some: measure(some).octets <= most)
    assert shown
    assert text.startswith(shown)
    assert len(shown) <= rest <= len(text)
    assert not text[len(shown) : rest].strip()
    assert rest == len(text) or not text[rest].isspace()


@given(texts, octets)
def test_what_is_cut_off_holds_unless_one_letter_is_too_much(text: str, most: int) -> None:
    shown, _ = cut(text, lambda some: measure(some).octets <= most)
    assert measure(shown).octets <= most or len(shown) == 1


@given(texts, octets)
def test_a_cut_is_between_words_or_else_between_clusters(text: str, most: int) -> None:
    def holds(some: str) -> bool:
        return measure(some).octets <= most

    shown, _ = cut(text, holds)
    between_words = len(shown) == len(text) or text[len(shown)].isspace()
    first_cluster = next(iter_graphemes(text))
    assert between_words or len(shown) in cluster_ends(text) or not holds(first_cluster)


@given(texts, octets)
def test_no_word_is_cut_where_a_whole_word_fits(text: str, most: int) -> None:
    def holds(some: str) -> bool:
        return measure(some).octets <= most

    first_word = text[: len(text) - len(text.lstrip())] + text.split()[0] if text.split() else ""
    shown, _ = cut(text, holds)
    if first_word and first_word != text and not text[0].isspace() and holds(first_word):
        assert len(shown) == len(text) or text[len(shown)].isspace()


@given(texts, octets)
def test_paging_through_a_text_comes_to_its_end(text: str, most: int) -> None:
    pieces, rest = [], text
    while rest:
        shown, end = cut(rest, lambda some: measure(some).octets <= most)
        pieces.append(shown)
        rest = rest[end:]
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "most", "shown", "rest"),
    [
        ("یک دو سه", 10, "یک دو", "سه"),
        ("یک   دو", 6, "یک", "دو"),
        ("استحقاق", 6, "است", "حقاق"),
        ("👨‍👩‍👧👨‍👩‍👧", 20, "👨‍👩‍👧", "👨‍👩‍👧"),
        ("اهٔ", 4, "ا", "هٔ"),
    ],
)
def test_cuts_by_hand(text: str, most: int, shown: str, rest: str) -> None:
    found, start = cut(text, lambda some: measure(some).octets <= most)
    assert (found, text[start:]) == (shown, rest)


def test_a_cluster_that_no_screen_holds_is_cut_as_late_as_possible() -> None:
    shown, rest = cut("a" + "\u0301" * 1000, lambda some: measure(some).octets <= 160)
    assert (len(shown), rest) == (80, 80)


def test_of_nothing_nothing_is_cut() -> None:
    assert cut("", lambda some: False) == ("", 0)
