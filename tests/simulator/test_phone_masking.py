"""In the log of the wire nobody's number can be read, in whichever way it is written."""

import json
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.phone.masking import masked
from simulator.phone.pages import Pages

NUMBERS = [
    "0007569602",
    "989120000001",
    "n570134",
    "1234-5678-9012-3456",
    "000 756 9602",
    "12345",
    "۰۰۰۷۵۶۹۶۰۲",
    "٠٠٠٧٥٦٩٦٠٢",
]


@pytest.mark.parametrize("number", NUMBERS)
def test_of_a_number_two_digits_are_left(number: str) -> None:
    digits = [letter for letter in masked(f"کد: {number}.") if letter.isdecimal()]
    assert len(digits) == 2


@pytest.mark.parametrize("number", NUMBERS)
def test_so_it_is_as_json_forms_and_xml_write_it(number: str) -> None:
    escaped = "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in escape(number))
    in_hex = "".join(letter if letter.isascii() else f"&#x{ord(letter):x};" for letter in number)
    for written in (json.dumps({"input": number}), urlencode({"text": f"1*2*{number}"}), escaped, in_hex):
        assert masked(written).count("•") == sum(letter.isdecimal() for letter in number) - 2


def test_what_is_a_menus_own_can_be_read() -> None:
    for own in (
        "*4*1420*1*2#",
        "1-استعلام\n2-خدمات\n3-حقوق",
        '{"text": "\\u0627\\u06af-1", "ends": false}',
        "text=1%2A2",
    ):
        assert masked(own) == own


@given(st.text())
def test_nothing_but_digits_is_changed(text: str) -> None:
    assert all(one == other or one.isdecimal() for one, other in zip(text, masked(text), strict=True))


def test_pages_are_counted_by_the_key_of_the_next_line() -> None:
    pages = Pages(frozenset({"بعدي", "next"}))
    for typed, text, said in [
        ("", "الف\n1-یک\n2-بعدی", "page 1, more behind 2"),
        ("۲", "ب\n1-دو\n2-بعدي\n0-بازگشت", "page 2, more behind 2"),
        ("2", "ج\n1-سه", "page 3, the last"),
        ("0", "ب\n1-دو\n2-بعدي", "page 2, more behind 2"),
        ("1", "د", "one page"),
        ("0", "a\n1-next", "page 1, more behind 1"),
    ]:
        pages.shown(text, typed)
        assert str(pages) == said
