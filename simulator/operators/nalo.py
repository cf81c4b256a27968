"""The operator's side of Nalo Solutions."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest


def ask(leg: Leg) -> WireRequest | None:
    """Write the request; there is none that says that a user has gone."""
    if leg.phase is Phase.ABORT:
        return None
    first = leg.phase is Phase.BEGIN
    fields = {
        "USERID": "NALOTest",
        "MSISDN": leg.msisdn,
        "USERDATA": leg.dialled if first else leg.typed[-1],
        "MSGTYPE": first,
        "NETWORK": "MTN",
        "SESSIONID": leg.session,
    }
    return WireRequest(headers={"content-type": "application/json"}, body=json.dumps(fields).encode())


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    match json.loads(reply.body):
        case {"USERID": "NALOTest", "MSG": str(text), "MSGTYPE": bool(stays)}:
            return Reply(text, ends=not stays)
        case _:
            raise ValueError("a reply is an object with USERID, MSG and MSGTYPE")
