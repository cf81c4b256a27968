"""The operator's side of TrueAfrican."""

from xml.etree.ElementTree import Element, SubElement

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest
from ussd.fields import Fields
from ussd.markup import element, named, written
from ussd.xml_rpc import add_struct, struct


def ask(leg: Leg) -> WireRequest:
    """Write the call."""
    call = Element("methodCall")
    method, given = _said(leg)
    SubElement(call, "methodName").text = method
    add_struct(call, {"session": leg.session, **given})
    return WireRequest(headers={"content-type": "text/xml"}, body=written(call))


def _said(leg: Leg) -> tuple[str, dict[str, str]]:
    match leg.phase:
        case Phase.BEGIN:
            return "USSD.INIT", {"msisdn": f"+{leg.msisdn}", "shortcode": leg.dialled}
        case Phase.CONTINUE:
            return "USSD.CONT", {"response": leg.typed[-1]}
        case Phase.ABORT:
            return "USSD.END", {}


def read(reply: WireReply) -> Reply:
    """Read the response; an empty one is the answer to the session's end."""
    said = struct(named(element(reply.body), "methodResponse"))
    if not said:
        return Reply("", ends=True)
    fields = Fields(said)
    text, kind = fields.text("message", 4096), fields.choice("type", ("cont", "end"))
    fields.text("session", 128, least=1)
    fields.check()
    return Reply(text, ends=kind == "end")
