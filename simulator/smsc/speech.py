"""What an SMSC of some dialect says of a session, and what it reads in the answers.

It reads strictly: what belongs to no session, or does not say clearly whether the dialogue goes on, is refused.
"""

from typing import NamedTuple, Protocol

from gateways.smpp.coding import decode, encode
from gateways.smpp.dialects import Dialect
from gateways.smpp.pdu import Address, Message, Tag
from ussd.callback import Phase, Reply

_SHORTCODE = Address("1420", ton=3, npi=0)
_END = 0x0001
_UNIT = 0x00FE


class Key(NamedTuple):
    """What tells a session from all others on this SMSC."""

    msisdn: str
    service: str
    """The address that was called."""
    reference: int


class Session(Protocol):
    """A session as the SMSC has it."""

    msisdn: str
    dialled: str
    reference: int
    """A number of its own."""
    units: int
    """How many messages it has had from the subscriber, with the one that is being written."""
    unit_heard: int
    """What the engine counted last, where it counts."""


class Heard(NamedTuple):
    """What a submit_sm says."""

    key: Key
    reply: Reply
    unit: int


class Speech:
    """One dialect, from the SMSC's side."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def key(self, session: Session) -> Key:
        """What its answers are told by."""
        return Key(session.msisdn, self._service(session).number, self._id(session))

    def said(self, session: Session, phase: Phase, text: str) -> Message:
        """The deliver_sm of a dial string, of what was typed, or of a call that is gone."""
        coding, octets = encode(self._text(session, phase, text), self._dialect.coding)
        source, service = Address(session.msisdn), self._service(session)
        tlvs = self._operation(phase) | self._session(session, phase)
        return Message(source, service, coding, octets, self._dialect.service_type, tlvs=tlvs)

    def heard(self, message: Message) -> Heard:
        """What a submit_sm says. Raises ValueError where it is none of this dialect."""
        dialect = self._dialect
        if message.service_type != dialect.service_type or message.payload != (dialect.text_in == "message_payload"):
            raise ValueError("not of this dialect")
        told = self._told(message)
        reply = Reply(decode(message.data_coding, message.text, dialect.coding.alphabets), self._ends(message, told))
        mask = dialect.mask & ~_END if dialect.session == "its_session_info" else 0xFFFF
        return Heard(Key(message.destination.number, message.source.number, told & mask), reply, (told & _UNIT) >> 1)

    def _told(self, message: Message) -> int:
        match self._dialect.session:
            case "its_session_info":
                return int.from_bytes(_value(message, Tag.ITS_SESSION_INFO, 2))
            case "user_message_reference":
                return int.from_bytes(_value(message, Tag.USER_MESSAGE_REFERENCE, 2))
            case "msisdn":
                return 0

    def _ends(self, message: Message, told: int) -> bool:
        """Whether the dialogue is over, by each of the ways in which this dialect says so; they must agree."""
        dialect = self._dialect
        [operation] = _value(message, Tag.USSD_SERVICE_OP, 1)
        if operation not in (dialect.ask, dialect.end):
            raise ValueError("an operation that no submit_sm has")
        said = {operation == dialect.end} if dialect.ask != dialect.end else set()
        if dialect.session == "its_session_info" and dialect.end_bit:
            said.add(bool(told & _END))
        [ends] = said
        return ends

    def _text(self, session: Session, phase: Phase, text: str) -> str:
        if phase is not Phase.BEGIN or self._dialect.dialled_in in ("short_message", "either"):
            return text
        return _parted(session.dialled)[1] if self._dialect.dialled_in == "joined" else ""

    def _service(self, session: Session) -> Address:
        match self._dialect.dialled_in:
            case "destination_addr":
                return Address(session.dialled, _SHORTCODE.ton, _SHORTCODE.npi)
            case "joined":
                return Address(_parted(session.dialled)[0], _SHORTCODE.ton, _SHORTCODE.npi)
            case _:
                return _SHORTCODE

    def _operation(self, phase: Phase) -> dict[int, bytes]:
        dialect = self._dialect
        if dialect.unmarked and phase is not Phase.ABORT:
            return {}
        operations = {Phase.BEGIN: dialect.begin, Phase.CONTINUE: dialect.input, Phase.ABORT: dialect.abort}
        return {Tag.USSD_SERVICE_OP: bytes((max(operations[phase]),))}

    def _session(self, session: Session, phase: Phase) -> dict[int, bytes]:
        match self._dialect.session:
            case "its_session_info":
                over = _END if phase is Phase.ABORT and self._dialect.end_bit else 0
                return {Tag.ITS_SESSION_INFO: (self._id(session) | self._unit(session) | over).to_bytes(2)}
            case "user_message_reference":
                return {Tag.USER_MESSAGE_REFERENCE: self._id(session).to_bytes(2)}
            case "msisdn":
                return {}

    def _id(self, session: Session) -> int:
        """As much of the session's own number as there is room for."""
        match self._dialect.session:
            case "its_session_info":
                mask = self._dialect.mask & ~_END
                return session.reference * (mask & -mask) & mask
            case "user_message_reference":
                return session.reference & 0xFFFF
            case "msisdn":
                return 0

    def _unit(self, session: Session) -> int:
        unit = session.unit_heard if self._dialect.units == "ours" else session.units
        return unit << 1 & _UNIT & ~self._dialect.mask


def _value(message: Message, tag: Tag, octets: int) -> bytes:
    value = message.tlvs.get(tag, b"")
    if len(value) != octets:
        raise ValueError(f"{tag.name}: {octets} octets")
    return value


def _parted(dialled: str) -> tuple[str, str]:
    """A dial string as a shortcode of one part or two, and the answers behind it."""
    first, second, *answers = [*dialled.strip("*#").split("*"), ""]
    return (f"*{first}*{second}#", "*".join(answers).rstrip("*")) if second else (f"*{first}#", "")
