"""The operator's side of the reference gateway."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest


def ask(leg: Leg) -> WireRequest:
    """Write the request; its number in the session is its id."""
    fields = {"session": leg.session, "msisdn": leg.msisdn, "event": leg.phase.value, "request": str(len(leg.typed))}
    if leg.phase is Phase.BEGIN:
        fields["dialled"] = leg.dialled
    if leg.phase is Phase.CONTINUE:
        fields["input"] = leg.typed[-1]
    return WireRequest(headers={"content-type": "application/json"}, body=json.dumps(fields).encode())


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    match json.loads(reply.body):
        case {"text": str(text), "ends": bool(ends)}:
            return Reply(text, ends)
        case _:
            raise ValueError("a reply is an object with text and ends")
