"""MTN's MADAPI, "MTN Messaging USSD API" 1.0.0: one JSON object a callback, with the last input, answered by one.

Source: developers.mtn.com/products/ussd (its OpenAPI document, also in api-evangelist/mtn-group), `InboundRequest`:
`sessionId`, `messageType`, `msisdn`, `serviceCode`, `ussdString`, and where known `cellId`, `language`, `imsi`; and
`InboundResponse`: `statusCode`, `statusMessage`, `transactionId`, `data`, `_link`. It comes with our key in the header
`x-api-key`.

`messageType` is 0 in a first request, 1 in a later one, 2, 4 and 5 where the session has ended, was cancelled or has
timed out; 3, a notification, is for us to send, not to get. It is a text in requests and a number in replies; both are
read. Nothing in a request tells a retry from the next request, so the same input within three seconds counts as one.
What is made of the reply to an ended session is not said; it gets one that ends. Neither a limit nor a deadline is
published, so the network's 160 octets hold. Letters are folded as by default.
"""

import json

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.fields import Fields, json_object

PROFILE = Profile()

_PHASES = {"0": Phase.BEGIN, "1": Phase.CONTINUE, "2": Phase.ABORT, "4": Phase.ABORT, "5": Phase.ABORT}
_CONTINUE, _END = 1, 2
_SELF = "https://api.mtn.com/v1/messages/ussd/inbound"


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = json_object(wire)
    phase = _phase(fields)
    code = fields.text("serviceCode", 64, least=1)
    # What was dialled, with answers behind it, is the message; the service code is that of the contract, `321123`.
    callback = Callback(
        session=fields.text("sessionId", 128, least=1),
        msisdn=fields.msisdn("msisdn"),
        phase=phase,
        dialled=whole(fields.text("ussdString", MAX_DIALLED, least=1)) if phase is Phase.BEGIN else "",
        typed=fields.text("ussdString", 4096) if phase is Phase.CONTINUE else "",
        echo={"serviceCode": code},
    )
    fields.check()
    return callback


def _phase(fields: Fields) -> Phase:
    kind = fields.integer("messageType")
    if kind and kind not in _PHASES:
        fields.refuse("messageType", f"one of {', '.join(_PHASES)}")
    return _PHASES.get(kind, Phase.ABORT)


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    data = {
        # The document describes the first of these, and lists the second as required.
        "inboundResponse": reply.text,
        "outboundResponse": reply.text,
        "userInputRequired": not reply.ends,
        "messageType": _END if reply.ends else _CONTINUE,
        **callback.echo,
        "msisdn": callback.msisdn,
    }
    body = {
        "statusCode": "0000",
        "statusMessage": "",
        "transactionId": callback.session,
        "data": data,
        "_link": {"self": {"href": _SELF}},
    }
    return WireReply(json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")
