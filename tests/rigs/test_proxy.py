"""The faulty way does what it says."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.rigs.proxy import Proxy, before, threaded
from tests.test_serve_tls import certified

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def echo(tmp_path: Path) -> AsyncIterator[str]:
    """A server on a socket that says all again."""

    async def again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while said := await reader.read(65536):
                writer.write(said)

    async with await asyncio.start_unix_server(again, tmp_path / "s"):
        yield f"unix://{tmp_path / 's'}"


@pytest.fixture
async def proxy(echo: str) -> AsyncIterator[Proxy]:
    async with before(echo) as proxy:
        yield proxy


@asynccontextmanager
async def line(proxy: Proxy, tls: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=tls)
    with closing(writer):
        yield reader, writer


async def said(line: Line, words: bytes, patience: float = 2.0) -> bytes:
    reader, writer = line
    writer.write(words)
    async with asyncio.timeout(patience):
        return await reader.readexactly(len(words))


async def nothing(line: Line, words: bytes) -> bool:
    try:
        return await said(line, words, 0.1) == b""
    except TimeoutError:
        return True


async def test_without_a_fault_all_passes(proxy: Proxy) -> None:
    async with line(proxy) as one, line(proxy) as other:
        assert await said(one, b"x" * 1_000_000) == b"x" * 1_000_000
        assert await said(other, b"y") == b"y"
    assert proxy.connections == 2


async def test_what_is_sliced_comes_in_pieces_of_at_most_seven_octets_and_whole(proxy: Proxy) -> None:
    proxy.slices = True
    async with line(proxy) as (reader, writer):
        writer.write(bytes(range(200)))
        pieces = []
        while sum(map(len, pieces)) < 200:
            pieces.append(await reader.read(7))
    assert b"".join(pieces) == bytes(range(200))
    assert len({len(piece) for piece in pieces}) > 1


async def test_the_nth_reply_is_swallowed_and_the_connection_stays(proxy: Proxy) -> None:
    async with line(proxy) as one:
        proxy.drop = 2
        assert await said(one, b"a") == b"a"
        assert await nothing(one, b"b")
        assert await said(one, b"c") == b"c"


async def test_a_reply_may_be_the_one_before_it(proxy: Proxy) -> None:
    async with line(proxy) as one:
        assert await said(one, b"a") == b"a"
        proxy.slipped = True
        assert await said(one, b"b") == b"a"
        assert await said(one, b"c") == b"b"


async def test_the_oldest_connections_fall_silent_or_all(proxy: Proxy) -> None:
    async with line(proxy) as one, line(proxy) as other:
        assert [await said(each, b"a") for each in (one, other)] == [b"a", b"a"]
        proxy.silent = 1
        assert await nothing(one, b"b")
        assert await said(other, b"b") == b"b"
        proxy.silent = -1
        async with line(proxy) as third:
            assert await nothing(other, b"c")
            assert await nothing(third, b"c")


async def test_connections_are_cut_and_new_ones_welcome_unless_it_refuses(proxy: Proxy) -> None:
    async with line(proxy) as one:
        assert await said(one, b"a") == b"a"
        await proxy.hang_up()
        assert await one[0].read() == b""
    async with line(proxy) as two:
        assert await said(two, b"b") == b"b"
    proxy.refuses = True
    async with line(proxy) as three:
        assert await three[0].read() == b""


async def test_a_server_that_is_not_there_hangs_up(tmp_path: Path) -> None:
    async with before(f"unix://{tmp_path / 'nobody'}") as proxy, line(proxy) as one:
        assert await one[0].read() == b""


async def test_what_passes_is_late_each_way(proxy: Proxy) -> None:
    proxy.earliest_ms = 30
    async with line(proxy) as one:
        began = time.monotonic()
        assert await said(one, b"a") == b"a"
        assert time.monotonic() - began >= 0.06


async def test_what_comes_by_tls_goes_on_without(echo: str, tmp_path: Path) -> None:
    certified(tmp_path, "server")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    asking = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))
    async with before(echo, tls=serving) as proxy, line(proxy, asking) as one:
        assert await said(one, b"a") == b"a"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_in_a_thread_it_serves_tests_without_an_event_loop(listener: socket.socket) -> None:
    with (
        threaded(f"redis://127.0.0.1:{listener.getsockname()[1]}") as way,
        socket.create_connection(("127.0.0.1", way.proxy.port), timeout=2) as caller,
    ):
        callee, _ = listener.accept()
        with callee:
            caller.sendall(b"a")
            assert callee.recv(1) == b"a"
            way.hang_up()
            assert callee.recv(1) == b""
            assert caller.recv(1) == b""
