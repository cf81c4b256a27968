"""RestComm USSD Gateway (Mobicents, TeleStax) in pull: a MAP dialogue as XML over HTTP, with the last input.

Source: RestComm/ussdgateway, "HTTP Transfer Mechanism" of its admin guide, and its code (`XmlMAPDialog`, `ChildSbb`,
`HttpClientSbb`). It allows 182 characters of GSM-7, dataCodingScheme 15, or 80 of UCS-2, 72; waits 25 s
(`dialogtimeout`) and asks but once, so that requests have no number: its invokeIds may be used again in one dialogue.

The message in `dialog` says what a request is: processUnstructuredSSRequest_Request begins a session with the dial
string, unstructuredSSRequest_Response goes on, and none at all, but a reason, is its end: hung up, refused, timed out,
an error of the network. Nobody reads the answer to that; it closes the dialogue without a word to the handset.

Its session is `localId` and `remoteId`, the numbers of the TCAP dialogue that each request carries, and not a cookie:
the guide wants one for push alone. The last reply must have the first request's invokeId, and only that request is
sure to name the line. The gateway repeats `userObject` in all that follows, so both travel there. Texts go out as the
profile folds them, without joiners.
"""

import re
from xml.etree.ElementTree import Element, SubElement

from ussd.callback import Callback, CallbackError, Phase, Reply, WireReply, WireRequest
from ussd.core.dial import MAX_DIALLED, whole
from ussd.core.profile import Profile
from ussd.core.text import measure
from ussd.fields import Fields
from ussd.markup import CONTENT_TYPE, document, named, written

PROFILE = Profile()

_MESSAGES = {"processUnstructuredSSRequest_Request": Phase.BEGIN, "unstructuredSSRequest_Response": Phase.CONTINUE}
_REASONS = ("mapUserAbortChoice", "mapAbortProviderReason", "mapRefuseReason", "dialogTimedOut", "invokeTimedOut")
_ERRORS = ("errComponents", "rejectComponents")
_SCHEMES = {"gsm7": "15", "ucs2": "72"}
_NUMBER = re.compile("-?[0-9]{1,19}")
_KEPT = re.compile("(-?[0-9]{1,19}) ([1-9][0-9]{6,14})")


def decode(wire: WireRequest) -> Callback:
    """Read one callback. Raises CallbackError."""
    dialog = named(document(wire), "dialog")
    message, phase = _message(dialog)
    fields = Fields({**message.attrib, **dialog.attrib, "msisdn": _line(dialog, message)})
    invoke, msisdn = _known(fields, phase)
    callback = Callback(
        session=f"{_number(fields, 'localId')}.{_number(fields, 'remoteId')}",
        msisdn=msisdn,
        phase=phase,
        dialled=whole(fields.text("string", MAX_DIALLED, least=1)) if phase is Phase.BEGIN else "",
        # A subscriber who sends nothing sends no string.
        typed=fields.optional("string", 4096) if phase is Phase.CONTINUE else "",
        echo={"invokeId": invoke},
    )
    fields.check()
    return callback


def _message(dialog: Element) -> tuple[Element, Phase]:
    """The message of a request and what it means; the dialogue itself where it is at its end."""
    messages = [child for child in dialog if child.tag in _MESSAGES]
    # Some releases put an empty list of errors into all that they send.
    failed = any(len(child) for child in dialog if child.tag in _ERRORS)
    ended = any(dialog.get(reason, "false") != "false" for reason in _REASONS)
    if len(messages) == 1 and not ended:
        return messages[0], _MESSAGES[messages[0].tag]
    if not messages and (ended or failed):
        return dialog, Phase.ABORT
    raise CallbackError("dialog: neither one message nor a reason for its end")


def _line(dialog: Element, message: Element) -> str | None:
    """The subscriber's number, which only an international one has with its country code."""
    found = message.find("msisdn")
    found = dialog.find("originationReference") if found is None else found
    if found is None:
        return None
    number = found.get("number", "")
    return number if found.get("nai") == "international_number" else f"not international: {number}"


def _known(fields: Fields, phase: Phase) -> tuple[str, str]:
    """The invokeId and the line of the first request; of a dialogue that ends before our first reply the line alone."""
    if phase is Phase.BEGIN:
        return _number(fields, "invokeId"), fields.msisdn("msisdn")
    kept = _KEPT.fullmatch(fields.optional("userObject", 64))
    if kept:
        return kept[1], kept[2]
    if phase is Phase.ABORT:
        return "", fields.msisdn("msisdn")
    return fields.refuse("userObject", "not what a reply set"), ""


def _number(fields: Fields, name: str) -> str:
    value = fields.text(name, 20, least=1)
    return value if not value or _NUMBER.fullmatch(value) else fields.refuse(name, "not a whole number")


def encode(reply: Reply, callback: Callback) -> WireReply:
    """Write the reply."""
    said = {"dataCodingScheme": _SCHEMES[measure(reply.text).alphabet], "string": reply.text}
    invoke = callback.echo.get("invokeId", "")
    if callback.phase is Phase.ABORT:
        dialog = Element("dialog", mapMessagesSize="0", prearrangedEnd="true")
    elif reply.ends:
        dialog = Element("dialog", mapMessagesSize="1", prearrangedEnd="false")
        SubElement(dialog, "processUnstructuredSSRequest_Response", {"invokeId": invoke, **said})
    else:
        dialog = Element("dialog", mapMessagesSize="1", userObject=f"{invoke} {callback.msisdn}")
        SubElement(dialog, "unstructuredSSRequest_Request", said)
    return WireReply(written(dialog), CONTENT_TYPE)
