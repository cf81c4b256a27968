"""A form is read as the standard library reads it, also where it is read at sight; a field that is there twice is none.

What the library leaves to who asks, which is the number of fields and broken UTF-8, is a fault in any case.
"""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ussd.callback import CallbackError, WireRequest
from ussd.fields import MAX_FIELDS, form

ODD = ["a", "b", "&", "=", "+", "%", "2", "A", "B", "%2A", "%2a", "%2B", "%23", "%26", "%3D", "%25", "%20", "*", "#",
       ";", " ", "\x00", "س", "%D8%B3", "%D8", "%u0633", "&a=", "&&"]  # fmt: skip


def read(body: bytes) -> dict[str, str] | None:
    """The fields by name; None where they are refused."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    try:
        fields = form(WireRequest(headers=headers, body=body))
    except CallbackError:
        return None
    return {name: fields.text(name, len(body)) for name in names(body) if name in fields}


def names(body: bytes) -> set[str]:
    return {name for name, _ in parse_qsl(body.decode(), keep_blank_values=True, errors="replace")}


def by_library(body: bytes) -> dict[str, str] | None:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    twice = len({name for name, _ in pairs if name}) < len([name for name, _ in pairs if name])
    return None if twice else dict(pairs)


@given(st.lists(st.sampled_from(ODD), max_size=24).map("".join))
@example("a=%%2A2A")
@example("a=%2%2AA")
@example("a=%252A")
@example("=a&=b")
@example("&" * MAX_FIELDS)
def test_a_form_is_read_as_the_library_reads_it(text: str) -> None:
    assert read(text.encode()) == by_library(text.encode())


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), max_size=5))
def test_whatever_a_gateway_puts_into_a_form_comes_out_of_it(sent: dict[str, str]) -> None:
    assert read(urlencode(sent).encode()) == sent


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=%2A&%61=%2A", b"a=\xd8", b"a=%D8"])
def test_what_may_mean_two_things_is_refused(body: bytes) -> None:
    assert read(body) is None


@pytest.mark.parametrize("value", ["1", "%31"])
@pytest.mark.parametrize(("fields", "refused"), [(MAX_FIELDS, False), (MAX_FIELDS + 1, True)])
def test_a_form_has_so_many_fields_and_no_more(fields: int, refused: bool, value: str) -> None:
    assert (read("&".join(f"f{number}={value}" for number in range(fields)).encode()) is None) is refused
