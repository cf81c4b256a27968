"""XML as gateways send it, read strictly, and as we answer it.

A document type is what every attack on a reader of XML starts with (entities that grow, files and addresses that are
fetched), and no gateway has one: a body with one is refused before it is parsed, and again by defusedxml. So is a body
that is not UTF-8, or says that it is in anything else: what was typed would be read as something else.
"""

import re
from xml.etree.ElementTree import Element, TreeBuilder, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from ussd.callback import CallbackError, WireRequest
from ussd.fields import Fields, demand

MEDIA_TYPES = ("text/xml", "application/xml")
CONTENT_TYPE = "text/xml; charset=utf-8"

MAX_OCTETS = 16 * 1024
"""Far more than a callback of any gateway has; the same holds for the other three."""
MAX_DEPTH = 32
MAX_ELEMENTS = 256
MAX_ATTRIBUTES = 32
MAX_ATTRIBUTE = 4096
"""Characters of one attribute's value."""

_DECLARED = re.compile(r"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")
_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]*)""", re.IGNORECASE)
# ASCII is UTF-8 too; the second is how many a client spells it.
_UTF8 = ("utf-8", "utf8", "us-ascii")


def document(wire: WireRequest) -> Element:
    """The root of an XML body. Raises CallbackError."""
    media_type = wire.media_type
    demand(wire, "POST", media_type if media_type in MEDIA_TYPES else MEDIA_TYPES[0])
    charset = _CHARSET.search(wire.headers["content-type"])
    if charset and charset[1].lower() not in _UTF8:
        raise CallbackError("content-type: not in UTF-8")
    return element(wire.body)


def element(octets: bytes) -> Element:
    """The root of an XML document. Raises CallbackError."""
    if len(octets) > MAX_OCTETS:
        raise CallbackError("body: more XML than a callback has")
    _check_before(octets)
    parser = DefusedXMLParser(target=_Target(), encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(octets)
        root: Element = parser.close()
    except (ParseError, DefusedXmlException):
        raise CallbackError("body: not XML in UTF-8") from None
    return root


def named(one: Element, name: str) -> Element:
    """An element of that name. Raises CallbackError for any other."""
    if local(one) != name:
        raise CallbackError(f"body: not a {name}")
    return one


def children(parent: Element) -> Fields:
    """The children of an element by their names without namespaces; one that has children itself is no text.

    Raises CallbackError where a name is there twice.
    """
    found: dict[str, object] = {}
    for child in parent:
        name = local(child)
        if name in found:
            raise CallbackError("body: a field is there twice")
        found[name] = child if len(child) else child.text or ""
    return Fields(found)


def local(one: Element) -> str:
    """The name of an element without its namespace."""
    return one.tag.rpartition("}")[2]


def written(root: Element) -> bytes:
    """A document of ours."""
    octets: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return octets


def _check_before(octets: bytes) -> None:
    if b"<!DOCTYPE" in octets:
        raise CallbackError("body: a document type is not read here")
    # Expat reads UTF-16 whatever it was told, and that has a NUL in each of its marks.
    if b"\0" in octets:
        raise CallbackError("body: not XML in UTF-8")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CallbackError("body: not XML in UTF-8") from None
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in _UTF8:
        raise CallbackError("body: not XML in UTF-8")


class _Target:
    """Builds the tree, and stops where it grows beyond what any gateway sends."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        """An element begins. Raises CallbackError."""
        self._depth += 1
        self._elements += 1
        many = self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS or len(attributes) > MAX_ATTRIBUTES
        if many or any(len(value) > MAX_ATTRIBUTE for value in attributes.values()):
            raise CallbackError("body: more XML than a callback has")
        return self._builder.start(tag, attributes)

    def end(self, tag: str) -> Element:
        """An element ends."""
        self._depth -= 1
        return self._builder.end(tag)

    def data(self, text: str) -> None:
        """Text between two marks."""
        self._builder.data(text)

    def close(self) -> Element:
        """The whole of it."""
        return self._builder.close()
