"""The operator's side of MTN's MADAPI."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest

_TYPES = {Phase.BEGIN: "0", Phase.CONTINUE: "1", Phase.ABORT: "4"}
_CANCELLED = "User cancelled"


def ask(leg: Leg) -> WireRequest:
    """Write the request."""
    fields = {
        "sessionId": leg.session,
        "messageType": _TYPES[leg.phase],
        "msisdn": leg.msisdn,
        "serviceCode": leg.dialled.strip("*#"),
        "ussdString": _message(leg),
        "language": "fa",
    }
    headers = {"content-type": "application/json", "x-api-key": "sandbox"}
    return WireRequest(headers=headers, body=json.dumps(fields).encode())


def _message(leg: Leg) -> str:
    match leg.phase:
        case Phase.BEGIN:
            return leg.dialled
        case Phase.CONTINUE:
            return leg.typed[-1]
        case Phase.ABORT:
            return _CANCELLED


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    match json.loads(reply.body):
        case {"statusCode": "0000", "data": {"inboundResponse": str(text), "userInputRequired": bool(waits)}}:
            return Reply(text, ends=not waits)
        case _:
            raise ValueError("a reply is an object with statusCode 0000 and data")
