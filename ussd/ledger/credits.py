"""Credit codes: each is bound to the line that got it, and good for 10,000 inquiries.

A code that was sent belongs to the client of the API who had it sent; one that was dialled can be used with any client.
How its credit is spent: `ussd/ledger/spending.py`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from math import ceil

from sqlalchemy import Row, select, update

from ussd import credit_code
from ussd.backends import ShownCode
from ussd.keys import Keys, Seal
from ussd.ledger import guards
from ussd.ledger.accounts import code_name, opened
from ussd.ledger.database import insert
from ussd.ledger.outbox import Outbox
from ussd.ledger.requests import Requests
from ussd.ledger.said import Before, Keyed, Refused, Sent, Stopped, Unknown, Verified
from ussd.ledger.schema import credit_codes
from ussd.ledger.tracking import Clock
from ussd.ledger.works import Scene, Works

CREDITS = 10_000
"""What a code is good for."""
CONFIRM = timedelta(seconds=180)
"""How long a code that was sent waits to be confirmed."""
_BETWEEN = timedelta(seconds=60)
"""The least time between two codes that are sent to a line."""


class CreditBook:
    """The credit codes of a ledger."""

    def __init__(self, keys: Keys, clock: Clock, works: Works, requests: Requests, outbox: Outbox) -> None:
        """Take what it stands on."""
        self._keys, self._clock = keys, clock
        self._works, self._requests, self._outbox = works, requests, outbox

    async def dialled(self, msisdn: str) -> ShownCode:
        """The code that the line dialled for while it has credit; else a new one. Raises LedgerAway."""
        return await self._works.locked(self._keys.name("line", msisdn), partial(self._dialled, msisdn))

    async def send(self, keyed: Keyed, msisdn: str, text: Callable[[str], str]) -> Sent | Stopped | Before:
        """Send a new code to the line, as `text` words it; at most one in 60 s. Raises LedgerAway."""

        def work(scene: Scene) -> Sent | Stopped | Before:
            send = partial(self._send, scene, keyed.client, msisdn, text)
            return self._requests.once(scene.connection, keyed, self._clock(), send)

        said = await self._works.locked(self._keys.name("line", msisdn), work)
        self._outbox.nudge()
        return said

    async def verify(self, keyed: Keyed, msisdn: str, code: str) -> Verified | Stopped | Before:
        """See that a code is the line's; one that was sent is confirmed by this. Raises LedgerAway."""

        def work(scene: Scene) -> Verified | Stopped | Before:
            verify = partial(self._verify, scene, keyed.client, msisdn, code)
            return self._requests.once(scene.connection, keyed, self._clock(), verify)

        return await self._works.locked(self._keys.name("line", msisdn), work)

    def _dialled(self, msisdn: str, scene: Scene) -> ShownCode:
        line_hash = scene.guard.line_hash
        mine = (
            select(credit_codes)
            .filter_by(line_hash=line_hash)
            .where(credit_codes.c.code_sealed.is_not(None), credit_codes.c.remaining > 0)
        )
        latest = mine.order_by(credit_codes.c.id.desc()).limit(1)
        row = scene.connection.execute(latest).one_or_none()
        if row is not None:
            return self._shown(row)
        code = credit_code.draw()
        name = code_name(self._keys, msisdn, code)
        sealed = self._seal(line_hash).close(code.encode(), name.encode())
        self._issue(scene, code_hash=name, code_sealed=sealed)
        return ShownCode(code, CREDITS)

    def _send(self, scene: Scene, client: int, msisdn: str, text: Callable[[str], str]) -> Sent | Stopped:
        now = self._clock()
        if stopped := scene.guard.stopped(now) or _too_soon(scene.guard, now):
            return stopped
        code, confirm_by = credit_code.draw(), now + CONFIRM
        self._issue(scene, code_hash=code_name(self._keys, msisdn, code), client_id=client, confirm_by=confirm_by)
        guards.save(scene.connection, [scene.guard.after_text(now)])
        self._outbox.put(scene.connection, msisdn, text(code), confirm_by)
        return Sent(int(CONFIRM.total_seconds()))

    def _issue(self, scene: Scene, **values: object) -> None:
        credit = {"issued_at": self._clock(), "issued": CREDITS, "remaining": CREDITS}
        row = {"line_hash": scene.guard.line_hash, **credit, **values}
        scene.connection.execute(insert(scene.connection, credit_codes).values(row))

    def _verify(self, scene: Scene, client: int, msisdn: str, code: str) -> Verified | Unknown | Stopped:
        account = opened(scene, code_name(self._keys, msisdn, code), client, self._clock())
        if isinstance(account, Refused):
            return account
        if account.confirm_by is not None:
            confirmed = update(credit_codes).where(credit_codes.c.id == account.number).values(confirm_by=None)
            scene.connection.execute(confirmed)
        return Verified(account.remaining)

    def _shown(self, row: Row[tuple[object, ...]]) -> ShownCode:
        opened = self._seal(row.line_hash).open(row.code_sealed, row.code_hash.encode())
        return ShownCode(opened.decode(), row.remaining)

    def _seal(self, line_hash: str) -> Seal:
        return self._keys.seal("credit code", line_hash)


def _too_soon(guard: guards.Guard, now: datetime) -> Stopped | None:
    next_at = guard.texted_at + _BETWEEN if guard.texted_at else now
    return Stopped(ceil((next_at - now).total_seconds())) if next_at > now else None
