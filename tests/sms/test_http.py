"""The sender over HTTP: what it says to the gateway, and what it takes for a yes."""

import asyncio
import time

import pytest
from aiohttp import ClientSession

from tests.sms.conftest import LINE, TEXT, Gateway
from ussd.sms import Message, SmsFailed
from ussd.sms.http import HttpSender

MESSAGE = Message("0123456789abcdef0123456789abcdef", LINE, TEXT)


async def refused(sender: HttpSender) -> str:
    with pytest.raises(SmsFailed) as failed:
        await sender.send(MESSAGE)
    return str(failed.value)


async def test_a_message_is_posted_with_its_id_and_the_token(session: ClientSession, gateway: Gateway) -> None:
    await HttpSender(session, f"{gateway.url}v2/", "t0ken").send(MESSAGE)
    given = {"id": MESSAGE.name, "to": LINE, "text": TEXT, "path": "/v2/messages", "method": "POST"}
    assert gateway.got == [given]
    assert gateway.headers[0]["Authorization"] == "Bearer t0ken"


async def test_without_a_token_there_is_no_authorization(session: ClientSession, gateway: Gateway) -> None:
    await HttpSender(session, gateway.url).send(MESSAGE)
    assert gateway.got[0]["path"] == "/messages"
    assert "Authorization" not in gateway.headers[0]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_a_yes(session: ClientSession, gateway: Gateway, status: int) -> None:
    gateway.status = status
    await HttpSender(session, gateway.url).send(MESSAGE)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503])
async def test_anything_else_is_a_failure_and_no_redirect_is_followed(
    session: ClientSession, gateway: Gateway, status: int
) -> None:
    gateway.status = status
    assert await refused(HttpSender(session, gateway.url, "t0ken")) == f"the gateway answers with HTTP {status}"
    assert [message["path"] for message in gateway.got] == ["/messages"]


async def test_a_gateway_that_hangs_is_waited_for_so_long(session: ClientSession, gateway: Gateway) -> None:
    gateway.open.clear()
    begun = time.monotonic()
    assert (await refused(HttpSender(session, gateway.url, seconds=0.2))).startswith("the gateway does not answer")
    assert time.monotonic() - begun < 2


async def test_a_gateway_that_is_not_there_is_a_failure(session: ClientSession) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        hung_up = await refused(HttpSender(session, url))
    gone = await refused(HttpSender(session, url))
    for said in (hung_up, gone):
        assert said.startswith("the gateway does not answer: ")
        assert not [value for value in (LINE, TEXT, "127.0.0.1") if value in said]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://gateway.example",
        "gateway.example",
        "http:///path",
        "http://u:p@gateway.example",
        "http://g?x=1",
        "http://g#x",
    ],
)
async def test_what_is_no_gateways_url_is_refused_and_not_repeated(session: ClientSession, url: str) -> None:
    with pytest.raises(ValueError, match="the SMS gateway's URL") as refused:
        HttpSender(session, url)
    assert url not in str(refused.value)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "نشانه"])
async def test_what_is_no_token_is_refused_and_not_repeated(session: ClientSession, token: str) -> None:
    with pytest.raises(ValueError, match=r"^the SMS gateway's token is of visible ASCII characters$"):
        HttpSender(session, "http://gateway.example", token)
