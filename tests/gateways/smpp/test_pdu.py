"""The codec: recorded octets, everything there and back, and anything that comes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.smpp.pdu import (
    HEADER,
    MAX_PDU,
    Address,
    Bind,
    Bound,
    Command,
    Empty,
    Malformed,
    Message,
    Pdu,
    Status,
    Submitted,
    Tag,
    Unread,
    length_of,
    read,
    write,
)
from tests.gateways.smpp.made import pdus, strings

LINE = Address("989120000001")
# praekelt/vumi, pull request 738: what Mica delivered, with a number of ours in the place of the subscriber's.
MICA = (
    "00000041 00000005 00000000 00000779"
    "55535344 00 0000 39383931 32303030 30303031 00 0000 00 00 00 00 00 00 00 00 00 00 05 2a333732 23"
    "0204 0002 3235 0501 0001 01"
)
BEGUN = Message(
    Address("989120000001", 0, 0),
    Address("", 0, 0),
    0,
    b"*372#",
    tlvs={Tag.USER_MESSAGE_REFERENCE: b"\x32\x35", Tag.USSD_SERVICE_OP: b"\x01"},
)


def found(octets: bytes) -> Pdu | Malformed:
    try:
        return read(octets)
    except Malformed as malformed:
        return malformed


def refused(octets: bytes) -> Malformed:
    fault = found(octets)
    assert isinstance(fault, Malformed)
    return fault


def message(octets: bytes) -> Message:
    body = read(octets).body
    assert isinstance(body, Message)
    return body


def framed(command: int, body: bytes, sequence: int = 7, status: int = 0) -> bytes:
    numbers = (HEADER + len(body), command, status, sequence)
    return b"".join(number.to_bytes(4, "big") for number in numbers) + body


def test_what_an_smsc_sent_is_read_and_written_octet_for_octet() -> None:
    octets = bytes.fromhex(MICA)
    assert read(octets) == Pdu(Command.DELIVER_SM, 1913, BEGUN)
    assert write(Pdu(Command.DELIVER_SM, 1913, BEGUN)) == octets


def test_both_parameters_of_ussd_are_written_as_other_libraries_write_them() -> None:
    tlvs = {Tag.ITS_SESSION_INFO: b"\x01\x02", Tag.USSD_SERVICE_OP: b"\x02"}
    octets = write(Pdu(Command.SUBMIT_SM, 1, Message(Address("1666"), LINE, 8, b"", tlvs=tlvs)))
    assert octets.endswith(bytes.fromhex("1383 0002 0102 0501 0001 02"))


@pytest.mark.parametrize(
    ("pdu", "octets"),
    [
        (Pdu(Command.ENQUIRE_LINK, 3), "00000010 00000015 00000000 00000003"),
        (Pdu(Command.GENERIC_NACK, 0, status=Status.RINVCMDLEN), "00000010 80000000 00000002 00000000"),
        (Pdu(Command.DELIVER_SM_RESP, 9, Submitted()), "00000011 80000005 00000000 00000009 00"),
        (Pdu(Command.DELIVER_SM_RESP, 9, Submitted(), Status.RX_P_APPN), "00000011 80000005 00000065 00000009 00"),
        (
            Pdu(Command.BIND_TRANSCEIVER, 1, Bind("tamin", "hush")),
            "00000020 00000009 00000000 00000001 74616d696e00 6875736800 00 34 00 00 00",
        ),
        (
            Pdu(Command.BIND_TRANSCEIVER_RESP, 1, Bound("SMSC", {Tag.SC_INTERFACE_VERSION: b"\x34"})),
            "0000001a 80000009 00000000 00000001 534d534300 0210 0001 34",
        ),
    ],
)
def test_a_pdu_is_these_octets(pdu: Pdu, octets: str) -> None:
    assert write(pdu) == bytes.fromhex(octets)
    assert read(bytes.fromhex(octets)) == pdu


@given(pdus)
def test_every_pdu_is_read_as_it_was_written(pdu: Pdu) -> None:
    assert read(write(pdu)) == pdu


@given(st.binary(max_size=100) | st.builds(framed, st.sampled_from(list(Command)), st.binary(max_size=100)))
def test_any_octets_are_a_pdu_or_malformed(octets: bytes) -> None:
    match found(octets):
        case Malformed(status=status):
            assert status in set(Status) - {Status.OK}
        case pdu:
            assert read(write(pdu)) == pdu


@given(pdus, st.data())
def test_a_pdu_of_which_anything_is_changed_is_a_pdu_or_malformed(pdu: Pdu, data: st.DataObject) -> None:
    octets = bytearray(write(pdu))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    if data.draw(st.booleans()):
        octets[:4] = len(octets).to_bytes(4, "big")
    again = found(bytes(octets))
    if isinstance(again, Pdu):
        assert write(read(write(again))) == write(again)


@given(st.integers(HEADER, len(bytes.fromhex(MICA)) - 1))
def test_a_pdu_that_ends_too_early_is_malformed_or_has_fewer_parameters(length: int) -> None:
    octets = bytes.fromhex(MICA)[:length]
    assert refused(octets).status is Status.RINVCMDLEN
    match found(length.to_bytes(4, "big") + octets[4:]):
        case Malformed(sequence=sequence, command=command):
            assert (sequence, command) == (1913, Command.DELIVER_SM)
        case Pdu(body=Message(tlvs=tlvs)):
            assert tlvs.items() < BEGUN.tlvs.items()


@pytest.mark.parametrize("length", [0, 15, MAX_PDU + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_no_pdu_has_is_refused_before_anything_is_read(length: int) -> None:
    with pytest.raises(Malformed) as malformed:
        length_of(length.to_bytes(4, "big"))
    assert (malformed.value.status, malformed.value.sequence) == (Status.RINVCMDLEN, 0)


def test_a_length_is_told_from_its_four_octets() -> None:
    assert [length_of(length.to_bytes(4, "big")) for length in (HEADER, MAX_PDU)] == [HEADER, MAX_PDU]
    for octets in (b"", b"\0\0\0"):
        with pytest.raises(Malformed):
            length_of(octets)


@pytest.mark.parametrize(
    ("command", "body", "status"),
    [
        (Command.DELIVER_SM, b"", Status.RINVCMDLEN),
        (Command.DELIVER_SM, b"USSD-X\0" + bytes(16), Status.RINVCMDLEN),
        (Command.DELIVER_SM, b"\0\1\1" + b"9" * 21 + b"\0" + bytes(14), Status.RINVCMDLEN),
        (Command.DELIVER_SM, bytes(16) + b"\5abc", Status.RINVMSGLEN),
        (Command.DELIVER_SM, bytes(17) + b"\5", Status.RINVOPTPARSTREAM),
        (Command.DELIVER_SM, bytes(17) + b"\x05\x01\x00\x02\x01", Status.RINVOPTPARSTREAM),
        (Command.DELIVER_SM_RESP, b"no end", Status.RINVCMDLEN),
        (Command.BIND_TRANSCEIVER, bytes(7) + b"more", Status.RINVCMDLEN),
    ],
)
def test_a_malformed_pdu_is_refused_with_its_sequence_and_its_command(
    command: Command, body: bytes, status: Status
) -> None:
    fault = refused(framed(command, body, 1234))
    assert (fault.status, fault.sequence, fault.command) == (status, 1234, command)
    assert str(fault) == f"malformed PDU: {status.name}"


def test_what_a_peer_adds_to_an_empty_pdu_says_nothing() -> None:
    assert read(framed(Command.ENQUIRE_LINK, b"x")) == Pdu(Command.ENQUIRE_LINK, 7)


def test_a_response_may_have_no_body() -> None:
    assert read(framed(Command.SUBMIT_SM_RESP, b"")).body == Submitted()
    assert read(framed(Command.BIND_RECEIVER_RESP, b"", status=0x0D)).body == Bound()


def test_a_command_that_nobody_knows_is_kept_as_it_came() -> None:
    assert read(framed(0x12345, b"\0\xff")) == Pdu(0x12345, 7, Unread(b"\0\xff"))


@pytest.mark.parametrize("value", [b"\x80", b"\x81", b"\xff", b"\0", b"\x01\x00", b"\x00\x01", b"\xff\xfe", b""])
@pytest.mark.parametrize("tag", [Tag.USSD_SERVICE_OP, Tag.ITS_SESSION_INFO, Tag.USER_MESSAGE_REFERENCE, 0x1400, 0xFFFF])
def test_no_value_of_a_parameter_is_changed(tag: int, value: bytes) -> None:
    pdu = Pdu(Command.DELIVER_SM, 1, replace(BEGUN, tlvs={tag: value}))
    assert message(write(pdu)).tlvs == {tag: value}


def test_of_a_parameter_that_is_there_twice_the_first_counts() -> None:
    octets = framed(Command.DELIVER_SM, bytes(17) + bytes.fromhex("0501 0001 01 0501 0001 81"))
    assert message(octets).tlvs == {Tag.USSD_SERVICE_OP: b"\x01"}


def test_a_text_is_found_in_message_payload_and_goes_there_again() -> None:
    octets = framed(Command.DELIVER_SM, bytes(17) + bytes.fromhex("0501 0001 12 0424 0002 2a31"))
    body = message(octets)
    assert (body.text, body.payload, body.tlvs) == (b"*1", True, {Tag.USSD_SERVICE_OP: b"\x12"})
    assert write(read(octets)) == octets


def test_a_short_message_counts_before_a_message_payload() -> None:
    octets = framed(Command.DELIVER_SM, bytes(16) + b"\x011" + bytes.fromhex("0424 0001 32"))
    assert (message(octets).text, message(octets).payload) == (b"1", False)
    assert write(read(octets)) == octets


@pytest.mark.parametrize(
    ("command", "body", "said"),
    [
        (Command.SUBMIT_SM, Empty(), "body: not this command's"),
        (Command.ENQUIRE_LINK, BEGUN, "body: not this command's"),
        (0x12345, Empty(), "body: not this command's"),
        (Command.SUBMIT_SM, replace(BEGUN, source=Address("CANARY" * 4)), "source: at most 20 octets, and no NUL"),
        (Command.SUBMIT_SM, replace(BEGUN, source=Address("\0CANARY")), "source: at most 20 octets, and no NUL"),
        (Command.SUBMIT_SM, replace(BEGUN, destination=Address("۱")), "destination: not Latin-1"),
        (Command.SUBMIT_SM, replace(BEGUN, service_type="CANARY"), "service_type: at most 5 octets, and no NUL"),
        (Command.SUBMIT_SM, replace(BEGUN, text=b"CANARY" * 50), "text: numbers of one octet"),
        (Command.SUBMIT_SM, replace(BEGUN, data_coding=256), "data_coding, default_message: numbers of one octet"),
        (Command.SUBMIT_SM, replace(BEGUN, esm_class=-1), "esm_class, protocol_id, priority: numbers of one octet"),
        (Command.SUBMIT_SM, replace(BEGUN, tlvs={1: bytes(65536)}), "tlvs: a tag or a length is of more than two"),
        (Command.SUBMIT_SM, replace(BEGUN, tlvs={65536: b""}), "tlvs: a tag or a length is of more than two octets"),
        (Command.SUBMIT_SM, replace(BEGUN, tlvs={1: bytes(MAX_PDU)}), "body: the PDU would have more than 4096 octets"),
        (Command.SUBMIT_SM, replace(BEGUN, text=b"", tlvs={Tag.MESSAGE_PAYLOAD: b""}), "tlvs: message_payload is"),
        (Command.DATA_SM, BEGUN, "text: data_sm has it in message_payload"),
        (Command.BIND_RECEIVER, Bind("tamin", "CANARYCANARY"), "password: at most 8 octets, and no NUL"),
        (-1, Unread(b""), "header: command, status and sequence are numbers of four octets"),
    ],
)
def test_what_smpp_cannot_carry_is_not_written(command: int, body: Message, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", "\\(")) as refused_:
        write(Pdu(command, 1, body))
    assert "CANARY" not in str(refused_.value)


def test_a_password_is_not_shown() -> None:
    assert "hush" not in repr(Pdu(Command.BIND_RECEIVER, 1, Bind("tamin", "hush")))


@given(strings(9))
def test_strings_of_any_letters_of_latin_1_survive(password: str) -> None:
    pdu = Pdu(Command.BIND_RECEIVER, 1, Bind("tamin", password))
    assert read(write(pdu)) == pdu
