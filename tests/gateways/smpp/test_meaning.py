"""What a message means in each dialect, and what the reply to it carries."""

from dataclasses import replace

import pytest

from gateways.smpp.coding import Coding, decode
from gateways.smpp.dialects import DIALECTS, Dialect
from gateways.smpp.meaning import PROFILE, Ignored, callback_of
from gateways.smpp.pdu import Address, Message, Tag
from tests.gateways.smpp.said import CODE, DEFAULT, EACH, LINE, PERSIAN, answered, callback, delivered, without
from ussd.callback import Phase


@EACH
def test_a_dial_string_begins_a_session(dialect: Dialect) -> None:
    found = callback(delivered(0x01, "*4*1420#"), dialect)
    assert (found.phase, found.dialled, found.typed) == (Phase.BEGIN, "*4*1420#", "")
    assert (found.msisdn, found.request) == ("989120000001", "")


@EACH
def test_what_was_typed_goes_on_with_the_session(dialect: Dialect) -> None:
    begun, found = (callback(delivered(*one), dialect) for one in ((0x01, "*4*1420#"), (0x12, "1")))
    assert (found.phase, found.dialled, found.typed, found.accumulated) == (Phase.CONTINUE, "", "1", False)
    assert (found.session, found.msisdn) == (begun.session, begun.msisdn)


@EACH
def test_a_hang_up_ends_it_whatever_else_the_message_holds(dialect: Dialect) -> None:
    found = callback(delivered(0x81, data_coding=4, text="no text"), dialect)
    assert (found.phase, found.typed, found.session) == (
        Phase.ABORT,
        "",
        callback(delivered(0x01, "*1666#"), dialect).session,
    )


@EACH
def test_a_release_by_the_network_ends_it(dialect: Dialect) -> None:
    assert callback(delivered(0x11), dialect).phase is Phase.ABORT


@pytest.mark.parametrize("name", ["default", "tata", "sixdee", "huawei"])
@pytest.mark.parametrize("operation", [0x01, 0x12, 0x33])
def test_the_end_bit_ends_it_whatever_the_operation(name: str, operation: int) -> None:
    dialect = DIALECTS[name]  # type: ignore[index]
    assert callback(delivered(operation, "1", info="0103"), dialect).phase is Phase.ABORT


def test_mica_has_no_end_bit() -> None:
    assert callback(delivered(0x12, "1", info="0103"), DIALECTS["mica"]).phase is Phase.CONTINUE


@pytest.mark.parametrize(
    ("name", "session"),
    [("default", "0100"), ("tata", "0102"), ("sixdee", "0102"), ("mica", "3281"), ("huawei", "line to 4")],
)
def test_each_dialect_has_its_own_sign_of_a_session(name: str, session: str) -> None:
    assert callback(delivered(0x01, "*1666#"), DIALECTS[name]).session == session  # type: ignore[index]


def test_a_shortcode_that_changes_does_not_tell_a_session() -> None:
    dialect = replace(DIALECTS["huawei"], dialled_in="destination_addr")
    begun = delivered(0x01, destination=Address("*1666*1#"))
    assert callback(begun, dialect).session == callback(delivered(0x12, "1"), dialect).session == "line"


@EACH
def test_a_reply_asks_or_ends_as_the_dialect_says(dialect: Dialect) -> None:
    asked, last = (answered(delivered(0x12, "1"), PERSIAN, dialect, ends=ends) for ends in (False, True))
    assert asked.tlvs[Tag.USSD_SERVICE_OP] == b"\x02"
    assert last.tlvs[Tag.USSD_SERVICE_OP] == (b"\x02" if dialect == DIALECTS["tata"] else b"\x11")
    assert asked.tlvs[Tag.ITS_SESSION_INFO] == b"\x01\x02"
    assert last.tlvs[Tag.ITS_SESSION_INFO] == (b"\x01\x03" if dialect.end_bit else b"\x01\x02")
    assert asked.tlvs[Tag.USER_MESSAGE_REFERENCE] == last.tlvs[Tag.USER_MESSAGE_REFERENCE] == b"\x32\x81"


@EACH
@pytest.mark.parametrize(("text", "data_coding"), [(PERSIAN, 8), ("1. A{B}", 0)])
def test_a_reply_goes_back_where_the_callback_came_from(dialect: Dialect, text: str, data_coding: int) -> None:
    reply = answered(delivered(0x01, "*1666#"), text, dialect)
    assert (reply.source, reply.destination, reply.service_type) == (CODE, LINE, "USSD")
    assert (reply.data_coding, decode(reply.data_coding, reply.text)) == (data_coding, text)
    assert (reply.esm_class, reply.registered_delivery, reply.payload) == (0, 0, False)


def test_the_longest_screens_are_short_messages() -> None:
    for text in ("x" * 182, "ک" * 80, "{" * 91):
        assert decode(*_coded(answered(delivered(0x12, "1"), text))) == text
    assert (PROFILE.max_octets, PROFILE.deadline) == (160, 5.0)


def _coded(message: Message) -> tuple[int, bytes]:
    return message.data_coding, message.text


def test_a_text_goes_into_message_payload_where_the_smsc_wants_it_there() -> None:
    dialect = replace(DEFAULT, text_in="message_payload")
    assert answered(delivered(0x12, "1"), PERSIAN, dialect).payload


def test_a_text_is_read_from_message_payload_too() -> None:
    message = replace(delivered(0x12), data_coding=8, text="۱".encode("utf-16-be"), payload=True)
    assert callback(message).typed == "۱"


@pytest.mark.parametrize("high", ["80fe", "ff00", "0000", "8000"])
def test_session_numbers_of_any_value_go_back_as_they_came(high: str) -> None:
    reply = answered(delivered(0x12, "1", info=high), "2")
    assert reply.tlvs[Tag.ITS_SESSION_INFO] == bytes.fromhex(high)


def test_nothing_goes_back_that_did_not_come() -> None:
    bare = without(delivered(0x12, "1"), Tag.ITS_SESSION_INFO, Tag.USER_MESSAGE_REFERENCE)
    assert answered(bare, "2", DIALECTS["huawei"]).tlvs == {Tag.USSD_SERVICE_OP: b"\x02"}


@pytest.mark.parametrize(
    ("units", "request_", "next_"),
    [("opaque", "", "01fe"), ("theirs", "127", "01fe"), ("ours", "127", "0100")],
)
def test_a_count_of_dialogue_units_tells_a_duplicate_where_the_dialect_has_one(
    units: str, request_: str, next_: str
) -> None:
    dialect = replace(DEFAULT, units=units)  # type: ignore[arg-type]
    message = delivered(0x12, "1", info="01fe")
    assert callback(message, dialect).request == request_
    assert answered(message, "2", dialect).tlvs[Tag.ITS_SESSION_INFO].hex() == next_
    assert callback(delivered(0x01, "*1666#"), dialect).request == ""


@pytest.mark.parametrize(
    ("dialled_in", "to", "text", "dialled"),
    [
        ("short_message", "4", "*4*1420*1#", "*4*1420*1#"),
        ("short_message", "4", " 4*1420 ", "*4*1420#"),
        ("destination_addr", "*1666#", "anything", "*1666#"),
        ("destination_addr", "1666", "", "*1666#"),
        ("either", "1666", "*4*1420#", "*4*1420#"),
        ("either", "1666", " ", "*1666#"),
        ("joined", "1666", "", "*1666#"),
        ("joined", "*1666#", "*1*2#", "*1666*1*2#"),
        ("joined", "4*1420", "1", "*4*1420*1#"),
    ],
)
def test_a_dial_string_is_where_the_dialect_has_it(dialled_in: str, to: str, text: str, dialled: str) -> None:
    dialect = replace(DEFAULT, dialled_in=dialled_in)  # type: ignore[arg-type]
    assert callback(delivered(0x01, text, destination=Address(to)), dialect).dialled == dialled


@pytest.mark.parametrize(
    ("number", "ton", "country_code", "msisdn"),
    [
        ("989120000001", 1, "", "989120000001"),
        ("+989120000001", 1, "", "989120000001"),
        ("00989120000001", 0, "", "989120000001"),
        ("989120000001", 0, "", "989120000001"),
        ("989120000001", 0, "98", "989120000001"),
        ("+447700900123", 0, "98", "447700900123"),
        ("447700900123", 1, "98", "447700900123"),
        ("09120000001", 0, "98", "989120000001"),
        ("09120000001", 1, "98", "989120000001"),
        ("09120000001", 2, "98", "989120000001"),
        ("9120000001", 2, "98", "989120000001"),
        ("9120000001", 0, "98", "989120000001"),
    ],
)
def test_a_number_is_an_msisdn_with_its_country_code(number: str, ton: int, country_code: str, msisdn: str) -> None:
    dialect = replace(DEFAULT, country_code=country_code)
    message = delivered(0x12, "1", source=Address(number, ton, 0))
    assert callback(message, dialect).msisdn == msisdn
    assert answered(message, "2", dialect).destination == message.source


def test_without_operations_the_text_tells_what_a_message_is() -> None:
    begun, typed = (callback(delivered(None, text), DIALECTS["huawei"]) for text in (" *4*1420*1# ", "*1"))
    assert (begun.phase, begun.dialled) == (Phase.BEGIN, "*4*1420*1#")
    assert (typed.phase, typed.typed) == (Phase.CONTINUE, "*1")


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (delivered(0x12, "id:1 stat:DELIVRD", esm_class=0x04), Ignored.RECEIPT),
        (delivered(None, "id:1 stat:DELIVRD", esm_class=0x04), Ignored.RECEIPT),
        (delivered(None, "1", esm_class=0x20), Ignored.RECEIPT),
        (delivered(None, "an SMS", service_type="CMT"), Ignored.OTHER_SERVICE),
        (delivered(None, "an SMS", service_type=""), Ignored.OTHER_SERVICE),
        (delivered(0x13), Ignored.CONFIRMATION),
    ],
)
def test_what_is_no_callback_is_no_fault(message: Message, what: Ignored) -> None:
    assert callback_of(message, DEFAULT) is what


def test_an_operation_makes_it_ussd_whatever_the_service_is_called() -> None:
    assert callback(delivered(0x12, "1", service_type="")).typed == "1"


def test_texts_are_read_in_the_alphabets_of_the_configuration() -> None:
    dialect = replace(DEFAULT, coding=Coding(alphabets={0: "latin1", 8: "ucs2"}))
    assert callback(replace(delivered(0x12), text=b"\xe9"), dialect).typed == "é"
