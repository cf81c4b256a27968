"""A gateway as the corpus meets it: what is particular about it, and its own operator's requests, to be spoilt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import cast
from urllib.parse import quote

from simulator.operators import Leg, Operator
from tests.corpus.reading import Parts, Sent, octets
from ussd.callback import Gateway, Phase, WireRequest

CANARY = "4821395706"
"""Ten digits that are nobody's national code."""
_PROBE = Leg("probe", "989120000001", "*4*1420#", Phase.CONTINUE, ("1",))
_KINDS = {"application/json": "json", "application/x-www-form-urlencoded": "form", "text/xml": "xml", "": "query"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One request, in octets."""

    method: str
    path: str
    query: bytes
    fields: Mapping[str, str | list[str]]
    body: bytes

    def parts(self) -> dict[str, bytes]:
        """What a spoilt request may be made of."""
        return {
            "method": self.method.encode(),
            "target": self.path.encode() + (b"?" + self.query if self.query else b""),
            "fields": self._fields(),
            "length": str(len(self.body)).encode(),
            "chunk": b"%x\r\n%s\r\n" % (len(self.body), self.body) if self.body else b"",
            "chunks": b"".join(b"1\r\n%c\r\n" % octet for octet in self.body),
            "body": self.body,
            "inside": self.body[1:-1],
            "whole": self.octets("keep-alive"),
        }

    def octets(self, connection: str = "close") -> bytes:
        """As it goes over a connection that ends with it."""
        target = self.path.encode() + (b"?" + self.query if self.query else b"")
        head = b"%s %s HTTP/1.1\r\nHost: ussd\r\nConnection: %s\r\n"
        length = b"Content-Length: %d\r\n\r\n" % len(self.body)
        return head % (self.method.encode(), target, connection.encode()) + self._fields() + length + self.body

    def _fields(self) -> bytes:
        lines = [
            f"{name}: {value}\r\n"
            for name, values in self.fields.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        return "".join(lines).encode()


@dataclass(frozen=True, slots=True)
class Gate:
    """One gateway, its operator, and the words for what is particular about it."""

    name: str
    gateway: Gateway
    operator: Operator
    kind: str
    """What its fields come in: json, form, xml, or the query of a GET."""
    traits: frozenset[str] = field(default_factory=frozenset)

    def spoken(self, leg: Leg) -> Spoken | None:
        """The operator's request; None where it has none for such a thing. Raises UnicodeEncodeError."""
        wire = self.operator.ask(leg)
        return _spoken(self.name, wire) if wire else None

    def spoilt(self, entry: Sent, leg: Leg) -> bytes | None:
        """The request that an entry makes of the right one, in octets; None where it is not about this gateway."""
        right = self.spoken(leg)
        assert right
        if entry.octets is not None:
            return octets(entry.octets, right.parts())
        of_query = self.kind == "query"
        payload = right.query if of_query else right.body
        changed = _changed(payload, entry, right.parts() | {"body": payload, "inside": payload[1:-1]})
        if changed is None:
            return None
        fields = {name: value for name, value in {**right.fields, **entry.fields}.items() if value is not None}
        query = changed if of_query else right.query if entry.query is None else entry.query.encode()
        body = right.body if of_query else changed
        return Spoken(entry.method or right.method, right.path, query, fields, body).octets()


def _changed(payload: bytes, entry: Sent, parts: Mapping[str, bytes]) -> bytes | None:
    if entry.typed is not None:
        assert CANARY.encode() in payload
        payload = payload.replace(CANARY.encode(), octets(entry.typed))
    if entry.change:
        found = re.search(entry.change.find.encode(), payload)
        return found and payload[: found.start()] + _put(entry.change.by, found) + payload[found.end() :]
    return payload if entry.body is None else octets(entry.body, parts)


def _put(by: Parts, found: re.Match[bytes]) -> bytes:
    """What is put in the place of what was found; only what is said once may use that."""
    parts = [by] if isinstance(by, str) else by
    return b"".join(found.expand(part.encode()) if isinstance(part, str) else octets([part]) for part in parts)


def _spoken(name: str, wire: WireRequest) -> Spoken:
    path = f"/gateways/{name}" + (f"/{quote(wire.path)}" if wire.path else "")
    return Spoken(wire.method, path, wire.query.encode(), wire.headers, wire.body)


def gate(name: str) -> Gate:
    """A gateway by its name."""
    gateway = cast(Gateway, import_module(f"gateways.{name}"))
    operator = cast(Operator, import_module(f"simulator.operators.{name}"))
    right = operator.ask(_PROBE)
    assert right
    kind = _KINDS[right.media_type]
    return Gate(name, gateway, operator, kind, frozenset({name, kind, *_traits(gateway, operator, right)}))


def _traits(gateway: Gateway, operator: Operator, right: WireRequest) -> set[str]:
    goes_on = gateway.decode(right)
    probed = operator.ask(replace(_PROBE, typed=(CANARY,)))
    begins = operator.ask(Leg("probe", _PROBE.msisdn, "*4*1420##", Phase.BEGIN))
    assert begins
    assert probed
    found = {
        "joined": goes_on.accumulated,
        "unsaid": bool(goes_on.dialled) and not goes_on.accumulated,
        "stripped": gateway.decode(begins).dialled == _PROBE.dialled,
        "attribute": bool(re.search(b'="%s"' % CANARY.encode(), probed.body)),
        "in the path": "probe" in right.path,
        "named": bool(goes_on.request) and goes_on.request == gateway.decode(probed).request,
        "asynchronous": hasattr(gateway, "acknowledge"),
        "numbered": goes_on.session != "probe",
        "once": gateway.decode(begins).line_once,
        "silent": operator.ask(Leg("probe", _PROBE.msisdn, _PROBE.dialled, Phase.ABORT)) is None,
    }
    return {trait for trait, has in found.items() if has}
