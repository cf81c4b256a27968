"""Whatever comes over HTTP gets a screen or a 4xx: never a 5xx, a traceback or a wait."""

import asyncio
import json

import pytest

from tests.conftest import MAIN_MENU, PROMPT
from tests.spent import TRIES, cpu
from tests.web.conftest import Client
from ussd.app import App
from ussd.backends import backends, contracts_of
from ussd.callback import Reply, WireRequest
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.lookups import Lookups
from ussd.service import Service
from ussd.sessions import Held, Late, Request, SessionKey
from ussd.settings import Settings
from ussd.web.callbacks import exchange

FORM = "application/x-www-form-urlencoded"
BEGIN = {"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#", "request": "1"}


async def ask(client: Client, fields: object) -> tuple[int, dict[str, object]]:
    reply = await client.post("/gateways/reference", json=fields)
    return reply.status, await reply.json(content_type=None)


async def test_the_reference_gateway_carries_the_dialogue(client: Client) -> None:
    assert await ask(client, BEGIN) == (200, {"text": MAIN_MENU, "ends": False})
    going_on = {"session": "s1", "msisdn": "989120000001", "event": "continue"}
    await ask(client, going_on | {"input": "1", "request": "2"})
    assert await ask(client, going_on | {"input": "2", "request": "3"}) == (200, {"text": PROMPT, "ends": False})
    _, answer = await ask(client, going_on | {"input": "0007569602", "request": "4"})
    assert answer["ends"] is True
    assert (await ask(client, going_on | {"input": "1", "request": "5"}))[1] == answer, "a late callback after the end"


async def test_every_missing_field_is_named_and_nothing_is_changed(client: Client) -> None:
    status, problem = await ask(client, {"event": "begin"})
    assert status == 400
    assert problem["faults"] == ["dialled: missing", "msisdn: missing", "session: missing"]
    assert (await ask(client, BEGIN))[1]["text"] == MAIN_MENU


async def test_one_request_id_for_two_things_is_refused(client: Client) -> None:
    await ask(client, BEGIN)
    status, problem = await ask(client, BEGIN | {"dialled": "*4*1420*1#"})
    assert status == 400
    assert problem["faults"] == ["request: answered before, with other content"]


async def test_without_request_ids_the_same_input_at_once_is_a_retry(client: Client) -> None:
    begin = {name: value for name, value in BEGIN.items() if name != "request"}
    going_on = {"session": "s1", "msisdn": "989120000001", "event": "continue", "input": "1"}
    await ask(client, begin)
    first = await ask(client, going_on)
    assert await ask(client, going_on) == first
    assert len({json.dumps(await ask(client, going_on)) for _ in range(3)}) == 1


async def test_a_session_that_is_not_there_any_more_ends_politely(client: Client) -> None:
    fields = {"session": "gone", "msisdn": "989120000001", "event": "continue", "input": "1"}
    status, reply = await ask(client, fields)
    assert status == 200
    assert reply["ends"] is True
    assert "مهلت" in str(reply["text"])


BAD = {
    "body too large": (b"{" + b" " * 20_000 + b"}", "application/json", 413),
    "nothing": (b"", "application/json", 400),
    "no JSON": (b"{", "application/json", 400),
    "broken UTF-8": (b'{"event": "\x80"}', "application/json", 400),
    "an overlong form": (b'{"event": "\xc0\x80"}', "application/json", 400),
    "a lone surrogate": (json.dumps(BEGIN | {"session": "\ud800"}).encode(), "application/json", 400),
    "no object": (b"[]", "application/json", 400),
    "a name twice": (b'{"event": "begin", "event": "abort"}', "application/json", 400),
    "not a number": (b'{"event": NaN}', "application/json", 400),
    "nested deep": (b"[" * 8_000 + b"]" * 8_000, "application/json", 400),
    "numbers for texts": (b'{"event": 1, "session": 2, "msisdn": 989120000001}', "application/json", 400),
    "another content type": (json.dumps(BEGIN).encode(), FORM, 400),
    "ten thousand stars": (json.dumps(BEGIN | {"dialled": "*" * 10_000}).encode(), "application/json", 400),
    "an unknown event": (json.dumps(BEGIN | {"event": "BEGIN"}).encode(), "application/json", 400),
    "no MSISDN": (json.dumps(BEGIN | {"msisdn": "0912"}).encode(), "application/json", 400),
    "a line break in the MSISDN": (json.dumps(BEGIN | {"msisdn": "989120000001\n"}).encode(), "application/json", 400),
    "Persian digits in the MSISDN": (json.dumps(BEGIN | {"msisdn": "۹۸۹۱۲۰۰۰۰۰۰۱"}).encode(), "application/json", 400),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_is_no_callback_is_refused(client: Client, what: str) -> None:
    body, content_type, status = BAD[what]
    spent: list[float] = []
    for _ in range(TRIES):
        with cpu(spent):
            reply = await client.post("/gateways/reference", data=body, headers={"Content-Type": content_type})
            assert reply.status == status
            assert "Traceback" not in await reply.text()
    assert min(spent) < 0.05


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_other_methods_are_refused(client: Client, method: str) -> None:
    reply = await client.request(method, "/gateways/reference")
    assert 400 <= reply.status < 500


async def test_a_compressed_body_is_refused_unread(client: Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post("/gateways/reference", data=b"\x1f\x8bbroken", headers=headers)).status == 415


async def test_an_alphabet_where_a_compression_is_named_does_no_harm(client: Client) -> None:
    begun = {"session": "s1", "msisdn": "989120000001", "event": "begin", "dialled": "*4*1420#"}
    headers = {"Content-Type": "application/json", "Content-Encoding": "utf-8"}
    assert (await client.post("/gateways/reference", data=json.dumps(begun), headers=headers)).status == 200


async def test_whatever_is_typed_gets_a_screen(client: Client) -> None:
    corpus = ["", " ", "*", "#", "**", "*" * 4000, "00", "-1", "+1", "1.0", "1e3", "0x1", str(2**64), "9" * 4000]
    corpus += ["²", "' OR 1=1--", "{{7*7}}", "{tracking_code}", "<script>", "\r\nSet-Cookie: a=b", "../../", "%s%n"]
    corpus += ["\u0000", "👨‍👩‍👧", "\u0301" * 1000, "\u2028", "\ufeff", "1*2*99"]
    for number, text in enumerate(corpus):
        session = f"s{number}"
        own = {"session": session, "msisdn": f"98912000{number:04}"}  # one line alone would dial too often
        fields = {**own, "event": "continue", "input": text}
        await ask(client, BEGIN | own)
        status, reply = await ask(client, fields)
        assert status == 200, text
        assert reply["ends"] is False, text
        assert "معتبر نیست" in str(reply["text"]), text


class Faulty:
    """A store with a fault of ours in it."""

    async def load(self, key: SessionKey, request: Request, code: str) -> Held:
        raise ZeroDivisionError

    async def recall(self, key: SessionKey, dropped: str) -> Session | None:
        raise ZeroDivisionError

    async def commit(
        self,
        key: SessionKey,
        request: Request,
        version: int,
        session: Session,
        reply: Reply,
        *,
        offer: bool,
        read_late: bool = False,
    ) -> Reply:
        raise ZeroDivisionError

    async def keep_late(self, key: SessionKey, late: Late) -> None:
        raise ZeroDivisionError


async def test_a_fault_of_ours_is_an_apology_that_ends(app: App, settings: Settings) -> None:
    contracts = contracts_of(backends())
    menus, words = load_all(settings.menus, contracts), load_words(settings.menus / COMMON)
    service = Service(menus, words, Faulty(), Lookups({}, contracts), Keys(settings.key()))
    wire = WireRequest(headers={"content-type": "application/json"}, body=json.dumps(BEGIN).encode())
    reply = await exchange(app.door("reference"), service, wire)
    assert reply.status == 200
    assert json.loads(reply.body)["ends"] is True
    assert "پاسخگو نیست" in json.loads(reply.body)["text"]


async def test_a_body_that_drips_is_given_up(app: App, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ussd.web.callbacks.BODY_SECONDS", 0.2)
    assert client.port is not None
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"POST /gateways/reference HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 2)
    writer.close()
    await writer.wait_closed()
