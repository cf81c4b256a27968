"""What the commands share that stand in an operator's place: whom they call, and where they are called themselves."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import click

HEADERS = click.option("--header", "headers", multiple=True, help="Sent to that server: 'Authorization: Bearer ...'.")
T = TypeVar("T")


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int


class _Listen(click.ParamType[Address]):
    """HOST:PORT, on this machine: what listens here lets in whoever comes."""

    name = "host:port"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        try:
            split = urlsplit(f"//{value}")
            host, port = split.hostname or "", split.port
        except ValueError:
            host, port = "", None
        if port is None or not is_loopback(host):
            self.fail("it is a loopback address and a port, 127.0.0.1:2775", param, ctx)
        return Address(host, port)


LISTEN = click.option(
    "--listen",
    type=_Listen(),
    help="Where the operator that is played listens, on this machine: its SMSC, or, for an asynchronous gateway, what "
    "the server's `send.url` points to (127.0.0.1:8090 unless told).",
)


def headers_of(given: Iterable[str]) -> dict[str, str]:
    """Headers by name."""
    split = (header.partition(":") for header in given)
    return {name.strip(): value.strip() for name, _, value in split}


def is_loopback(host: str) -> bool:
    """Whether only this machine answers there; a name that is not `localhost` is anybody's."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Aside:
    """A loop in a thread of its own, which goes on while a person thinks at the keypad."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, waits: Coroutine[Any, Any, T]) -> T:
        """Run what waits to its end."""
        return asyncio.run_coroutine_threadsafe(waits, self._loop).result()


@contextmanager
def aside() -> Iterator[Aside]:
    """Such a loop."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        thread = Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield Aside(loop)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
