"""Texts and their octets, in every alphabet that an SMSC may say."""

import codecs

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.smpp.coding import ALPHABETS, Coding, NotText, decode, encode
from ussd.core.text import GSM7_BASIC, GSM7_EXTENSION

GSM7 = sorted(GSM7_BASIC | GSM7_EXTENSION)
PERSIAN = "کد ملی خود را وارد نمایید:"
THEIRS = gsm0338.Codec()

latin = st.text(st.sampled_from(GSM7))
texts = st.text(st.characters(codec="utf-8"))


@given(texts | latin)
def test_what_is_encoded_is_decoded(text: str) -> None:
    assert decode(*encode(text, Coding())) == text


@given(latin)
def test_the_default_alphabet_is_one_octet_a_septet_as_others_have_it(text: str) -> None:
    data_coding, octets = encode(text, Coding())
    assert (data_coding, octets) == (0, THEIRS.encode(text)[0])
    assert codecs.ascii_encode(octets.decode("ascii"))[0] == octets


def test_every_letter_of_the_default_alphabet_has_one_code() -> None:
    codes = [encode(letter, Coding())[1] for letter in GSM7]
    assert len(set(codes)) == len(GSM7) == 127 + 10
    assert {len(code) for letter, code in zip(GSM7, codes, strict=True) if letter in GSM7_EXTENSION} == {2}


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("2a 34 2a 31 34 32 30 23", "*4*1420#"),
        ("00 5f 09", "@§Ç"),
        ("1b 65 1b 3c 1b 40", "€[|"),
        ("1b 41", "A"),
        ("1b 1b 65", " e"),
        ("41 1b", "A "),
        ("", ""),
    ],
)
def test_septets_are_read_as_a_handset_reads_them(octets: str, text: str) -> None:
    assert decode(0, bytes.fromhex(octets)) == text


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (1, "31 7b", "1{"),
        (3, "e9 7b", "é{"),
        (8, "06a9 062f", "کد"),
        (8, "d83d de00", "\U0001f600"),
        (15, "00", "@"),
        (72, "06a9", "ک"),
        (17, "e630 06a9", "ک"),
    ],
)
def test_each_data_coding_is_read_in_its_alphabet(data_coding: int, octets: str, text: str) -> None:
    assert decode(data_coding, bytes.fromhex(octets)) == text


@pytest.mark.parametrize(
    ("data_coding", "octets"),
    [
        (0, "41 80"),
        (1, "80"),
        (2, "41"),
        (4, "41"),
        (8, "06"),
        (8, "06a9 06"),
        (8, "d83d"),
        (8, "de00 d83d"),
        (17, "e630 06"),
        (68, "41"),
        (255, "41"),
    ],
)
def test_what_is_no_text_is_refused_and_not_repeated(data_coding: int, octets: str) -> None:
    with pytest.raises(NotText) as refused:
        decode(data_coding, bytes.fromhex(octets))
    assert str(refused.value) in ("not in the alphabet of its data_coding", "its data_coding stands for no text here")


@given(st.integers(0, 255), st.binary(max_size=300))
def test_any_octets_are_a_text_or_none(data_coding: int, octets: bytes) -> None:
    try:
        text = decode(data_coding, octets)
    except NotText:
        return
    assert len(text) <= len(octets)


@pytest.mark.parametrize(("value", "extra"), [(8, ""), (72, ""), (17, "e630")])
def test_ucs2_is_said_as_the_smsc_says_it(value: int, extra: str) -> None:
    data_coding, octets = encode(PERSIAN, Coding(ucs2=value))
    assert (data_coding, octets) == (value, bytes.fromhex(extra) + PERSIAN.encode("utf-16-be"))
    assert decode(data_coding, octets) == PERSIAN


def test_the_default_alphabet_is_said_as_the_smsc_says_it() -> None:
    assert encode("@", Coding(gsm7=15)) == (15, b"\0")
    assert encode("é1", Coding(gsm7=3)) == (3, b"\xe91")
    assert encode("1", Coding(alphabets={**ALPHABETS, 0: "latin1"})) == (0, b"1")


def test_a_letter_that_the_smscs_own_alphabet_lacks_goes_as_ucs2() -> None:
    assert encode("Δ", Coding(gsm7=3)) == (8, b"\x03\x94")
    assert encode("é", Coding(gsm7=1)) == (8, b"\x00\xe9")


def test_a_lone_surrogate_does_not_stop_a_screen() -> None:
    assert encode("\ud800", Coding()) == (8, b"\0?")


def test_values_that_stand_for_something_else_are_refused() -> None:
    for values in ({"gsm7": 8}, {"gsm7": 4}, {"ucs2": 0}, {"ucs2": 4}, {"alphabets": {}}):
        with pytest.raises(ValueError, match="coding: "):
            Coding(**values)  # type: ignore[arg-type]
