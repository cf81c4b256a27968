"""Arkesel: one JSON object a callback, with the last input, answered by one JSON object.

Source: the provider's own samples, ArkeselDev/fastapi-ussd-sample and ArkeselDev/php-ussd-sample: request fields
`sessionID`, `userID`, `newSession`, `msisdn`, `userData`, `network`; the reply's `sessionID`, `userID`, `msisdn`,
`message`, `continueSession`.

A first request has `newSession` true and the dial string in `userData`; a later one has what was typed there, and null
where that is nothing. Nothing in a request tells a retry from the next request, so the same input within three seconds
counts as one. That a user has gone or that a session has timed out is never told. The samples state neither a limit nor
a deadline, so the network's 160 octets hold. Letters are folded as by default.
"""

import json

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.fields import json_object

PROFILE = Profile()


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = json_object(wire)
    first = fields.flag("newSession")
    callback = Callback(
        session=fields.text("sessionID", 128, least=1),
        msisdn=fields.msisdn("msisdn"),
        phase=Phase.BEGIN if first else Phase.CONTINUE,
        dialled=whole(fields.text("userData", MAX_DIALLED, least=1)) if first else "",
        typed="" if first else fields.optional("userData", 4096),
        echo={"userID": fields.text("userID", 128, least=1)},
    )
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    body = {
        "sessionID": callback.session,
        **callback.echo,
        "msisdn": callback.msisdn,
        "message": reply.text,
        "continueSession": not reply.ends,
    }
    return WireReply(json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")
