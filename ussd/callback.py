"""What every gateway speaks: a callback in, a reply out, and the HTTP forms that carry them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from ussd.core.profile import Profile

_MSISDN = re.compile(r"[+ ]?([1-9][0-9]{6,14})")


class Phase(Enum):
    """Where in a dialogue a callback stands."""

    BEGIN = "begin"
    CONTINUE = "continue"
    ABORT = "abort"


class CallbackError(ValueError):
    """A callback that its gateway's contract does not promise: HTTP 400, and nothing is changed.

    `faults` names every wrong or missing field at once; it never repeats what was in them.
    """

    def __init__(self, *faults: str) -> None:
        """Keep the faults in a fixed order, so that two equal requests get equal answers."""
        self.faults = tuple(sorted(faults))
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class Callback:
    """One thing that happened on a subscriber's line, in the engine's words."""

    session: str
    """The gateway's own session id, as it came."""
    msisdn: str
    """Digits with country code, no plus; empty where a callback names its session alone."""
    phase: Phase
    dialled: str = ""
    """The whole dial string, `*4*1420*1#`: always on BEGIN, and on CONTINUE wherever that may be the first callback.

    Then it begins a session where none is open: with what was typed behind it where `accumulated`, else by itself, as
    a gateway gives it that tells a dial string from an answer by nothing but a session id that nobody has seen.
    """
    typed: str = ""
    """CONTINUE: the last input; or, where `accumulated`, all inputs so far joined by `*`."""
    accumulated: bool = False
    request: str = ""
    """The gateway's own id of this request, which a retry repeats; empty where it has none."""
    line_once: bool = False
    """Whether the later callbacks of the session do not name the line."""
    echo: Mapping[str, str] = field(default_factory=dict)
    """What the reply must carry back and the engine does not read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the handset shows next, and whether the dialogue is over."""

    text: str
    ends: bool


@dataclass(frozen=True, slots=True)
class WireRequest:
    """An HTTP request as a gateway sent it: names of headers in lower case, the body as bytes."""

    method: str = "POST"
    path: str = ""
    """What follows the gateway's own path, `session/17/start`; most gateways have nothing there."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class WireReply:
    """An HTTP reply as a gateway expects it."""

    body: bytes
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Gateway(Protocol):
    """One gateway's wire format; a module of `gateways/` is one."""

    PROFILE: Profile

    def decode(self, wire: WireRequest) -> Callback:
        """Read one callback; anything else is a CallbackError."""

    def encode(self, reply: Reply, callback: Callback) -> WireReply:
        """Write the reply to `callback`."""


class Asynchronous(Gateway, Protocol):
    """A gateway that is told at once that its callback came, and gets the screen by a call of ours to its operator.

    `encode` writes the body of that call, with an empty one where nothing is to be sent.
    """

    def acknowledge(self, callback: Callback) -> WireReply:
        """Write what tells the operator that its callback came."""

    def refused(self, answer: WireReply) -> bool:
        """Whether the operator's answer to our call says in its own words that it does not take the screen."""


def msisdn(text: str) -> str | None:
    """Digits with country code (ITU-T E.164: at most 15), with or without the plus; None for anything else.

    A space in the place of the plus is a plus that was put into a form as it is.
    """
    match = _MSISDN.fullmatch(text)
    return match and match[1]
