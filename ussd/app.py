"""The one place that puts an application together: settings in, a service behind its gateways out."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aiohttp import ClientSession

from ussd.admission import Paces
from ussd.backends import Lookup, Registry, World, backends, contracts_of, sets_the_pace
from ussd.core.checks import ANY_LINE, Contract, Lines
from ussd.core.loader import COMMON, MenuError, load_all, load_words
from ussd.core.menu import Menu, Words
from ussd.core.messages import Messages, load_messages
from ussd.counting import LookupCounting
from ussd.doors import SMPP, AppError, Smsc, all_running, configured, door, lines, smsc
from ussd.editions import Editions, Shelf
from ussd.keys import Keys
from ussd.ledger import Ledger, opened
from ussd.limits import UNLIMITED
from ussd.lookups import Backend, Lookups
from ussd.metrics import Metrics
from ussd.paid import PaidInquiries
from ussd.redis_server import own_server
from ussd.registries import HttpOwners, HttpRegistry, PacedRegistry, new_session
from ussd.reload import Reload, Stamps, stamps
from ussd.service import Service
from ussd.settings import RegistryName, Settings
from ussd.sms import Sender
from ussd.sms.http import HttpSender
from ussd.sms.terminal import TerminalSender
from ussd.sms.worker import SmsWorker
from ussd.store import RedisStore
from ussd.store.editions import RedisEditions
from ussd.store.limits import RedisLimits
from ussd.traced import UNTRACED, Traces
from ussd.upkeep import Upkeep
from ussd.web.admin import Readiness
from ussd.web.api import Desks
from ussd.web.callbacks import Door


@dataclass(frozen=True, slots=True)
class App:
    """A running engine."""

    service: Service
    doors: Mapping[str, Door]
    smscs: Mapping[str, Smsc]
    desks: Desks
    readiness: Readiness
    metrics: Metrics
    sms: SmsWorker
    upkeep: Upkeep
    reload: Reload

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """With what a server does besides answering: SMSCs are bound to, messages sent, what was left open closed."""
        async with self.upkeep.running(), self.reload.running(), self.sms.running(), all_running(self.smscs.values()):
            yield

    def door(self, name: str) -> Door:
        """A gateway by its name. Raises AppError where it is not served here."""
        if name not in self.doors:
            raise AppError(f"no gateway {name} here (there are {', '.join(sorted(self.doors))})")
        return self.doors[name]


@contextmanager
def redis_url(settings: Settings) -> Iterator[str]:
    """The URL of the Redis that is configured, or of the program's own."""
    settings.make_home()
    if settings.redis_url:
        yield settings.redis_url
    else:
        with own_server(settings.home) as url:
            yield url


@asynccontextmanager
async def running(
    settings: Settings, redis: str, *, limited: bool = True, smpp: bool = True, traces: Traces = UNTRACED
) -> AsyncIterator[App]:
    """The engine, from its menus to its gateways. Raises MenuError, AppError and LedgerAway.

    `limited`: whether lines are counted, as those of a gateway are and a handset in this process is not.
    `smpp`: whether SMSCs are bound to. `traces`: who makes a trace of each callback.
    """
    found = backends()
    contracts = contracts_of(found)
    seen, gateways = stamps(settings.menus), configured(settings)
    loaded, messages = _loaded(settings.menus, contracts), load_messages(settings.menus)
    keys, metrics = Keys(settings.key()), Metrics()
    counting = traces.counting(metrics)
    async with AsyncExitStack() as stack:
        store = _store(redis, keys, metrics)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(new_session())
        doors = {
            name: _seen(door(name, one, store, session), traces) for name, one in gateways.items() if one.format != SMPP
        }
        samples = settings.entitlement_url is None
        ledger = await stack.enter_async_context(
            opened(settings.ledger, keys, migrate=settings.migrate, samples=samples)
        )
        try:
            world, sender = _world(settings, ledger, session), _sender(settings, session)
        except ValueError as fault:
            raise AppError(str(fault)) from None
        lookups, paces = _lookups(found, world, ledger, contracts, counting)
        stack.push_async_callback(lookups.close)
        limits = _limits(settings, store, keys, ledger) if limited else UNLIMITED
        editions = RedisEditions(store.scripts, keys)
        service = Service(
            *loaded,
            traces.store(store),
            lookups,
            keys,
            limits=limits,
            editions=editions,
            counting=counting,
            paces=paces,
            admission=metrics,
        )
        stack.push_async_callback(_closed, doors.values())
        smscs = {name: smsc(name, one, service) for name, one in gateways.items() if smpp and one.format == SMPP}
        readiness = _readiness(store, ledger, smscs, doors)
        desks, upkeep = _desks(ledger, world, messages, keys), Upkeep(ledger, metrics)
        sms = SmsWorker(ledger.outbox, sender, metrics)
        reload = _reload(settings, contracts, service.shelf, editions, metrics, seen)
        yield App(service, doors, smscs, desks, readiness, metrics, sms, upkeep, reload)


def _lookups(
    found: Mapping[str, Lookup],
    world: World,
    ledger: Ledger,
    contracts: Mapping[str, Contract],
    counting: LookupCounting,
) -> tuple[Lookups, Paces]:
    """All backends, and how many dialogues a second those registries can carry that set a pace."""
    paces = Paces()
    asked: dict[str, Backend] = {
        name: partial(one.look_up, world=_paced(world, ledger, sets_the_pace(one), paces, name))
        for name, one in found.items()
    }
    return Lookups(asked, contracts, counting), paces


def _paced(world: World, ledger: Ledger, registry: str, paces: Paces, backend: str) -> World:
    """The world as a backend sees it that may ask a registry too much. The ledger's own can be asked anything."""
    found = getattr(world, registry, None)
    if found is getattr(ledger, registry, None):
        return world
    return replace(world, **{registry: PacedRegistry(found, paces, backend)})  # type: ignore[arg-type]


def _loaded(folder: Path, contracts: Mapping[str, Contract], shown: Lines = ANY_LINE) -> tuple[dict[str, Menu], Words]:
    """The menus of an installation and their words, as these lines show them. Raises MenuError."""
    return load_all(folder, contracts, shown), load_words(folder / COMMON, shown)


def _reload(
    settings: Settings,
    contracts: Mapping[str, Contract],
    shelf: Shelf,
    editions: Editions,
    metrics: Metrics,
    seen: Stamps,
) -> Reload:
    load, cramped = partial(_loaded, settings.menus, contracts), partial(_cramped, settings, contracts)
    return Reload(settings.menus, load, shelf, editions, metrics, seen=seen, watch=settings.watch, cramped=cramped)


def _cramped(settings: Settings, contracts: Mapping[str, Contract]) -> list[str]:
    """What the menus have too much of for a line of this installation: it is shown all the same, on more pages."""
    if not settings.gateways:
        return []
    try:
        _loaded(settings.menus, contracts, lines(settings))
    except MenuError as error:
        return [str(fault) for fault in error.faults]
    return []


def _seen(door: Door, traces: Traces) -> Door:
    return replace(door, gateway=traces.gateway(door.gateway))


async def _closed(doors: Iterable[Door]) -> None:
    """See through the screens that are still to be sent."""
    await asyncio.gather(*(door.push.close() for door in doors if door.push))


def _readiness(store: RedisStore, ledger: Ledger, smscs: Mapping[str, Smsc], doors: Mapping[str, Door]) -> Readiness:
    bound = {name: one.bound for name, one in smscs.items()}
    return Readiness({"redis": store.ping, "ledger": ledger.ping}, smscs=bound, doors=bool(doors))


def _limits(settings: Settings, store: RedisStore, keys: Keys, ledger: Ledger) -> RedisLimits:
    return RedisLimits(store.scripts, keys, settings.allowed, partial(_is_centre, ledger))


async def _is_centre(ledger: Ledger, msisdn: str) -> bool:
    return await ledger.centres.of_line(msisdn) is not None


def _store(redis: str, keys: Keys, metrics: Metrics) -> RedisStore:
    try:
        return RedisStore(redis, keys, counting=metrics)
    except ValueError:  # whose message may repeat a password
        raise AppError("USSD_REDIS_URL cannot be understood") from None


def _world(settings: Settings, ledger: Ledger, session: ClientSession) -> World:
    """The registries that the settings name, or the ledger's samples; without samples, what is not named is absent.

    Raises ValueError for a URL or a token that no registry can have; it repeats neither.
    """

    def insurer(name: RegistryName, otherwise: Registry) -> Registry:
        remote = settings.remote(name)
        return HttpRegistry(session, remote.url, remote.token, name=name) if remote else otherwise

    lines = settings.remote("line_owner")
    return World(
        sso=insurer("entitlement", ledger.sso),
        health_insurance=insurer("health_insurance", ledger.health_insurance),
        owners=HttpOwners(session, lines.url, lines.token, name="line_owner") if lines else ledger.owners,
        centres=ledger.centres,
        tracker=ledger.tracker,
        credits=ledger.credits,
        one_time=ledger.one_time,
        overlap=settings.overlap,
    )


def _desks(ledger: Ledger, world: World, messages: Messages, keys: Keys) -> Desks:
    return Desks(
        clients=ledger.clients,
        credits=ledger.credits,
        history=ledger.history,
        paid=PaidInquiries(ledger.spending, world.sso, world.tracker, keys),
        one_time=ledger.one_time,
        messages=messages,
        keys=keys,
    )


def _sender(settings: Settings, session: ClientSession) -> Sender:
    """The SMS gateway that the settings name, or the developer's terminal. Raises ValueError as `_world` does."""
    remote = settings.remote("sms")
    return HttpSender(session, remote.url, remote.token) if remote else TerminalSender()
