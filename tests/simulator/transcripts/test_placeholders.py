"""Placeholders: what varies from run to run, and what must be the same again."""

import pytest

from simulator.transcripts import placeholders
from simulator.transcripts.placeholders import Known

ONE, TWO = "{tracking_code:1}", "{tracking_code:2}"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("کد پیگیری: {tracking_code}", "کد پیگیری: n570134"),
        ("کد پیگیری: {tracking_code}", "کد پیگیری: n۵۷۰۱۳۴"),
        ("{credit_code}", "1234-5678-9012-3456"),
        ("{one_time_code}", "01234"),
        ("{digits} s", "119 s"),
        ("For {text}\nnow", "For my bank\nnow"),
        ("(1+1)? {", "(1+1)? {"),
    ],
)
def test_a_placeholder_stands_for_what_it_names(pattern: str, text: str) -> None:
    assert placeholders.matched(pattern, text, {}) == {}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{tracking_code}", "n57013"),
        ("{tracking_code}", "n5701345"),
        ("{tracking_code}", "N570134"),
        ("{credit_code}", "1234567890123456"),
        ("{digits}", "²"),
        ("{text}", "two\nlines"),
        ("a.c", "abc"),
    ],
)
def test_and_for_nothing_else(pattern: str, text: str) -> None:
    assert placeholders.matched(pattern, text, {}) is None


def test_a_number_says_that_it_is_the_same_again() -> None:
    known = placeholders.matched(f"{ONE} {TWO} {ONE}", "n000001 n000002 n000001", {})
    assert known == {ONE: "n000001", TWO: "n000002"}
    assert placeholders.matched(ONE, "n000001", known) == known
    assert placeholders.matched(ONE, "n000002", known) is None
    assert placeholders.matched(f"{ONE} {ONE}", "n000001 n000002", {}) is None


def test_another_number_says_that_it_is_another() -> None:
    assert placeholders.matched(f"{ONE} {TWO}", "n000001 n000001", {}) is None
    assert placeholders.matched(TWO, "n۰۰۰۰۰۱", {ONE: "n000001"}) is None
    assert placeholders.matched("{digits:1}", "1", {"{tracking_code:1}": "n000001"}) is not None


def test_what_is_known_is_typed() -> None:
    known: Known = {ONE: "n000001"}
    assert placeholders.filled(f"*4*{ONE}#", known) == "*4*n000001#"
    assert placeholders.filled(TWO, known) == TWO


def test_codes_are_told_by_their_looks() -> None:
    text = "کد: n570134\n1234-5678-9012-3456\n1420 0007569602 xn123456 12345 n1234567"
    assert placeholders.codes(text) == [("tracking_code", "n570134"), ("credit_code", "1234-5678-9012-3456")]
    assert placeholders.placed(text, {ONE: "n570134"}).startswith(f"کد: {ONE}\n{{credit_code}}\n1420 ")
