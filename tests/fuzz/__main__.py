"""`python -m tests.fuzz NAME [SECONDS]`: fuzz one gateway's decode, or the SMPP codec as `smpp`.

Every octet string must be a callback or a CallbackError, or for SMPP a PDU or Malformed; all else is a crash, which
atheris reports with the octets of it. It begins with the recorded requests.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gateways", "ussd.fields", "ussd.markup", "ussd.strict_json", "ussd.xml_rpc"]):
    from importlib import import_module

    from gateways.smpp import pdu
    from gateways.smpp.dialects import DIALECTS
    from gateways.smpp.meaning import callback_of, message_of
    from ussd.doors import formats

    for name in formats():
        import_module(f"gateways.{name}")

from tests.gateways.recorded import pairs
from ussd.callback import Callback, CallbackError, Reply, WireRequest


def smpp(octets: bytes) -> None:
    """A PDU is read, written again as it was, and means something, or nothing, in every dialect."""
    with suppress(pdu.Malformed):
        pdu.length_of(octets)
    try:
        found = pdu.read(len(octets).to_bytes(4, "big") + octets[4:])
    except pdu.Malformed:
        return
    with suppress(ValueError):
        assert pdu.read(pdu.write(found)) == found
    if not isinstance(found.body, pdu.Message):
        return
    for dialect in DIALECTS.values():
        with suppress(CallbackError):
            callback = callback_of(found.body, dialect)
            if isinstance(callback, Callback):
                message_of(Reply("تأمین 1", ends=True), callback, dialect)


def decode_of(name: str) -> Callable[[bytes], None]:
    """A gateway's decode, and the reply to what it makes of a request."""
    gateway = import_module(f"gateways.{name}")

    frames = [pair.wire() for pair in pairs(name)]

    def decode(octets: bytes) -> None:
        frame = frames[octets[0] % len(frames)] if octets else frames[0]
        with suppress(CallbackError):
            callback = gateway.decode(_filled(frame, octets[1:]))
            gateway.encode(Reply("تأمین 1", ends=False), callback)

    return decode


def _filled(frame: WireRequest, octets: bytes) -> WireRequest:
    """A recorded request with other octets where it has its fields."""
    if frame.method == "GET":
        return replace(frame, query=octets.decode("utf-8", "surrogateescape"))
    return replace(frame, body=octets)


def seeds(name: str) -> list[bytes]:
    """Requests as they were recorded, each behind its number."""
    if name == "smpp":
        return [bytes.fromhex("00000010000000150000000000000003"), _deliver()]
    wires = [pair.wire() for pair in pairs(name)]
    said = [wire.query.encode() if wire.method == "GET" else wire.body for wire in wires]
    return [bytes((number % 256,)) + octets for number, octets in enumerate(said)]


def _deliver() -> bytes:
    line, code = pdu.Address("989120000001"), pdu.Address("1420")
    tlvs = {pdu.Tag.USSD_SERVICE_OP: b"\x01", pdu.Tag.ITS_SESSION_INFO: b"\x81\x00"}
    return pdu.write(pdu.Pdu(pdu.Command.DELIVER_SM, 1, pdu.Message(line, code, 0, b"*4*1420#", tlvs=tlvs)))


def main(name: str, seconds: str = "600") -> None:
    """Fuzz until the time is over or something crashes."""
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            (Path(folder) / str(number)).write_bytes(seed)
        target = smpp if name == "smpp" else decode_of(name)
        options = [sys.argv[0], folder, f"-max_total_time={seconds}", "-max_len=16384", "-print_final_stats=1"]
        atheris.Setup(options, target)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
