"""What is no callback: every fault is named, none is repeated, and nothing that may come does anything else."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateways.smpp.dialects import DIALECTS
from gateways.smpp.meaning import Ignored, callback_of, message_of
from gateways.smpp.pdu import Address, Command, Malformed, Message, Pdu, Tag, read, write
from tests.gateways.smpp.made import messages
from tests.gateways.smpp.said import DEFAULT, LINE, PERSIAN, delivered, faults, without
from ussd.callback import Callback, CallbackError, Reply


@pytest.mark.parametrize(
    ("dialled_in", "to", "text", "said"),
    [
        ("short_message", "1666", "", "short_message: no dial string"),
        ("short_message", "1666", "*#", "short_message: no dial string"),
        ("destination_addr", "", "*1666#", "destination_addr: no dial string"),
        ("either", "", "", "short_message, destination_addr: no dial string"),
        ("joined", "", "1", "destination_addr: no dial string"),
        ("short_message", "1666", "*" + "1" * 181 + "#", "short_message: longer than any dial string"),
    ],
)
def test_a_beginning_without_a_dial_string_is_refused(dialled_in: str, to: str, text: str, said: str) -> None:
    dialect = replace(DEFAULT, dialled_in=dialled_in)  # type: ignore[arg-type]
    assert faults(delivered(0x01, text, destination=Address(to)), dialect) == (said,)


@pytest.mark.parametrize(
    ("number", "ton", "country_code", "said"),
    [
        ("09120000001", 0, "", "source_addr: a national number, and no `country_code` is configured"),
        ("9120000001", 2, "", "source_addr: a national number, and no `country_code` is configured"),
        ("", 1, "98", "source_addr: not an MSISDN"),
        ("CANARY", 1, "98", "source_addr: not an MSISDN"),
        ("CANARY", 5, "98", "source_addr: not an MSISDN"),
        ("98912000000198912", 1, "98", "source_addr: not an MSISDN"),
        ("٩٨٩", 1, "98", "source_addr: not an MSISDN"),
    ],
)
def test_a_number_that_is_nobodys_is_refused(number: str, ton: int, country_code: str, said: str) -> None:
    dialect = replace(DEFAULT, country_code=country_code)
    assert faults(delivered(0x12, "1", source=Address(number, ton)), dialect) == (said,)


def test_every_fault_is_named_and_none_is_repeated() -> None:
    message = Message(Address("CANARY"), Address("CANARY" * 4), 8, b"CANARY!", tlvs={Tag.USSD_SERVICE_OP: b"\x33"})
    assert faults(message) == (
        "destination_addr: longer than 20 octets",
        "its_session_info: missing",
        "short_message: not in the alphabet of its data_coding",
        "source_addr: not an MSISDN",
        "ussd_service_op: not an operation of this dialect",
    )


def test_a_session_needs_its_sign() -> None:
    message = delivered(0x12, "1")
    for tag, name in ((Tag.ITS_SESSION_INFO, "default"), (Tag.USER_MESSAGE_REFERENCE, "mica")):
        assert faults(without(message, tag), DIALECTS[name]) == (f"{tag.name.lower()}: missing",)  # type: ignore[index]
    for octets in (b"", b"\x01", b"\x01\x02\x03"):
        wrong = replace(message, tlvs={**message.tlvs, Tag.ITS_SESSION_INFO: octets})
        assert faults(wrong) == ("its_session_info: not two octets",)
        assert "its_session_info: not two octets" in faults(wrong, DIALECTS["huawei"])
    for octets in (b"", bytes(9)):
        wrong = replace(message, tlvs={**message.tlvs, Tag.USER_MESSAGE_REFERENCE: octets})
        assert faults(wrong, DIALECTS["mica"]) == ("user_message_reference: not one to eight octets",)


@pytest.mark.parametrize(
    ("octets", "said"), [(None, "missing"), (b"", "not one octet"), (b"\x12\x12", "not one octet")]
)
def test_an_operation_is_one_octet(octets: bytes | None, said: str) -> None:
    message = without(delivered(0x12, "1"), Tag.USSD_SERVICE_OP)
    if octets is not None:
        message = replace(message, tlvs={**message.tlvs, Tag.USSD_SERVICE_OP: octets})
    assert faults(message) == (f"ussd_service_op: {said}",)


likely = st.sampled_from([b"\x01", b"\x02", b"\x11", b"\x12", b"\x13", b"\x81", b"\x01\x02", b"\x32\x81\0"])
parameters = st.dictionaries(
    st.sampled_from([Tag.USSD_SERVICE_OP, Tag.ITS_SESSION_INFO, Tag.USER_MESSAGE_REFERENCE]),
    likely | st.binary(max_size=3),
)
sources = st.sampled_from([LINE, Address("09120000001", 2), Address("+989120000001", 0)])


@given(messages(), parameters, sources | st.none(), st.sampled_from([0, 8, 15, 17, 72]) | st.none(), st.booleans())
def test_any_message_is_a_callback_that_can_be_answered_or_ignored_or_refused(
    message: Message, tlvs: dict[int, bytes], source: Address | None, data_coding: int | None, plain: bool
) -> None:
    message = replace(
        message,
        tlvs=tlvs,
        source=source or message.source,
        data_coding=message.data_coding if data_coding is None else data_coding,
        esm_class=0 if plain else message.esm_class,
    )
    for dialect in DIALECTS.values():
        try:
            found = callback_of(message, replace(dialect, country_code="98"))
        except CallbackError:
            continue
        if isinstance(found, Callback):
            reply = message_of(Reply(PERSIAN, ends=False), found, dialect)
            assert read(write(Pdu(Command.SUBMIT_SM, 1, reply))).body == reply
            assert reply.destination == message.source


@given(st.binary(max_size=120))
def test_any_octets_in_a_deliver_sm_come_to_something(body: bytes) -> None:
    numbers = (16 + len(body), Command.DELIVER_SM, 0, 1)
    with suppress(Malformed, CallbackError):
        found = read(b"".join(number.to_bytes(4, "big") for number in numbers) + body).body
        assert isinstance(found, Message)
        assert isinstance(callback_of(found, DIALECTS["huawei"]), Callback | Ignored)
