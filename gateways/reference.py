"""The reference gateway: our own plain JSON, one object a callback.

    {"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#", "request": "1"}
    {"session": "s1", "msisdn": "989120000001", "event": "continue", "input": "1", "request": "2"}
    {"session": "s1", "msisdn": "989120000001", "event": "abort"}

and the reply `{"text": "...", "ends": false}`. `request` tells a retry from the next request and may be left out;
then the same input within three seconds counts as a retry.
"""

import json

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.profile import Profile
from ussd.fields import json_object

PROFILE = Profile()

_PHASES = {phase.value: phase for phase in Phase}


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = json_object(wire)
    phase = _PHASES.get(fields.choice("event", _PHASES))
    callback = Callback(
        session=fields.text("session", 128, least=1),
        msisdn=fields.msisdn("msisdn"),
        phase=phase or Phase.ABORT,
        dialled=fields.text("dialled", 4096, least=1) if phase is Phase.BEGIN else "",
        typed=fields.text("input", 4096) if phase is Phase.CONTINUE else "",
        request=fields.optional("request", 128),
    )
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    body = json.dumps({"text": reply.text, "ends": reply.ends}, ensure_ascii=False).encode()
    return WireReply(body, "application/json; charset=utf-8")
