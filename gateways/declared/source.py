"""The fields of a declared gateway's requests, by the names that its description has for them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

from ussd.callback import CallbackError, WireRequest
from ussd.fields import Fields, demand, form, query
from ussd.markup import MEDIA_TYPES, document, local, named
from ussd.settings.declared import DeclaredGiven
from ussd.settings.declared.checks import names
from ussd.strict_json import NotJson, loads

Source = Callable[[WireRequest], Fields]
Path = tuple[str, tuple[str, ...]]
"""A name, and its steps from the outermost in."""

Part = tuple[str, Element | str]

_USUAL = {"form": "application/x-www-form-urlencoded", "json": "application/json", "xml": MEDIA_TYPES[0], "query": ""}
_NO_TEXT = object()


def source(given: DeclaredGiven) -> Source:
    """What reads a request's fields, or raises CallbackError."""
    usual = _usual(given)
    paths = [(name, tuple(name.split("."))) for name in sorted({name for _, name in names(given)})]
    match given.body:
        case "form":
            return lambda wire: form(usual(wire))
        case "query":
            return lambda wire: query(usual(wire))
        case "json":
            return lambda wire: _json(usual(wire), paths)
        case "xml":
            return lambda wire: _xml(usual(wire), given.root or "", paths)


def _usual(given: DeclaredGiven) -> Callable[[WireRequest], WireRequest]:
    """A request as its reader wants it, after it was seen that it comes as the description has it."""
    verb, media_type = given.verb, given.media_type
    reads, usual = "GET" if given.body == "query" else "POST", _USUAL[given.body]
    wanted = "" if media_type == "any" else media_type or ""

    def as_usual(wire: WireRequest) -> WireRequest:
        demand(wire, verb, wanted)
        if media_type:
            _, mark, rest = wire.headers.get("content-type", "").partition(";")
            wire = replace(wire, headers={**wire.headers, "content-type": f"{usual}{mark}{rest}"})
        return wire if verb == reads else replace(wire, method=reads)

    return as_usual


def _json(wire: WireRequest, paths: Iterable[Path]) -> Fields:
    demand(wire, "POST", _USUAL["json"])
    try:
        found = loads(wire.body)
    except NotJson as fault:
        raise CallbackError(f"body: {fault}") from None
    if not isinstance(found, dict):
        raise CallbackError("body: not a JSON object")
    values = {name: _of_json(found, steps) for name, steps in paths}
    return Fields({name: value for name, value in values.items() if value is not None})


def _of_json(outermost: object, steps: tuple[str, ...]) -> object:
    found: Any = outermost
    for step in steps:
        if not isinstance(found, dict):
            return None if found is None else _NO_TEXT
        found = found.get(step)
    return found


def _xml(wire: WireRequest, root: str, paths: Iterable[Path]) -> Fields:
    outermost = named(document(wire), root)
    seen: dict[Element, dict[str, Element | str]] = {}
    values = {name: _of_xml(outermost, steps, seen) for name, steps in paths}
    return Fields({name: value for name, value in values.items() if value is not None})


def _of_xml(
    found: Element | str | None, steps: tuple[str, ...], seen: dict[Element, dict[str, Element | str]]
) -> object:
    for step in steps:
        if not isinstance(found, Element):
            return None if found is None else _NO_TEXT
        if found not in seen:
            seen[found] = _within(found)
        found = seen[found].get(step)
    if isinstance(found, Element):
        return _NO_TEXT if len(found) else found.text or ""
    return found


def _within(parent: Element) -> dict[str, Element | str]:
    """The children of an element and its attributes, none of which is there twice."""
    found: dict[str, Element | str] = {}
    attributes: list[Part] = [(f"@{name.rpartition('}')[2]}", text) for name, text in parent.attrib.items()]
    children: list[Part] = [(local(child), child) for child in parent]
    for name, part in attributes + children:
        if name in found:
            raise CallbackError("body: a field is there twice")
        found[name] = part
    return found
