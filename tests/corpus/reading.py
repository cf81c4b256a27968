"""The entries of the corpus, as the YAML files beside this one have them.

A text or a body is a string, or parts: a string, `{hex: ff}` for octets, `{text: x, times: 9}` for much of the same,
and in what is sent as it is `{right: body}` for a part of the request as the gateway's own operator would have sent it.
"""

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from tests.gateways.recorded import Octets, Repeated
from ussd.core.strict_yaml import read


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Right(_Read):
    """A part of the request as it should have been."""

    right: Literal["method", "target", "fields", "length", "body", "inside", "chunk", "chunks", "whole"]
    times: int = 1
    """`inside`: the body without its first and last octet; `chunk`, `chunks`: in one chunk, or in chunks of one octet;
    `whole`: all of it, over a connection that stays."""


Part = str | Octets | Repeated | Right
Parts = str | list[Part]


class As(_Read):
    """The same screen as for what is right: a dial string, or what is typed, one after another."""

    like: str | list[str]

    def path(self) -> tuple[str, ...]:
        """One after another."""
        return (self.like,) if isinstance(self.like, str) else tuple(self.like)


class Ends(_Read):
    """A screen that ends the session and says this."""

    ends: str


class Asks(_Read):
    """A screen that asks something, and says this."""

    asks: str


Verdict = Literal["refused", "note", "same"] | As | Ends | Asks
"""A 4xx that changes nothing; the screen again with a note; the screen again; or another screen."""


class Entry(_Read):
    """One bad thing, and what becomes of it."""

    it: str
    gets: Verdict
    unless: dict[str, Verdict] = {}
    """Other verdicts for gateways with a trait, as `tests/corpus/gate.py` has them; the first that fits counts."""

    def verdict(self, traits: Collection[str]) -> Verdict:
        """What a gateway with these traits makes of it."""
        return next((verdict for trait, verdict in self.unless.items() if trait in traits), self.gets)


class Typed(Entry):
    """Something typed where a key is waited for, and where a national code is; `where` it is one of the two alone."""

    gets: Verdict = "note"
    typed: Parts
    where: Literal["menu", "code", "both"] = "both"


class Dialled(Entry):
    """A dial string."""

    dialled: Parts


class Change(_Read):
    """The first place of a body that a pattern finds, and what is there instead: octets, or parts of the place."""

    find: str
    by: Parts


class Sent(Entry):
    """A request that goes on with an open session, spoilt: in its body or query, its headers, or as a whole."""

    of: list[Literal["form", "json", "xml", "query"]] = ["form", "json", "xml", "query"]
    """The gateways whose bodies it is about."""
    typed: Parts | None = None
    """Octets in the place of what is typed."""
    change: Change | None = None
    """A gateway whose body has no such place is not meant."""
    body: Parts | None = None
    """All of the body, or of the query where there is no body."""
    method: str | None = None
    query: str | None = None
    """What follows the path of a request that has a body."""
    fields: dict[str, str | list[str] | None] = {}
    """Headers in the place of the right ones; none where there is no value."""
    octets: Parts | None = None
    """All that is sent, in the place of all of the above."""
    replies: int = 1
    """How many come back, all of them alike."""
    slow: bool = False
    """Whether the server must wait for what does not come."""


class Step(Entry):
    """One thing that happens to one of a scenario's calls, and what comes back: without `gets`, a screen of its own."""

    it: str = ""
    call: str = "one"
    dials: str | None = None
    types: str | None = None
    all_typed: list[str] | None = None
    """All that the gateway says was typed so far, whatever was."""
    hangs_up: bool = False
    gets: Verdict | None = None  # type: ignore[assignment]


class Whose(_Read):
    """Which session a call says that it is."""

    id: Parts = ""
    """What follows an id that no other scenario has."""
    alone: bool = False
    """Whether that is all of it."""
    line: str = "one"
    elsewhere: bool = False
    """Whether it comes through another gateway."""


class Scenario(_Read):
    """Callbacks that should not come like this."""

    it: str
    calls: dict[str, Whose] = {}
    """Those that are no session of their own."""
    steps: list[Step]
    but: list[str] = []
    """Traits of gateways that cannot say such a thing."""


Item = TypeVar("Item", Typed, Dialled, Sent, Scenario)


@cache
def entries(family: str, kind: type[Item]) -> list[Item]:
    """The entries of a file, by its name without its suffix."""
    return TypeAdapter(list[kind]).validate_python(read(Path(__file__).with_name(f"{family}.yaml")).data)  # type: ignore[valid-type]


def octets(parts: Parts, right: Mapping[str, bytes] | None = None) -> bytes:
    """Parts, put together."""
    return b"".join(_octets(part, right or {}) for part in ([parts] if isinstance(parts, str) else parts))


def _octets(part: Part, right: Mapping[str, bytes]) -> bytes:
    match part:
        case Octets(hex=given):
            return bytes.fromhex(given)
        case Repeated(text=text, times=times):
            return text.encode() * times
        case Right(right=name, times=times):
            return right[name] * times
        case text:
            return text.encode()
