"""Runs a schedule: the real service in each process, behind the gateways' real formats."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial

import structlog

from simulator.operators import Leg
from tests.promises.simulation.clock import VirtualLoop
from tests.promises.simulation.faults import PowerCuts, Process, Redis, Weather
from tests.promises.simulation.history import CURRENT, Delivery, History, Taken
from tests.promises.simulation.plan import Call, Copy, Plan
from tests.promises.simulation.scripts import Counters
from tests.promises.simulation.store import MemoryStore, Step
from tests.promises.simulation.world import Outside
from ussd.backends import backends, contracts_of
from ussd.callback import Phase, Reply
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.menu import Words
from ussd.editions import Edition, edition_of
from ussd.keys import Keys
from ussd.limits import Allowed
from ussd.lookups import Lookups
from ussd.service import Service
from ussd.sessions import Late, SessionKey
from ussd.settings import Settings
from ussd.store.limits import RedisLimits

_KEYS = Keys(b"the simulator's secret, 32 octets")
_PATIENCE = 6.0
"""Seconds after which a gateway gives us up."""
_BACKENDS = backends()
_CONTRACTS = contracts_of(_BACKENDS)


@cache
def editions() -> tuple[list[Edition], Words]:
    """The menus that are shipped, compiled once, and their words."""
    folder = Settings().menus
    return [edition_of(menu) for menu in load_all(folder, _CONTRACTS).values()], load_words(folder / COMMON)


@contextmanager
def quiet() -> Iterator[None]:
    """Without logs: they are tested elsewhere, and cost more than all the rest here."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    try:
        yield
    finally:
        structlog.configure(**before)


def run(plan: Plan) -> History:
    """What came of a schedule."""
    chance = random.Random(f"{plan.seed} as it runs")
    loop = VirtualLoop(chance)
    try:
        running = Running(plan, loop, chance)
        loop.run_until_complete(running.all_of_it())
        return running.history
    finally:
        _swept(loop)
        loop.close()


def _swept(loop: VirtualLoop) -> None:
    """End what dead processes, and questions without an answer, still have under way."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


class Running:
    """A schedule that runs."""

    def __init__(self, plan: Plan, loop: VirtualLoop, chance: random.Random) -> None:
        self.plan, self.loop, self.chance, self.history = plan, loop, chance, History()
        self._memory, self._counters = MemoryStore(loop.wall, loop.time), Counters(loop.time)
        self._memory.taken, self._memory.late_kept = self._taken, self._late_kept
        self._weather = Weather(**plan.weather)
        self._outside = Outside(plan.truths, self.history, chance, **plan.outside)
        self._processes: list[Process] = []
        self._served = [self._started() for _ in range(plan.processes)]
        self._over: list[asyncio.Future[None]] = []
        self._answering: list[asyncio.Task[None]] = []

    async def all_of_it(self) -> None:
        """Every call to its end, and every delivery that comes after it."""
        cuts = PowerCuts(self._memory, self._weather, self.history, self.loop)
        for at in self.plan.kills:
            self.loop.call_at(at, self._restart)
        for at in self.plan.cuts:
            self.loop.call_at(at, partial(cuts.cut, self.chance.random(), self.chance.random() * 2))
        await asyncio.gather(*map(self._called, self.plan.calls))
        await asyncio.gather(*self._over)

    def _started(self) -> tuple[Process, Service]:
        """A process, with the engine that it serves."""
        process = Process(self.loop)
        self._processes.append(process)
        redis = Redis(self._memory, self._counters, process, self._weather, self.chance)
        world = self._outside.as_seen_from(process)
        lookups = Lookups({name: partial(one.look_up, world=world) for name, one in _BACKENDS.items()}, _CONTRACTS)
        limits = RedisLimits(redis, _KEYS, Allowed(dials_per_minute=self.plan.dials), self._no_centre, self.loop.wall)  # type: ignore[arg-type]
        menus, words = editions()
        service = Service({}, words, redis, lookups, _KEYS, now=self.loop.wall, limits=limits)
        service.shelf.take(menus, words)
        return process, service

    async def _no_centre(self, msisdn: str) -> bool:
        return False

    def _restart(self) -> None:
        place = self.chance.randrange(len(self._served))
        self._served[place][0].kill()
        self._served[place] = self._started()

    def _taken(self, step: Step) -> None:
        self.history.taken.append(Taken(step, CURRENT.get()))

    def _late_kept(self, key: SessionKey, late: Late) -> None:
        self.history.late.append((key, late.session))

    async def _called(self, call: Call) -> None:
        """A subscriber dials, and types as long as there is something to answer."""
        await asyncio.sleep(call.begins)
        for number, copies in enumerate(call.copies):
            if number:
                await asyncio.sleep(call.think[number - 1])
            phase = Phase.CONTINUE if number else Phase.BEGIN
            leg = Leg(call.session, call.msisdn, call.dialled, phase, tuple(call.typed[:number]))
            shown = self._sent(call, number, leg, copies)
            reply = await self._read(shown) if call.waits else None
            if call.waits and (reply is None or reply.ends):
                break
        if call.hangs_up:
            leg = Leg(call.session, call.msisdn, call.dialled, Phase.ABORT, leg.typed)
            self._sent(call, len(call.copies), leg, [Copy(0.0)])

    async def _read(self, shown: "asyncio.Future[Reply]") -> Reply | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await shown
        except TimeoutError:
            return None

    def _sent(self, call: Call, number: int, leg: Leg, copies: Sequence[Copy]) -> "asyncio.Future[Reply]":
        """Have all deliveries of a callback made; the first answer is the one that the handset shows."""
        shown: asyncio.Future[Reply] = self.loop.create_future()
        for copy in copies:
            if not copy.lost:
                over: asyncio.Future[None] = self.loop.create_future()
                self._over.append(over)
                self.loop.call_later(copy.after, self._brought, call, number, leg, shown, over)
        return shown

    def _brought(
        self, call: Call, number: int, leg: Leg, shown: "asyncio.Future[Reply]", over: "asyncio.Future[None]"
    ) -> None:
        """One delivery comes to one of the processes."""
        wire = call.format.operator.ask(leg)
        if wire is None:
            over.set_result(None)
            return
        callback = call.format.gateway.decode(wire)
        key = SessionKey(call.format.name, call.msisdn, call.session)
        delivery = Delivery(key, call.format.kind, number, leg, callback, self.loop.time())
        self.history.deliveries.append(delivery)
        process, service = self.chance.choice(self._served)
        process.under_way.add(over)
        self._answering.append(self.loop.create_task(self._answered(call, delivery, process, service, shown, over)))

    async def _answered(
        self,
        call: Call,
        delivery: Delivery,
        process: Process,
        service: Service,
        shown: "asyncio.Future[Reply]",
        over: "asyncio.Future[None]",
    ) -> None:
        CURRENT.set(delivery)
        try:
            reply = await service.answer(call.format.line, delivery.callback)
        except Exception as error:
            delivery.refused = repr(error)
        else:
            if process.dead:
                return
            delivery.body = call.format.gateway.encode(reply, delivery.callback).body
            delivery.reply, delivery.answered = reply, self.loop.time()
            if not shown.done():
                shown.set_result(reply)
        process.under_way.discard(over)
        if not over.done():
            over.set_result(None)
