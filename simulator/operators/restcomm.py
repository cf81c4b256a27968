"""The operator's side of RestComm."""

from hashlib import blake2b
from xml.etree.ElementTree import Element, SubElement

from simulator.operators import Leg
from ussd.callback import Phase, Reply, WireReply, WireRequest
from ussd.core.text import measure
from ussd.fields import Fields
from ussd.markup import element, named, written

_INVOKE = "5"
_ALPHABETS = {"15": "gsm7", "72": "ucs2"}


def ask(leg: Leg) -> WireRequest:
    """Write the request; what the replies set as `userObject` comes back with all but the first."""
    local, remote = _numbers(leg.session)
    dialog = Element("dialog", networkId="0", localId=local, remoteId=remote, returnMessageOnError="false")
    dialog.set("appCntx", "networkUnstructuredSsContext_version2")
    dialog.set("mapMessagesSize", "0" if leg.phase is Phase.ABORT else "1")
    if leg.phase is Phase.BEGIN:
        message = SubElement(dialog, "processUnstructuredSSRequest_Request", invokeId=_INVOKE, dataCodingScheme="15")
        message.set("string", leg.dialled)
        SubElement(message, "msisdn", nai="international_number", npi="ISDN", number=leg.msisdn)
    else:
        dialog.set("userObject", f"{_INVOKE} {leg.msisdn}")
        _go_on(dialog, leg)
    return WireRequest(headers={"content-type": "text/xml"}, body=written(dialog))


def _go_on(dialog: Element, leg: Leg) -> None:
    if leg.phase is Phase.ABORT:
        dialog.set("mapUserAbortChoice", "isUserSpecificReason")
    else:
        message = SubElement(dialog, "unstructuredSSRequest_Response", invokeId="0", dataCodingScheme="15")
        message.set("string", leg.typed[-1])


def _numbers(session: str) -> tuple[str, str]:
    """The numbers of a TCAP dialogue, of four octets each, which a session always has."""
    octets = blake2b(session.encode(), digest_size=8).digest()
    return str(int.from_bytes(octets[:4])), str(int.from_bytes(octets[4:]))


def read(reply: WireReply) -> Reply:
    """Read the reply; one without a message closes the dialogue."""
    dialog = named(element(reply.body), "dialog")
    if dialog.get("mapMessagesSize") == "0":
        return Reply("", ends=True)
    (message,) = dialog
    ends = "prearrangedEnd" in dialog.attrib
    named(message, "processUnstructuredSSRequest_Response" if ends else "unstructuredSSRequest_Request")
    fields = Fields(message.attrib)
    text = fields.text("string", 4096)
    if fields.choice("dataCodingScheme", _ALPHABETS) == "15" and measure(text).alphabet != "gsm7":
        fields.refuse("dataCodingScheme", "not that of the string")
    if ends:
        fields.choice("invokeId", (_INVOKE,))
    fields.check()
    return Reply(text, ends)
