"""What a tracking code looks like."""

import re
from itertools import pairwise

import pytest

from ussd.keys import Keys
from ussd.ledger.codes import CAPACITY, LETTERS, code, read_code

DAY = "1405-08-30"


def test_a_code_is_a_letter_and_six_digits_and_the_first_letter_is_n(keys: Keys) -> None:
    assert all(re.fullmatch("n[0-9]{6}", code(keys, DAY, counter)) for counter in range(2_000))


def test_the_letter_changes_at_the_millionth(keys: Keys) -> None:
    around = [code(keys, DAY, counter) for counter in (999_999, 1_000_000, 1_999_999, 2_000_000)]
    assert [each[0] for each in around] == ["n", "p", "p", "q"]


def test_no_letter_is_used_twice_or_looks_like_a_digit() -> None:
    assert len(set(LETTERS)) == len(LETTERS) == 23
    assert not set(LETTERS) & set("ilo")


def test_a_day_has_no_more_codes_than_letters_and_digits_give(keys: Keys) -> None:
    assert code(keys, DAY, CAPACITY - 1)[0] == LETTERS[-1]
    with pytest.raises(IndexError):
        code(keys, DAY, CAPACITY)


def test_a_code_does_not_tell_the_next(keys: Keys) -> None:
    codes = [code(keys, DAY, counter) for counter in range(1_000)]
    differing = [sum(a != b for a, b in zip(one, other, strict=True)) for one, other in pairwise(codes)]
    assert sum(differing) / len(differing) > 5, "of six digits, five and more differ by chance"
    assert min(differing) > 1


def test_another_day_another_letter_and_another_secret_are_other_orders(keys: Keys) -> None:
    order = [code(keys, DAY, counter)[1:] for counter in range(100)]
    assert order != [code(keys, "1405-09-01", counter)[1:] for counter in range(100)]
    assert order != [code(keys, DAY, counter + 1_000_000)[1:] for counter in range(100)]
    assert order != [code(Keys(b"another secret" * 3), DAY, counter)[1:] for counter in range(100)]


@pytest.mark.parametrize("written", ["n570134", "N570134", "n۵۷۰۱۳۴", "N٥٧٠١٣٤", " n 570134 "])
def test_a_code_is_read_as_people_write_it(written: str) -> None:
    assert read_code(written) == "n570134"


@pytest.mark.parametrize(
    "written", ["", "570134", "n57013", "n5701345", "i570134", "l570134", "o570134", "nn70134", "n57013²"]
)
def test_anything_else_is_no_code(written: str) -> None:
    with pytest.raises(ValueError, match="letter and six digits"):
        read_code(written)
