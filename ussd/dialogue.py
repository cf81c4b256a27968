"""What a callback comes to: load, step, look up, commit."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import structlog

from ussd.admission import Slot
from ussd.callback import Callback, Phase, Reply
from ussd.core.dial import extend, parse
from ussd.core.engine import Dialled, Engine, Event, Fetch, Finish, LookedUp, Show
from ussd.core.session import TOP, Session
from ussd.counting import CallbackCounting, Noted
from ussd.editions import Edition, Editions, Shelf, edition_of
from ussd.heard import heard_after, newly_typed
from ussd.keys import Keys
from ussd.limits import Excess, Limits
from ussd.line import Line
from ussd.lookups import Answer, Lookups, Question
from ussd.retries import dial_name, is_asked_again, operation_id, step_name
from ussd.sessions import Held, Late, Request, SessionKey, Store, StoreAway

_log = structlog.get_logger(__name__)

LIFE = 600
"""Seconds, less than a store keeps the replies of a session: one id in two such spans may be two sessions' id."""


@dataclass(frozen=True, slots=True)
class Case:
    """A callback as it is answered."""

    line: Line
    callback: Callback
    key: SessionKey
    request: Request
    deadline: float
    """For what is looked up, by the event loop's clock."""
    noted: Noted
    slot: Slot

    def last(self, text: str) -> Reply:
        """A screen that ends the dialogue."""
        return self.line.last(text)


class Dialogues:
    """All dialogues of an installation, each carried on from one callback to the next."""

    def __init__(
        self,
        shelf: Shelf,
        editions: Editions,
        store: Store,
        lookups: Lookups,
        keys: Keys,
        limits: Limits,
        counting: CallbackCounting,
        now: Callable[[], float],
    ) -> None:
        """`now`: seconds since 1970."""
        self._shelf, self._editions, self._store, self._lookups = shelf, editions, store, lookups
        self._keys, self._limits, self._counting, self._now = keys, limits, counting, now

    async def answered(self, case: Case) -> Reply:
        """The screen that a callback gets. Raises StoreAway, and Reused."""
        callback = case.callback
        if callback.phase is Phase.ABORT:
            return await self._aborted(case)
        if not callback.msisdn:
            return case.last(self._shelf.words.expired)
        dial = parse(callback.dialled, self._shelf.current)
        if callback.phase is Phase.BEGIN and dial is None:
            return case.last(self._shelf.words.unknown_code)
        held = await self._store.load(case.key, case.request, dial.code if dial else "")
        case.noted.menu = held.session.code if held.session else dial.code if dial else ""
        if held.answered:
            self._counting.retried(case.line.gateway)
            return held.answered
        turn = await self._turn(case, held)
        if isinstance(turn, Reply):
            return turn
        session, effect, read = await self._stepped(case, turn, held)
        case.noted.menu, case.noted.screen = session.code, session.screen
        session = replace(session, heard=turn.heard)
        return await self._committed(case, turn, held, session, effect, read)

    async def _aborted(self, case: Case) -> Reply:
        """A hang-up and a dropped line look alike: the session stays, and is offered again to whoever redials."""
        with suppress(StoreAway):  # it is read for the count alone
            session = (await self._store.load(case.key, Request("", ""), "")).session if case.key.msisdn else None
            if session:
                case.noted.menu = session.code
                self._counting.dropped(session.code, session.screen, "aborted")
        case.noted.outcome = "aborted"
        return case.last(self._shelf.words.ended)

    async def _committed(
        self, case: Case, turn: "_Turn", held: Held, session: Session, effect: Show | Finish, read_late: bool
    ) -> Reply:
        reply = Reply(effect.text, ends=isinstance(effect, Finish))
        offer = turn.engine.menu.resume != "restart"
        chosen = session.language if session.language != turn.session.language else ""
        stands = await self._store.commit(
            case.key, case.request, held.version, session, reply, offer=offer, read_late=read_late, language=chosen
        )
        if stands is not reply:
            self._counting.lost(case.line.gateway)
        elif case.noted.outcome is None and _is_read(session, effect):
            self._counting.screen(session.code, session.screen, page=session.at != TOP)
        return stands

    async def _turn(self, case: Case, held: Held) -> "_Turn | Reply":
        """What the callback means to the session that is held; a Reply where it means nothing more."""
        if case.callback.phase is Phase.BEGIN or (held.session is None and self._may_begin(case.callback, held)):
            return await self._begun(case, held)
        if held.session:
            return await self._continued(case, held.session)
        return held.last or case.last(self._shelf.words.expired)

    def _may_begin(self, callback: Callback, held: Held) -> bool:
        """Whether a callback that does not say so begins a session: it has all inputs, or is a dial string of ours."""
        if callback.accumulated:
            return held.last is None
        return parse(callback.dialled, self._shelf.current) is not None

    async def _continued(self, case: Case, session: Session) -> "_Turn | Reply":
        callback = case.callback
        edition = await self._edition_of(session)
        if edition is None:
            return case.last(self._shelf.words.expired)
        engine = edition.engine(case.line.profile)
        if not engine.holds(session):
            return _Turn(engine, self._born(edition, session.language), Dialled(), heard_after(callback))
        typed = newly_typed(callback, session)
        if typed is None:
            return Reply(engine.shown(session).text, ends=False)
        return _Turn(engine, session, typed, heard_after(callback, session))

    async def _begun(self, case: Case, held: Held) -> "_Turn | Reply":
        line, callback, key = case.line, case.callback, case.key
        answers = callback.typed if callback.accumulated else ""
        dial = parse(extend(callback.dialled, answers), self._shelf.current)
        if dial is None:
            return case.last(self._shelf.words.unknown_code)
        edition, case.noted.menu = self._shelf.current[dial.code], dial.code
        name = dial_name(key, case.request, self._now())
        if excess := await self._limits.dialled(line.gateway, line.rate, key.msisdn, name):
            return case.last(self._limited(case, excess).said(edition.menu.spoken(held.language).words))
        if held.late and not dial.answers and (turn := await self._read_late(line, callback, held.late)):
            return turn
        dropped = held.session
        if held.dropped and not dropped and not dial.answers:
            dropped = await self._store.recall(key, held.dropped)
        if dropped and dropped.code != dial.code:
            dropped = None
        if dropped:
            self._counting.dropped(dropped.code, dropped.screen, "redialled")
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
        if edition := self._shelf.kept(code, version):
            return edition
        menu = await self._editions.kept(version) if version else None
        return self._shelf.add(edition_of(menu)) if menu and menu.code == code else self._shelf.current.get(code)

    async def _stepped(self, case: Case, turn: "_Turn", held: Held) -> tuple[Session, Show | Finish, bool]:
        """Step until something is to be shown, asking the world outside as often as the menu says.

        Says too whether a late answer is done with: it was read, or the line has asked something since.
        """
        key = case.key
        session, effect = turn.engine.step(turn.session, turn.event)
        wrong = step_name(key, session, held.version) if turn.engine.mistyped(session, turn.event) else ""
        if wrong and (excess := await self._limits.mistyped(key.msisdn, wrong)):
            return session, self._over(case, turn, excess), False
        asked = 0
        while isinstance(effect, Fetch):
            asked += 1
            if held.late and is_asked_again(held.late, session, effect):
                answer = Answer(held.late.outcome, held.late.facts)
            else:
                if excess := await self._limits.asked(key.msisdn, effect.given):
                    return session, self._over(case, turn, excess), False
                operation = operation_id(self._keys, key, session, effect, held.version, asked)
                question = Question(operation, effect.given, key.gateway, session.code, key.msisdn, case.deadline)
                case.slot.leave()
                answer = await self._lookups.ask(effect.backend, question, partial(self._kept, key, session))
            session, effect = turn.engine.step(session, LookedUp(answer.outcome, answer.facts))
        return session, effect, asked > 0 or isinstance(turn.event, LookedUp)

    def _over(self, case: Case, turn: "_Turn", excess: Excess) -> Finish:
        words = turn.engine.menu.spoken(turn.session.language).words
        return Finish(case.last(self._limited(case, excess).said(words)).text)

    def _limited(self, case: Case, excess: Excess) -> Excess:
        _log.warning("limit_reached", gateway=case.line.gateway, limit=excess.word)
        case.noted.outcome = "limited"
        self._counting.limited(excess.word)
        return excess

    async def _kept(self, key: SessionKey, session: Session, answer: Answer) -> None:
        await self._store.keep_late(key, Late(session, answer.outcome, answer.facts))


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a callback comes to: an event in a session of an engine."""

    engine: Engine
    session: Session
    event: Event
    heard: str
    """What the session keeps of what was heard by then."""


def _is_read(session: Session, effect: Show | Finish) -> bool:
    """Whether it is the session's screen: not the question whether to go on, nor the end after wrong answers."""
    return not session.offered and not (session.mistakes and isinstance(effect, Finish))
