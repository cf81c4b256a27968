"""The operator's side of TruRoute."""

from xml.etree.ElementTree import Element, SubElement

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest
from ussd.markup import children, element, named, written

_TYPES = {Phase.BEGIN: "1", Phase.CONTINUE: "2", Phase.ABORT: "3"}


def ask(leg: Leg) -> WireRequest:
    """Write the request."""
    root = Element("ussd")
    SubElement(root, "msisdn").text = leg.msisdn
    SubElement(root, "sessionid").text = leg.session
    SubElement(root, "type").text = _TYPES[leg.phase]
    SubElement(root, "msg").text = leg.typed[-1] if leg.phase is Phase.CONTINUE else leg.dialled
    return WireRequest(headers={"content-type": "text/xml"}, body=written(root))


def read(reply: WireReply) -> Reply:
    """Read the reply."""
    fields = children(named(element(reply.body), "ussd"))
    ends = fields.choice("type", ("2", "3")) == "3"
    text = fields.text("msg", 4096)
    fields.check()
    return Reply(text, ends)
