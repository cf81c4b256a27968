"""The operator's side of Comviva Flares."""

from urllib.parse import urlencode

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest

_ENDS = {"FC": False, "FB": True}


def ask(leg: Leg) -> WireRequest:
    """Write the request, or the clean-up call."""
    if leg.phase is Phase.ABORT:
        fields = {"SessionID": leg.session, "msisdn": leg.msisdn, "clean": "clean-session", "error": "522"}
    else:
        entered = leg.typed[-1] if leg.phase is Phase.CONTINUE else leg.dialled.strip("*#")
        fields = {"SessionID": leg.session, "MSISDN": leg.msisdn, "MSC": "989110000000", "input": entered}
    return WireRequest("GET", query=urlencode(fields))


def read(reply: WireReply) -> Reply:
    """Read the reply; that to a clean-up call is empty and has no header."""
    named = {name.lower(): value for name, value in reply.headers.items()}
    if "freeflow" not in named and not reply.body:
        return Reply("", ends=True)
    if named.get("freeflow") not in _ENDS:
        raise ValueError("a reply has a header Freeflow, FC or FB")
    return Reply(reply.body.decode(), _ENDS[named["freeflow"]])
