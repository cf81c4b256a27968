"""The codec beside one that is not ours: each reads what the other writes."""

from dataclasses import replace

import smpp34
from hypothesis import given
from hypothesis import strategies as st

from gateways.smpp.pdu import Address, Command, Message, Pdu, Tag, read, write
from tests.gateways.smpp.made import messages, octet, word

# smpp34 says nothing of NULs and of letters over 0x7F in strings; numbers and ASCII are what is compared.
ascii_only = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@given(messages().filter(lambda one: not one.payload), ascii_only, ascii_only, word, octet)
def test_a_codec_that_is_not_ours_reads_what_we_write(
    given_message: Message, source: str, destination: str, sequence: int, ton: int
) -> None:
    sent = replace(
        given_message,
        source=Address(source, ton, 1),
        destination=Address(destination, 1, ton),
        service_type="USSD",
        schedule="",
        validity="",
        text=given_message.text[:254],
    )
    got = smpp34.decode(write(Pdu(Command.DELIVER_SM, sequence, sent)))
    assert isinstance(got, smpp34.DeliverSm)
    assert (got.sequence_number, got.service_type) == (sequence, "USSD")
    assert (got.source_addr, got.source_addr_ton, got.source_addr_npi) == (source, ton, 1)
    assert (got.destination_addr, got.dest_addr_ton, got.dest_addr_npi) == (destination, 1, ton)
    assert (got.esm_class, got.data_coding, got.short_message) == (sent.esm_class, sent.data_coding, sent.text)
    assert [(one.tag, one.value) for one in got.tlvs] == list(sent.tlvs.items())


@given(
    st.sampled_from([(smpp34.SubmitSm, Command.SUBMIT_SM), (smpp34.DeliverSm, Command.DELIVER_SM)]),
    ascii_only,
    ascii_only,
    st.binary(max_size=254),
    octet,
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=10)), max_size=4, unique_by=lambda one: one[0]),
)
def test_we_read_what_a_codec_that_is_not_ours_writes(
    kind: tuple[type, Command],
    source: str,
    destination: str,
    text: bytes,
    number: int,
    tlvs: list[tuple[int, bytes]],
) -> None:
    theirs, command = kind
    parameters = [smpp34.Tlv(tag, value) for tag, value in tlvs if tag != Tag.MESSAGE_PAYLOAD]
    octets = theirs(
        source, destination, text, service_type="USSD", source_addr_ton=number, data_coding=number, tlvs=parameters
    ).encode()
    expected = Message(
        Address(source, number, 0),
        Address(destination, 0, 0),
        number,
        text,
        tlvs={tag: value for tag, value in tlvs if tag != Tag.MESSAGE_PAYLOAD},
    )
    assert read(octets) == Pdu(command, 1, expected)
    assert write(read(octets)) == octets
