"""Hubtel's Programmable Services: one JSON object a callback, with the last input, answered by one JSON object.

Source: developers.hubtel.com, "API Reference - Prog Services", and hubtel/programmable-services-sdk-dotnet: request
fields `Type`, `Message`, `ServiceCode`, `Operator`, `ClientState`, `Mobile`, `SessionId`, `Sequence`, `Platform`; the
reply's `Type`, `Message`, `Label`, `DataType`, `FieldType`, and others that a USSD screen has no use for. Only the USSD
channel is spoken: a session of the Hubtel app has no dial string and is refused, and so are `query` and `favorite`.

A first request has the `Type` initiation, a later one response; the SDK reads them in any case of letters. A retry
repeats `Sequence`, the place of a request in its session: a number in the SDK, a text in the documentation's sample.
`release` says that the user has gone, `timeout` that our reply came too late; a reply to either is ignored. The
provider says nothing of a limit of its own, so the network's 160 octets hold, nor after how long it sends `timeout`.
Letters are folded as by default.
"""

import json

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.fields import json_object

PROFILE = Profile()

_PHASES = {
    "initiation": Phase.BEGIN,
    "response": Phase.CONTINUE,
    "release": Phase.ABORT,
    "timeout": Phase.ABORT,
}


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = json_object(wire)
    phase = _PHASES.get(fields.word("Type", _PHASES))
    # The service code is that of the contract, `711*2`; what was dialled, with answers behind it, is the message.
    callback = Callback(
        session=fields.text("SessionId", 128, least=1),
        msisdn=fields.msisdn("Mobile"),
        phase=phase or Phase.ABORT,
        dialled=whole(fields.text("Message", MAX_DIALLED, least=1)) if phase is Phase.BEGIN else "",
        typed=fields.text("Message", 4096) if phase is Phase.CONTINUE else "",
        request=fields.integer("Sequence"),
    )
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply; the label is what channels other than USSD show above the message."""
    body = {
        "Type": "release" if reply.ends else "response",
        "Message": reply.text,
        "Label": reply.text,
        "DataType": "display" if reply.ends else "input",
        "FieldType": "text",
    }
    return WireReply(json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")
