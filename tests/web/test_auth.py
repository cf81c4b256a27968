"""Who cannot prove that it is the gateway gets 401, in the same words whatever is wrong, and changes nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import settings as thoroughly
from hypothesis import strategies as st
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.canaries import cells
from tests.conftest import MAIN_MENU
from tests.web.callers import AUTH, BODY, FAR, HERE, PASSWORD, SECRET, TOKEN, Headers, basic, by_signature, right, wrong
from tests.web.conftest import Client
from tests.web.signing import signed
from ussd.app import App, running
from ussd.settings import Settings
from ussd.settings.gateway import GatewayGiven
from ussd.web.auth import Raw, guard_of
from ussd.web.auth.proofs import Origin
from ussd.web.callbacks import MAX_BODY, routes


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A gateway of each kind, all of one format."""
    for name, value in {"SIGNED": SECRET, "PASSWORD": PASSWORD, "TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    gateways = {name: GatewayGiven.model_validate({"format": "reference", "auth": auth}) for name, auth in AUTH.items()}
    return settings.model_copy(update={"gateways": gateways})


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


async def post(client: Client, name: str, headers: Headers = (), body: bytes = BODY) -> int:
    """The status; and a refusal is in the same words whoever is refused, and for whatever."""
    sent = [*(headers.items() if isinstance(headers, Mapping) else headers), ("Content-Type", "application/json")]
    async with client.post(f"/gateways/{name}", data=body, headers=sent) as reply:
        if reply.status == 401:
            assert reply.content_type == "application/problem+json"
            assert await reply.json(content_type=None) == {
                "type": "about:blank",
                "title": "Unauthorized",
                "status": 401,
            }
        else:
            assert (await reply.json())["text"] == MAIN_MENU
        return reply.status


@pytest.mark.parametrize("name", sorted(AUTH.keys() - {"far", "misled"}))
async def test_who_proves_all_that_is_asked_is_answered(client: Client, name: str) -> None:
    assert await post(client, name, right(name)) == 200


async def test_who_does_not_is_refused_and_nothing_is_changed(client: Client, settings: Settings, redis: Redis) -> None:
    await post(client, "open")
    rows, kept = list(cells(settings.home / "ledger.sqlite3")), set(await redis.keys("*"))
    for name, headers in wrong():
        assert await post(client, name, headers) == 401, (name, headers)
    assert set(await redis.keys("*")) <= kept  # what other tests left there may expire meanwhile
    assert list(cells(settings.home / "ledger.sqlite3")) == rows


async def test_a_refused_request_is_not_even_decoded(client: Client) -> None:
    for body in (b"", b"{", b"\xff" * 100):
        assert await post(client, "signed", body=body) == 401
        async with client.post("/gateways/signed", data=body, headers=right("signed", body)) as reply:
            assert reply.status == 400


async def test_a_request_passes_once_in_this_process_and_in_any_other(
    client: Client, settings: Settings, redis_url: str
) -> None:
    headers = right("signed")
    assert [await post(client, "signed", headers) for _ in range(3)] == [200, 401, 401]
    async with running(settings, redis_url) as other, _client(other) as elsewhere:
        assert await post(elsewhere, "signed", headers) == 401
        assert await post(elsewhere, "signed", right("signed")) == 200


async def test_of_many_replays_at_once_one_passes(client: Client) -> None:
    headers = right("signed")
    passed = await asyncio.gather(*(post(client, "signed", headers) for _ in range(20)))
    assert sorted(passed) == [200] + [401] * 19


async def test_a_nonce_is_a_gateways_own_and_a_refused_one_is_not_used_up(client: Client) -> None:
    mine = signed(SECRET, "/gateways/signed", BODY, nonce="nonce-of-two")
    theirs = signed(SECRET, "/gateways/all", BODY, nonce="nonce-of-two") | {"Authorization": f"Bearer {TOKEN}"}
    assert await post(client, "signed", mine | {"X-Ussd-Signature": "0" * 64}) == 401
    assert await post(client, "all", theirs | {"Authorization": "Bearer wrong"}) == 401
    assert await post(client, "signed", mine) == 200
    assert await post(client, "all", theirs) == 200


@pytest.mark.parametrize("lag", [-55, 55])
async def test_a_clock_may_be_most_of_a_minute_off(client: Client, lag: int) -> None:
    assert await post(client, "signed", by_signature(at=time.time() + lag)) == 200


async def test_query_path_and_method_are_signed_to_the_octet(client: Client) -> None:
    target = "/gateways/signed/s%201?a=%2A4%2a&b"
    for method in ("POST", "GET", "PUT"):
        headers = signed(SECRET, target, b"", method=method)
        for asked, told in ((target.replace("%2a", "%2A"), 401), (target.replace("%20", "+"), 401), (target, 400)):
            status = await _status(client, f"{method} {asked} HTTP/1.1", headers)
            assert status == told, (method, asked)


async def test_a_challenge_is_given_where_a_password_or_a_token_is_asked_for(client: Client) -> None:
    told = {}
    for name in ("basic", "bearer", "all", "signed", "far"):
        async with client.post(f"/gateways/{name}") as reply:
            told[name] = reply.headers.get("WWW-Authenticate", "")
    assert told.pop("basic") == 'Basic realm="ussd", charset="UTF-8"'
    assert told == {"bearer": "Bearer", "all": "Bearer", "signed": "", "far": ""}


async def test_the_log_names_the_gateway_and_what_was_missed_and_no_value(client: Client) -> None:
    with capture_logs() as logs:
        for headers in (
            right("all") | {"Authorization": "Bearer hush"},
            {},
            right("all") | {"X-Ussd-Nonce": "hushhush"},
        ):
            await post(client, "all", headers)
        await post(client, "signed", by_signature(at=1))
    said = [(each["event"], each["gateway"], each["missed"]) for each in logs if each["log_level"] == "warning"]
    assert said == [
        ("caller_refused", "all", ("bearer",)),
        ("caller_refused", "all", ("bearer", "signature")),
        ("caller_refused", "all", ("signature",)),
        ("caller_refused", "signed", ("timestamp",)),
    ]
    assert "hush" not in str(logs)


async def test_no_secret_is_in_what_a_gateway_is_shown_as(app: App, settings: Settings) -> None:
    shown = repr(settings) + repr(dict(app.doors))
    assert "hush" not in shown
    assert basic("operator", PASSWORD)["Authorization"].split()[1] not in shown


class NoNonces:
    """Remembers nothing."""

    async def claim(self, gateway: str, nonce: str, seconds: int) -> bool:
        raise ZeroDivisionError


async def test_a_fault_of_ours_lets_nobody_in(app: App, settings: Settings) -> None:
    door = app.door("signed")
    faulty = replace(door, guard=guard_of("signed", settings.gateways["signed"].auth, NoNonces()))
    application = web.Application()
    application.add_routes(routes([faulty], app.service))
    async with TestClient(TestServer(application)) as client:
        assert await post(client, "signed", right("signed")) == 401


@pytest.mark.parametrize(
    ("peer", "verdict"),
    [("10.1.255.255", ()), ("::ffff:10.1.0.9", ()), ("fd00::1", ()), ("fd00::1%eth0", ()), ("10.2.0.0", ("networks",)),
     ("::10.1.0.9", ("networks",)), ("fe80::1", ("networks",)), ("", ("networks",)), ("/run/s.sock", ("networks",))],
)  # fmt: skip
async def test_an_address_is_of_a_network_in_whichever_form(
    settings: Settings, peer: str, verdict: tuple[str, ...]
) -> None:
    guard = guard_of("far", settings.gateways["far"].auth, NoNonces())
    found = await guard.verdict(Raw(peer, "POST", "/", (), b""))
    assert getattr(found, "missed", ()) == verdict


@given(st.text(), st.sampled_from(["", ", 10.9.0.1", ", 10.9.0.1,127.0.0.2"]))
def test_what_a_caller_writes_of_its_address_changes_nothing(written: str, proxies: str) -> None:
    origin = Origin((ip_network(FAR),), (ip_network(HERE), ip_network("10.9.0.0/16")))
    for caller, missed in (("10.1.2.3", ""), ("192.0.2.1", "networks")):
        told = as_read(f"{written}, {caller}{proxies}")
        assert origin.missed(Raw("127.0.0.1", "POST", "/", (("x-forwarded-for", told),), b"")) == missed


def as_read(text: str) -> str:
    """A header's value as aiohttp reads it."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


NAMES = st.sampled_from(
    ["Authorization", "X-Ussd-Timestamp", "X-Ussd-Nonce", "X-Ussd-Signature", "X-Forwarded-For", "X-Print", "X-Subject"]
)
VALUES = st.one_of(
    st.binary(max_size=60).filter(lambda value: not set(value) & set(b"\r\n\0")),
    st.sampled_from([b"Basic ", b"Bearer \xff", b"9" * 13, "٣".encode(), b"1e3", b"fe80::1%", b"," * 50, b"0" * 64]),
)


@given(
    st.sampled_from(sorted(AUTH.keys() - {"open", "near"})),
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
    st.binary(max_size=200),
)
@thoroughly(max_examples=60)
def _anything(status: Callable[..., int], name: str, headers: list[tuple[str, bytes]], body: bytes) -> None:
    assert status(name, headers, body) in (400, 401)


def test_whatever_is_sent_is_a_4xx_and_no_fault_of_ours(settings: Settings, redis_url: str) -> None:
    stack = AsyncExitStack()

    async def up() -> Client:
        app = await stack.enter_async_context(running(settings, redis_url))
        return await stack.enter_async_context(_client(app))

    with asyncio.Runner() as runner:
        client = runner.run(up())
        try:
            _anything(lambda name, *sent: runner.run(_status(client, f"POST /gateways/{name} HTTP/1.1", *sent)))
        finally:
            runner.run(stack.aclose())


def _client(app: App) -> Client:
    application = web.Application(client_max_size=MAX_BODY)
    application.add_routes(routes(app.doors.values(), app.service))
    return TestClient(TestServer(application))


async def _status(
    client: Client, line: str, headers: Mapping[str, str] | list[tuple[str, bytes]], body: bytes = b""
) -> int:
    """The status of a request that is written to the octet."""
    pairs = [(name, value.encode()) for name, value in headers.items()] if isinstance(headers, Mapping) else headers
    sent = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in pairs)
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"{line}\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n".encode())
    writer.write(sent + b"\r\n" + body)
    status = (await asyncio.wait_for(reader.readline(), 5)).split()[1]
    writer.close()
    await writer.wait_closed()
    return int(status)
