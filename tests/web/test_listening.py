"""Who connects is taken in, on either event loop, however many there are and whatever becomes of them."""

import asyncio
import os
import resource
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop

from tests.test_serve_tls import certified
from ussd.web.listening import Listening, _bound, listen

MANY = 150
Run = Callable[[Coroutine[Any, Any, None]], None]


class Guest(asyncio.Protocol):
    """Says hello to who has connected, and goodbye."""

    met = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Guest.met += 1
        said = cast(asyncio.Transport, transport)
        said.write(b"hello")
        said.close()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    Guest.met = 0
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner.run


@contextmanager
def connected(listening: Listening, many: int) -> Iterator[list[socket.socket]]:
    """Clients whose connections are made, by the system: nobody has taken them in yet."""
    with ExitStack() as stack:
        address = ("127.0.0.1", listening.port)
        yield [stack.enter_context(socket.create_connection(address, timeout=2)) for _ in range(many)]


async def greeted(many: int) -> None:
    async with asyncio.timeout(5):
        while Guest.met < many:
            await asyncio.sleep(0.01)


def test_all_who_have_connected_are_taken_in_at_once(run: Run) -> None:
    async def crowd() -> None:
        with closing(await listen(Guest, "127.0.0.1", 0)) as listening, connected(listening, MANY):
            for _ in range(6):
                await asyncio.sleep(0)
            assert Guest.met == MANY

    run(crowd())


def test_who_connected_before_it_was_closed_is_taken_in_and_who_comes_later_is_refused(run: Run) -> None:
    async def last() -> None:
        listening = await listen(Guest, "127.0.0.1", 0)
        with connected(listening, 3):
            listening.close()
            await greeted(3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", listening.port))

    run(last())


def test_who_goes_before_being_taken_in_keeps_nobody_else_out(run: Run) -> None:
    async def gone() -> None:
        with closing(await listen(Guest, "127.0.0.1", 0)) as listening:
            with connected(listening, 20) as clients:
                for one in clients:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, at its close
            before = Guest.met
            with connected(listening, 1):
                await greeted(before + 1)

    run(gone())


def test_where_no_file_is_left_the_others_wait_until_there_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    async def waiting() -> None:
        with closing(await listen(Guest, "127.0.0.1", 0)) as listening, connected(listening, 5):
            with no_file_left():
                await asyncio.sleep(0.05)
                assert Guest.met == 0
            await greeted(5)

    run(waiting())
    assert capsys.readouterr().out.count("cannot_accept") == 1


@contextmanager
def no_file_left() -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_who_does_not_speak_tls_is_hung_up_on_and_who_does_is_heard(run: Run, tmp_path: Path) -> None:
    certified(tmp_path, "server")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "server.pem"))

    async def both() -> None:
        with closing(await listen(Guest, "127.0.0.1", 0, tls)) as listening:
            reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", listening.port, ssl=trusting)
            assert await reader.readexactly(5) == b"hello"
            writer.close()
        assert Guest.met == 1

    run(both())


def test_an_address_that_the_machine_does_not_have_is_left_out_where_it_has_another() -> None:
    theirs, ours = (socket.AF_INET, ("192.0.2.1", 0)), (socket.AF_INET, ("127.0.0.1", 0))
    for addresses in ([theirs, ours], [ours, theirs]):
        [bound] = _bound(addresses, shared=False)
        assert bound.getsockname()[0] == "127.0.0.1"
        bound.close()
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        _bound([theirs], shared=False)
