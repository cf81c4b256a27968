"""The operator's side of Wigal's Smart USSD, version 2."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest

_MODES = {Phase.BEGIN: "START", Phase.CONTINUE: "MORE", Phase.ABORT: "END"}
_GIVEN_BACK = {"network", "msisdn", "sessionid", "username", "trafficid", "other"}


def ask(leg: Leg) -> WireRequest:
    """Write the request; its mode and its place in the session make its traffic id."""
    fields = {
        "network": "MTN",
        "mode": _MODES[leg.phase],
        "msisdn": leg.msisdn,
        "sessionid": leg.session,
        "userdata": leg.typed[-1] if leg.typed else leg.dialled,
        "username": "wigal",
        "trafficid": f"{leg.session}-{_MODES[leg.phase]}-{len(leg.typed)}",
        "other": "",
    }
    headers = {"content-type": "application/json; charset=UTF-8"}
    return WireRequest(headers=headers, body=json.dumps(fields).encode())


def read(reply: WireReply) -> Reply:
    """Read the reply, which has all fields of the request."""
    match json.loads(reply.body):
        case {"mode": "MORE" | "END" as mode, "userdata": str(text), **others} if others.keys() == _GIVEN_BACK:
            return Reply(text, ends=mode == "END")
        case _:
            raise ValueError("a reply is the request's object with another mode and userdata")
