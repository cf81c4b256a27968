"""The operator's side of Huawei's SDP."""

from collections.abc import Mapping
from hashlib import blake2b
from xml.etree.ElementTree import Element, SubElement

from simulator.operators import Leg
from ussd.callback import CallbackError, Phase, Reply, WireReply, WireRequest
from ussd.core.text import measure
from ussd.fields import Fields
from ussd.markup import CONTENT_TYPE, children, document, element, local, named, written

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_COMMON = "{http://www.huawei.com.cn/schema/common/v2_1}"
_NOTIFICATION = "{http://www.csapi.org/schema/parlayx/ussd/notification/v1_0/local}"
_SEND = "{http://www.csapi.org/schema/parlayx/ussd/send/v1_0/local}"
_UNSAID = "0xFFFFFFFF"
_ALPHABETS = {"15": "gsm7", "72": "ucs2"}
_OPERATIONS = {"1": ("1",), "2": ("1", "2", "3")}
"""By the type of a message, what it may ask of the network."""


def ask(leg: Leg) -> WireRequest:
    """Write the notification; it has the same number whenever it is sent again."""
    envelope = Element(f"{_SOAP}Envelope")
    header = SubElement(SubElement(envelope, f"{_SOAP}Header"), f"{_COMMON}NotifySOAPHeader")
    number = blake2b(repr(leg).encode(), digest_size=16).hexdigest()
    _fill(header, _COMMON, {"spId": "000201", "serviceId": "35000001", "traceUniqueID": number})
    name, fields = _said(leg)
    _fill(SubElement(SubElement(envelope, f"{_SOAP}Body"), _NOTIFICATION + name), _NOTIFICATION, fields)
    return WireRequest(headers={"content-type": CONTENT_TYPE}, body=written(envelope))


def _said(leg: Leg) -> tuple[str, Mapping[str, str]]:
    ours = _UNSAID if len(leg.typed) == 0 else leg.session
    if leg.phase is Phase.ABORT:
        fields = {"abortReason": "The end user cancels.", "senderCB": leg.session, "receiveCB": ours}
        return "notifyUssdAbort", fields
    begins = leg.phase is Phase.BEGIN
    return "notifyUssdReception", {
        "msgType": "0" if begins else "1",
        "senderCB": leg.session,
        "receiveCB": ours,
        "ussdOpType": "1" if begins else "3",
        "msIsdn": leg.msisdn,
        "serviceCode": leg.dialled.strip("*#"),
        "codeScheme": "15",
        "ussdString": leg.dialled if begins else leg.typed[-1],
    }


def _fill(parent: Element, namespace: str, fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        SubElement(parent, namespace + name).text = value


def follows(wire: WireRequest) -> str:
    """The session in which a screen is sent for a notification; empty where none is."""
    name, fields = _opened(document(wire))
    return fields.text("senderCB", 128) if name == "notifyUssdReception" else ""


def session(wire: WireRequest) -> str:
    """The session that a screen was sent for. Raises ValueError where it cannot be read."""
    name, fields = _opened(document(wire))
    if name != "sendUssd":
        raise CallbackError("Body: not a sendUssd")
    return fields.text("receiveCB", 128)


def took() -> WireReply:
    """Write that a screen was taken."""
    envelope = Element(f"{_SOAP}Envelope")
    said = SubElement(SubElement(envelope, f"{_SOAP}Body"), f"{_SEND}sendUssdResponse")
    _fill(said, _SEND, {"result": "0"})
    return WireReply(written(envelope), CONTENT_TYPE)


def read(reply: WireReply) -> Reply:
    """Read the screen that was sent; with an acknowledgement alone there is none."""
    if not reply.body:
        return Reply("", ends=True)
    name, fields = _opened(element(reply.body))
    if name in ("notifyUssdReceptionResponse", "notifyUssdAbortResponse"):
        return Reply("", ends=True)
    if name != "sendUssd":
        raise CallbackError("Body: not a sendUssd")
    return _shown(fields)


def _shown(fields: Fields) -> Reply:
    text, kind = fields.text("ussdString", 4096), fields.choice("msgType", _OPERATIONS)
    fields.choice("ussdOpType", _OPERATIONS.get(kind, ()))
    fields.msisdn("msIsdn")
    for name in ("senderCB", "receiveCB"):
        fields.text(name, 128, least=1)
    if fields.choice("codeScheme", _ALPHABETS) == "15" and measure(text).alphabet != "gsm7":
        fields.refuse("codeScheme", "not that of the string")
    fields.check()
    return Reply(text, ends=kind == "2")


def _opened(envelope: Element) -> tuple[str, Fields]:
    """The operation in the body of an envelope. Raises CallbackError."""
    found = [one for part in named(envelope, "Envelope") if local(part) == "Body" for one in part]
    if len(found) != 1:
        raise CallbackError("Body: not one operation")
    return local(found[0]), children(found[0])
