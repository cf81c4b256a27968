"""What the PDUs of SMPP 3.4 carry behind their header, as values: sections 4.1 to 4.11.

Optional parameters are raw octets by tag, and those that nobody here knows pass through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """A number with its type and plan; 1 and 1 are an international number of E.164 (5.2.5, 5.2.6)."""

    number: str
    ton: int = 1
    npi: int = 1


@dataclass(frozen=True, slots=True)
class Bind:
    """bind_receiver, bind_transmitter, bind_transceiver."""

    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    address_range: str = ""
    ton: int = 0
    npi: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """The response to a bind; without a body where it was refused."""

    system_id: str = ""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """submit_sm, deliver_sm and data_sm; the last has only what is not said to be the others' alone."""

    source: Address
    destination: Address
    data_coding: int
    text: bytes
    """short_message, or message_payload where `payload` is set."""
    service_type: str = "USSD"
    esm_class: int = 0
    registered_delivery: int = 0
    tlvs: Mapping[int, bytes] = field(default_factory=dict)
    """Without the message_payload that `text` holds. One beside a short_message is let be, and stays here."""
    payload: bool = False
    protocol_id: int = 0
    """From here on: not in data_sm."""
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    replace: int = 0
    default_message: int = 0


@dataclass(frozen=True, slots=True)
class Submitted:
    """The response to a message; without a body where that was refused."""

    message_id: str = ""
    tlvs: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Empty:
    """generic_nack, unbind, enquire_link and their responses, which say all in the header."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A command that is none of ours, as it came."""

    body: bytes = b""


Body = Bind | Bound | Message | Submitted | Empty | Unread
