"""Text with placeholders, `{text}`: each value is escaped for the place where it is put, and nothing is evaluated.

What goes on around a placeholder is its author's. Whether the whole is JSON or XML is seen at the start, by filling it
with the worst that may come and reading that back.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote_plus
from xml.etree.ElementTree import Element

from ussd.callback import CallbackError
from ussd.markup import MEDIA_TYPES, element
from ussd.strict_json import NotJson, loads

Kind = Literal["plain", "json", "xml", "form"]
Escape = Callable[[str], str]

WORST = "'\"<a>&amp;]]>-->\\u0041%41+{text}\nپ"
"""Marks of every kind that may end, or be read as something else, where a value is put."""
NUMBER = "9081726354"

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]*)""", re.IGNORECASE)
_NAMES: Mapping[Kind, str] = {"json": "JSON", "xml": "XML", "form": "a form"}
# XML 1.0, 2.2: no other character can be written there, not even as a reference.
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = {**_TEXT, '"': "&quot;", "'": "&#39;", "\n": "&#10;", "\t": "&#09;"}


@dataclass(frozen=True, slots=True)
class Hole:
    """A placeholder, and how its values are written."""

    name: str
    escape: Escape


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and placeholders in their order."""

    parts: tuple[str | Hole, ...]

    @property
    def names(self) -> frozenset[str]:
        """The placeholders."""
        return frozenset(part.name for part in self.parts if isinstance(part, Hole))

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with `values`; what they do not name is empty."""
        parts = (part if isinstance(part, str) else part.escape(values.get(part.name, "")) for part in self.parts)
        return "".join(parts)


def kind_of(content_type: str) -> Kind:
    """How values are escaped under a content type. Raises ValueError, whose text says what is wrong with it."""
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        raise ValueError("replies are written in UTF-8")
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        return "json"
    if media_type in MEDIA_TYPES or media_type.endswith("+xml"):
        return "xml"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    if media_type.startswith("text/"):
        return "plain"
    raise ValueError("none of: application/json, text/xml, application/xml, application/x-www-form-urlencoded, text/*")


def template(written: str, kind: Kind = "plain", raw: Mapping[str, object] | None = None) -> Template:
    """What is written, taken apart; values of the `raw` placeholders are their author's own, and go in as they are."""
    *pieces, last = _PLACEHOLDER.split(written)
    parts: list[str | Hole] = []
    for place in range(0, len(pieces), 2):
        literal, name = pieces[place : place + 2]
        parts.append(literal)
        before = "".join(part for part in parts if isinstance(part, str))
        parts.append(Hole(name, str if name in (raw or ()) else _escape(kind, before)))
    return Template((*parts, last))


def fault(filled: str, kind: Kind, values: Mapping[str, str]) -> str:
    """What is wrong with a text that `values` were put into: it is not of its kind, or does not say one of them."""
    try:
        leaves = list(_leaves(filled, kind))
    except (ValueError, NotJson, CallbackError):
        return f"not {_NAMES.get(kind, 'UTF-8')} once it is filled in"
    lost = [name for name, value in values.items() if not any(value in leaf for leaf in leaves)]
    return f"{{{lost[0]}}} stands where it would not be read as it is" if lost else ""


def _escape(kind: Kind, before: str) -> Escape:
    match kind:
        case "json":
            return lambda value: json.dumps(value, ensure_ascii=False)[1:-1]
        case "xml":
            marks = str.maketrans(_ATTRIBUTE if _is_in_attribute(before) else _TEXT)
            return lambda value: _NO_XML.sub("\ufffd", value).translate(marks)
        case "form":
            return quote_plus
        case "plain":
            return str


def _is_in_attribute(before: str) -> bool:
    """Whether a text of XML stops inside of an attribute's value. A comment may deceive it; then `fault` says so."""
    within = ""
    for mark in before:
        if not within:
            within = "<" if mark == "<" else ""
        elif within == "<":
            within = mark if mark in "\"'" else "" if mark == ">" else within
        elif mark == within:
            within = "<"
    return within not in ("", "<")


def _leaves(filled: str, kind: Kind) -> Iterator[str]:
    octets = filled.encode()
    match kind:
        case "json":
            yield from _of_json(loads(octets))
        case "xml":
            yield from _of_xml(element(octets))
        case "form":
            yield from (value for _, value in parse_qsl(filled, keep_blank_values=True, strict_parsing=True))
        case "plain":
            yield filled


def _of_json(found: object) -> Iterator[str]:
    match found:
        case dict():
            for one in found.values():
                yield from _of_json(one)
        case list():
            for one in found:
                yield from _of_json(one)
        case _:
            yield str(found)


def _of_xml(root: Element) -> Iterator[str]:
    for one in root.iter():
        yield from one.attrib.values()
        yield one.text or ""
        yield one.tail or ""
