"""A client at work, and what its tests need around it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateways.smpp.client import Client
from gateways.smpp.pdu import Command, Pdu
from tests.gateways.smpp.peer import Peer, Peers, delivered, peers
from ussd.settings.smpp import Smpp


def smpp(port: int, **more: object) -> Smpp:
    return Smpp(host="127.0.0.1", port=port, system_id="tamin", password_env="MCI_PASSWORD", **more)  # type: ignore[arg-type]


@asynccontextmanager
async def keeping(smsc: Peers, **more: object) -> AsyncIterator[Client]:
    """A client at work. Its unbinds at the end get no answer, as its peers are gone then."""
    client = Client("mci", smpp(smsc.port, **more), lambda _: 0)
    async with client.running():
        try:
            yield client
        finally:
            for peer in smsc.all:
                peer.close()


def submitting(client: Client, seconds: float = 5.0, text: bytes = b"hello") -> "asyncio.Task[None]":
    until = asyncio.get_running_loop().time() + seconds
    return asyncio.create_task(client.submit(delivered(text), until, lambda: True))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def bound(**more: object) -> AsyncIterator[tuple[Client, Peer]]:
    """A client that is bound, and its peer."""
    async with peers() as smsc, keeping(smsc, **more) as client:
        peer = await smsc.next()
        await peer.bound()
        await until(lambda: client.bound)
        yield client, peer


async def nothing_more(peer: Peer) -> None:
    """The client sends nothing more for now: what it answers comes next."""
    await asyncio.sleep(0.01)
    peer.put(Command.ENQUIRE_LINK, 0x1234)
    assert await peer.get() == Pdu(Command.ENQUIRE_LINK_RESP, 0x1234)
