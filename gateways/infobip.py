"""Infobip's older USSD gateway: a JSON callback whose session and whose meaning are in its path.

    POST session/17/start      {"msisdn": "989120000001", "text": "*4*1420#", "shortCode": "*4*1420#", ...}
    POST session/17/response   {"msisdn": "989120000001", "text": "1", ...}
    PUT  session/17/end        {"exitCode": 0, "reason": "..."}

behind the gateway's own path, and the reply `{"shouldClose": false, "ussdMenu": "...", "responseExitCode": 200,
"responseMessage": ""}`. Source: the provider's "USSD Gateway to Third-party Application HTTP/REST/JSON Web Service API"
as Vumi's `vumi/transports/infobip` quotes it and its tests show it. Of the gateway that is sold today nothing is known.

A first request is told by `start`, an abort by `end`, which names no line and is only acknowledged. A retry is told by
its text alone. The document says that a session's first reply never closes it: whoever answers a last screen reads it
again. The provider's glossary says 182 characters, of GSM-7, so the network's 160 octets hold; nothing is said of a
deadline, nor of letters that handsets lack.

`session/17/status` asks, with no body, whether a session is open. It is refused: a session here is a line's, which it
does not name, and a wrong no would end a dialogue.
"""

import json
import re

from ussd.callback import Callback, CallbackError, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, extend, whole
from ussd.core.profile import Profile
from ussd.fields import json_object

PROFILE = Profile()

_CALLED = re.compile("session/([!-~]{1,128})/(start|response|end|status)")


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    called = _CALLED.fullmatch(wire.path)
    if not called:
        raise CallbackError("path: nothing is called there")
    match called.groups():
        case session, "start":
            return _started(wire, session)
        case session, "response":
            return _answered(wire, session)
        case session, "end":
            return _ended(wire, session)
        case _:
            raise CallbackError("path: status is not told here")


def _started(wire: WireRequest, session: str) -> Callback:
    fields = json_object(wire, path=True)
    short = fields.optional("shortCode", MAX_DIALLED)
    text = fields.text("text", MAX_DIALLED, least=0 if short else 1)
    callback = Callback(session, fields.msisdn("msisdn"), Phase.BEGIN, dialled=_dialled(short, text))
    fields.check()
    return callback


def _dialled(short: str, text: str) -> str:
    # `text` is the field that is always sent, and clients of the same format show `*766#` in it beside a short code of
    # `766`: it is the whole dial string. Where it does not begin with the short code it can only be what was behind it.
    code, typed = whole(short), whole(text)
    return typed if not short or typed.startswith(code.removesuffix("#")) else extend(code, text)


def _answered(wire: WireRequest, session: str) -> Callback:
    fields = json_object(wire, path=True)
    callback = Callback(session, fields.msisdn("msisdn"), Phase.CONTINUE, typed=fields.text("text", 4096))
    fields.check()
    return callback


def _ended(wire: WireRequest, session: str) -> Callback:
    fields = json_object(wire, path=True, method="PUT" if wire.method == "PUT" else "POST")
    fields.integer("exitCode")
    fields.text("reason", 4096)
    callback = Callback(session, fields.msisdn("msisdn") if "msisdn" in fields else "", Phase.ABORT)
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply; that a session has ended is only acknowledged."""
    said = {} if callback.phase is Phase.ABORT else {"shouldClose": reply.ends, "ussdMenu": reply.text}
    body = json.dumps({**said, "responseExitCode": 200, "responseMessage": ""}, ensure_ascii=False).encode()
    return WireReply(body, "application/json; charset=utf-8")
