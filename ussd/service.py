"""The engine behind every gateway: a callback in, a reply out, in time and whatever happens."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from ussd.admission import Farewell, Kind, Paces, Shed, Slot, Turns
from ussd.callback import Callback, CallbackError, Phase, Reply
from ussd.core.dial import parse
from ussd.core.menu import LookUp, Menu, Words
from ussd.counting import UNCOUNTED, AdmissionCounting, CallbackCounting, Noted
from ussd.dialogue import Case, Dialogues
from ussd.editions import NOWHERE, Edition, Editions, Shelf
from ussd.keys import Keys
from ussd.limits import UNLIMITED, Limits
from ussd.line import Line
from ussd.lookups import Lookups
from ussd.retries import request_of
from ussd.sessions import Reused, SessionKey, Store, StoreAway

_log = structlog.get_logger(__name__)

COMMIT_RESERVE = 0.5
"""Seconds of a line's deadline that are kept for storing and sending what a lookup found."""
VAIN = 0.5
"""Seconds of waiting for a place, and since Redis was found to be away."""


class Service:
    """The engine behind every gateway: a callback in, a reply out."""

    def __init__(
        self,
        menus: Mapping[str, Menu],
        words: Words,
        store: Store,
        lookups: Lookups,
        keys: Keys,
        now: Callable[[], float] = time.time,
        limits: Limits = UNLIMITED,
        editions: Editions = NOWHERE,
        counting: CallbackCounting = UNCOUNTED,
        paces: Paces | None = None,
        admission: AdmissionCounting = UNCOUNTED,
    ) -> None:
        """Compile every menu once. `words` are those of the screens that belong to no menu.

        `paces`: what the registries behind `lookups` can carry, if anybody measures that.
        """
        self.shelf, self.counting, self.turns = Shelf(menus, words), counting, Turns()
        self._store, self._paces, self._away_at = store, paces or Paces(), -VAIN
        self._admission = admission
        self._dialogues = Dialogues(self.shelf, editions, store, lookups, keys, limits, counting, now)
        self._farewell = Farewell(lambda: self.shelf.words, counting, admission)
        self._asks: dict[str, tuple[str, ...]] = {}
        self._paces.ours = lambda: self.turns.limit.typical
        admission.admission(self.turns)

    def last_words(self, line: Line, text: str = "") -> Reply:
        """A screen that belongs to no menu and ends the dialogue; the apology, unless told."""
        return line.last(text or self.shelf.words.apology)

    def turns_away(self) -> bool:
        """Whether a request to the API is to come again later: callers come first. It is counted if so."""
        if overrun := self.turns.overrun:
            self._admission.shed(Kind.API.value)
        return overrun

    def at_the_door(self, line: Line, callback: Callback) -> Reply | Slot | None:
        """What becomes of who comes in a crowd: who dials gets a place or a last screen, all others are let in."""
        if callback.phase is not Phase.BEGIN:
            return None
        return self.turns.at_the_door() or self._farewell.reply(line, Kind.DIAL, time.monotonic())

    async def answer(self, line: Line, callback: Callback, slot: Slot | None = None) -> Reply:
        """Answer one callback within the line's deadline. Raises CallbackError where the gateway broke its contract.

        `slot`: its place, where it got one at the door.
        """
        arrived = asyncio.get_running_loop().time()
        kind = Kind.DIAL if callback.phase is Phase.BEGIN else Kind.GOING
        try:
            if self._paces.limited and kind is Kind.DIAL and not self._paces.takes(self._asked_by(callback.dialled)):
                raise Shed
            slot = slot or self.turns.at_once(kind) or await self.turns.wait(kind, _time_to_begin(line, arrived))
        except Shed:
            return self._farewell.reply(line, kind, time.monotonic())
        try:
            return await self._answer(line, callback, slot, arrived)
        finally:
            slot.leave()

    async def _answer(self, line: Line, callback: Callback, slot: Slot, arrived: float) -> Reply:
        clock, noted = asyncio.get_running_loop().time, Noted(line.gateway, callback.phase.value)
        began = time.perf_counter() - (clock() - arrived)  # uvloop's own clock goes by whole milliseconds
        deadline = arrived + line.profile.deadline - COMMIT_RESERVE
        try:
            self._spare(arrived, clock())
            reply = await self._dialogues.answered(await self._case(line, callback, deadline, noted, slot))
            noted.answered(reply)
        except StoreAway:
            reply, self._away_at = self.last_words(line), clock()
            noted.outcome = noted.screen = "store_away"
        except Reused:
            noted.outcome = "refused"
            raise CallbackError("request: answered before, with other content") from None
        finally:
            self.counting.callback(line.gateway, noted.menu, noted.outcome or "failed", time.perf_counter() - began)
        if slot.kind is Kind.DIAL and noted.menu:
            self._paces.dialled(self._asked_of(self.shelf.current.get(noted.menu)))
        took = time.perf_counter() - began
        _log.info("callback_answered", **noted.names(), ends=reply.ends, ms=round(took * 1000, 1))
        return reply

    def _asked_by(self, dialled: str) -> tuple[str, ...]:
        """The backends that a dialogue may come to ask which begins with this."""
        dial = parse(dialled, self.shelf.current)
        return self._asked_of(self.shelf.current[dial.code]) if dial else ()

    def _asked_of(self, edition: Edition | None) -> tuple[str, ...]:
        if edition is None:
            return ()
        if (asks := self._asks.get(edition.version)) is None:
            screens = edition.menu.screens.values()
            asks = tuple(sorted({one.look_up for one in screens if isinstance(one, LookUp)}))
            self._asks[edition.version] = asks
        return asks

    def _spare(self, arrived: float, now: float) -> None:
        """Where Redis does not answer, who waited while others found that out need not find it out again."""
        if now - arrived > VAIN and now - self._away_at < VAIN:
            raise StoreAway

    async def _case(self, line: Line, callback: Callback, deadline: float, noted: Noted, slot: Slot) -> Case:
        callback = await self._of_line(line, callback)
        key = SessionKey(line.gateway, callback.msisdn, callback.session)
        return Case(line, callback, key, request_of(callback), deadline, noted, slot)

    async def _of_line(self, line: Line, callback: Callback) -> Callback:
        """The callback with its line, which some gateways name in the first of a session alone."""
        if callback.line_once:
            await self._store.whose(line.gateway, callback.session, callback.msisdn)
        if callback.msisdn or callback.phase is Phase.ABORT:
            return callback
        return replace(callback, msisdn=await self._store.whose(line.gateway, callback.session))


def _time_to_begin(line: Line, arrived: float) -> float:
    """Until when it makes sense to begin: what begins later may not be done in time."""
    return arrived + line.profile.deadline / 2
