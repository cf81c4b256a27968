"""Comviva Flares 1.5.0, HTTP pull: a GET a callback, answered by a text and a header that says how it goes on.

    ?SessionID=17&MSISDN=989120000001&MSC=...&input=4*1420      dialled, without the leading star and the final hash
    ?SessionID=17&MSISDN=989120000001&MSC=...&input=1           typed
    ?SessionID=17&msisdn=989120000001&clean=...&error=522       the session is over

and the header `Freeflow`, `FC` where an answer is waited for and `FB` where not; `charge` and `amount` say that all is
free. Source: Comviva's document 1.2.0 of that version as Vumi's `vumi/transports/airtel` implements it, and as its
tests record the clean-up call from Airtel, whose query has values without a name. `userid` and `password`, where they
are sent, say who calls and are no part of a callback.

A first request is told by nothing but a session id that nobody has seen. So each says what it would dial, and begins a
session where none is open and that is a dial string of ours. In an open session it is an answer, unless it is the dial
string that began it: that is the first request again. A retry of anything else is told by its input alone. An abort is
the clean-up call, whose reply is empty. Nothing is said of a limit, so the network's 160 octets hold, nor of a deadline
or of letters that handsets lack.
"""

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import whole
from ussd.core.profile import Profile
from ussd.fields import Fields, query

PROFILE = Profile()

_TYPE = "text/plain; charset=utf-8"


def decode(wire: WireRequest) -> Callback:
    """Read one callback or the clean-up call. Raises CallbackError."""
    fields = query(wire)
    if "clean" in fields:
        return _cleaned(fields)
    typed = fields.text("input", 4096)
    callback = Callback(
        session=fields.text("SessionID", 128, least=1),
        msisdn=fields.msisdn("MSISDN"),
        phase=Phase.CONTINUE,
        dialled=whole(typed),
        typed=typed,
    )
    fields.check()
    return callback


def _cleaned(fields: Fields) -> Callback:
    fields.text("clean", 64)
    fields.text("error", 64)
    callback = Callback(fields.text("SessionID", 128, least=1), fields.msisdn("msisdn"), Phase.ABORT)
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply; the clean-up call wants no words."""
    if callback.phase is Phase.ABORT:
        return WireReply(b"", _TYPE)
    headers = {"Freeflow": "FB" if reply.ends else "FC", "charge": "N", "amount": "0"}
    return WireReply(reply.text.encode(), _TYPE, headers=headers)
