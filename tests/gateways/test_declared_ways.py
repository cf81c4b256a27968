"""What a described format can say: where its fields are, how it tells what is meant, and how it is answered."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.declared import gateway
from tests.gateways.anything import requests
from tests.gateways.descriptions import LIKE, descriptions
from ussd.callback import Callback, CallbackError, Gateway, Phase, Reply, WireRequest
from ussd.core.strict_yaml import FileError, parse
from ussd.markup import element
from ussd.settings import load
from ussd.settings.declared import DeclaredGiven

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
XML = {"content-type": "text/xml"}
LINE = "989120000001"
README = (Path(__file__).parents[2] / "gateways" / "README.md").read_text()
PLAIN = 'reply: {body: "{kind} {text}", says: {kind: {goes_on: CON, ends: END}}}\n'
OF_FORM = "body: form\nfields: {session: s, msisdn: m, dialled: d, input: i}\n"
SPLIT = "body: form\nfields: {session: s, msisdn: m, service_code: d, behind: {at: i, optional: true}, input: i}\n"


def made(text: str) -> Gateway:
    return gateway(parse(text.encode(), "x.yaml").checked(DeclaredGiven))


def form(body: str, **more: str) -> WireRequest:
    return WireRequest(headers=FORM, body=f"s=17&m={LINE}&{body}".encode(), **more)


def faults(gateway: Gateway, wire: WireRequest) -> tuple[str, ...]:
    with pytest.raises(CallbackError) as refused:
        gateway.decode(wire)
    return refused.value.faults


@pytest.fixture
def example(tmp_path: Path) -> Gateway:
    """The one of the README."""
    (tmp_path / "ussd.yaml").write_text(re.findall(r"```yaml\n(# a format of nobody's\n.*?)```", README, re.DOTALL)[0])
    declared = load(tmp_path / "ussd.yaml").gateways["rightel"].declared
    assert declared
    return gateway(declared)


def of_example(header: dict[str, object], body: object) -> WireRequest:
    common = {"sessionId": "17", "msisdn": LINE, "channel": 'a"b', "sequence": 1}
    return WireRequest(headers=JSON, body=json.dumps({"header": {**common, **header}, "body": body}).encode())


def test_the_example_of_the_readme_reads_its_callbacks(example: Gateway) -> None:
    begun = example.decode(of_example({"event": "START"}, {"code": "*4*1420#", "text": "1*2"}))
    assert begun == Callback("17", LINE, Phase.BEGIN, "*4*1420*1*2#", request="1", echo={"channel": 'a"b'})
    assert example.decode(of_example({"event": "start"}, {"code": "4*1420", "text": None})).dialled == "*4*1420#"
    later = example.decode(of_example({"event": "more", "sequence": "2"}, {"text": "1"}))
    assert (later.phase, later.typed, later.dialled, later.request) == (Phase.CONTINUE, "1", "", "2")
    assert example.decode(of_example({"event": "timeout"}, None)).phase is Phase.ABORT
    assert (example.PROFILE.max_chars, example.PROFILE.deadline) == (120, 4.0)


def test_the_example_of_the_readme_writes_its_replies(example: Gateway) -> None:
    callback = example.decode(of_example({"event": "start"}, {"code": "*4*1420#"}))
    for text, ends, dcs in (('1-"Yes"\n2-\\', False, 15), ("بله\n{close}", True, 72)):
        wire = example.encode(Reply(text, ends), callback)
        said = {"sessionId": "17", "channel": 'a"b', "text": text, "dcs": dcs, "close": ends}
        assert json.loads(wire.body) == said
        assert wire.headers == {"X-Close": str(ends).lower()}


def test_the_example_of_the_readme_refuses_what_it_does_not_say(example: Gateway) -> None:
    assert faults(example, of_example({"event": "again", "sequence": True, "sessionId": [1]}, "x")) == (
        "header.event: one of start, more, end, timeout",
        "header.sequence: not a whole number",
        "header.sessionId: not a text",
    )
    assert faults(example, of_example({"event": "start", "channel": "c" * 17}, {"code": 4})) == (
        "body.code: not a text",
        "header.channel: 1 to 16 characters",
    )
    assert "header.event: missing" in faults(example, WireRequest(headers=JSON, body=b'{"header": null}'))
    assert "header.event: not a text" in faults(example, WireRequest(headers=JSON, body=b'{"header": []}'))


def test_xml_has_its_fields_in_elements_and_in_attributes() -> None:
    declared = made(
        "body: xml\nroot: Envelope\n"
        'fields: {session: Body.dialog.@id, msisdn: "@line", dialled: Body.dialog.said, input: Body.dialog.said}\n'
        'phase: {by: value, field: Body.dialog.@op, number: true, begin: "1", continue: "2"}\n'
        "reply:\n  content_type: application/soap+xml\n"
        '  body: \'<r id="{session}" more="{more}">{text}</r>\'\n'
        '  says: {more: {goes_on: "1", ends: "0"}}\n'
    )

    def asked(inside: str) -> WireRequest:
        body = f'<s:Envelope xmlns:s="urn:x" line="{LINE}"><s:Body><dialog {inside}</dialog></s:Body></s:Envelope>'
        return WireRequest(headers=XML, body=body.encode())

    begun = declared.decode(asked('id="1&quot;7" op="1"><x/><said>*4*1420#</said>'))
    assert begun == Callback('1"7', LINE, Phase.BEGIN, "*4*1420#")
    assert declared.decode(asked('id="17" op="2"><said/>')).phase is Phase.CONTINUE
    assert faults(declared, asked('id="17" op="3"><said><b/></said>')) == ("Body.dialog.@op: one of 1, 2",)
    assert faults(declared, asked('op="2"><said><b/></said>')) == (
        "Body.dialog.@id: missing",
        "Body.dialog.said: not a text",
    )
    assert faults(declared, asked('id="17" op="2"><said/><said/>')) == ("body: a field is there twice",)
    written = element(declared.encode(Reply("1 < 2\n\"'&\x01", ends=False), begun).body)
    assert (written.get("id"), written.text) == ('1"7', "1 < 2\n\"'&\ufffd")


def test_a_split_dial_string_is_put_together_again() -> None:
    declared = made(SPLIT + "phase: {by: presence, field: new}\n" + PLAIN)
    for behind, dialled in (
        ("1*2", "*4*1420*1*2#"),
        ("*1*2%23", "*4*1420*1*2#"),
        ("", "*4*1420#"),
        ("%23", "*4*1420#"),
    ):
        assert declared.decode(form(f"d=*4*1420%23&new=&i={behind}")).dialled == dialled
    assert declared.decode(form("i=7")) == Callback("17", LINE, Phase.CONTINUE, typed="7")


def test_text_that_accumulates_comes_with_the_shortcode_each_time() -> None:
    declared = made(
        "accumulates: true\nbody: query\nfields: {session: s, msisdn: m, service_code: d, input: i}\n"
        "phase: {by: session}\n" + PLAIN
    )
    found = declared.decode(WireRequest("GET", query=f"s=17&m={LINE}&d=4*1420&i=1*2"))
    assert found == Callback("17", LINE, Phase.CONTINUE, "*4*1420#", typed="1*2", accumulated=True)


def test_a_line_that_is_named_once_is_asked_for_once() -> None:
    declared = made(
        "line_once: true\n" + OF_FORM + "phase: {by: value, field: t, begin: b, continue: c, abort: e}\n" + PLAIN
    )
    assert declared.decode(form("t=b&d=*4*1420%23")).line_once
    for told, phase in (("c", Phase.CONTINUE), ("e", Phase.ABORT)):
        assert declared.decode(form(f"t={told}&i=")) == Callback("17", "", phase)


def test_a_flag_may_say_that_a_request_is_not_the_first() -> None:
    declared = made(OF_FORM.replace("form", "json") + "phase: {by: flag, field: old, begin: false}\n" + PLAIN)
    body = {"s": "17", "m": LINE, "d": "*4*1420#", "i": "1"}
    for old, phase in ((False, Phase.BEGIN), (True, Phase.CONTINUE)):
        assert declared.decode(WireRequest(headers=JSON, body=json.dumps({**body, "old": old}).encode())).phase is phase
    assert faults(declared, WireRequest(headers=JSON, body=json.dumps({**body, "old": "true"}).encode())) == (
        "old: not true or false",
    )


def test_an_abort_may_be_of_another_form_and_have_an_answer_of_its_own() -> None:
    declared = made(
        OF_FORM + "phase: {by: empty}\nabort: {has: gone, values: [yes, 'no'], session: x, msisdn: y}\n"
        'reply:\n  body: "{kind} {text} {user}"\n  says: {kind: {goes_on: CON, ends: END}}\n  repeats: {user: u}\n'
        '  abort: {body: \'{"of": "{session}", "for": "{user}"}\', content_type: application/json}\n'
    )
    gone = declared.decode(WireRequest(headers=FORM, body=f"gone=yes&x=8&y={LINE}".encode()))
    assert (gone.session, gone.phase, gone.echo) == ("8", Phase.ABORT, {"user": ""})
    wire = declared.encode(Reply("x", ends=True), gone)
    assert (wire.body, wire.content_type) == (b'{"of": "8", "for": ""}', "application/json")
    assert faults(declared, form("gone=maybe&x=8")) == ("gone: one of yes, no", "y: missing")


def test_a_line_may_be_a_number() -> None:
    declared = made(
        "body: json\nfields: {session: {at: s, number: true}, msisdn: {at: m, number: true}, dialled: d, input: i}\n"
        "phase: {by: presence, field: d}\n" + PLAIN
    )
    found = declared.decode(WireRequest(headers=JSON, body=f'{{"s": 17, "m": {LINE}, "i": "1"}}'.encode()))
    assert (found.session, found.msisdn) == ("17", LINE)
    assert faults(declared, WireRequest(headers=JSON, body=b'{"s": 1.5, "m": 12, "i": ""}')) == (
        "m: not an MSISDN with country code",
        "s: not a whole number",
    )


def test_the_method_and_the_content_type_are_those_that_are_described() -> None:
    rest = "phase: {by: empty}\n" + PLAIN
    put, text = made("method: PUT\n" + OF_FORM + rest), made("media_type: Text/Plain\n" + OF_FORM + rest)
    anything = made("media_type: any\n" + OF_FORM + rest)
    url = made("method: POST\n" + OF_FORM.replace("form", "query") + rest)
    assert put.decode(form("i=1", method="PUT")).typed == "1"
    assert faults(put, form("i=1")) == ("method: not PUT",)
    of_text = WireRequest(headers={"content-type": "text/plain; charset=utf-8"}, body=f"s=17&m={LINE}&i=1".encode())
    assert text.decode(of_text).typed == anything.decode(of_text).typed == "1"
    assert anything.decode(WireRequest(body=of_text.body)).typed == "1"
    assert faults(text, form("i=1")) == ("content-type: not text/plain",)
    assert faults(anything, form("i=1", path="x")) == ("path: nothing is called there",)
    assert url.decode(WireRequest("POST", query=f"s=17&m={LINE}&i=1")).typed == "1"


def test_a_reply_may_be_a_form() -> None:
    declared = made(
        OF_FORM + "phase: {by: empty}\nreply:\n  content_type: application/x-www-form-urlencoded\n"
        "  body: action={action}&message={text}\n  says: {action: {goes_on: request, ends: end}}\n"
    )
    wire = declared.encode(Reply("1&2=3\n۴", ends=True), Callback("17", LINE, Phase.CONTINUE))
    assert parse_qs(wire.body.decode()) == {"action": ["end"], "message": ["1&2=3\n۴"]}


@settings(max_examples=200)
@given(described=descriptions(), data=st.data())
def test_any_description_is_refused_at_its_place_or_reads_any_bytes(described: str, data: st.DataObject) -> None:
    found = refused_or_made(described)
    if isinstance(found, FileError):
        assert all(fault.line == 1 and 1 <= fault.column <= len(described) and fault.message for fault in found.faults)
        return
    wire = data.draw(requests(data.draw(st.sampled_from(LIKE))))
    try:
        callback = found.decode(wire)
    except CallbackError:
        callback = Callback("17", LINE, Phase.ABORT)
    assert found.encode(Reply("1-بله", ends=False), callback).status == 200


def refused_or_made(described: str) -> FileError | Gateway:
    try:
        return made(described)
    except FileError as error:
        return error


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@given(session=ANY_TEXT, text=ANY_TEXT)
def test_whatever_is_put_into_a_reply_is_read_back_as_it_was(session: str, text: str) -> None:
    callback = Callback(session, LINE, Phase.CONTINUE)
    head = OF_FORM + "phase: {by: empty}\nreply:\n  says: {kind: {goes_on: CON, ends: END}}\n"
    of_json = made(head + '  content_type: application/json\n  body: \'{"s": "{session}", "t": ["{kind}{text}"]}\'\n')
    assert json.loads(of_json.encode(Reply(text, ends=False), callback).body) == {"s": session, "t": [f"CON{text}"]}
    of_xml = made(head + "  content_type: text/xml\n  body: '<a s=\"{session}\"><t k=''{kind}''>{text}</t></a>'\n")
    root = element(of_xml.encode(Reply(text, ends=False), callback).body)
    kept = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert (root.get("s"), root[0].text or "") == (kept.sub("\ufffd", session), kept.sub("\ufffd", text))
