"""Recorded pairs of the gateways: `tests/wire/<name>.yaml`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from ussd.callback import Callback, Phase, WireRequest
from ussd.core.strict_yaml import read

WIRE = Path(__file__).parent.parent / "wire"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Octets(_Part):
    """Octets of a body that are no text."""

    hex: str


class Repeated(_Part):
    """Much of the same."""

    text: str
    times: int


class Meaning(_Part):
    """What a request means to the engine."""

    session: str
    msisdn: str
    phase: Phase
    dialled: str = ""
    typed: str = ""
    accumulated: bool = False
    request: str = ""
    line_once: bool = False
    echo: dict[str, str] = {}

    def callback(self) -> Callback:
        """As `decode` gives it."""
        return Callback(**dict(self))


class Written(_Part):
    """A reply of the engine."""

    text: str
    ends: bool


class Pair(_Part):
    """A request, and what it means or why it is refused; then a reply, and how it is written."""

    it: str
    method: Literal["GET", "POST", "PUT"] = "POST"
    path: str = ""
    query: str = ""
    headers: dict[str, str] = {}
    body: str | list[str | Octets | Repeated] = ""
    callback: Meaning | None = None
    faults: tuple[str, ...] = ()
    reply: Written | None = None
    answer: str = ""
    content_type: str = ""
    answer_headers: dict[str, str] = {}

    def wire(self) -> WireRequest:
        """The request as it comes."""
        parts = [self.body] if isinstance(self.body, str) else self.body
        return WireRequest(self.method, self.path, self.query, self.headers, b"".join(map(_octets, parts)))


def _octets(part: str | Octets | Repeated) -> bytes:
    match part:
        case Octets(hex=octets):
            return bytes.fromhex(octets)
        case Repeated(text=text, times=times):
            return text.encode() * times
        case text:
            return text.encode()


def pairs(name: str) -> list[Pair]:
    """The recorded pairs of a gateway."""
    return TypeAdapter(list[Pair]).validate_python(read(WIRE / f"{name}.yaml").data)
