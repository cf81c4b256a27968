"""What an SMSC delivers, and what comes of it."""

from dataclasses import replace

import pytest

from gateways.smpp.dialects import DIALECTS, Dialect
from gateways.smpp.meaning import callback_of, message_of
from gateways.smpp.pdu import Address, Command, Message, Pdu, Tag, read, write
from ussd.callback import Callback, CallbackError, Reply

LINE, CODE = Address("989120000001"), Address("4", 0, 1)
PERSIAN = "کد ملی خود را وارد نمایید:"
DEFAULT = DIALECTS["default"]
EACH = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)


def delivered(operation: int | None, text: str = "", info: str = "0102", **other: object) -> Message:
    """What an SMSC delivers, with all three parameters of a session."""
    tlvs = {Tag.ITS_SESSION_INFO: bytes.fromhex(info), Tag.USER_MESSAGE_REFERENCE: b"\x32\x81"}
    if operation is not None:
        tlvs[Tag.USSD_SERVICE_OP] = bytes((operation,))
    return replace(Message(LINE, CODE, 0, text.encode(), tlvs=tlvs), **other)  # type: ignore[arg-type]


def callback(message: Message, dialect: Dialect = DEFAULT) -> Callback:
    found = callback_of(message, dialect)
    assert isinstance(found, Callback)
    return found


def faults(message: Message, dialect: Dialect = DEFAULT) -> tuple[str, ...]:
    with pytest.raises(CallbackError) as refused:
        callback_of(message, dialect)
    return refused.value.faults


def answered(message: Message, text: str, dialect: Dialect = DEFAULT, *, ends: bool = False) -> Message:
    """The reply, as the SMSC reads it."""
    reply = message_of(Reply(text, ends), callback(message, dialect), dialect)
    found = read(write(Pdu(Command.SUBMIT_SM, 1, reply))).body
    assert isinstance(found, Message)
    return found


def without(message: Message, *tags: Tag) -> Message:
    return replace(message, tlvs={tag: value for tag, value in message.tlvs.items() if tag not in tags})
