"""The engine behind every gateway: a callback in, a reply out, in time and whatever happens."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from ussd.callback import Callback, CallbackError, Phase, Reply
from ussd.core.menu import Menu, Words
from ussd.counting import UNCOUNTED, CallbackCounting, Noted
from ussd.dialogue import Case, Dialogues
from ussd.editions import NOWHERE, Editions, Shelf
from ussd.keys import Keys
from ussd.limits import UNLIMITED, Limits
from ussd.line import Line
from ussd.lookups import Lookups
from ussd.retries import request_of
from ussd.sessions import Reused, SessionKey, Store, StoreAway
from ussd.slots import NoSlot, Slot, Slots

_log = structlog.get_logger(__name__)

COMMIT_RESERVE = 0.5
"""Seconds of a line's deadline that are kept for storing and sending what a lookup found."""
VAIN = 0.5
"""Seconds of waiting for a slot, and since Redis was found to be away."""


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
    ) -> None:
        """Compile every menu once. `words` are those of the screens that belong to no menu."""
        self.shelf, self.counting, self._store = Shelf(menus, words), counting, store
        self._dialogues = Dialogues(self.shelf, editions, store, lookups, keys, limits, counting, now)
        self._slots, self._away_at = Slots(), -VAIN

    def last_words(self, line: Line, text: str = "") -> Reply:
        """A screen that belongs to no menu and ends the dialogue; the apology, unless told."""
        return line.last(text or self.shelf.words.apology)

    async def answer(self, line: Line, callback: Callback) -> Reply:
        """Answer one callback within the line's deadline. Raises CallbackError where the gateway broke its contract."""
        clock = asyncio.get_running_loop().time
        arrived, noted = clock(), Noted(line.gateway, callback.phase.value)
        deadline = arrived + line.profile.deadline - COMMIT_RESERVE
        try:
            async with self._slots.one(deadline) as slot:
                self._spare(arrived, clock())
                reply = await self._dialogues.answered(await self._case(line, callback, deadline, noted, slot))
            noted.answered(reply)
        except StoreAway:
            reply, self._away_at = self.last_words(line), clock()
            noted.outcome = noted.screen = "store_away"
        except NoSlot:
            reply = self.last_words(line, self.shelf.words.busy)
            noted.outcome = "limited"
            self.counting.limited("full")
        except Reused:
            noted.outcome = "refused"
            raise CallbackError("request: answered before, with other content") from None
        finally:
            self.counting.callback(line.gateway, noted.menu, noted.outcome or "failed", clock() - arrived)
        _log.info("callback_answered", **noted.names(), ends=reply.ends, ms=round((clock() - arrived) * 1000, 1))
        return reply

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
