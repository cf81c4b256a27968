"""The operator's side of Infobip's older USSD gateway."""

import json

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest

_VERBS = {Phase.BEGIN: "start", Phase.CONTINUE: "response", Phase.ABORT: "end"}


def ask(leg: Leg) -> WireRequest:
    """Write the request, or what tells of the session's end."""
    fields: dict[str, object] = {"exitCode": 510, "reason": "the user hung up"}
    if leg.phase is not Phase.ABORT:
        text = leg.typed[-1] if leg.phase is Phase.CONTINUE else leg.dialled
        fields = {"msisdn": leg.msisdn, "text": text, "language": None, "ussdGwId": "live2"}
    return WireRequest(
        method="PUT" if leg.phase is Phase.ABORT else "POST",
        path=f"session/{leg.session}/{_VERBS[leg.phase]}",
        headers={"content-type": "application/json"},
        body=json.dumps(fields).encode(),
    )


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    match json.loads(reply.body):
        case {"shouldClose": bool(ends), "ussdMenu": str(text), "responseExitCode": 200}:
            return Reply(text, ends)
        case {"responseExitCode": 200, **rest} if "ussdMenu" not in rest:
            return Reply("", ends=True)
        case _:
            raise ValueError("a reply is an object with shouldClose, ussdMenu and responseExitCode 200")
