"""SMPP 3.4 PDUs, from octets and to octets: the commands that a USSD link needs. Pure: nothing here waits."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateways.smpp.bodies import Address, Bind, Body, Bound, Empty, Message, Submitted, Unread
from gateways.smpp.codes import RESPONSE, Command, Status, Tag
from gateways.smpp.octets import Malformed, Octets, text_of, tlvs_of

__all__ = [
    "HEADER",
    "MAX_PDU",
    "RESPONSE",
    "Address",
    "Bind",
    "Body",
    "Bound",
    "Command",
    "Empty",
    "Malformed",
    "Message",
    "Pdu",
    "Status",
    "Submitted",
    "Tag",
    "Unread",
    "length_of",
    "read",
    "write",
]

HEADER = 16
"""Octets of length, command, status and sequence number."""
MAX_PDU = 4096
"""Octets of the longest PDU.

USSD is 160 octets of text, and everything else of a message is under a thousand. The specification's own bound, 64 KiB
of message_payload, would let a peer have that much memory for each link.
"""

_HEADER = struct.Struct(">IIII")
_LENGTH = struct.Struct(">I")

_BIND = frozenset({Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER})
_MESSAGE = frozenset({Command.SUBMIT_SM, Command.DELIVER_SM, Command.DATA_SM})
_EMPTY = frozenset({Command.UNBIND, Command.ENQUIRE_LINK})
_KINDS: Mapping[int, type[Body]] = {
    Command.GENERIC_NACK: Empty,
    **dict.fromkeys(_BIND, Bind),
    **{command | RESPONSE: Bound for command in _BIND},
    **dict.fromkeys(_MESSAGE, Message),
    **{command | RESPONSE: Submitted for command in _MESSAGE},
    **dict.fromkeys(_EMPTY, Empty),
    **{command | RESPONSE: Empty for command in _EMPTY},
}


@dataclass(frozen=True, slots=True)
class Pdu:
    """One request or response."""

    command: int
    """A Command, or any other number; then the body is Unread."""
    sequence: int
    body: Body = field(default_factory=Empty)
    status: int = 0
    """Of responses; a Status, or a number of the peer's own."""


def length_of(header: bytes) -> int:
    """How many octets the PDU has that begins with these four or more. Raises Malformed where no PDU has so many."""
    if len(header) < _LENGTH.size:
        raise Malformed(Status.RINVCMDLEN)
    length = int(_LENGTH.unpack_from(header)[0])
    if not HEADER <= length <= MAX_PDU:
        raise Malformed(Status.RINVCMDLEN, *_whose(header))
    return length


def _whose(octets: bytes) -> tuple[int, int]:
    """Sequence number and command, as far as they are there."""
    if len(octets) < HEADER:
        return 0, 0
    _, command, _, sequence = _HEADER.unpack_from(octets)
    return sequence, command


def read(octets: bytes) -> Pdu:
    """One whole PDU, no octet more or less. Raises Malformed."""
    if length_of(octets) != len(octets):
        raise Malformed(Status.RINVCMDLEN, *_whose(octets))
    _, command, status, sequence = _HEADER.unpack_from(octets)
    try:
        body = _read(command, Octets(octets, HEADER))
    except Malformed as fault:
        raise Malformed(fault.status, sequence, command) from None
    return Pdu(command, sequence, body, status)


def _read(command: int, rest: Octets) -> Body:
    kind = _KINDS.get(command, Unread)
    if kind is Bind:
        return _bind(rest)
    if kind is Message:
        return _data(rest) if command == Command.DATA_SM else _message(rest)
    if kind is Bound:
        # An absent body belongs to a refusal, but some SMSCs leave it away in any response.
        return Bound(rest.text(16), rest.tlvs()) if rest else Bound()
    if kind is Submitted:
        return Submitted(rest.text(65), rest.tlvs()) if rest else Submitted()
    return Unread(rest.rest()) if kind is Unread else Empty()


def _bind(rest: Octets) -> Bind:
    system_id, password, system_type = rest.text(16), rest.text(9), rest.text(13)
    version, ton, npi = rest.number(), rest.number(), rest.number()
    body = Bind(system_id, password, system_type, version, rest.text(41), ton, npi)
    if rest:
        raise Malformed(Status.RINVCMDLEN)
    return body


def _address(rest: Octets, most: int) -> Address:
    ton, npi = rest.number(), rest.number()
    return Address(rest.text(most), ton, npi)


def _message(rest: Octets) -> Message:
    service_type, source, destination = rest.text(6), _address(rest, 21), _address(rest, 21)
    esm_class, protocol_id, priority = rest.take(3)
    schedule, validity = rest.text(17), rest.text(17)
    registered_delivery, replace, data_coding, default_message, length = rest.take(5)
    text, tlvs = rest.take(length, Status.RINVMSGLEN), rest.tlvs()
    payload = None if text else tlvs.pop(Tag.MESSAGE_PAYLOAD, None)
    return Message(
        source,
        destination,
        data_coding,
        text if payload is None else payload,
        service_type,
        esm_class,
        registered_delivery,
        tlvs,
        payload is not None,
        protocol_id,
        priority,
        schedule,
        validity,
        replace,
        default_message,
    )


def _data(rest: Octets) -> Message:
    service_type, source, destination = rest.text(6), _address(rest, 65), _address(rest, 65)
    esm_class, registered_delivery, data_coding = rest.take(3)
    tlvs = rest.tlvs()
    payload = tlvs.pop(Tag.MESSAGE_PAYLOAD, None)
    text, has_payload = payload or b"", payload is not None
    return Message(
        source, destination, data_coding, text, service_type, esm_class, registered_delivery, tlvs, has_payload
    )


def write(pdu: Pdu) -> bytes:
    """A PDU's octets. Raises ValueError, which names what is wrong and never repeats it, for what SMPP cannot carry."""
    if not isinstance(pdu.body, _KINDS.get(pdu.command, Unread)):
        raise ValueError("body: not this command's")
    body = _written(pdu)
    if HEADER + len(body) > MAX_PDU:
        raise ValueError(f"body: the PDU would have more than {MAX_PDU} octets")
    try:
        return _HEADER.pack(HEADER + len(body), pdu.command, pdu.status, pdu.sequence) + body
    except struct.error:
        raise ValueError("header: command, status and sequence are numbers of four octets") from None


def _written(pdu: Pdu) -> bytes:
    match pdu.body:
        case Bind() as bind:
            return _bind_of(bind)
        case Bound(name, tlvs) | Submitted(name, tlvs) if _is_bare(pdu) and not name and not tlvs:
            return b""
        case Bound(system_id, tlvs):
            return text_of("system_id", system_id, 16) + tlvs_of(tlvs)
        case Submitted(message_id, tlvs):
            return text_of("message_id", message_id, 65) + tlvs_of(tlvs)
        case Message() as message:
            return _data_of(message) if pdu.command == Command.DATA_SM else _message_of(message)
        case Unread(body):
            return body
        case Empty():
            return b""


def _is_bare(pdu: Pdu) -> bool:
    """Whether a refusal has no body (4.1.2, 4.4.2); a deliver_sm's has its unused message_id all the same (4.6.2)."""
    return bool(pdu.status) and pdu.command != Command.DELIVER_SM | RESPONSE


def _numbers(name: str, *values: int) -> bytes:
    try:
        return bytes(values)
    except ValueError:
        raise ValueError(f"{name}: numbers of one octet") from None


def _bind_of(bind: Bind) -> bytes:
    return (
        text_of("system_id", bind.system_id, 16)
        + text_of("password", bind.password, 9)
        + text_of("system_type", bind.system_type, 13)
        + _numbers("interface_version, ton, npi", bind.interface_version, bind.ton, bind.npi)
        + text_of("address_range", bind.address_range, 41)
    )


def _lead_of(message: Message, most: int) -> bytes:
    source, destination = message.source, message.destination
    return (
        text_of("service_type", message.service_type, 6)
        + _numbers("source", source.ton, source.npi)
        + text_of("source", source.number, most)
        + _numbers("destination", destination.ton, destination.npi)
        + text_of("destination", destination.number, most)
    )


def _message_of(message: Message) -> bytes:
    short = b"" if message.payload else message.text
    tlvs = dict(message.tlvs)
    if Tag.MESSAGE_PAYLOAD in tlvs and not short:
        raise ValueError("tlvs: message_payload is the text's place")
    if message.payload:
        tlvs[Tag.MESSAGE_PAYLOAD] = message.text
    return (
        _lead_of(message, 21)
        + _numbers("esm_class, protocol_id, priority", message.esm_class, message.protocol_id, message.priority)
        + text_of("schedule", message.schedule, 17)
        + text_of("validity", message.validity, 17)
        + _numbers("registered_delivery, replace", message.registered_delivery, message.replace)
        + _numbers("data_coding, default_message", message.data_coding, message.default_message)
        + _numbers("text", len(short))
        + short
        + tlvs_of(tlvs)
    )


def _data_of(message: Message) -> bytes:
    if Tag.MESSAGE_PAYLOAD in message.tlvs or (message.text and not message.payload):
        raise ValueError("text: data_sm has it in message_payload, and there alone")
    flags = (message.esm_class, message.registered_delivery, message.data_coding)
    return (
        _lead_of(message, 65)
        + _numbers("esm_class, registered_delivery, data_coding", *flags)
        + tlvs_of({**message.tlvs, Tag.MESSAGE_PAYLOAD: message.text} if message.payload else message.tlvs)
    )
