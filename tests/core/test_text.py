"""Alphabets and octets against an independent encoder, and the folding of letters and digits."""

from dataclasses import replace
from random import Random
from typing import get_args

import gsm0338  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd.core.profile import Digits, Letters, Profile, Zwnj
from ussd.core.text import GSM7_BASIC, GSM7_EXTENSION, fits, fold_in, fold_out, measure, printable

GSM = gsm0338.Codec()
PERSIAN = "آابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیءئأؤةيك،؛؟«»ـ ًّٔ"
PERSIAN_DIGITS, ARABIC_DIGITS, FULL_WIDTH_DIGITS = "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"
UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2060\ufeff"
SPACES = " \t\n\r\u00a0\u2003\u3000"

gsm_texts = st.text(sorted(GSM7_BASIC | GSM7_EXTENSION), max_size=200)
mixed_texts = st.text(
    st.sampled_from(sorted(GSM7_BASIC | GSM7_EXTENSION) + list(PERSIAN + PERSIAN_DIGITS + "\u200c👍`")), max_size=200
)
profiles = st.builds(
    Profile,
    zwnj=st.sampled_from(get_args(Zwnj)),
    letters=st.sampled_from(get_args(Letters)),
    digits=st.sampled_from(get_args(Digits)),
)


def packed(septets: int) -> int:
    """Octets of so many septets, counted by writing out the bits."""
    bits = "0" * 7 * septets
    return len([bits[start : start + 8] for start in range(0, len(bits), 8)])


@given(gsm_texts)
def test_gsm7_costs_what_an_independent_encoder_makes_of_it(text: str) -> None:
    septets = len(GSM.encode(text)[0])
    assert measure(text) == ("gsm7", septets, packed(septets))


@given(mixed_texts)
def test_one_character_outside_gsm7_makes_the_whole_screen_utf_16(text: str) -> None:
    try:
        septets = len(GSM.encode(text)[0])
    except UnicodeEncodeError:
        octets = len(text.encode("utf-16-be"))
        assert measure(text) == ("ucs2", octets // 2, octets)
    else:
        assert measure(text) == ("gsm7", septets, packed(septets))


def test_the_alphabet_is_the_one_of_the_independent_encoder() -> None:
    theirs = {chr(point) for point in range(0x10000) if _encodes(chr(point))} - {"\x1b"}
    assert theirs == GSM7_BASIC | GSM7_EXTENSION


def _encodes(letter: str) -> bool:
    try:
        GSM.encode(letter)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("letter", sorted(GSM7_EXTENSION))
def test_a_character_of_the_extension_table_costs_two_septets(letter: str) -> None:
    assert measure(letter * 5).units == 10


@pytest.mark.parametrize("letter", ["`", "ç", "а", "ﬁ", "’", "\t", "۱", "\u200c"])
def test_look_alikes_of_the_alphabet_are_outside_it(letter: str) -> None:
    assert measure(f"a{letter}").alphabet == "ucs2"


@pytest.mark.parametrize(
    ("text", "whether"),
    [
        ("a" * 182, True),
        ("a" * 183, False),
        ("€" * 91, True),
        ("€" * 91 + "a", False),
        ("ی" * 80, True),
        ("ی" * 81, False),
        ("a" * 80 + "ی", False),
        ("😀" * 40, True),
        ("😀" * 40 + "a", False),
    ],
)
def test_a_ussd_string_is_182_septets_or_80_utf_16_units(text: str, whether: bool) -> None:
    assert fits(text, Profile()) is whether


def test_182_septets_are_160_octets_and_80_units_are_160_octets() -> None:
    assert measure("a" * 182).octets == 160
    assert measure("ی" * 80).octets == 160


def test_a_gateway_may_carry_less() -> None:
    assert fits("a" * 120, Profile(max_chars=120))
    assert not fits("a" * 121, Profile(max_chars=120))
    assert not fits("ی" * 61, Profile(max_octets=120))
    assert fits("a" * 137, Profile(max_octets=120))


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        ("max_octets", 161),
        ("max_octets", 39),
        ("max_chars", 183),
        ("max_chars", 19),
        ("deadline", 0.4),
        ("deadline", 61),
    ],
)
def test_no_profile_says_more_than_the_network_carries_or_less_than_a_line_and_a_way_on(
    limit: str, value: float
) -> None:
    with pytest.raises(ValueError, match=f"{limit} is .* not {value}"):
        replace(Profile(), **{limit: value})  # type: ignore[arg-type]


@given(st.text())
def test_folding_in_twice_is_folding_in_once(text: str) -> None:
    assert fold_in(fold_in(text)) == fold_in(text)


@pytest.mark.parametrize("digits", [PERSIAN_DIGITS, ARABIC_DIGITS, FULL_WIDTH_DIGITS])
def test_the_digits_of_three_alphabets_are_read_as_ascii(digits: str) -> None:
    assert fold_in(digits) == "0123456789"
    assert fold_in(f"*۴*{digits}#") == "*4*0123456789#"


@given(st.text("0123456789*#" + PERSIAN_DIGITS + ARABIC_DIGITS + FULL_WIDTH_DIGITS), st.randoms(use_true_random=False))
def test_spaces_and_marks_that_nobody_sees_change_nothing(text: str, random: Random) -> None:
    sprinkled = "".join(letter + random.choice(UNSEEN + SPACES) for letter in text)
    assert fold_in(sprinkled) == fold_in(text)


@pytest.mark.parametrize("letter", list("²³¹₁①⑴½Ⅷ१১೧༡𝟙𝟏〡一"))
def test_what_only_looks_like_a_digit_stays_what_it_is(letter: str) -> None:
    assert fold_in(letter) == letter


@pytest.mark.parametrize("text", ["+5", "1_000", "-1", "1.0", "1e3", "0x1", "\x00", "\x1b"])
def test_nothing_else_is_dropped_from_what_was_typed(text: str) -> None:
    assert fold_in(text) == text


@given(mixed_texts | st.text(), profiles)
def test_folding_out_twice_is_folding_out_once(text: str, profile: Profile) -> None:
    assert fold_out(fold_out(text, profile), profile) == fold_out(text, profile)


@given(st.text(PERSIAN + "\u200c\r\n 12"), profiles)
def test_folding_out_never_lengthens_a_text(text: str, profile: Profile) -> None:
    assert len(fold_out(text, profile)) <= len(text)
    assert measure(fold_out(text, profile)).octets <= measure(text).octets or profile.digits == "persian"


@pytest.mark.parametrize(
    ("profile", "folded"),
    [
        (Profile(), "نوبتدهی کد 14 بعدي"),
        (Profile(zwnj="keep"), "نوبت\u200cدهی کد 14 بعدي"),
        (Profile(zwnj="space"), "نوبت دهی کد 14 بعدي"),
        (Profile(letters="arabic"), "نوبتدهي كد 14 بعدي"),
        (Profile(digits="persian"), "نوبتدهی کد ۱۴ بعدي"),
    ],
)
def test_a_profile_says_which_letters_its_handsets_show(profile: Profile, folded: str) -> None:
    assert fold_out("نوبت\u200cدهی کد ۱4 بعدي", profile) == folded


@pytest.mark.parametrize(("digits", "shown"), [("ascii", "0123456789"), ("persian", PERSIAN_DIGITS)])
def test_all_digits_that_handsets_read_are_shown_in_one_alphabet(digits: Digits, shown: str) -> None:
    for written in ("0123456789", PERSIAN_DIGITS, ARABIC_DIGITS):
        assert fold_out(written, Profile(digits=digits)) == shown


def test_a_line_ends_with_one_character() -> None:
    assert fold_out("a\r\nb\rc\nd", Profile()) == "a\nb\nc\nd"


@given(st.text(st.characters()))
def test_a_printable_value_reorders_and_breaks_nothing(value: str) -> None:
    shown = printable(value)
    shown.encode()
    assert not set(shown) & set("\u200b\u200d\u200e\u200f\u061c\ufeff\u2028\u2029\x85")
    assert all(letter >= " " and not "\u202a" <= letter <= "\u202e" for letter in shown)
    assert not any("\u2066" <= letter <= "\u2069" or "\ud800" <= letter <= "\udfff" for letter in shown)
    assert printable(shown) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("n570134", "n570134"),
        ("علی\u200cرضا ۱۲", "علی\u200cرضا ۱۲"),
        ("\u202eabc\u202c", "abc"),
        ("دکتر\nاحمدی", "دکتر احمدی"),
        ("a\x00b\x1bc\ud800d", "abcd"),
        ("{national_code}", "{national_code}"),
    ],
)
def test_a_value_keeps_its_letters_and_its_words_apart(value: str, shown: str) -> None:
    assert printable(value) == shown
