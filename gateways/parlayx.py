"""Huawei's SDP, ParlayX USSD: SOAP, acknowledged at once and answered by a `sendUssd` call of ours to the operator.

Source: no document of it is public. Public clients agree on the messages: TouK/vumi, `vumi/transports/parlayx_ussd/`
(which says that it was never tried against an operator), and classes generated from the WSDL of `sendUssd`: names,
their order and types. praekeltfoundation/vumi, `vumi/transports/parlayx/client.py`, has the password: MD5 of spId,
password and timeStamp. Where clients differ: names are read without their namespaces; `msIsdn` with or without `tel:`;
a last screen has msgType 2 and ussdOpType 3 (TouK; others send 1 or 2: `end_operation`). None sends Persian: its
codeScheme is taken from 3GPP TS 23.038, 5, where 72 is UCS-2 and 15 GSM-7 (clients have 15, 17 or 68 with Latin text).

notifyUssdReception with msgType 0 begins with the dial string, 1 goes on with what was typed, 2 is an end; an abort is
notifyUssdAbort, which names no line. An end and an abort are acknowledged, and nothing is sent.

A session has two ids, one of each side: that of the operator is its `senderCB`, and is the session here, since it is in
all that the operator sends. Ours, `receiveCB`, is 0xFFFFFFFF until we have said one. What we send has both the other
way round; most clients put the operator's own in the place of ours at first, and so does this one.

The header's `traceUniqueID` and `timeStamp` tell one delivery from another, and nobody says what a retry repeats, or
that a session's requests have different ones. So a retry is what repeats both and the input; without a traceUniqueID,
the same input within three seconds. Neither a limit nor a deadline is published, nor the time zone of `timeStamp`
(ours is UTC), nor what an overloaded partner is to say: the network's 160 octets, five seconds and HTTP 503 hold.
Texts go out as the profile folds them, without joiners.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, register_namespace

from ussd.callback import Callback, CallbackError, Phase, Reply, WireReply, WireRequest, msisdn
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.core.text import measure
from ussd.fields import Fields
from ussd.markup import CONTENT_TYPE, children, document, element, local, named, written
from ussd.settings.sending import SANDBOX, Sending

PROFILE = Profile()

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_COMMON = "http://www.huawei.com.cn/schema/common/v2_1"
_NOTIFICATION = "http://www.csapi.org/schema/parlayx/ussd/notification/v1_0/local"
_SEND = "http://www.csapi.org/schema/parlayx/ussd/send/v1_0/local"
register_namespace("soapenv", _SOAP)
register_namespace("tns", _COMMON)
register_namespace("loc", _SEND)

_RECEPTION, _ABORT = "notifyUssdReception", "notifyUssdAbort"
_PHASES = {"0": Phase.BEGIN, "1": Phase.CONTINUE, "2": Phase.ABORT}
_CONTINUE, _END = "1", "2"
_REQUEST = "1"
_UNSAID = ("", "FFFFFFFF", "0xFFFFFFFF")
"""Where an id of ours would be."""


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    envelope = named(document(wire), "Envelope")
    operations = _inside(envelope, "Body")
    if len(operations) != 1 or local(operations[0]) not in (_RECEPTION, _ABORT):
        raise CallbackError(f"Body: not one {_RECEPTION} or {_ABORT}")
    every = Element("every")
    every.extend([field for header in _inside(envelope, "Header") for field in header])
    every.extend(operations[0])
    fields = children(every)
    callback = _aborted(fields) if local(operations[0]) == _ABORT else _received(fields)
    fields.check()
    return callback


def _inside(envelope: Element, name: str) -> list[Element]:
    """What a part of the envelope holds."""
    return [one for part in envelope if local(part) == name for one in part]


def _aborted(fields: Fields) -> Callback:
    return Callback(fields.text("senderCB", 128, least=1), "", Phase.ABORT, echo={"notified": _ABORT})


def _received(fields: Fields) -> Callback:
    kind = fields.choice("msgType", _PHASES)
    phase = _PHASES.get(kind, Phase.ABORT)
    said = _said(fields, phase)
    trace, stamp = fields.optional("traceUniqueID", 128), fields.optional("timeStamp", 64)
    repeated = {name: fields.optional(name, 128) for name in ("receiveCB", "serviceCode", "serviceId", "linkid")}
    return Callback(
        session=fields.text("senderCB", 128, least=1),
        msisdn=_line(fields),
        phase=phase,
        dialled=whole(said) if phase is Phase.BEGIN else "",
        typed=said if phase is Phase.CONTINUE else "",
        request=f"{trace} {stamp} {kind} {said}" if trace else "",
        echo={"notified": _RECEPTION} | {name: value for name, value in repeated.items() if value},
    )


def _said(fields: Fields, phase: Phase) -> str:
    match phase:
        case Phase.BEGIN:
            return fields.text("ussdString", MAX_DIALLED, least=1)
        case Phase.CONTINUE:
            return fields.text("ussdString", 4096)
        case Phase.ABORT:
            return ""


def _line(fields: Fields) -> str:
    """The subscriber's number, which may come as a URI (RFC 3966)."""
    given = fields.text("msIsdn", 64, least=1)
    number = msisdn(given.removeprefix("tel:"))
    return number or (given and fields.refuse("msIsdn", "not an MSISDN with country code"))


def acknowledge(callback: Callback) -> WireReply:
    """Write that the notification came."""
    notified = callback.echo["notified"]
    envelope, body = _envelope()
    said = SubElement(body, f"{{{_NOTIFICATION}}}{notified}Response")
    if notified == _RECEPTION:
        SubElement(said, f"{{{_NOTIFICATION}}}result").text = "0"
    return WireReply(written(envelope), CONTENT_TYPE)


def _envelope(header: Element | None = None) -> tuple[Element, Element]:
    """An envelope, and its body to be filled."""
    envelope = Element(f"{{{_SOAP}}}Envelope")
    SubElement(envelope, f"{{{_SOAP}}}Header").extend([] if header is None else [header])
    return envelope, SubElement(envelope, f"{{{_SOAP}}}Body")


def _filled(parent: Element, namespace: str, fields: Mapping[str, str | None]) -> Element:
    """An element with those fields that have a value, in the order that its schema gives them."""
    for name, value in fields.items():
        if value is not None:
            SubElement(parent, f"{{{namespace}}}{name}").text = value
    return parent


@dataclass(frozen=True, slots=True)
class Bound:
    """This gateway towards one operator: in whose name it sends, and what is agreed there."""

    sending: Sending = SANDBOX
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    PROFILE: Profile = PROFILE

    def decode(self, wire: WireRequest) -> Callback:
        """Read one callback. Raises CallbackError."""
        return decode(wire)

    def acknowledge(self, callback: Callback) -> WireReply:
        """Write that the notification came."""
        return acknowledge(callback)

    def refused(self, answer: WireReply) -> bool:
        """Whether the operator's answer is a fault."""
        return refused(answer)

    def encode(self, reply: Reply, callback: Callback) -> WireReply:
        """Write `sendUssd`; nothing for an end."""
        if callback.phase is Phase.ABORT:
            return WireReply(b"", CONTENT_TYPE)
        envelope, body = _envelope(self._header(callback))
        _filled(SubElement(body, f"{{{_SEND}}}sendUssd"), _SEND, self._screen(reply, callback))
        return WireReply(written(envelope), CONTENT_TYPE, headers={"SOAPAction": '""'})

    def _screen(self, reply: Reply, callback: Callback) -> Mapping[str, str | None]:
        ours = callback.echo.get("receiveCB", "")
        gsm7 = measure(reply.text).alphabet == "gsm7"
        return {
            "msgType": _END if reply.ends else _CONTINUE,
            "senderCB": callback.session if ours in _UNSAID else ours,
            "receiveCB": callback.session,
            "ussdOpType": str(self.sending.end_operation) if reply.ends else _REQUEST,
            "msIsdn": callback.msisdn,
            "serviceCode": callback.echo.get("serviceCode"),
            "codeScheme": str(self.sending.gsm7_scheme if gsm7 else self.sending.ucs2_scheme),
            "ussdString": reply.text,
        }

    def _header(self, callback: Callback) -> Element:
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(self.clock()))
        account = self.sending.sp_id is not None
        fields = {
            "spId": self.sending.sp_id,
            "spPassword": self._password(stamp) if account else None,
            "serviceId": self.sending.service_id or callback.echo.get("serviceId"),
            "timeStamp": stamp if account else None,
            "OA": callback.msisdn,
            "FA": callback.msisdn,
            "linkid": callback.echo.get("linkid"),
        }
        return _filled(Element(f"{{{_COMMON}}}RequestSOAPHeader"), _COMMON, fields)

    def _password(self, stamp: str) -> str:
        password = self.sending.password.get_secret_value() if self.sending.password else ""
        # What the operator demands; over TLS it is as good as any other.
        return hashlib.md5(f"{self.sending.sp_id}{password}{stamp}".encode(), usedforsecurity=False).hexdigest()


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write `sendUssd` as it is without an account."""
    return Bound().encode(reply, callback)


def refused(answer: WireReply) -> bool:
    """Whether the operator's answer to `sendUssd` is a fault, which comes with HTTP 500 (SOAP 1.1, 6.2)."""
    try:
        envelope = named(element(answer.body), "Envelope")
    except CallbackError:
        return False
    return [local(one) for one in _inside(envelope, "Body")] == ["Fault"]
