"""What a PDU means to the engine: a deliver_sm as a callback, and a reply as the submit_sm that belongs to it.

What the reply must say again is in the callback's `echo`: both addresses, its_session_info and user_message_reference,
each as it came, whichever of them tells the session. A screen is one message: 160 octets of UCS-2, or the 182 septets
that are packed into as many on the air, are less than a short_message holds.
"""

import re
from enum import Enum

from gateways.smpp.bodies import Address, Message
from gateways.smpp.codes import Tag
from gateways.smpp.coding import NotText, decode, encode
from gateways.smpp.dialects import Dialect
from ussd.callback import Callback, Phase, Reply, msisdn
from ussd.core.dial import MAX_DIALLED, extend, whole
from ussd.core.profile import Profile
from ussd.fields import Fields

PROFILE = Profile()
"""160 octets, 3GPP TS 29.002: SMPP itself would carry more. 5 s: none of the sources says what an SMSC waits."""

_TYPE = 0b0011_1100
_END = 0x0001
_UNIT = 0x00FE
_ADDRESS = 20
# Octets of user_message_reference: two by the specification; a longer one does no harm, since it goes back as it is.
_SIGN = 8
_INTERNATIONAL, _NATIONAL = 1, 2
_DIAL = re.compile(r"\s*\*[^#]+#\s*")


class Ignored(Enum):
    """A message that is no callback, and no fault either: it is acknowledged, and nothing comes of it."""

    RECEIPT = "receipt"
    """A delivery receipt, or another acknowledgement: SMPP 3.4, 5.2.12, bits 5 to 2 of esm_class."""
    OTHER_SERVICE = "other service"
    CONFIRMATION = "confirmation"
    """An operation that the dialect ignores."""


def callback_of(message: Message, dialect: Dialect) -> Callback | Ignored:
    """Read what an SMSC delivers. Raises CallbackError."""
    ignored = _ignored(message, dialect)
    if ignored:
        return ignored
    fields = Fields({})
    info = _info(message, dialect, fields)
    over = dialect.end_bit and info is not None and bool(info & _END)
    text = "" if over else _text(message, dialect, fields)
    phase = Phase.ABORT if over else _phase(message, text, dialect, fields)
    callback = Callback(
        session=_session(message, info, dialect, fields),
        msisdn=_line(message.source, dialect.country_code, fields),
        phase=phase,
        dialled=_dialled(message, text, dialect, fields) if phase is Phase.BEGIN else "",
        typed=text if phase is Phase.CONTINUE else "",
        request=_unit(info, dialect) if phase is Phase.CONTINUE else "",
        echo=_echo(message, fields),
    )
    fields.check()
    return callback


def _ignored(message: Message, dialect: Dialect) -> Ignored | None:
    operation = message.tlvs.get(Tag.USSD_SERVICE_OP)
    if message.esm_class & _TYPE:
        return Ignored.RECEIPT
    # An operation makes it USSD, whatever the service is called: many SMSCs do not say it.
    if operation is None and message.service_type != dialect.service_type:
        return Ignored.OTHER_SERVICE
    return Ignored.CONFIRMATION if operation and operation[0] in dialect.ignore else None


def _info(message: Message, dialect: Dialect, fields: Fields) -> int | None:
    """its_session_info as a number; None where there is none, which is a fault where it tells the session."""
    octets = message.tlvs.get(Tag.ITS_SESSION_INFO)
    if octets is None:
        if dialect.session == "its_session_info":
            fields.refuse("its_session_info", "missing")
        return None
    if len(octets) != 2:
        fields.refuse("its_session_info", "not two octets")
        return None
    return int.from_bytes(octets, "big")


def _text(message: Message, dialect: Dialect, fields: Fields) -> str:
    operation = message.tlvs.get(Tag.USSD_SERVICE_OP, b"")
    if operation and operation[0] in dialect.abort | dialect.release:  # nobody reads what it may carry
        return ""
    try:
        return decode(message.data_coding, message.text, dialect.coding.alphabets)
    except NotText as fault:
        return fields.refuse("short_message", str(fault))


def _phase(message: Message, text: str, dialect: Dialect, fields: Fields) -> Phase:
    octets = message.tlvs.get(Tag.USSD_SERVICE_OP)
    if octets is None and dialect.unmarked:
        return Phase.BEGIN if _DIAL.fullmatch(text) else Phase.CONTINUE
    if octets is None or len(octets) != 1:
        fields.refuse("ussd_service_op", "missing" if octets is None else "not one octet")
    elif octets[0] in dialect.begin:
        return Phase.BEGIN
    elif octets[0] in dialect.abort | dialect.release:
        return Phase.ABORT
    elif octets[0] not in dialect.input:
        fields.refuse("ussd_service_op", "not an operation of this dialect")
    return Phase.CONTINUE


def _session(message: Message, info: int | None, dialect: Dialect, fields: Fields) -> str:
    match dialect.session:
        case "its_session_info":
            return "" if info is None else f"{info & dialect.mask & ~_END:04x}"
        case "user_message_reference":
            return _reference(message, fields)
        case "msisdn":
            # The address that has the dial string need not be there again with the next input.
            return "line" if dialect.dialled_in == "destination_addr" else f"line to {message.destination.number}"


def _reference(message: Message, fields: Fields) -> str:
    octets = message.tlvs.get(Tag.USER_MESSAGE_REFERENCE)
    if octets is None:
        return fields.refuse("user_message_reference", "missing")
    if not 1 <= len(octets) <= _SIGN:
        return fields.refuse("user_message_reference", "not one to eight octets")
    return octets.hex()


def _line(source: Address, country_code: str, fields: Fields) -> str:
    """The subscriber's MSISDN."""
    number = source.number
    bare = number.removeprefix("+").removeprefix("00")
    if _is_national(source, country_code) and bare == number:
        if not country_code:
            return fields.refuse("source_addr", "a national number, and no `country_code` is configured")
        bare = country_code + number.removeprefix("0")
    return msisdn(bare) or fields.refuse("source_addr", "not an MSISDN")


def _is_national(source: Address, country_code: str) -> bool:
    """Whether a number has no country code.

    One of an unknown type is the operator's own subscriber's, for USSD goes home (3GPP TS 22.090, 5.1.2): without the
    country code at its front it is national. E.164 has no country code that begins with 0.
    """
    if source.ton == _INTERNATIONAL:
        return source.number.startswith("0")
    return source.ton == _NATIONAL or source.number.startswith("0") or not source.number.startswith(country_code)


def _dialled(message: Message, text: str, dialect: Dialect, fields: Fields) -> str:
    to = message.destination.number.strip()
    match dialect.dialled_in:
        case "short_message":
            name, dialled = "short_message", text.strip()
        case "destination_addr":
            name, dialled = "destination_addr", to
        case "either":
            name, dialled = "short_message, destination_addr", text.strip() or to
        case "joined":
            name, dialled = "destination_addr", to and extend(whole(to), text.strip().strip("*#"))
    if not dialled.strip("*#"):
        return fields.refuse(name, "no dial string")
    found = whole(dialled)
    return found if len(found) <= MAX_DIALLED else fields.refuse(name, "longer than any dial string")


def _unit(info: int | None, dialect: Dialect) -> str:
    return "" if info is None or dialect.units == "opaque" else str((info & _UNIT) >> 1)


def _echo(message: Message, fields: Fields) -> dict[str, str]:
    if len(message.destination.number) > _ADDRESS:  # which data_sm may have, and submit_sm may not
        fields.refuse("destination_addr", f"longer than {_ADDRESS} octets")
    signs = {tag.name: message.tlvs.get(tag, b"") for tag in (Tag.ITS_SESSION_INFO, Tag.USER_MESSAGE_REFERENCE)}
    kept = {name: octets.hex() for name, octets in signs.items() if 1 <= len(octets) <= _SIGN}
    return {"source": _written(message.source), "destination": _written(message.destination), **kept}


def _written(address: Address) -> str:
    return f"{address.ton} {address.npi} {address.number}"


def _address(written: str) -> Address:
    ton, npi, number = written.split(" ", 2)
    return Address(number, int(ton), int(npi))


def message_of(reply: Reply, callback: Callback, dialect: Dialect) -> Message:
    """The submit_sm that shows `reply` where `callback` came from; an abort has nobody who would read one."""
    data_coding, octets = encode(reply.text, dialect.coding)
    tlvs: dict[int, bytes] = {Tag.USSD_SERVICE_OP: bytes((dialect.end if reply.ends else dialect.ask,))}
    if info := callback.echo.get(Tag.ITS_SESSION_INFO.name):
        tlvs[Tag.ITS_SESSION_INFO] = _answered(int(info, 16), dialect, ends=reply.ends).to_bytes(2, "big")
    if reference := callback.echo.get(Tag.USER_MESSAGE_REFERENCE.name):
        tlvs[Tag.USER_MESSAGE_REFERENCE] = bytes.fromhex(reference)
    return Message(
        source=_address(callback.echo["destination"]),
        destination=_address(callback.echo["source"]),
        data_coding=data_coding,
        text=octets,
        service_type=dialect.service_type,
        tlvs=tlvs,
        payload=dialect.text_in == "message_payload",
    )


def _answered(info: int, dialect: Dialect, *, ends: bool) -> int:
    """The its_session_info of a reply."""
    unit = (info & _UNIT) + 2 & _UNIT if dialect.units == "ours" else info & _UNIT
    last = int(ends) if dialect.end_bit else info & _END
    return info & 0xFF00 | unit | last
