"""What RestComm must get back and what it repeats, told by the replies themselves."""

from xml.etree.ElementTree import Element

from gateways import restcomm
from ussd.callback import Reply, WireReply, WireRequest
from ussd.markup import element

BEGIN = """
<dialog type="Begin" localId="{local}" remoteId="13" mapMessagesSize="1">
  <processUnstructuredSSRequest_Request invokeId="{invoke}" dataCodingScheme="15" string="*4*1420#">
    <msisdn nai="international_number" npi="ISDN" number="989120000001"/>
  </processUnstructuredSSRequest_Request>
</dialog>
"""
CONTINUE = """
<dialog type="Continue" localId="{local}" remoteId="13" mapMessagesSize="1" userObject="{kept}">
  <unstructuredSSRequest_Response invokeId="{invoke}" dataCodingScheme="15" string="1"/>
</dialog>
"""


def request(text: str, **values: object) -> WireRequest:
    return WireRequest(headers={"content-type": "text/xml"}, body=text.format(**values).encode())


def answered(wire: WireRequest, reply: Reply) -> Element:
    written: WireReply = restcomm.encode(reply, restcomm.decode(wire))
    return element(written.body)


def test_the_last_reply_has_the_first_requests_invoke_id_whatever_came_between() -> None:
    said = answered(request(BEGIN, local=12, invoke=77), Reply("1-", ends=False))
    for invoke in (0, 1, 1):
        said = answered(
            request(CONTINUE, local=12, invoke=invoke, kept=said.get("userObject")), Reply("1-", ends=False)
        )
    last = answered(request(CONTINUE, local=12, invoke=2, kept=said.get("userObject")), Reply("پایان", ends=True))
    assert [(one.tag, one.get("invokeId")) for one in last] == [("processUnstructuredSSRequest_Response", "77")]
    assert last.get("prearrangedEnd") == "false"


def test_a_later_request_is_of_the_first_ones_line_and_session() -> None:
    begun = restcomm.decode(request(BEGIN, local=12, invoke=0))
    said = answered(request(BEGIN, local=12, invoke=0), Reply("1-", ends=False))
    later = restcomm.decode(request(CONTINUE, local=12, invoke=0, kept=said.get("userObject")))
    assert (later.session, later.msisdn) == (begun.session, begun.msisdn)
    assert restcomm.decode(request(BEGIN, local=14, invoke=0)).session != begun.session


def test_the_data_coding_scheme_is_the_one_of_the_text() -> None:
    for text, scheme in (("1-Yes\n2-No {€}", "15"), ("1-بله", "72"), ("`", "72"), ("", "15")):
        (shown,) = answered(request(BEGIN, local=12, invoke=0), Reply(text, ends=False))
        assert (shown.get("dataCodingScheme"), shown.get("string")) == (scheme, text)


def test_a_line_feed_goes_out_as_the_reference_that_the_gateway_reads() -> None:
    wire = restcomm.encode(Reply("1\n2", ends=False), restcomm.decode(request(BEGIN, local=12, invoke=0)))
    assert b'string="1&#10;2"' in wire.body
