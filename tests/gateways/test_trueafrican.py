"""TrueAfrican speaks XML-RPC as Python's own client does."""

from xmlrpc.client import dumps, loads

import pytest

from gateways import trueafrican
from ussd.callback import Callback, Phase, Reply, WireRequest


def called(method: str, **members: str) -> Callback:
    body = dumps((members,), method).encode()
    return trueafrican.decode(WireRequest(headers={"content-type": "text/xml"}, body=body))


def test_a_call_of_a_real_client_is_read() -> None:
    begun = called("USSD.INIT", session="1", msisdn="+989120000001", shortcode="*4*1420#")
    assert begun == Callback("1", "989120000001", Phase.BEGIN, dialled="*4*1420#", line_once=True)
    assert called("USSD.CONT", session="1", response="<۱ & 2>").typed == "<۱ & 2>"
    assert called("USSD.END", session="1").phase is Phase.ABORT


@pytest.mark.parametrize(("ends", "kind"), [(False, "cont"), (True, "end")])
def test_a_real_client_reads_the_reply(ends: bool, kind: str) -> None:
    text = "کد <پیگیری> & 1\n2"
    wire = trueafrican.encode(Reply(text, ends), called("USSD.CONT", session="s&1", response="1"))
    assert loads(wire.body.decode()) == (({"session": "s&1", "type": kind, "message": text},), None)


def test_a_real_client_reads_the_empty_reply_to_an_end() -> None:
    wire = trueafrican.encode(Reply("پایان", True), called("USSD.END", session="1"))
    assert loads(wire.body.decode()) == (({},), None)
