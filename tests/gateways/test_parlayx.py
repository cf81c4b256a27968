"""What Huawei's SDP must get, told by the calls themselves, and what an installation agrees with its operator."""

from hashlib import md5
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateways import parlayx
from tests.gateways.anything import marked_up
from ussd.callback import Reply, WireReply, WireRequest
from ussd.doors import formats
from ussd.fields import Fields
from ussd.markup import children, element, local
from ussd.settings.sending import ASYNCHRONOUS, SANDBOX, Sending

RECEPTION = """
<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:h="http://www.huawei.com.cn/schema/common/v2_1"
  xmlns:n="http://www.csapi.org/schema/parlayx/ussd/notification/v1_0/local">
  <e:Header><h:NotifySOAPHeader>
    <h:serviceId>35</h:serviceId><h:timeStamp>{stamp}</h:timeStamp><h:traceUniqueID>{trace}</h:traceUniqueID>
  </h:NotifySOAPHeader></e:Header>
  <e:Body><n:notifyUssdReception>
    <n:msgType>{kind}</n:msgType><n:senderCB>17</n:senderCB><n:receiveCB>{ours}</n:receiveCB>
    <n:msIsdn>tel:989120000001</n:msIsdn><n:ussdString>{said}</n:ussdString>
  </n:notifyUssdReception></e:Body>
</e:Envelope>
"""

PLAIN = Reply("1-", ends=False)


def notified(
    kind: int = 0, said: str = "*4*1420#", ours: str = "0xFFFFFFFF", trace: str = "40", stamp: str = "20261121000000"
) -> WireRequest:
    body = RECEPTION.format(kind=kind, said=said, ours=ours, trace=trace, stamp=stamp)
    return WireRequest(headers={"content-type": "text/xml"}, body=body.encode())


def sent(bound: parlayx.Bound, wire: WireRequest, reply: Reply = PLAIN) -> tuple[Fields, Fields]:
    """The header and the body of a screen."""
    header, body = element(bound.encode(reply, bound.decode(wire)).body)
    return children(header[0]), children(body[0])


def account(**more: object) -> parlayx.Bound:
    """An account, at a quarter to one in Tehran."""
    given = Sending.model_construct(**{**dict(SANDBOX), "sp_id": "000201", "password": SecretStr("hush"), **more})
    return parlayx.Bound(given, clock=lambda: 1795209300.0)


def test_the_password_is_the_digest_of_who_we_are_and_when() -> None:
    header, _ = sent(account(), notified())
    stamp = "20261120211500"
    assert header.text("timeStamp", 14) == stamp
    assert header.text("spId", 64) == "000201"
    assert header.text("spPassword", 32) == md5(f"000201hush{stamp}".encode()).hexdigest()
    assert b"hush" not in account().encode(PLAIN, parlayx.decode(notified())).body
    assert "hush" not in repr(account())


def test_without_an_account_nothing_says_who_we_are() -> None:
    header, _ = sent(parlayx.Bound(), notified())
    assert not any(name in header for name in ("spId", "spPassword", "timeStamp"))
    assert (header.text("OA", 15), header.text("FA", 15)) == ("989120000001", "989120000001")


def test_a_service_is_the_configured_one_or_the_one_notified() -> None:
    assert sent(account(), notified())[0].text("serviceId", 64) == "35"
    assert sent(account(service_id="77"), notified())[0].text("serviceId", 64) == "77"


def test_the_ids_go_back_the_other_way_round() -> None:
    for ours, said in (("0xFFFFFFFF", "17"), ("FFFFFFFF", "17"), ("", "17"), ("99", "99")):
        _, body = sent(account(), notified(1, "1", ours))
        assert (body.text("senderCB", 9), body.text("receiveCB", 9)) == (said, "17")


@pytest.mark.parametrize(
    ("text", "ends", "said"),
    [("1-Yes {€}", False, ("1", "1", "15")), ("1-بله", False, ("1", "1", "72")), ("پایان", True, ("2", "3", "72"))],
)
def test_a_screen_says_its_alphabet_and_whether_it_is_the_last(
    text: str, ends: bool, said: tuple[str, str, str]
) -> None:
    _, body = sent(account(), notified(), Reply(text, ends))
    assert tuple(body.text(name, 3) for name in ("msgType", "ussdOpType", "codeScheme")) == said
    assert body.text("ussdString", 182) == text


def test_what_operators_want_otherwise_can_be_told() -> None:
    other = account(end_operation=1, gsm7_scheme=68, ucs2_scheme=17)
    _, last = sent(other, notified(), Reply("end", True))
    _, persian = sent(other, notified(), Reply("۱", False))
    assert (last.text("ussdOpType", 1), last.text("codeScheme", 3), persian.text("codeScheme", 3)) == ("1", "68", "17")


def test_a_retry_repeats_what_tells_deliveries_apart_and_the_input() -> None:
    request = parlayx.decode(notified(1, "1")).request
    assert parlayx.decode(notified(1, "1")).request == request
    others = [notified(1, "2"), notified(1, "1", trace="41"), notified(1, "1", stamp="20261121000001")]
    assert len({request, *(parlayx.decode(wire).request for wire in others)}) == 4
    assert parlayx.decode(notified(1, "1", trace="")).request == ""


@given(body=st.binary() | st.builds(marked_up, st.just({"Body": ""}), st.sampled_from(["Envelope", "Fault"])))
def test_an_answer_that_is_no_fault_is_none(body: bytes) -> None:
    assert parlayx.refused(WireReply(body, "text/xml", 500)) is False


def test_a_fault_is_one_in_whatever_namespace() -> None:
    for body in (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault/></e:Body></e:Envelope>',
        "<Envelope><Header/><Body><Fault><faultcode>POL0002</faultcode></Fault></Body></Envelope>",
    ):
        assert parlayx.refused(WireReply(body.encode(), "text/xml", 500))
        assert account().refused(WireReply(body.encode(), "text/xml", 200))


def test_an_acknowledgement_is_of_what_was_notified() -> None:
    for wire, name in (
        (notified(), "notifyUssdReceptionResponse"),
        (notified(2, ""), "notifyUssdReceptionResponse"),
        (
            WireRequest(
                headers={"content-type": "text/xml"},
                body=b"<Envelope><Body><notifyUssdAbort><senderCB>17</senderCB></notifyUssdAbort></Body></Envelope>",
            ),
            "notifyUssdAbortResponse",
        ),
    ):
        _, body = element(account().acknowledge(parlayx.decode(wire)).body)
        assert [local(one) for one in body] == [name]
        assert [one.text for one in body[0]] == (["0"] if "Reception" in name else [])


def test_the_formats_that_must_say_where_they_send_are_those_that_acknowledge() -> None:
    acknowledging = {name for name in formats() if hasattr(import_module(f"gateways.{name}"), "acknowledge")}
    assert acknowledging == ASYNCHRONOUS
