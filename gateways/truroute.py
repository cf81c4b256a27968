"""TruRoute: a small XML document a callback with the last input, answered by another.

Source: the API specification of SMS.com.na, version 2022.02, pages 7 and 8 ("USSD HTTP POST to WASP", "USSD response
from WASP"): `<ussd>` with `msisdn`, `sessionid`, `type` and `msg`; the reply has `type` and `msg`. Nothing is said of
the content type: either of XML's two is read. Type 10 reports that a premium charge failed; we never ask for one and
leave `premium` out of our replies, so that it is refused here.

A first request has type 1 and the dial string in `msg`, a later one type 2 and what was typed. Type 3 says that the
subscriber hung up, type 4 that they did not answer in time: our answer to either is a release, which nobody sees. A
retry repeats its fields and has no number. Nothing is said of a limit or a deadline: the network's 160 octets and our
own five seconds hold. Texts go out as the profile folds them, without joiners.
"""

from xml.etree.ElementTree import Element, SubElement

from ussd.callback import Callback, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.markup import CONTENT_TYPE, children, document, named, written

PROFILE = Profile()

_PHASES = {"1": Phase.BEGIN, "2": Phase.CONTINUE, "3": Phase.ABORT, "4": Phase.ABORT}
_GOES_ON, _RELEASES = "2", "3"


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    fields = children(named(document(wire), "ussd"))
    phase = _PHASES.get(fields.choice("type", _PHASES))
    callback = Callback(
        session=fields.text("sessionid", 128, least=1),
        msisdn=fields.msisdn("msisdn"),
        phase=phase or Phase.ABORT,
        dialled=whole(fields.text("msg", MAX_DIALLED, least=1)) if phase is Phase.BEGIN else "",
        typed=fields.text("msg", 4096) if phase is Phase.CONTINUE else "",
    )
    fields.check()
    return callback


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    root = Element("ussd")
    SubElement(root, "type").text = _RELEASES if reply.ends else _GOES_ON
    SubElement(root, "msg").text = reply.text
    return WireReply(written(root), CONTENT_TYPE)
