"""A drawn phone without a terminal, on the engine in this process or on whatever carrier a test has."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from textual.pilot import Pilot
from textual.widgets import Input, Static

from simulator.call import CallFailed, Carrier, InProcess
from simulator.phone.app import Phone
from simulator.phone.network import Network, profile_of
from simulator.phone.screen import Display
from simulator.phone.subscriber import Recorder, Subscriber
from simulator.phone.wire import Entry
from simulator.phone.wire_log import WireLog
from simulator.rtl import Writing
from tests.conftest import LINE
from ussd.app import App
from ussd.callback import Reply, WireReply, WireRequest
from ussd.doors import formats

CODE = "*4*1420#"
WRITING = Writing()


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Notes:
    """A recorder that keeps what it is told."""

    said: list[tuple[str, object]] = field(default_factory=list)

    def dialled(self, line: str, gateway: str, code: str) -> None:
        self.said.append(("dialled", (line, gateway, code)))

    def typed(self, text: str) -> None:
        self.said.append(("typed", text))

    def shown(self, reply: Reply) -> None:
        self.said.append(("shown", reply.ends))

    def trouble(self, name: str) -> None:
        self.said.append(("trouble", name))

    def waited(self, seconds: float) -> None:
        self.said.append(("waited", seconds))


def through(carrier: Carrier) -> Network:
    """A network on which every gateway is reached by one carrier."""

    async def way(name: str) -> Carrier:
        return carrier

    return Network(tuple(formats()), way, profile_of)


def engine(app: App) -> Network:
    """The engine in this process, behind each of its gateways."""

    async def way(name: str) -> Carrier:
        return InProcess(app.door(name), app.service)

    return Network(tuple(formats()), way, lambda name: app.door(name).line.profile)


@dataclass
class Away:
    """A server that is not there."""

    async def carry(self, wire: WireRequest) -> WireReply:
        raise CallFailed("http://127.0.0.1:9 does not answer: ClientConnectorError")


@dataclass
class Failing:
    """A server, but for some of its answers."""

    carrier: Carrier
    instead: list[WireReply | None]

    async def carry(self, wire: WireRequest) -> WireReply:
        instead = self.instead.pop(0) if self.instead else None
        return instead or await self.carrier.carry(wire)


@dataclass
class Held:
    """A phone in somebody's hand."""

    pilot: Pilot[None]
    phone: Phone
    subscriber: Subscriber
    wire: list[Entry]

    @property
    def shown(self) -> str:
        """What is on its screen, as it came."""
        return self.phone.query_one(Display).text

    @property
    def drawn(self) -> list[str]:
        """The lines of its screen as they are drawn."""
        return [line.strip() for line in str(self.phone.query_one(Display).query_one(Static).content).split("\n")]

    @property
    def facts(self) -> dict[str, str]:
        """What is said under it, by name."""
        lines = str(self.phone.query_one("#facts", Static).content).split("\n")
        return {line[:8].strip(): line[8:] for line in lines}

    @property
    def typed(self) -> str:
        """What is in its box."""
        return self.phone.query_one("#typed", Input).value

    @property
    def log(self) -> str:
        """The log of the wire as it is shown, without its line breaks."""
        return "".join(strip.text for strip in self.phone.query_one(WireLog).lines)

    async def press(self, *keys: str) -> None:
        """Press keys of the keyboard, and wait until all has been answered."""
        await self.pilot.press(*keys)
        await self.settled()

    async def send(self, *texts: str) -> None:
        """Put each text into the box, which is faster than to type it, and send it."""
        for text in texts:
            self.phone.query_one("#typed", Input).value = text
            await self.press("enter")

    async def start(self, *keys: str) -> None:
        """Press keys, and wait for no answer."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def click(self, where: str) -> None:
        """Click on something, and wait until all has been answered."""
        await self.pilot.click(where)
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        await self.phone.workers.wait_for_complete()
        await self.pilot.pause()


@asynccontextmanager
async def phone(
    network: Network,
    *,
    gateway: str = "reference",
    size: tuple[int, int] = (100, 32),
    clock: Callable[[], float] | None = None,
    recorder: Recorder | None = None,
    writing: Writing = WRITING,
) -> AsyncIterator[Held]:
    """A phone of the sample subscriber's, with the public menu's code on its dial pad."""
    subscriber = Subscriber(LINE, network, gateway, recorder=recorder, clock=clock or Clock(), ask_again=0.01)
    drawn = Phone(subscriber, CODE, writing=writing, next_words=frozenset({"بعدي"}))
    async with drawn.run_test(size=size) as pilot:
        wire: list[Entry] = []
        log = subscriber.told

        def told(entry: Entry) -> None:
            wire.append(entry)
            log(entry)

        subscriber.told = told
        await pilot.pause()
        yield Held(pilot, drawn, subscriber, wire)
