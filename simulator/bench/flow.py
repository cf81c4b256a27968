"""The dialogue that all of them are asked to hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.operators import Leg
from simulator.operators.africastalking import ask
from ussd.callback import Phase

PATH = "/gateways/africastalking"
"""Where each of the servers is asked."""
CODE = "*4*1420#"
TYPED = ("1", "2", "0007569602")
MENUS_ALONE = ("2", "1")
"""Without an inquiry: nothing but screens, as the floor and the other engines have it."""
NO_CODE = "n000000"
"""Stands in the answers for a tracking code, which is as long."""
SESSION, LINE = "S" * 32, "9" * 12
"""Stand in the requests for a session id and for a line, which are as long."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What a server is to answer, a body a callback."""

    answers: Sequence[str]
    """The last one with NO_CODE where the tracking code is."""
    typed: Sequence[str] = TYPED
    own_codes: bool = False
    """Whether each dialogue gets a code of its own, as it does from an engine with a ledger."""


def requests(port: int, typed: Sequence[str] = TYPED) -> tuple[bytes, ...]:
    """The HTTP requests of a dialogue, as Africa's Talking sends them, with SESSION and LINE in them."""
    return tuple(
        _http(Leg(SESSION, LINE, CODE, Phase.CONTINUE if place else Phase.BEGIN, tuple(typed[:place])), port)
        for place in range(len(typed) + 1)
    )


def _http(leg: Leg, port: int) -> bytes:
    wire = ask(leg)
    headers = {"host": f"127.0.0.1:{port}", **wire.headers, "content-length": str(len(wire.body))}
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + wire.body
