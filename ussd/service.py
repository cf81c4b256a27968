"""The shell around the core: load, step, look up, commit."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import structlog

from ussd.callback import Callback, CallbackError, Phase, Reply
from ussd.core.dial import extend, parse
from ussd.core.engine import Dialled, Engine, Event, Fetch, Finish, LookedUp, Show
from ussd.core.menu import Menu, Words
from ussd.core.profile import Profile
from ussd.core.screen import last
from ussd.core.session import Session
from ussd.editions import NOWHERE, Edition, Editions, Shelf
from ussd.heard import heard_after, newly_typed
from ussd.keys import Keys
from ussd.limits import UNLIMITED, Excess, Limits
from ussd.lookups import Answer, Lookups, Question
from ussd.sessions import Held, Late, Request, Reused, SessionKey, Store, StoreAway

_log = structlog.get_logger(__name__)

COMMIT_RESERVE = 0.5
"""Seconds of a line's deadline that are kept for storing and sending what a lookup found."""
LIFE = 600
"""Seconds, less than a store keeps the replies of a session: one id in two such spans may be two sessions' id."""


RETRY = 3
"""Seconds within which a dial that says nothing of itself is taken for the retry of one like it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A gateway as it is configured here: its name, which is its path, and what its handsets can show."""

    gateway: str
    profile: Profile
    rate: int = 0
    """Dials that its contract allows in a second; 0 for any number."""


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
    ) -> None:
        """Compile every menu once. `words` are those of the screens that belong to no menu."""
        self.shelf, self._editions, self._store, self._lookups = Shelf(menus, words), editions, store, lookups
        self._keys, self._limits, self._now = keys, limits, now

    def last_words(self, line: Line, text: str = "") -> Reply:
        """A screen that belongs to no menu and ends the dialogue; the apology, unless told."""
        return Reply(last(text or self.shelf.words.apology, line.profile), ends=True)

    async def answer(self, line: Line, callback: Callback) -> Reply:
        """Answer one callback within the line's deadline. Raises CallbackError where the gateway broke its contract."""
        clock = asyncio.get_running_loop().time
        arrived = clock()
        names: dict[str, object] = {"gateway": line.gateway, "phase": callback.phase.value}
        try:
            callback = await self._of_line(line, callback)
            reply = await self._answered(line, callback, arrived + line.profile.deadline - COMMIT_RESERVE, names)
        except StoreAway:
            reply, names["screen"] = self.last_words(line), "store_away"
        except Reused:
            raise CallbackError("request: answered before, with other content") from None
        _log.info("callback_answered", **names, ends=reply.ends, ms=round((clock() - arrived) * 1000, 1))
        return reply

    async def _of_line(self, line: Line, callback: Callback) -> Callback:
        """The callback with its line, which some gateways name in the first of a session alone."""
        if callback.line_once:
            await self._store.whose(line.gateway, callback.session, callback.msisdn)
        if callback.msisdn or callback.phase is Phase.ABORT:
            return callback
        return replace(callback, msisdn=await self._store.whose(line.gateway, callback.session))

    async def _answered(self, line: Line, callback: Callback, deadline: float, names: dict[str, object]) -> Reply:
        key = SessionKey(line.gateway, callback.msisdn, callback.session)
        request = _request(callback)
        if callback.phase is Phase.ABORT:
            # A hang-up and a dropped line look alike: the session stays, and is offered again to whoever redials.
            return self.last_words(line, self.shelf.words.ended)
        if not callback.msisdn:
            return self.last_words(line, self.shelf.words.expired)
        dial = parse(callback.dialled, self.shelf.current)
        if callback.phase is Phase.BEGIN and dial is None:
            return self.last_words(line, self.shelf.words.unknown_code)
        held = await self._store.load(key, request, dial.code if dial else "")
        if held.answered:
            return held.answered
        turn = await self._turn(line, callback, held, key, request)
        if isinstance(turn, Reply):
            return turn
        session, effect, read = await self._stepped(turn, key, held, deadline)
        names |= {"menu": session.code, "screen": session.screen}
        session = replace(session, heard=turn.heard)
        reply = Reply(effect.text, ends=isinstance(effect, Finish))
        offer = turn.engine.menu.resume != "restart"
        chosen = session.language if session.language != turn.session.language else ""
        return await self._store.commit(
            key, request, held.version, session, reply, offer=offer, read_late=read, language=chosen
        )

    async def _turn(
        self, line: Line, callback: Callback, held: Held, key: SessionKey, request: Request
    ) -> "_Turn | Reply":
        """What the callback means to the session that is held; a Reply where it means nothing more."""
        if callback.phase is Phase.BEGIN or (held.session is None and self._may_begin(callback, held)):
            return await self._begun(line, callback, held, key, request)
        if held.session:
            return await self._continued(line, callback, held.session)
        return held.last or self.last_words(line, self.shelf.words.expired)

    def _may_begin(self, callback: Callback, held: Held) -> bool:
        """Whether a callback that does not say so begins a session: it has all inputs, or is a dial string of ours."""
        if callback.accumulated:
            return held.last is None
        return parse(callback.dialled, self.shelf.current) is not None

    async def _continued(self, line: Line, callback: Callback, session: Session) -> "_Turn | Reply":
        edition = await self._edition_of(session)
        if edition is None:
            return self.last_words(line, self.shelf.words.expired)
        engine = edition.engine(line.profile)
        if not engine.holds(session):
            return _Turn(engine, self._born(edition, session.language), Dialled(), heard_after(callback))
        typed = newly_typed(callback, session)
        if typed is None:
            return Reply(engine.shown(session).text, ends=False)
        return _Turn(engine, session, typed, heard_after(callback, session))

    async def _begun(
        self, line: Line, callback: Callback, held: Held, key: SessionKey, request: Request
    ) -> "_Turn | Reply":
        answers = callback.typed if callback.accumulated else ""
        dial = parse(extend(callback.dialled, answers), self.shelf.current)
        if dial is None:
            return self.last_words(line, self.shelf.words.unknown_code)
        edition = self.shelf.current[dial.code]
        if excess := await self._limits.dialled(line.gateway, line.rate, key.msisdn, self._dial_name(key, request)):
            _log.warning("limit_reached", gateway=line.gateway, limit=excess.word)
            return self.last_words(line, excess.said(edition.menu.spoken(held.language).words))
        if held.late and not dial.answers and (turn := await self._read_late(line, callback, held.late)):
            return turn
        dropped = held.session
        if held.dropped and not dropped and not dial.answers:
            dropped = await self._store.recall(key, held.dropped)
        if dropped and dropped.code != dial.code:
            dropped = None
        born = self._born(edition, held.language)
        return _Turn(edition.engine(line.profile), born, Dialled(dial.answers, dropped), callback.typed)

    async def _read_late(self, line: Line, callback: Callback, late: Late) -> "_Turn | None":
        """The redial of a line that still waits for an answer, if its menu has a screen for that."""
        edition = await self._edition_of(late.session)
        if edition is None or not edition.engine(line.profile).awaits(late.session, late.outcome):
            return None
        waited = replace(late.session, born=self._born(edition).born)
        return _Turn(edition.engine(line.profile), waited, LookedUp(late.outcome, late.facts), callback.typed)

    def _born(self, edition: Edition, language: str = "") -> Session:
        start = Session(edition.menu.code, edition.menu.start)
        return replace(start, born=int(self._now() // LIFE), language=language, version=edition.version)

    async def _edition_of(self, session: Session) -> Edition | None:
        """The edition that a session began in; the current one where nobody has that any more."""
        code, version = session.code, session.version
        if edition := self.shelf.kept(code, version):
            return edition
        menu = await self._editions.kept(version) if version else None
        return self.shelf.add(menu) if menu and menu.code == code else self.shelf.current.get(code)

    async def _stepped(
        self, turn: "_Turn", key: SessionKey, held: Held, deadline: float
    ) -> tuple[Session, Show | Finish, bool]:
        """Step until something is to be shown, asking the world outside as often as the menu says.

        Says too whether a late answer is done with: it was read, or the line has asked something since.
        """
        session, effect = turn.engine.step(turn.session, turn.event)
        if turn.engine.mistyped(session, turn.event) and (excess := await self._limits.mistyped(key.msisdn)):
            return session, self._over(turn, key, excess), False
        asked = 0
        while isinstance(effect, Fetch):
            asked += 1
            if held.late and _is_asked_again(held.late, session, effect):
                answer = Answer(held.late.outcome, held.late.facts)
            else:
                if excess := await self._limits.asked(key.msisdn, effect.given):
                    return session, self._over(turn, key, excess), False
                operation = self._operation(key, session, effect, held.version, asked)
                question = Question(operation, effect.given, key.gateway, session.code, key.msisdn, deadline)
                answer = await self._lookups.ask(effect.backend, question, partial(self._kept, key, session))
            session, effect = turn.engine.step(session, LookedUp(answer.outcome, answer.facts))
        return session, effect, asked > 0 or isinstance(turn.event, LookedUp)

    def _over(self, turn: "_Turn", key: SessionKey, excess: Excess) -> Finish:
        _log.warning("limit_reached", gateway=key.gateway, limit=excess.word)
        return Finish(last(excess.said(turn.engine.menu.spoken(turn.session.language).words), turn.engine.profile))

    def _dial_name(self, key: SessionKey, request: Request) -> str:
        """What a dial and its retry have in common; where nothing else tells a retry, that it comes at once."""
        moment = "" if request.id else str(int(self._now() // RETRY))
        return "\0".join((key.gateway, key.session, request.id, request.content, moment))

    async def _kept(self, key: SessionKey, session: Session, answer: Answer) -> None:
        await self._store.keep_late(key, Late(session, answer.outcome, answer.facts))

    def _operation(self, key: SessionKey, session: Session, fetch: Fetch, version: int, asked: int) -> str:
        """The id of a lookup, which neither a retry nor a restart changes.

        When the session began and what is asked are part of it, since gateways use their session ids again.
        """
        step = (str(session.born), str(version), str(asked), session.code, fetch.backend)
        given = (part for name in sorted(fetch.given) for part in (name, fetch.given[name]))
        return self._keys.name("operation", key.gateway, key.msisdn, key.session, *step, *given)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a callback comes to: an event in a session of an engine."""

    engine: Engine
    session: Session
    event: Event
    heard: str
    """What the session keeps of what was heard by then."""


def _is_asked_again(late: Late, session: Session, fetch: Fetch) -> bool:
    known = {**late.session.answers, **late.session.facts}
    same = (late.session.code, late.session.screen) == (session.code, session.screen)
    return same and fetch.given.items() <= known.items()


def _request(callback: Callback) -> Request:
    """A gateway that accumulates its inputs tells its requests apart by them: each is longer than the one before."""
    content = f"{callback.phase.value} {callback.dialled} {callback.typed}"
    accumulated = f"so far {callback.typed}" if callback.accumulated else ""
    return Request(callback.request or accumulated, content)
