"""The operator's side of Africa's Talking."""

from urllib.parse import urlencode

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest


def ask(leg: Leg) -> WireRequest:
    """Write the request, or the notification that the session has ended."""
    fields = {
        "sessionId": leg.session,
        "phoneNumber": f"+{leg.msisdn}",
        "networkCode": "43211",
        "serviceCode": leg.dialled,
    }
    if leg.phase is Phase.ABORT:
        fields |= {"status": "Incomplete", "durationInMillis": "0", "input": "*".join(leg.typed)}
    else:
        fields["text"] = "*".join(leg.typed)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return WireRequest(headers=headers, body=urlencode(fields).encode())


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    kind, _, text = reply.body.decode().partition(" ")
    if kind not in ("CON", "END", ""):
        raise ValueError("a reply starts with CON or END")
    return Reply(text, ends=kind != "CON")
