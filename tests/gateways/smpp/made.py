"""PDUs of all kinds, for hypothesis."""

from hypothesis import strategies as st

from gateways.smpp.pdu import (
    RESPONSE,
    Address,
    Bind,
    Body,
    Bound,
    Command,
    Empty,
    Message,
    Pdu,
    Submitted,
    Tag,
    Unread,
)

BINDS = (Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER)
octet = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFFFFFF)


def strings(most: int) -> st.SearchStrategy[str]:
    """C-octet strings of at most `most` octets with their NUL."""
    return st.text(st.characters(min_codepoint=1, max_codepoint=0xFF), max_size=most - 1)


tags = st.sampled_from(list(Tag)) | st.integers(0, 0xFFFF)
tlvs = st.dictionaries(tags.filter(lambda tag: tag != Tag.MESSAGE_PAYLOAD), st.binary(max_size=20), max_size=5)
binds = st.builds(Bind, strings(16), strings(9), strings(13), octet, strings(41), octet, octet)
unread = st.builds(Unread, st.binary(max_size=40))
other = st.integers(0, 0xFFFFFFFF).filter(lambda command: command & 0x7FFFFFFF not in set(Command) | {0})


def addresses(most: int) -> st.SearchStrategy[Address]:
    """Addresses whose number has at most `most` octets with its NUL."""
    return st.builds(Address, strings(most), octet, octet)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """deliver_sm and submit_sm."""
    payload = draw(st.booleans())
    more = draw(octet), draw(octet), draw(strings(17)), draw(strings(17)), draw(octet), draw(octet)
    text = draw(st.binary(max_size=300 if payload else 255))
    lead = draw(addresses(21)), draw(addresses(21)), draw(octet), text, draw(strings(6)), draw(octet), draw(octet)
    return Message(*lead, draw(tlvs), payload, *more)


@st.composite
def data(draw: st.DrawFn) -> Message:
    """data_sm."""
    payload = draw(st.booleans())
    text = draw(st.binary(max_size=300)) if payload else b""
    lead = draw(addresses(65)), draw(addresses(65)), draw(octet), text, draw(strings(6)), draw(octet), draw(octet)
    return Message(*lead, draw(tlvs), payload)


def _pdus(command: int, body: st.SearchStrategy[Body]) -> st.SearchStrategy[Pdu]:
    return st.builds(Pdu, st.just(command), word, body, word)


pdus = st.one_of(
    *(_pdus(command, binds) for command in BINDS),
    *(_pdus(command | RESPONSE, st.builds(Bound, strings(16), tlvs)) for command in BINDS),
    *(_pdus(command, messages()) for command in (Command.SUBMIT_SM, Command.DELIVER_SM)),
    *(
        _pdus(command | RESPONSE, st.builds(Submitted, strings(65), tlvs))
        for command in (Command.SUBMIT_SM, Command.DELIVER_SM, Command.DATA_SM)
    ),
    _pdus(Command.DATA_SM, data()),
    *(
        _pdus(command, st.just(Empty()))
        for command in (Command.GENERIC_NACK, Command.UNBIND, Command.UNBIND_RESP, Command.ENQUIRE_LINK)
    ),
    st.builds(Pdu, other, word, unread, word),
)
