"""Limits in Redis, so that all processes count together.

    ussd:{line}:c        sorted set: this line's dials of the last hour, by their time
    ussd:{line}:p:<day>  set: the people whom it has asked about on that day in Tehran
    ussd:{line}:x        set: the steps in which it has mistyped a code of late
    ussd:g:<gateway>     when the gateway's next dial would be due

Names are keyed hashes. Lines of contracted centres have no limits: whether a line is one is asked when one is reached.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from ussd.backends import LedgerAway
from ussd.keys import Keys
from ussd.limits import Allowed, Excess
from ussd.store.client import Scripts

PEOPLE = ("national_code", "insurance_number")
"""What a lookup that is about somebody is given."""
_DAY = 25 * 3600 * 1000
"""Milliseconds, a little more than a day has."""
_LINES = 4096
"""Whose keys' names are remembered: who dials soon asks."""
_TEHRAN = ZoneInfo("Asia/Tehran")


class RedisLimits:
    """The Limits of an installation."""

    def __init__(
        self,
        scripts: Scripts,
        keys: Keys,
        allowed: Allowed,
        is_exempt: Callable[[str], Awaitable[bool]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`is_exempt`: whether a line has no limits; LedgerAway counts as yes. `clock`: seconds since 1970."""
        self._scripts, self._keys, self._allowed, self._clock = scripts, keys, allowed, clock
        self._is_exempt = is_exempt
        self._line = lru_cache(_LINES)(self._keys_of_line)
        self._dials, self._rate = scripts.script("dials"), scripts.script("rate")
        self._people, self._wrong = scripts.script("people"), scripts.script("wrong")

    async def dialled(self, gateway: str, rate: int, msisdn: str, dial: str) -> Excess | None:
        """Count a dial of a line, and of the gateway where that has a rate."""
        if not rate:
            return await self._dialled(msisdn, dial)
        passes, excess = await asyncio.gather(self._passes(gateway, rate), self._dialled(msisdn, dial))
        return excess if passes else Excess("busy")

    async def asked(self, msisdn: str, given: Mapping[str, str]) -> Excess | None:
        """Count the person of a lookup, if there is one."""
        person = next((f"{kind} {given[kind]}" for kind in PEOPLE if kind in given), "")
        allowed, line = self._allowed, self._line(msisdn)
        if not person or not (allowed.people_per_day or allowed.wrong_codes):
            return None
        day = datetime.fromtimestamp(self._clock(), _TEHRAN).date().isoformat()
        name = self._keys.digest("limits", msisdn, person)[:8]
        args = (name, allowed.people_per_day, allowed.wrong_codes, _DAY)
        found = await self._scripts.run(self._people, (f"{line}:x", f"{line}:p:{day}"), args)
        match found:
            case [b"paused", bytes() as wait]:
                return await self._unless_exempt(msisdn, Excess("paused", int(wait)))
            case [b"people"]:
                return await self._unless_exempt(msisdn, Excess("too_many_people"))
        return None

    async def mistyped(self, msisdn: str, step: str) -> Excess | None:
        """Count a mistyped code."""
        if not self._allowed.wrong_codes:
            return None
        name = self._keys.digest("limits", msisdn, step)[:8]
        args = (name, self._allowed.wrong_codes, int(self._allowed.pause * 1000))
        [wait] = await self._scripts.run(self._wrong, (f"{self._line(msisdn)}:x",), args)
        return await self._unless_exempt(msisdn, Excess("paused", int(wait))) if wait else None

    async def _dialled(self, msisdn: str, dial: str) -> Excess | None:
        allowed = self._allowed
        if not (allowed.dials_per_minute or allowed.dials_per_hour):
            return None
        name, now = self._keys.digest("limits", msisdn, dial)[:8], int(self._clock() * 1000)
        args = (name, now, allowed.dials_per_minute, allowed.dials_per_hour)
        [wait] = await self._scripts.run(self._dials, (f"{self._line(msisdn)}:c",), args)
        return await self._unless_exempt(msisdn, Excess("too_often", int(wait))) if wait else None

    async def _passes(self, gateway: str, rate: int) -> bool:
        key = f"ussd:g:{self._keys.name('limits', gateway)}"
        [passes] = await self._scripts.run(self._rate, (key,), (f"{1000 / rate:.6f}",))
        return bool(passes)

    async def _unless_exempt(self, msisdn: str, excess: Excess) -> Excess | None:
        """Without the ledger nothing is answered anyway, and a centre must not read that it calls too often."""
        try:
            return None if await self._is_exempt(msisdn) else excess
        except LedgerAway:
            return None

    def _keys_of_line(self, msisdn: str) -> str:
        """The keys of a line are on one node of a cluster."""
        return f"ussd:{{{self._keys.short('limits', msisdn, octets=12)}}}"
