"""Wigal's Smart USSD, version 2: one JSON object a callback, with the last input, answered by the same object.

Source: frogdocs.wigal.com.gh, "Smart USSD V2", and the provider's sample wigalgh/smartussd_api_v2: `network`, `mode`,
`msisdn`, `sessionid`, `userdata`, `username`, `trafficid`, `other`, all of them texts. The reply gives them back as
they came, but for `mode` and `userdata`. Version 1, a GET answered by one line of delimited values, is not spoken.

`mode` is START in a first request, MORE in a later one, END where the session is closed; in a reply MORE asks for an
input and END ends. The sample reads and writes it in any case of letters. A retry repeats `trafficid`, which no other
request has, even of the same session. `userdata` is the dial string in the first request, and what was typed in a later
one. A page has at most 160 characters with its spaces, and what is longer is cut; lines are broken by a line feed, for
which the sample also has `^`. On AirtelTigo's network $ ` < ' & may spoil a screen, so menus do better without them.
No deadline is published. Letters are folded as by default.
"""

import json

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.fields import Fields, json_object

PROFILE = Profile(max_chars=160)

_PHASES = {"start": Phase.BEGIN, "more": Phase.CONTINUE, "end": Phase.ABORT}


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = json_object(wire)
    phase = _PHASES.get(fields.word("mode", _PHASES))
    callback = Callback(
        session=fields.text("sessionid", 128, least=1),
        msisdn=fields.msisdn("msisdn"),
        phase=phase or Phase.ABORT,
        dialled=whole(fields.text("userdata", MAX_DIALLED, least=1)) if phase is Phase.BEGIN else "",
        typed=fields.text("userdata", 4096) if phase is Phase.CONTINUE else "",
        request=fields.text("trafficid", 128, least=1),
        echo=_echo(fields),
    )
    fields.check()
    return callback


def _echo(fields: Fields) -> dict[str, str]:
    return {
        "network": fields.text("network", 64, least=1),
        "msisdn": fields.text("msisdn", 64, least=1),  # as it came, with its plus if it has one
        "username": fields.text("username", 128, least=1),
        "other": fields.optional("other", 1024),
    }


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    body = {
        "network": callback.echo["network"],
        "mode": "END" if reply.ends else "MORE",
        "msisdn": callback.echo["msisdn"],
        "sessionid": callback.session,
        "userdata": reply.text,
        "username": callback.echo["username"],
        "trafficid": callback.request,
        "other": callback.echo["other"],
    }
    return WireReply(json.dumps(body, ensure_ascii=False).encode(), "application/json; charset=utf-8")
