"""Keeps a gateway bound to its SMSC: binds, binds again whenever a link ends, unbinds on stop."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import SystemRandom

import structlog

from gateways.smpp.link import BindRefused, Link, LinkGone, Take, Timers, Unanswered
from gateways.smpp.outlet import Dropped, Outlet
from gateways.smpp.pdu import Bind, Command, Message, Status
from ussd.settings.smpp import Smpp, Tls

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the next try to bind: at first, and at last."""
SETTLED = 5.0
"""Seconds after which a link counts as made: one that ends before does not make the next pause a short one."""
_ROLES = {
    "transceiver": (Command.BIND_TRANSCEIVER,),
    # The transmitter first: once the receiver is bound, an answer may be due at once.
    "pair": (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
}
_PASSING = (Status.RALYBND, Status.RSYSERR, Status.RTHROTTLED)
"""Refusals that mend by themselves: after we were killed, an SMSC takes a while to see that our old link is dead."""

_random = SystemRandom()
_log = structlog.get_logger(__name__)


class Client:
    """The one of a gateway."""

    def __init__(self, gateway: str, given: Smpp, take: Take) -> None:
        """Do nothing yet. Raises OSError where a file of `tls` cannot be read."""
        self._gateway, self._given, self._take = gateway, given, take
        self._tls = _context(given.tls) if given.tls else None
        self._outlet: Outlet | None = None
        self._pause = FIRST_PAUSE
        self.bound = False
        """Whether dialogues can come and be answered now."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep it bound in the background; on leaving, unbind."""
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def submit(self, message: Message, until: float, wanted: Callable[[], bool]) -> None:
        """Have the SMSC take a message, as `Outlet.submit` does. Raises Dropped."""
        if self._outlet is None:
            raise Dropped("away")
        await self._outlet.submit(message, until, wanted)

    async def _keep(self) -> None:
        while True:
            why, refused = await self._once()
            seconds = _random.uniform(0.5, 1.0) * (LONGEST_PAUSE if refused else self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            _log.warning("smsc_away", gateway=self._gateway, why=why, seconds=round(seconds, 1))
            await asyncio.sleep(seconds)

    async def _once(self) -> tuple[str, bool]:
        """Be bound once. Why that ended, and whether the SMSC refused us: what is wrong then does not mend soon."""
        try:
            return await self._bound(), False
        except BindRefused as refused:
            return f"bind refused: {refused}", refused.status not in _PASSING
        except LinkGone as gone:
            return str(gone), False
        except Unanswered:
            return "bind is not answered", False
        except Exception:  # a fault of ours must not keep a gateway away for ever
            _log.exception("smpp_failed", gateway=self._gateway)
            return "a fault of ours", False

    async def _bound(self) -> str:
        async with AsyncExitStack() as stack:
            stack.callback(self._away)
            lives = [await self._entered(stack, role) for role in _ROLES[self._given.bind]]
            self.bound = True
            _log.info("smsc_bound", gateway=self._gateway)
            settled = asyncio.get_running_loop().call_later(SETTLED, self._settle)
            try:
                done, _ = await asyncio.wait(lives, return_when=asyncio.FIRST_COMPLETED)
                return done.pop().result()
            finally:
                settled.cancel()
                self._away()

    async def _entered(self, stack: AsyncExitStack, role: Command) -> "asyncio.Task[str]":
        """One more link, bound, that lives as long as the stack; messages go out over the first."""
        link = await self._connected()
        life = await stack.enter_async_context(link.living())
        await link.bind(role, self._bind())
        self._outlet = self._outlet or Outlet(link, self._given.window)
        return life

    def _settle(self) -> None:
        self._pause = FIRST_PAUSE

    def _away(self) -> None:
        self.bound, self._outlet = False, None

    async def _connected(self) -> Link:
        given = self._given
        timers = Timers(given.enquire_link, given.response_timeout)
        name = given.tls.server_name if given.tls else None
        try:
            async with asyncio.timeout(given.response_timeout):
                streams = await asyncio.open_connection(given.host, given.port, ssl=self._tls, server_hostname=name)
        except TimeoutError:
            raise LinkGone("no connection in time") from None
        except ssl.SSLError as fault:
            raise LinkGone(f"no TLS: {fault.reason}") from None
        except OSError:
            raise LinkGone("no connection") from None
        return Link(self._gateway, streams, timers, self._take)

    def _bind(self) -> Bind:
        given = self._given
        return Bind(
            given.system_id,
            given.password.get_secret_value(),
            given.system_type,
            address_range=given.address_range,
        )


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    return context
