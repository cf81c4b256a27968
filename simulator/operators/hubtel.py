"""The operator's side of Hubtel."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest

_TYPES = {Phase.BEGIN: "initiation", Phase.CONTINUE: "response", Phase.ABORT: "release"}


def ask(leg: Leg) -> WireRequest:
    """Write the request; its place in the session is its sequence."""
    fields = {
        "SessionId": leg.session,
        "ServiceCode": leg.dialled.strip("*#"),
        "Type": _TYPES[leg.phase],
        "Message": _message(leg),
        "Operator": "mtn",
        "Platform": "USSD",
        "Mobile": leg.msisdn,
        "ClientState": "",
        "Sequence": len(leg.typed) + 1,
    }
    return WireRequest(headers={"content-type": "application/json"}, body=json.dumps(fields).encode())


def _message(leg: Leg) -> str:
    if leg.phase is Phase.BEGIN:
        return leg.dialled
    return leg.typed[-1] if leg.typed else ""


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    match json.loads(reply.body):
        case {"Type": "response", "Message": str(text)}:
            return Reply(text, ends=False)
        case {"Type": "release", "Message": str(text)}:
            return Reply(text, ends=True)
        case _:
            raise ValueError("a reply is an object with Type and Message")
