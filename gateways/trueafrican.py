"""TrueAfrican (Uganda): XML-RPC, one method each for a session's begin, its inputs and its end.

Source: praekelt/vumi, `vumi/transports/trueafrican/transport.py` and its tests, which ran against it: the methods
`USSD.INIT` with `session`, `msisdn`, `shortcode`, `USSD.CONT` with `session`, `response`, and `USSD.END` with
`session`, each of one struct of strings; the reply is a struct of `session`, `type` ("cont" or "end") and `message`,
to USSD.END an empty one.

The method tells a first request from a later one, and the end. The line is named in USSD.INIT alone: a later callback
has no MSISDN, and its session is known by its id. A retry repeats its fields and has no number. Nothing is said of a
limit or a deadline: the network's 160 octets and our own five seconds hold. Texts go out as the profile folds them,
without joiners.
"""

from xml.etree.ElementTree import Element

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.fields import Fields
from ussd.markup import CONTENT_TYPE, document, named, written
from ussd.xml_rpc import add_struct, struct

PROFILE = Profile()

_PHASES = {"USSD.INIT": Phase.BEGIN, "USSD.CONT": Phase.CONTINUE, "USSD.END": Phase.ABORT}


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    call = named(document(wire), "methodCall")
    fields = Fields({**struct(call), "methodName": call.findtext("methodName")})
    phase = _PHASES.get(fields.choice("methodName", _PHASES))
    callback = Callback(
        session=fields.text("session", 128, least=1),
        msisdn=fields.msisdn("msisdn") if phase is Phase.BEGIN else "",
        phase=phase or Phase.ABORT,
        # The dial string as it was dialled, `*23#`, whatever the field is called.
        dialled=whole(fields.text("shortcode", MAX_DIALLED, least=1)) if phase is Phase.BEGIN else "",
        typed=fields.text("response", 4096) if phase is Phase.CONTINUE else "",
        line_once=phase is Phase.BEGIN,
    )
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    said = {"session": callback.session, "type": "end" if reply.ends else "cont", "message": reply.text}
    response = Element("methodResponse")
    add_struct(response, {} if callback.phase is Phase.ABORT else said)
    return WireReply(written(response), CONTENT_TYPE)
