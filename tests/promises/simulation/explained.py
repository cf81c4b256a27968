"""Whether a step follows from the one before it: by the pure engine, and by what is so in the world."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tests.promises.simulation.history import Delivery, History, Taken
from tests.promises.simulation.plan import FORMATS, Plan
from tests.promises.simulation.run import editions
from tests.promises.simulation.world import Truth, verdicts
from ussd.backends import Subject
from ussd.callback import Phase, Reply
from ussd.core.dial import extend, parse
from ussd.core.engine import Dialled, Engine, Event, Fetch, Finish, LookedUp, Show, Typed
from ussd.core.session import Session
from ussd.credit_code import grouped

Start = tuple[Engine, Session, Event]


class Explainer:
    """What could have been, in one schedule."""

    def __init__(self, plan: Plan, history: History) -> None:
        self._plan, self._history = plan, history
        self._menus = {edition.menu.code: edition for edition in editions()[0]}

    def engine(self, delivery: Delivery, code: str) -> Engine:
        """The engine of a menu on a gateway's line."""
        return self._menus[code].engine(FORMATS[delivery.key.gateway].line.profile)

    def follows(self, taken: Taken) -> bool:
        """Whether the step is one that its callback may take from where its session was."""
        step = taken.step
        wanted = (_bare(step.session), step.reply)
        return any((_bare(session), reply) == wanted for session, reply in self._possible(taken))

    def _possible(self, taken: Taken) -> Iterator[tuple[Session, Reply]]:
        for engine, session, event in self._starts(taken):
            for after, effect in self._settled(engine, session, event, taken):
                yield after, Reply(effect.text, ends=isinstance(effect, Finish))

    def _starts(self, taken: Taken) -> Iterator[Start]:
        delivery, before = taken.delivery, taken.step.before
        session = before.session if before else None
        callback = delivery.callback
        if session is not None and callback.phase is Phase.CONTINUE:
            typed = _new(delivery, session)
            if typed is not None:
                yield self.engine(delivery, session.code), session, typed
            return
        answers = callback.typed if callback.accumulated else ""
        dial = parse(extend(callback.dialled, answers), self._menus)
        if dial is not None:
            yield from self._dialled(taken, dial.code, dial.answers)

    def _dialled(self, taken: Taken, code: str, answers: tuple[str, ...]) -> Iterator[Start]:
        engine = self.engine(taken.delivery, code)
        for language in ("", *engine.menu.languages):
            born = replace(engine.start(), language=language)
            for dropped in (None, *self._dropped(taken, code)):
                yield engine, born, Dialled(answers, dropped)
        for waited in self._waited(taken, code):
            for event in self._answers(waited, taken):
                yield engine, waited, event

    def _dropped(self, taken: Taken, code: str) -> Iterator[Session]:
        """The sessions that the line had open there, on this gateway; its own where that begins again."""
        key, before = taken.step.key, taken.step.before
        if before and before.session and before.session.code == code:
            yield before.session
        for other in self._history.taken:
            there, session = other.step.key, other.step.session
            mine = (there.gateway, there.msisdn) == (key.gateway, key.msisdn)
            if mine and there.session != key.session and session.code == code and not other.step.reply.ends:
                yield session

    def _waited(self, taken: Taken, code: str) -> Iterator[Session]:
        key = taken.step.key
        for there, session in self._history.late:
            if (there.gateway, there.msisdn, session.code) == (key.gateway, key.msisdn, code):
                yield session

    def _settled(
        self, engine: Engine, session: Session, event: Event, taken: Taken
    ) -> Iterator[tuple[Session, Show | Finish]]:
        after, effect = engine.step(session, event)
        if not isinstance(effect, Fetch):
            yield after, effect
            return
        for answer in self._answers(after, taken):
            yield from self._settled(engine, after, answer, taken)

    def _answers(self, waiting: Session, taken: Taken) -> Iterable[LookedUp]:
        """What a lookup's screen may be answered: the truth about its person, as it is in the ledger, or nothing."""
        truth = self._plan.truths[taken.step.key.msisdn]
        yield LookedUp("unavailable")
        match waiting.screen:
            case "credit_code":
                yield LookedUp("shown", {"credit_code": grouped(truth.credit_code), "remaining": "10000"})
            case "one_time_code":
                facts = {"one_time_code": truth.one_time_code, "client": "my.gov.ir", "seconds": "100"}
                yield LookedUp("pending", facts)
            case "inpatient_by_number" if not truth.centre:
                yield LookedUp("refused")
            case "inpatient" if not (truth.centre or truth.owner):
                yield LookedUp("refused")
            case _:
                yield from self._written(waiting, taken, truth)

    def _written(self, waiting: Session, taken: Taken, truth: Truth) -> Iterator[LookedUp]:
        given = {**waiting.answers, **waiting.facts}
        for row in self._history.rows:
            asked, key = row.inquiry, taken.step.key
            mine = (asked.gateway, asked.msisdn, asked.shortcode) == (key.gateway, key.msisdn, waiting.code)
            if (
                mine
                and given.get(asked.subject.kind) == asked.subject.number
                and is_true(truth, asked.subject, asked.outcome)
            ):
                yield LookedUp(asked.outcome, {"tracking_code": row.code})


def is_true(truth: Truth, subject: Subject, outcome: str) -> bool:
    """Whether an outcome is so of whom it was asked about."""
    if subject.kind == "insurance_number":  # nobody in a schedule has one
        return outcome == "not_entitled_unchecked"
    if subject.number != truth.national_code:
        return False
    return outcome in verdicts(truth) | {"entitled" if truth.entitled else "not_entitled"}


def _new(delivery: Delivery, session: Session) -> Typed | None:
    """What a callback says that its session has not heard."""
    if delivery.kind != "inputs":
        return Typed(delivery.callback.typed)
    heard = tuple(session.heard.split("*")) if session.heard else ()
    typed = delivery.leg.typed
    if typed[: len(heard)] != heard or len(typed) == len(heard):
        return None
    return Typed(typed[len(heard)], typed[len(heard) + 1 :])


def _bare(session: Session) -> Session:
    """Without what the shell writes into it."""
    return replace(session, born=0, heard="", version="")
