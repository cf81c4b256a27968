"""The named input rules: what an answer may be, digit by digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd.core.inputs import NAMED, Rule, insurance_number, mobile, national_code, rule
from ussd.core.text import fold_in

# Codes of nobody: their first three digits belong to no city. The remainder of each is another one.
VALID = [
    "0007569602",
    "0092000304",
    "0109136756",
    "0127998802",
    "7407268940",
    "7559200151",
    "7705705001",
    "9904829039",
    "9959321576",
    "9990579792",
    "9995396191",
    "0098536400",
]
INVALID = {
    "7559200152": "its check digit is another",
    "9959321571": "its check digit is another",
    "9995079792": "two digits of 9990579792 have changed places",
    "0109436756": "one digit of 0109136756 is another",
    "0000000000": "all digits are the same",
    "1111111111": "all digits are the same",
    "7777777777": "all digits are the same",
    "9999999999": "all digits are the same",
    "770570500": "nine digits",
    "99048290390": "eleven digits",
    "74072A8940": "a letter",
    "0756960200": "the zeros stand on the wrong side",
    "92000304": "0092000304 without its zeros",
    "109136756": "0109136756 without its zero",
    "7569602": "0007569602 without its zeros",
    "": "nothing",
}
RULES = [*NAMED, "digits(1)", "digits(1-8)", "digits(16)", "digits(1-99)"]
NOT_DIGITS = [*"²٣۳３१Ⅷ½", "+5", "-5", "1_000", "1.0", "1e3", "0x1", " 5", "5 ", "5\n", "\n5", "5\x00"]


def named(name: str) -> Rule:
    found = rule(name)
    assert found is not None
    return found


@pytest.mark.parametrize("code", VALID)
def test_a_national_code_whose_check_digit_is_right_is_kept_as_it_is(code: str) -> None:
    assert national_code(code) == code


@pytest.mark.parametrize("code", INVALID, ids=[f"{code}-{why}" for code, why in INVALID.items()])
def test_a_wrong_national_code_is_refused(code: str) -> None:
    assert national_code(code) is None


@pytest.mark.parametrize(
    "typed", ["۷۴۰۷۲۶۸۹۴۰", "٧٤٠٧٢٦٨٩٤٠", "７４０７２６８９４０", "740 726 8940", "\u200f۷۴۰۷٢٦٨940\u200c"]
)
def test_a_national_code_may_be_typed_in_any_digits(typed: str) -> None:
    assert national_code(fold_in(typed)) == "7407268940"


@given(st.text("0123456789", min_size=9, max_size=9))
def test_nine_digits_have_one_check_digit_unless_all_are_the_same(nine: str) -> None:
    accepted = [code for code in (f"{nine}{check}" for check in range(10)) if national_code(code)]
    same = f"{nine}{nine[0]}" == nine[0] * 10
    assert len(accepted) == (0 if same else 1)


@pytest.mark.parametrize("typed", ["12345678", "123456789", "1234567890", "0012345678"])
def test_an_insurance_number_is_eight_to_ten_digits(typed: str) -> None:
    assert insurance_number(typed) == typed


@pytest.mark.parametrize("typed", ["1234567", "12345678901", "1234567a", ""])
def test_other_insurance_numbers_are_refused(typed: str) -> None:
    assert insurance_number(typed) is None


@pytest.mark.parametrize(
    "typed",
    ["09123456789", "9123456789", "989123456789", "+989123456789", "00989123456789", "۰۹۱۲۳۴۵۶۷۸۹", "0912 345 6789"],
)
def test_a_mobile_number_in_any_form_is_kept_as_an_msisdn(typed: str) -> None:
    assert mobile(fold_in(typed)) == "989123456789"


def test_a_bare_number_that_begins_like_the_country_code_is_a_bare_number() -> None:
    assert mobile("9812345678") == "989812345678"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "0", "912345678", "91234567890", "08123456789", "+9123456789", "9809123456789", "0989123456789"),
        *("+98+9123456789", "+4479123456789", "0912345678a", "0912-345-6789"),
    ],
)
def test_what_is_no_iranian_mobile_number_is_refused(typed: str) -> None:
    assert mobile(typed) is None


@pytest.mark.parametrize(
    ("name", "accepted", "refused"),
    [
        ("digits(5)", ["00000", "12345"], ["", "1234", "123456"]),
        ("digits(1-8)", ["0", "12345678"], ["", "123456789"]),
        ("digits(16)", ["1" * 16], ["1" * 15, "1" * 17]),
        ("digits(3-3)", ["123"], ["12", "1234"]),
    ],
)
def test_digits_are_counted(name: str, accepted: list[str], refused: list[str]) -> None:
    assert [named(name)(typed) for typed in accepted] == accepted
    assert [named(name)(typed) for typed in refused] == [None] * len(refused)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("typed", NOT_DIGITS)
def test_no_rule_accepts_what_python_takes_for_a_number(name: str, typed: str) -> None:
    assert named(name)(typed) is None


@pytest.mark.parametrize("name", ["national_code", "digits(10)", "mobile", "insurance_number"])
@pytest.mark.parametrize("around", ["{}\n", "\n{}", "{}\x00", " {}", "{}'", "{} OR 1=1--", "{}*1", "{}#"])
def test_a_right_answer_with_anything_around_it_is_refused(name: str, around: str) -> None:
    right = {"mobile": "09123456789"}.get(name, "7407268940")
    assert named(name)(right)
    assert named(name)(around.format(right)) is None


@pytest.mark.parametrize("name", RULES)
@given(typed=st.text())
def test_what_a_rule_keeps_is_ascii_digits(name: str, typed: str) -> None:
    kept = named(name)(fold_in(typed))
    assert kept is None or (kept.isascii() and kept.isdigit())


@pytest.mark.parametrize("name", RULES)
def test_five_thousand_digits_are_refused_by_all(name: str) -> None:
    assert named(name)("9" * 5000) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", "digits", "digits()", "digits(0)", "digits(05)", "digits(100)", "digits(5-3)", "digits(1-)", "digits(٣)"),
        *("digits(3)\n", "National_code", "nationalcode", "__class__"),
    ],
)
def test_there_is_no_such_rule(name: str) -> None:
    assert rule(name) is None
