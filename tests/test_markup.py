"""XML that is sent to break its reader is refused, at once."""

from contextlib import suppress
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spent import TRIES, cpu
from ussd.callback import CallbackError, WireRequest
from ussd.markup import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_OCTETS, children, document, element, local, written

SECONDS = 0.05
"""Of CPU."""

LAUGHS = b"".join(b"<!ENTITY l%d '%s'>" % (one, b"&l%d;" % (one - 1) * 10) for one in range(1, 30))
HARMFUL = {
    "billion laughs": b"<!DOCTYPE a [<!ENTITY l0 'ha'>" + LAUGHS + b"]><a>&l29;</a>",
    "laughs in an attribute": b"<!DOCTYPE a [<!ENTITY l0 'ha'>" + LAUGHS + b"]><a b='&l29;'/>",
    "quadratic blow-up": b"<!DOCTYPE a [<!ENTITY l '" + b"x" * 8000 + b"'>]><a>" + b"&l;" * 2500 + b"</a>",
    "a file": b"<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><a>&f;</a>",
    "an address": b"<!DOCTYPE a [<!ENTITY f SYSTEM 'http://127.0.0.1:9/'>]><a>&f;</a>",
    "a parameter entity": b"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/'> %p;]><a/>",
    "a document type elsewhere": b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
    "a document type alone": b"<!DOCTYPE a><a/>",
    "a document type in UTF-16": "<!DOCTYPE a [<!ENTITY l 'x'>]><a>&l;</a>".encode("utf-16-le"),
    "an entity that nobody told": b"<a>&l;</a>",
    "an endless run of marks": b"<a>" * (MAX_OCTETS // 3),
    "deep nesting": b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
    "100,000 marks deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "many elements": b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
    "100,000 attributes": b"<a " + b" ".join(b"b%d=''" % one for one in range(100_000)) + b"/>",
    "many attributes": b"<a " + b" ".join(b"b%d=''" % one for one in range(MAX_ATTRIBUTES + 1)) + b"/>",
    "a huge attribute": b"<a b='" + b"x" * 4097 + b"'/>",
    "an attribute larger than any body": b"<a b='" + b"x" * 10_000_000 + b"'/>",
    "a name as large as a body": b"<" + b"a" * (MAX_OCTETS - 1),
    "a body too large": b"<a>" + b"x" * MAX_OCTETS + b"</a>",
    "a comment without an end": b"<a><!--" + b"-" * 8000,
    "a NUL": b"<a>\0</a>",
    "a NUL as a reference": b"<a>&#0;</a>",
    "a control": b"<a>\x0b</a>",
    "a surrogate as a reference": b"<a>&#xD800;</a>",
    "a surrogate in UTF-8": b"<a>\xed\xa0\x80</a>",
    "an overlong form in UTF-8": b"<a>\xc0\xbc</a>",
    "an octet that is not UTF-8": b"<a>\x80</a>",
    "UTF-16": "<a>۱</a>".encode("utf-16"),
    "UTF-16 without its mark": b"".join(b"%c\0" % one for one in b"<a/>"),
    "UTF-16, the other way": b"".join(b"\0%c" % one for one in b"<a/>"),
    "UTF-32": "<a/>".encode("utf-32"),
    "a declared alphabet of old": b"<?xml version='1.0' encoding='windows-1256'?><a/>",
    "a declared UTF-16": b'<?xml version="1.0" encoding="UTF-16"?><a/>',
    "a declared UTF-7": b"<?xml version='1.0' encoding='UTF-7'?><a>+ADw-</a>",
    "an alphabet that there is not": b"\xef\xbb\xbf<?xml version='1.0' encoding='x'?><a/>",
    "two roots": b"<a/><a/>",
    "a prefix of no namespace": b"<p:a/>",
    "an attribute twice": b"<a b='1' b='2'/>",
    "no end": b"<a>",
    "a wrong end": b"<a></b>",
    "nothing": b"",
    "white space": b" \n",
    "JSON": b'{"a": 1}',
}


@pytest.mark.parametrize("octets", HARMFUL.values(), ids=HARMFUL)
def test_xml_that_could_do_harm_is_refused_at_once(octets: bytes) -> None:
    spent: list[float] = []
    for _ in range(TRIES):
        with cpu(spent), pytest.raises(CallbackError) as refused:
            element(octets)
        assert refused.value.faults[0].startswith("body: ")
    assert min(spent) < SECONDS


@given(st.binary() | st.text("<>/a='\"&;#x![]CDATA-?\0", max_size=60).map(str.encode))
def test_any_octets_are_an_element_or_say_why_they_are_none(octets: bytes) -> None:
    with suppress(CallbackError):
        assert isinstance(element(octets), Element)


@pytest.mark.parametrize(
    "octets",
    [
        "<a>۱</a>".encode(),
        "\ufeff<a>۱</a>".encode(),
        "<?xml version='1.0' encoding='utf-8'?><a>۱</a>".encode(),
        b'<?xml version="1.0"\tstandalone="yes"?>\n<a>&#1777;</a>',
        b'<?xml version="1.0" encoding="US-ASCII" ?><a>&#x6f1;</a><!-- end -->',
        "<a><![CDATA[۱]]></a>".encode(),
        "<a xmlns='urn:x'>۱</a>".encode(),
    ],
)
def test_every_way_to_write_the_same_in_utf_8_is_read(octets: bytes) -> None:
    root = element(octets)
    assert (local(root), root.text) == ("a", "۱")


def test_what_is_written_is_read() -> None:
    root = Element("a", said="1 < 2 & \"3\" > '2'\nکد")
    root.text = "1 < 2 & \"3\" > '2'\nکد]]>"
    again = element(written(root))
    assert (again.text, again.attrib) == (root.text, root.attrib)


@pytest.mark.parametrize(
    "content_type", ["text/xml", "Application/XML ; charset=utf-8", 'text/xml; x="y"; charset="UTF-8"']
)
def test_a_body_says_that_it_is_xml(content_type: str) -> None:
    assert document(WireRequest(headers={"content-type": content_type}, body=b"<a/>")).tag == "a"


@pytest.mark.parametrize(
    ("content_type", "fault"),
    [
        ("", "content-type: not text/xml"),
        ("application/json", "content-type: not text/xml"),
        ("text/xml; charset=utf-16", "content-type: not in UTF-8"),
        ("text/xml;x=y; charset=windows-1256", "content-type: not in UTF-8"),
    ],
)
def test_a_body_that_says_otherwise_is_not_read(content_type: str, fault: str) -> None:
    with pytest.raises(CallbackError) as refused:
        document(WireRequest(headers={"content-type": content_type}, body=b"<a/>"))
    assert refused.value.faults == (fault,)


def test_a_child_that_is_there_twice_is_refused_whatever_its_namespace() -> None:
    with pytest.raises(CallbackError, match="a field is there twice"):
        children(element(b"<a xmlns:p='urn:x'><b>1</b><p:b>2</p:b></a>"))
