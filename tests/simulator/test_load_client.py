"""The load's own HTTP client: few connections, kept, and no answer that belongs to another request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from simulator.call import CallFailed, OverHttp
from simulator.load.client import Client
from ussd.callback import WireReply, WireRequest

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b"


class Server:
    """A server that answers each request with its own body, unless told otherwise; it keeps what came."""

    def __init__(self, serve: Serve | None = None) -> None:
        self.serve = serve or self.echo
        self.port = self.connections = self.open = self.most = self.left = 0
        self.heads: list[bytes] = []

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while body := await self.body(reader):
            await asyncio.sleep(0.01)
            writer.write(OK % (len(body), body))

    async def body(self, reader: asyncio.StreamReader) -> bytes:
        """The body of the next request; empty at the end."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        self.heads.append(head)
        return await reader.readexactly(int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0))

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await self.serve(reader, writer)
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def connected(server: Server, most: int = 4, path: str = "/in") -> AsyncIterator[Client]:
    """A client of it."""
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    client = Client(OverHttp(f"http://127.0.0.1:{server.port}{path}", "reference", {"X-Key": "k"}), most)
    try:
        yield client
    finally:
        await client.close()
        listening.close()
        async with asyncio.timeout(5):
            while server.open:
                await asyncio.sleep(0.005)
        await listening.wait_closed()


async def asked(client: Client, body: bytes = b"one") -> WireReply:
    return await client.ask(client.written(WireRequest(body=body)), lambda: None)


async def test_connections_are_kept_and_never_more_than_told() -> None:
    server = Server()
    async with connected(server) as client:
        replies = await asyncio.gather(*(asked(client, b"%d" % number) for number in range(40)))
        again = await asked(client)
    assert [reply.body for reply in replies] == [b"%d" % number for number in range(40)]
    assert again == WireReply(b"one", "text/plain", 200, {"content-type": "text/plain", "content-length": "3"})
    assert (server.connections, server.most, client.waited) == (4, 4, 36)


@pytest.mark.parametrize(
    ("path", "wire", "first"),
    [
        ("", WireRequest(body=b"x"), b"POST /gateways/reference HTTP/1.1"),
        ("/", WireRequest(body=b"x"), b"POST /gateways/reference HTTP/1.1"),
        ("/in/", WireRequest(body=b"x"), b"POST /in HTTP/1.1"),
        ("/in?key=1", WireRequest("GET", query="a=b"), b"GET /in?key=1&a=b HTTP/1.1"),
        ("/in", WireRequest("PUT", path="session/1/a b", body=b"x"), b"PUT /in/session/1/a%20b HTTP/1.1"),
    ],
)
async def test_a_request_goes_out_as_its_gateway_writes_it(path: str, wire: WireRequest, first: bytes) -> None:
    server = Server()
    async with connected(server, path=path) as client:
        request = client.written(wire)
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    length = [b"Content-Length: 1"] if wire.body else []
    assert (line, body) == (first, wire.body)
    assert fields == [b"X-Key: k", b"Host: 127.0.0.1:%d" % server.port, *length]


async def test_a_server_that_closes_after_each_answer_is_asked_on_another_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.body(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nwhole")

    server = Server(serve)
    async with connected(server) as client:
        assert [(await asked(client)).body for _ in range(3)] == [b"whole"] * 3
    assert server.connections == 3


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", "closed without an answer"),
        (OK[:30], "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "closed without an answer"),
        (b"SSH-2.0-x\r\n\r\n", "unreadable"),
        (OK % (3, b"one") + OK % (3, b"two"), "unreadable"),
    ],
)
async def test_what_is_no_whole_answer_is_a_failure_and_the_next_is_asked_afresh(said: bytes, kind: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.body(reader)
        writer.write(said if server.connections == 1 else OK % (4, b"well"))

    server = Server(serve)
    async with connected(server, most=1) as client:
        with pytest.raises(CallFailed) as failed:
            await asked(client)
        assert failed.value.kind == kind
        assert (await asked(client)).body == b"well"


async def test_what_nobody_asked_for_is_nobodys_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await server.body(reader)
        writer.write(OK % (len(body), body))
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(OK % (4, b"late"))

    server = Server(serve)
    async with connected(server) as client:
        assert (await asked(client)).body == b"one"
        await asyncio.sleep(0.05)
        assert (await asked(client, b"two")).body == b"two"
    assert server.connections == 2


async def test_who_leaves_closes_his_connection_and_the_next_gets_another_one() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await server.body(reader)
        if body == b"left":
            server.left += await reader.read() == b""
        writer.write(OK % (len(body), body))

    server = Server(serve)
    async with connected(server, most=1) as client:
        await client.leave(client.written(WireRequest(body=b"left")), 0.01, lambda: None)
        assert (await asked(client, b"next")).body == b"next"
    assert (server.left, server.connections) == (1, 2)


async def test_who_is_given_up_takes_no_connection_with_him() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while body := await server.body(reader):
            await asyncio.sleep(0.2 if body == b"slow" else 0)
            writer.write(OK % (len(body), body))

    server = Server(serve)
    async with connected(server, most=1) as client:
        slow = asyncio.create_task(asked(client, b"slow"))
        waiting = [asyncio.create_task(asked(client, b"gone")) for _ in range(3)]
        await asyncio.sleep(0.05)
        for task in (slow, *waiting):
            task.cancel()
        assert len(await asyncio.gather(slow, *waiting, return_exceptions=True)) == 4
        async with asyncio.timeout(2):
            assert [(await asked(client, b"two")).body for _ in range(2)] == [b"two"] * 2


async def test_a_server_that_is_not_there_is_a_failure_for_each_and_for_those_that_wait() -> None:
    client = Client(OverHttp("http://127.0.0.1:9", "reference"), 2)
    failures = await asyncio.gather(*(asked(client) for _ in range(7)), return_exceptions=True)
    assert {type(one) for one in failures} == {CallFailed}
    assert {one.kind for one in failures if isinstance(one, CallFailed)} == {"ConnectionRefusedError"}


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://127.0.0.1:x", "http://"])
def test_what_is_no_url_of_a_server_is_said_to_be_none(url: str) -> None:
    with pytest.raises(CallFailed, match="no URL of a server"):
        Client(OverHttp(url, "reference"), 1)
