"""What a credit code looks like."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ussd import credit_code

DIGITS = st.text("0123456789", min_size=14, max_size=14)


def is_sound(code: str) -> bool:
    """As whoever types one in may check it."""
    return int(code) % 97 == 1


def of(number: str) -> str:
    return credit_code._checked(int(number))


def test_a_drawn_code_is_sixteen_digits_and_one_modulo_97() -> None:
    drawn = {credit_code.draw() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(re.fullmatch("[0-9]{16}", code) and is_sound(code) for code in drawn)


def test_the_check_digits_are_those_of_iso_7064() -> None:
    assert of("00000000000000") == "0000000000000098"
    assert of("00000000000794") == "0000000000079444"  # the example of MOD 97-10: 794 has 44


@given(DIGITS, st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_is_seen(number: str, place: int, by: int) -> None:
    code = of(number)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert is_sound(code)
    assert not is_sound(wrong)


@given(DIGITS, st.integers(0, 14))
def test_two_digits_that_are_swapped_are_seen(number: str, place: int) -> None:
    code = of(number)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or not is_sound(swapped)


@given(DIGITS)
def test_it_is_shown_in_groups_of_four(number: str) -> None:
    shown = credit_code.grouped(of(number))
    assert re.fullmatch("[0-9]{4}(-[0-9]{4}){3}", shown)
    assert shown.replace("-", "") == of(number)
