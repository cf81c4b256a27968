"""The part of XML-RPC that gateways use: a struct of strings, there and back (xmlrpc.com/spec.md)."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

from ussd.callback import CallbackError


def struct(envelope: Element) -> dict[str, object]:
    """The members of the one struct that a call or a response carries; a value that is no string stays an element.

    Raises CallbackError.
    """
    params = envelope.findall("params/param")
    structs = envelope.findall("params/param/value/struct")
    if len(params) != 1 or len(structs) != 1:
        raise CallbackError("params: not one struct")
    found: dict[str, object] = {}
    for member in structs[0]:
        name = member.findtext("name", "")
        if name in found:
            raise CallbackError("params: a field is there twice")
        found[name] = _value(member)
    return found


def _value(member: Element) -> object:
    """A string is what a `value` says of itself where it names no type."""
    value = member.find("value")
    if value is None or not len(value):
        return None if value is None else value.text or ""
    return value[0].text or "" if len(value) == 1 and value[0].tag == "string" else value


def add_struct(envelope: Element, members: Mapping[str, str]) -> None:
    """Put a struct into a call or a response."""
    struct = SubElement(SubElement(SubElement(SubElement(envelope, "params"), "param"), "value"), "struct")
    for name, text in members.items():
        member = SubElement(struct, "member")
        SubElement(member, "name").text = name
        SubElement(SubElement(member, "value"), "string").text = text
