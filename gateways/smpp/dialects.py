"""The dialects of USSD over SMPP, as data: SMPP has the parameters, and every vendor uses them in its own way.

Sources: SMPP 5.0, 4.8.4.64, for the operations of ussd_service_op (PSSR indication 1, USSR request 2, PSSR response
17, USSR confirm 18, USSN confirm 19; 129 is a vendor's USSREL indication); SMPP 3.4, 5.3.2.43, for its_session_info;
praekelt/vumi, `transports/smpp/processors`, for Tata, 6D and Mica; opentelecoms-org/jsmpp, issues 150 and 154, for
Huawei. No operator of Iran publishes its own: begin with `default`, and say in the configuration what differs.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateways.smpp.coding import Coding
from ussd.settings.smpp import CodingGiven, DialectName, DialledIn, SessionBy, Smpp, TextIn, Units

PSSR_INDICATION = 0x01
USSR_REQUEST = 0x02
PSSR_RESPONSE = 0x11
USSR_CONFIRM = 0x12
USSN_CONFIRM = 0x13
USSREL_INDICATION = 0x81


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one SMSC says what SMPP leaves open. The defaults read what is known, and write what most SMSCs read."""

    begin: frozenset[int] = frozenset({PSSR_INDICATION})
    """ussd_service_op of a deliver_sm with a dial string. From here on: operations of deliver_sm."""
    input: frozenset[int] = frozenset({USSR_REQUEST, USSR_CONFIRM})
    """What was typed. Some SMSCs repeat the operation of the request that is answered."""
    abort: frozenset[int] = frozenset({USSREL_INDICATION})
    """The subscriber hung up."""
    release: frozenset[int] = frozenset({PSSR_RESPONSE})
    """The network ended the dialogue."""
    ignore: frozenset[int] = frozenset({USSN_CONFIRM})
    """What nobody asked, as the confirmation of a notice."""
    unmarked: bool = False
    """Whether ussd_service_op may be missing; then a text like `*…#` begins a dialogue, and any other is input."""
    ask: int = USSR_REQUEST
    """ussd_service_op of a submit_sm that wants an answer."""
    end: int = PSSR_RESPONSE
    """Of the last one."""
    session: SessionBy = "its_session_info"
    """What tells a session, always with the MSISDN. `msisdn`: with the shortcode, where the SMSC has no session id."""
    mask: int = 0xFF00
    """The bits of its_session_info that stay the same in a session; bit 0 never counts.

    An id of 15 bits is safe with these eight, too: they are read with the MSISDN, which has one dialogue at a time.
    """
    units: Units = "opaque"
    """What bits 7 to 1 of its_session_info's second octet are.

    `opaque`: a part of an id, or a count that need not be trusted; it goes back as it came. `theirs`: the SMSC counts
    the dialogue's units; `ours`: we do, as SMPP 3.4 has it, and the SMSC repeats our number. With these two a number
    that came before is a duplicate, whatever its age: only for an SMSC that does not give a session number to the same
    line again within a quarter of an hour.
    """
    end_bit: bool = True
    """Whether bit 0 of its_session_info's second octet ends the dialogue, from either side."""
    dialled_in: DialledIn = "either"
    """Where the dial string is. `either`: short_message, or destination_addr where that is empty.

    `joined`: the shortcode in destination_addr, and what was dialled behind it in short_message.
    """
    text_in: TextIn = "short_message"
    """Where our texts are."""
    service_type: str = "USSD"
    coding: Coding = field(default_factory=Coding)
    country_code: str = ""
    """Put before national numbers."""

    def __post_init__(self) -> None:
        """Refuse an operation that means two things."""
        operations = Counter((*self.begin, *self.input, *self.abort, *self.release, *self.ignore))
        for operation, times in operations.items():
            if times > 1:
                raise ValueError(f"over: ussd_service_op 0x{operation:02x} has two meanings")


DIALECTS: Mapping[DialectName, Dialect] = {
    "default": Dialect(),
    "tata": Dialect(end=USSR_REQUEST, mask=0xFFFE),
    "sixdee": Dialect(input=frozenset({USSR_CONFIRM}), mask=0xFFFE),
    # vumi writes "17" as hexadecimal, which is a reserved value; the pull request that brought it says 17 decimal.
    "mica": Dialect(session="user_message_reference", end_bit=False, dialled_in="short_message"),
    # Seen without any session id, and with an its_session_info that changes all the time.
    "huawei": Dialect(session="msisdn", unmarked=True),
}


def spoken(given: Smpp) -> Dialect:
    """The dialect of one SMSC as it is configured. Raises ValueError where its parts do not fit together."""
    dialect = DIALECTS[given.dialect]
    parts = {name: part for name, part in given.over if part is not None and not isinstance(part, CodingGiven)}
    coding = _coding(dialect.coding, given.over.coding) if given.over.coding else dialect.coding
    return replace(dialect, **parts, coding=coding, country_code=given.country_code)


def _coding(coding: Coding, given: CodingGiven) -> Coding:
    values = given.model_dump(exclude_none=True, exclude={"alphabets"})
    return replace(coding, **values, alphabets={**coding.alphabets, **(given.alphabets or {})})
