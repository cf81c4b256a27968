"""The one place that puts an application together: settings in, a service behind its gateways out."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from aiohttp import ClientSession

from ussd.backends import Registry, World, backends, contracts_of
from ussd.core.checks import Contract, Lines
from ussd.core.loader import COMMON, load_all, load_words
from ussd.core.menu import Menu, Words
from ussd.core.messages import Messages, load_messages
from ussd.doors import SMPP, AppError, Smsc, all_running, configured, door, lines, smsc
from ussd.keys import Keys
from ussd.ledger import Ledger, opened
from ussd.limits import UNLIMITED
from ussd.lookups import Lookups
from ussd.metrics import Metrics
from ussd.paid import PaidInquiries
from ussd.redis_server import own_server
from ussd.registries import HttpOwners, HttpRegistry, new_session
from ussd.reload import Reload, stamps
from ussd.service import Service
from ussd.settings import RegistryName, Settings
from ussd.sms import Sender
from ussd.sms.http import HttpSender
from ussd.sms.terminal import TerminalSender
from ussd.sms.worker import SmsWorker
from ussd.store import RedisStore
from ussd.store.editions import RedisEditions
from ussd.store.limits import RedisLimits
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
async def running(settings: Settings, redis: str, *, limited: bool = True, smpp: bool = True) -> AsyncIterator[App]:
    """The engine, from its menus to its gateways. Raises MenuError, AppError and LedgerAway.

    `limited`: whether lines are counted, as those of a gateway are and a handset in this process is not.
    `smpp`: whether SMSCs are bound to.
    """
    found = backends()
    contracts = contracts_of(found)
    seen, load = stamps(settings.menus), partial(_loaded, settings, contracts, lines(settings))
    loaded, messages = load(), load_messages(settings.menus)
    gateways = configured(settings)
    keys = Keys(settings.key())
    async with AsyncExitStack() as stack:
        store = _store(redis, keys)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(new_session())
        doors = {name: door(name, one, store, session) for name, one in gateways.items() if one.format != SMPP}
        samples = settings.entitlement_url is None
        ledger = await stack.enter_async_context(
            opened(settings.ledger, keys, migrate=settings.migrate, samples=samples)
        )
        try:
            world, sender = _world(settings, ledger, session), _sender(settings, session)
        except ValueError as fault:
            raise AppError(str(fault)) from None
        lookups = Lookups({name: partial(one.look_up, world=world) for name, one in found.items()}, contracts)
        stack.push_async_callback(lookups.close)
        limits = _limits(settings, store, keys, ledger) if limited else UNLIMITED
        editions = RedisEditions(store.scripts, keys)
        service = Service(*loaded, store, lookups, keys, limits=limits, editions=editions)
        stack.push_async_callback(_closed, doors.values())
        smscs = {name: smsc(name, one, service) for name, one in gateways.items() if smpp and one.format == SMPP}
        readiness = _readiness(store, ledger, smscs, doors)
        desks, metrics = _desks(ledger, world, messages, keys), Metrics()
        sms = SmsWorker(ledger.outbox, sender, metrics)
        reload = Reload(settings.menus, load, service.shelf, editions, metrics, seen=seen, watch=settings.watch)
        yield App(service, doors, smscs, desks, readiness, metrics, sms, Upkeep(ledger), reload)


def _loaded(settings: Settings, contracts: Mapping[str, Contract], shown: Lines) -> tuple[dict[str, Menu], Words]:
    """The menus of an installation and their words, as its lines show them. Raises MenuError."""
    return load_all(settings.menus, contracts, shown), load_words(settings.menus / COMMON, shown)


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


def _store(redis: str, keys: Keys) -> RedisStore:
    try:
        return RedisStore(redis, keys)
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
