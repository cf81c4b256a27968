"""Nalo Solutions: one JSON object a callback, with the last input, answered by one JSON object.

Source: the provider's "USSD API DOCUMENTATION" (Postman collection 7705958/UyrEhaLQ) as SeveighTech/nunyakata retells
it in docs/ussd_api_compliance.md: request fields `USERID`, `MSISDN`, `USERDATA`, `MSGTYPE`, `NETWORK`, `SESSIONID`; the
reply's `USERID`, `MSISDN`, `MSG`, `MSGTYPE`.

`MSGTYPE` means two things: in a request true says that it is the first of its session, in a reply that the session
stays open. `USERDATA` is the dial string in the first request, and what was typed in a later one. Nothing in a request
tells a retry from the next request, so the same input within three seconds counts as one. That a user has gone or that
a session has timed out is never told. `MSG` has at most 120 characters; no deadline is published. Letters are folded as
by default.
"""

import json

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import whole
from ussd.core.profile import Profile
from ussd.fields import json_object

PROFILE = Profile(max_chars=120)

_MAX_USERDATA = 120


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = json_object(wire)
    first = fields.flag("MSGTYPE")
    said = fields.text("USERDATA", _MAX_USERDATA, least=1 if first else 0)
    callback = Callback(
        session=fields.text("SESSIONID", 128, least=1),
        msisdn=fields.msisdn("MSISDN"),
        phase=Phase.BEGIN if first else Phase.CONTINUE,
        dialled=whole(said) if first else "",
        typed="" if first else said,
        echo={"USERID": fields.text("USERID", 64, least=1)},
    )
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    body = {**callback.echo, "MSISDN": callback.msisdn, "MSG": reply.text, "MSGTYPE": not reply.ends}
    return WireReply(json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")
