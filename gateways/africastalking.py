"""Africa's Talking: a form a callback with all inputs so far, answered by a text behind `CON` or `END`.

Source: the provider's USSD documentation as its clients' public code agrees on it: request fields `sessionId`,
`phoneNumber`, `networkCode`, `serviceCode`, `text`; the end-of-session notification carries `status` and
`durationInMillis` and may be sent here or elsewhere. A body that starts with neither CON nor END ends the session.

A first request has an empty `text`, unless answers followed the shortcode when it was dialled: then the session is
one that nobody has seen yet. A retry repeats `text`. The provider says nothing of a limit of its own, so the
network's 160 octets hold.
"""

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.fields import Fields, form

PROFILE = Profile()

_STATUSES = ("Success", "Incomplete", "Failed")


def decode(wire: WireRequest) -> Callback:
    """Read one callback or the notification that a session has ended. Raises CallbackError."""
    fields = form(wire)
    if "status" in fields and "text" not in fields:
        return _notified(fields)
    typed = fields.text("text", 4096)
    callback = Callback(
        session=fields.text("sessionId", 128, least=1),
        msisdn=fields.msisdn("phoneNumber"),
        phase=Phase.CONTINUE if typed else Phase.BEGIN,
        dialled=whole(fields.text("serviceCode", MAX_DIALLED, least=1)),
        typed=typed,
        accumulated=True,
    )
    fields.check()
    return callback


def _notified(fields: Fields) -> Callback:
    fields.choice("status", _STATUSES)
    callback = Callback(fields.text("sessionId", 128, least=1), fields.msisdn("phoneNumber"), Phase.ABORT)
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply; a notification wants no words."""
    if callback.phase is Phase.ABORT:
        return WireReply(b"", "text/plain; charset=utf-8")
    return WireReply(f"{'END' if reply.ends else 'CON'} {reply.text}".encode(), "text/plain; charset=utf-8")
