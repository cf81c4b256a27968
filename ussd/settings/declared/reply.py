"""How a declared format's replies are written."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from ussd.settings.declared.request import STRICT, Found, Loc, MaybePlace, fault, refuse
from ussd.settings.declared.template import Kind, kind_of, template

PLAIN = "text/plain; charset=utf-8"
OURS = ("text", "session", "msisdn", "request")
"""The placeholders that every format has."""
WAYS = tuple(product((False, True), ("gsm7", "ucs2")))
"""In which a reply may differ by itself: whether it ends, and its alphabet."""

_VISIBLE = re.compile("[ -~]*")
_SERVERS = ("connection", "content-encoding", "content-length", "content-type", "date", "server", "transfer-encoding")


def _content_type(written: str) -> str:
    try:
        kind_of(written)
    except ValueError as wrong:
        raise fault(str(wrong)) from None
    return written


def _header(name: str) -> str:
    if name.lower() in _SERVERS:
        raise fault("the server writes this header")
    return name


Placeholder = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
ContentType = Annotated[
    str,
    Field(pattern=r'^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?[A-Za-z0-9_-]+="?[A-Za-z0-9_.-]+"?)*$', max_length=128),
    AfterValidator(_content_type),
]
Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), AfterValidator(_header)]
Text = Annotated[str, Field(max_length=4096)]


class SaidGiven(BaseModel):
    """A placeholder of the format's own: one text where the dialogue goes on and one where it ends, or by alphabet."""

    model_config = STRICT

    goes_on: Text | None = None
    ends: Text | None = None
    gsm7: Text | None = None
    ucs2: Text | None = None

    @model_validator(mode="after")
    def _is_one_pair(self) -> Self:
        given = {name for name, text in self if text is not None}
        if given not in ({"goes_on", "ends"}, {"gsm7", "ucs2"}):
            raise fault("either goes_on and ends, or gsm7 and ucs2")
        if self.of_end and self.goes_on == self.ends:
            raise fault("goes_on and ends are the same")
        return self

    @property
    def of_end(self) -> bool:
        """Whether it says how the dialogue goes on."""
        return self.goes_on is not None

    def text(self, ends: bool, alphabet: str) -> str:
        """What it is, in a reply that ends or not, in that alphabet."""
        found = (self.ends if ends else self.goes_on) if self.of_end else self.ucs2 if alphabet == "ucs2" else self.gsm7
        return found or ""


class WrittenGiven(BaseModel):
    """One reply as it goes out."""

    model_config = STRICT

    body: Text = ""
    content_type: ContentType = PLAIN
    headers: dict[Header, Annotated[str, Field(max_length=1024)]] = {}

    @property
    def kind(self) -> Kind:
        """How what is put into it is escaped."""
        return kind_of(self.content_type)


class ReplyGiven(WrittenGiven):
    """The reply to every callback."""

    body: Text
    says: dict[Placeholder, SaidGiven] = {}
    repeats: dict[Placeholder, MaybePlace] = {}
    """Placeholders that are fields of the request."""
    abort: WrittenGiven | None = None
    """What a callback gets that only says that the session is over; unless told, it gets what any other gets."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        refuse(_faults(self))
        return self


def _faults(reply: ReplyGiven) -> Found:
    written: list[tuple[Loc, WrittenGiven]] = [((), reply)]
    if reply.abort:
        written.append((("abort",), reply.abort))
    yield from ((loc, "this placeholder is something else already") for loc in _named_twice(reply))
    for loc, one in written:
        yield from _of_body(reply, one, loc)
        yield from _of_headers(reply, one, loc)
    if "text" not in template(reply.body).names:
        yield ("body",), "the screen is not shown: {text} is not there"
    if not any(said.of_end and name in _used(reply) for name, said in reply.says.items()):
        yield (), "nothing tells whether the dialogue goes on: `says` with goes_on and ends, in body or headers"
    used = frozenset[str]().union(*(_used(one) for _, one in written))
    for part, placeholders in (("says", reply.says), ("repeats", reply.repeats)):
        yield from (((part, name), f"nothing uses {{{name}}}") for name in placeholders if name not in used)


def _named_twice(reply: ReplyGiven) -> Iterator[Loc]:
    yield from (("says", name) for name in reply.says if name in OURS)
    yield from (("repeats", name) for name in reply.repeats if name in OURS or name in reply.says)


def _of_body(reply: ReplyGiven, written: WrittenGiven, loc: Loc) -> Found:
    unknown = template(written.body).names - {*OURS, *reply.says, *reply.repeats}
    yield from (((*loc, "body"), f"nothing gives {{{name}}}") for name in sorted(unknown))


def _of_headers(reply: ReplyGiven, written: WrittenGiven, loc: Loc) -> Found:
    for name, text in written.headers.items():
        used = template(text).names
        strange = sorted(used - set(reply.says))
        yield from (((*loc, "headers", name), f"a header says what `says` has, not {{{one}}}") for one in strange)
        said = (reply.says[one].text(*way) for one in used - set(strange) for way in WAYS)
        if not all(_VISIBLE.fullmatch(one) for one in (text, *said)):
            yield (*loc, "headers", name), "a header is of visible ASCII characters"
    if len({name.lower() for name in written.headers}) < len(written.headers):
        yield (*loc, "headers"), "a header is there twice"


def _used(written: WrittenGiven) -> frozenset[str]:
    return template(written.body).names.union(*(template(text).names for text in written.headers.values()))
