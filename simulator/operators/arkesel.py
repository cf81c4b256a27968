"""The operator's side of Arkesel."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest


def ask(leg: Leg) -> WireRequest | None:
    """Write the request; there is none that says that a user has gone."""
    if leg.phase is Phase.ABORT:
        return None
    first = leg.phase is Phase.BEGIN
    fields = {
        "sessionID": leg.session,
        "userID": "USSD_1",
        "newSession": first,
        "msisdn": leg.msisdn,
        "userData": leg.dialled if first else leg.typed[-1] or None,
        "network": "MTN",
    }
    return WireRequest(headers={"content-type": "application/json"}, body=json.dumps(fields).encode())


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    match json.loads(reply.body):
        case {"sessionID": str(), "userID": "USSD_1", "message": str(text), "continueSession": bool(goes_on)}:
            return Reply(text, ends=not goes_on)
        case _:
            raise ValueError("a reply is an object with sessionID, userID, message and continueSession")
