"""Whether a history keeps the promises, and how much there was to keep."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tests.promises.simulation.clock import BEGAN
from tests.promises.simulation.explained import Explainer
from tests.promises.simulation.history import Delivery, History, Row, Taken
from tests.promises.simulation.plan import FORMATS, Plan
from tests.promises.simulation.run import editions
from tests.promises.simulation.store import Kept, Step
from ussd.callback import Phase, Reply
from ussd.dialogue import LIFE
from ussd.sessions import SessionKey
from ussd.store import Lifetimes

_KEEP = Lifetimes()
_RETRY = _KEEP.retry / 1000
_SAID = re.compile(r"\bn[0-9]{6}\b|[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}|\b7000[0-9]\b")
"""What is one line's alone: tracking codes, credit codes, one-time codes."""


@dataclass(slots=True)
class Judged:
    """What a history came to."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, str]] = field(default_factory=list)
    """Promises, and what breaks them."""


def judged(plan: Plan, history: History) -> Judged:
    """Check one history."""
    return _Judge(plan, history).judge()


class _Judge:
    def __init__(self, plan: Plan, history: History) -> None:
        self._history, self._explainer, self._said = history, Explainer(plan, history), Judged()
        self._words = editions()[1]
        self._steps: dict[SessionKey, list[Taken]] = defaultdict(list)
        self._brought: dict[tuple[SessionKey, int], list[Delivery]] = defaultdict(list)
        for taken in history.taken:
            self._steps[taken.step.key].append(taken)
        for delivery in history.deliveries:
            self._brought[delivery.key, delivery.number].append(delivery)
        self._owners = {row.code: row.inquiry.msisdn for row in history.rows}
        for truth in plan.truths.values():
            code = truth.credit_code
            self._owners["-".join(code[at : at + 4] for at in range(0, 16, 4))] = truth.msisdn
            self._owners[truth.one_time_code] = truth.msisdn

    def judge(self) -> Judged:
        """All promises."""
        for key, steps in self._steps.items():
            self._serial(key, steps)
            self._forward(key, steps)
            self._after_the_end(key, steps)
        for delivery in self._history.deliveries:
            self._answer(delivery)
        for (key, number), brought in self._brought.items():
            self._retries(key, number, brought)
        self._apart()
        return self._said

    def _count(self, what: str, number: int = 1) -> None:
        self._said.counts[what] += number

    def _breaks(self, promise: str, what: str) -> None:
        self._said.broken.append((promise, what))

    def _serial(self, key: SessionKey, steps: Sequence[Taken]) -> None:
        """P2: each step follows from the one before, and makes the version one more."""
        for taken in steps:
            self._count("steps")
            made = [one for one in (taken, *self._forgotten(taken, steps)) if _is_one_more(one.step)]
            if not made:
                self._breaks("P2", f"{key}: version {taken.step.version}")
            elif not any(map(self._explainer.follows, made)):
                self._breaks("P2", f"{key}: step {taken.step.version} is none of the engine's: {taken.step.session}")

    def _forgotten(self, taken: Taken, steps: Sequence[Taken]) -> Iterator[Taken]:
        """The same step, from what Redis lost with its power while its callback was answered: that had been loaded."""
        if self._cut(taken.delivery.sent, taken.step.at):
            for lost in (one.step for one in steps if one.undone and one.step.at <= taken.step.at):
                before = Kept(lost.version, None if lost.reply.ends else lost.session, 0, "")
                yield replace(taken, step=replace(taken.step, before=before))

    def _forward(self, key: SessionKey, steps: Sequence[Taken]) -> None:
        """P20: never backwards, never in another menu."""
        for one, other in pairwise(steps):
            kept = other.step.before is not None and not other.undone and not one.undone
            if not kept or other.delivery.callback.phase is Phase.BEGIN:
                continue
            if one.step.session.code != other.step.session.code and not one.step.reply.ends:
                self._breaks("P20", f"{key}: from {one.step.session.code} to {other.step.session.code}")
            heard, more = one.delivery.leg.typed, other.delivery.leg.typed
            if other.delivery.kind == "inputs" and not one.step.reply.ends and more[: len(heard)] != heard:
                self._breaks("P20", f"{key}: heard {heard}, then {more}")
            if other.delivery.kind == "id" and any(
                other.delivery.number == before.delivery.number
                for before in steps
                if before is not other and not before.undone
            ):
                self._breaks("P20", f"{key}: callback {other.delivery.number} took two steps")

    def _after_the_end(self, key: SessionKey, steps: Sequence[Taken]) -> None:
        """P21: nothing goes on after the end, for ten minutes."""
        for place, taken in enumerate(steps):
            if not taken.step.reply.ends or taken.undone:
                continue
            for later in steps[place + 1 :]:
                again = later.delivery.number == 0 and self._is_new(later)
                if (
                    later.step.at < taken.step.at + _KEEP.ended / 1000 - 1
                    and not again
                    and not self._cut(taken.step.at, later.step.at)
                ):
                    self._breaks("P21", f"{key}: step {later.step.version} after the end")
                if again:
                    return

    def _is_new(self, dial: Taken) -> bool:
        """Whether nobody can tell that it came before: it did not, or its gateway says nothing by which to know it."""
        brought = self._brought[dial.step.key, 0]
        before = [one for one in brought if one.answered is not None and one.answered < dial.delivery.sent]
        told = dial.delivery.kind != "nothing" and not self._cut(0.0, dial.step.at)
        return not told or all(one.troubles for one in before)

    def _cut(self, since: float, until: float) -> bool:
        """Whether Redis lost its power in between, or shortly before."""
        return any(since - 1 <= at <= until for at in self._history.forgotten)

    def _answer(self, delivery: Delivery) -> None:
        """Each answer is one that a serial order explains."""
        self._count("deliveries")
        if delivery.refused:
            self._breaks("P2", f"{delivery.key}: {delivery.refused}")
        if delivery.reply is None or delivery.answered is None:
            self._count("unanswered")
            return
        if delivery.callback.phase is Phase.ABORT:
            return
        reply = delivery.reply
        for said in _SAID.findall(reply.text):
            self._count("canaries")
            if self._owners.get(said) != delivery.key.msisdn:
                self._breaks("P19", f"{delivery.key}: reads {said}, which is another line's")
        if reply not in set(self._allowed(delivery)):
            self._breaks(
                self._told_of(delivery),
                f"{delivery.key}: callback {delivery.number} at {delivery.sent:.3f} got {reply}",
            )

    def _told_of(self, delivery: Delivery) -> str:
        """The promise that an answer without an explanation breaks: after the end, that of the end."""
        before = [taken for taken in self._steps.get(delivery.key, ()) if taken.step.at <= delivery.sent]
        return "P21" if before and before[-1].step.reply.ends else "P2"

    def _allowed(self, delivery: Delivery) -> Iterator[Reply]:
        """What may be answered: the step's screen, or that of one that stood while it was asked."""
        line = FORMATS[delivery.key.gateway].line
        steps = self._steps.get(delivery.key, ())
        own = [taken for taken in steps if taken.delivery is delivery]
        if delivery.troubles:
            yield line.last(self._words.apology)
        yield from (taken.step.reply for taken in own)
        if own:
            return
        siblings = self._brought[delivery.key, delivery.number]
        since = min(one.sent for one in siblings)
        yield from (taken.step.reply for taken in steps if taken.delivery in siblings)
        yield from self._stood(delivery, since)
        if self._may_be_gone(delivery, steps):
            yield line.last(self._words.expired)

    def _stood(self, delivery: Delivery, since: float) -> Iterator[Reply]:
        steps = self._steps.get(delivery.key, [])
        assert delivery.answered is not None
        for place, taken in enumerate(steps):
            until = next((other.step.at for other in steps[place + 1 :] if not other.undone), float("inf"))
            if taken.step.at <= delivery.answered and until >= since:
                yield taken.step.reply
                if not taken.step.reply.ends:
                    shown = self._explainer.engine(delivery, taken.step.session.code).shown(taken.step.session)
                    yield Reply(shown.text, ends=False)

    def _may_be_gone(self, delivery: Delivery, steps: Sequence[Taken]) -> bool:
        """Whether there was no session at some time while it was asked."""
        assert delivery.answered is not None
        before = [taken for taken in steps if taken.step.at <= delivery.sent]
        if not before or self._cut(0.0, delivery.answered):
            return True
        last = before[-1].step
        life = (_KEEP.ended if last.reply.ends else _KEEP.session) / 1000
        return delivery.answered >= last.at + life

    def _retries(self, key: SessionKey, number: int, brought: Sequence[Delivery]) -> None:
        """P1: all answers to one callback are one answer, and it has one effect."""
        kind = brought[0].kind
        if brought[0].callback.phase is Phase.ABORT or self._cut(0.0, float("inf")):
            return
        steps = [taken for taken in self._steps.get(key, ()) if taken.delivery in brought]
        answered = [one for one in brought if one.reply and not one.troubles and self._told(one, brought, steps)]
        self._count("retries", max(len(answered) - 1, 0))
        if len({one.body for one in answered}) > 1:
            said = [(round(one.sent, 3), one.reply) for one in answered]
            self._breaks("P1", f"{key}: callback {number} got {said}")
        if kind != "nothing" and len(steps) > 1:
            self._breaks("P1", f"{key}: callback {number} took {len(steps)} steps")
        rows = [row for row in self._history.rows if row.delivery in brought]
        if kind != "nothing" and len(rows) > 1 and _one_life(rows) and not self._crossed(key, brought):
            self._breaks("P1", f"{key}: callback {number} is in the ledger as {[row.code for row in rows]}")

    def _told(self, one: Delivery, brought: Sequence[Delivery], steps: Sequence[Taken]) -> bool:
        """Whether it can be told for a retry: always, or where its gateway says nothing, right after the step.

        What comes where there is no session, as before its dial, is told so and not kept: it is no retry of anything.
        """
        if one.reply == FORMATS[one.key.gateway].line.last(self._words.expired):
            return False
        if one.kind != "nothing":
            return not self._overtaken(one, steps)
        if not steps:
            return False
        first = steps[0].step
        nothing_since = all(
            taken is steps[0] or not min(first.at, one.sent) < taken.step.at <= (one.answered or 0.0)
            for taken in self._steps[one.key]
        )
        return nothing_since and first.at <= (one.answered or 0.0) < first.at + _RETRY and first.at >= brought[0].sent

    def _crossed(self, key: SessionKey, brought: Sequence[Delivery]) -> bool:
        """Whether another callback took a step meanwhile: what is asked after it is another question."""
        since, until = brought[0].sent, max(one.answered or float("inf") for one in brought)
        return any(
            since < taken.step.at < until and taken.delivery.number != brought[0].number for taken in self._steps[key]
        )

    def _overtaken(self, one: Delivery, steps: Sequence[Taken]) -> bool:
        """Whether a later callback had taken its step, or the end was reached: then it means nothing any more.

        It reads what is shown by then, which another dial with the same id changes.
        """
        until = one.answered or 0.0
        own = any(taken.step.at <= until for taken in steps)
        return not own and any(
            (taken.delivery.number > one.number and taken.step.at <= until)
            or (taken.step.reply.ends and taken.step.at <= until)
            for taken in self._steps.get(one.key, ())
        )

    def _apart(self) -> None:
        """P19: how many sessions shared their id, and P20, P21: how many callbacks came in another order, or late."""
        shared: dict[str, set[tuple[str, str]]] = defaultdict(set)
        latest: Counter[SessionKey] = Counter()
        for delivery in self._history.deliveries:
            shared[delivery.key.session].add((delivery.key.gateway, delivery.key.msisdn))
            self._count("reordered", delivery.number < latest[delivery.key])
            latest[delivery.key] = max(latest[delivery.key], delivery.number)
            ends = [taken.step.at for taken in self._steps.get(delivery.key, ()) if taken.step.reply.ends]
            self._count("late", bool(ends) and ends[0] < delivery.sent)
        self._count("shared", sum(len(lines) for lines in shared.values() if len(lines) > 1))
        spans = [(one.sent, one.answered or one.sent, one.key) for one in self._history.deliveries]
        self._count("together", sum(_together(one, other) for one, other in pairwise(spans)))


def _one_life(rows: Sequence[Row]) -> bool:
    """Whether one session id was one session's in all that time, as the shell counts it, and its session was kept."""
    times = [at for row in rows for at in (row.at, row.delivery.sent if row.delivery else row.at)]
    kept = max(times) - min(times) < _KEEP.session / 1000
    return kept and len({int((BEGAN + at) // LIFE) for at in times}) == 1


def _is_one_more(step: Step) -> bool:
    return step.version == (step.before.version if step.before else 0) + 1


def _together(one: tuple[float, float, SessionKey], other: tuple[float, float, SessionKey]) -> bool:
    return one[2] == other[2] and other[0] < one[1]
