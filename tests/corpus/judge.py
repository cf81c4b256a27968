"""What a gateway makes of something bad, beside what it should: every fault names the gateway and the entry."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from uuid import uuid4

import pytest

from simulator.operators import Leg
from tests.canaries import Canaries
from tests.corpus.front import NONE, Answer, Front
from tests.corpus.gate import CANARY, Gate
from tests.corpus.reading import As, Asks, Ends, Verdict
from ussd.callback import Phase, Reply, WireReply

MENU = "*4*1420#"
WEIGHED = ("reference", "africastalking", "flares", "truroute")
"""One gateway of each kind, through which all is weighed: that costs more than the request."""
Path = tuple[str, ...]
"""A dial string and what is typed after it."""
Outcome = Reply | int
"""A screen, or the status of a refusal."""
_CODES = re.compile("[a-z][0-9]{6}")
_SHORT = 1024
"""Octets."""
_UNLIKELY = "?nothing?"
_lines = count(989121000000)


@dataclass(slots=True)
class Judge:
    """One gateway under trial."""

    front: Front
    gate: Gate
    faults: list[str] = field(default_factory=list)
    _screens: dict[Path, Outcome | None] = field(default_factory=dict)
    _sent: set[bytes] = field(default_factory=set)

    def leg(self, dialled: str = MENU) -> Leg:
        """A new session of a line that nobody else has."""
        return Leg(uuid4().hex, str(next(_lines)), dialled, Phase.BEGIN)

    def weighs(self, octets: bytes, through: Collection[str]) -> bool:
        """Whether a request is weighed: where it is long, or comes through one of these gateways."""
        return len(octets) > _SHORT or self.gate.name in through

    async def ask(self, leg: Leg) -> Outcome | None:
        """What the handset shows after something bad, or how it is refused; None where it is only acknowledged."""
        octets = self._octets(leg)
        answers = await self.front.send(octets, weighed=self.weighs(octets, WEIGHED[:1]))
        return await self.outcome(answers, octets)

    async def ask_rightly(self, leg: Leg) -> Outcome | None:
        """What the handset shows after something that is right; None as above."""
        octets = self._octets(leg, "keep-alive")
        return await self.outcome([await self.front.send_right(octets)], octets)

    async def end_of(self, it: str, leg: Leg) -> None:
        """Tell that a session has ended, which is heard without a word."""
        [answer] = await self.front.send(self._octets(leg))
        if answer.status != 200 or await self._sent_anything():
            self.faults.append(f"{self.gate.name}: {it}: its end gets HTTP {answer.status}, or a screen")

    async def _sent_anything(self) -> bool:
        sending = self.front.sendings.get(self.gate.name)
        return bool(sending and await sending.sent())

    def _octets(self, leg: Leg, connection: str = "close") -> bytes:
        spoken = self.gate.spoken(leg)
        assert spoken, f"{self.gate.name} cannot say that"
        return spoken.octets(connection)

    async def outcome(self, answers: Sequence[Answer], octets: bytes) -> Outcome | None:
        """The screen of replies that are all alike, as the operator reads it, or their status.

        None where the same octets were sent before, and are only acknowledged again: their screen is sent once.
        """
        answer = answers[0]
        if any((each.status, each.body) != (answer.status, answer.body) for each in answers):
            return NONE
        if answer.status != 200:
            return NONE if b"Traceback" in answer.body else answer.status
        wire = WireReply(answer.body, answer.fields["content-type"], 200, answer.fields)
        if self.gate.name in self.front.sendings:
            screens = await self.front.sendings[self.gate.name].sent()
            if len(screens) != int(octets not in self._sent):
                return NONE
            if not screens:
                return None
            self._sent.add(octets)
            wire = screens[0]
        read = self.gate.operator.read(wire)
        return Reply(_CODES.sub("code", read.text), read.ends)

    async def screen(self, path: Path) -> Outcome | None:
        """The screen at the end of a path that nobody disturbs."""
        if path not in self._screens:
            leg = self.leg(path[0])
            self._screens[path] = await self.ask_rightly(leg)
            for end in range(1, len(path)):
                going_on = replace(leg, phase=Phase.CONTINUE, typed=path[1 : end + 1])
                self._screens[path] = await self.ask_rightly(going_on)
        return self._screens[path]

    async def judged(
        self, it: str, verdict: Verdict, found: Outcome | None, path: Path, *, whole: bool = False
    ) -> None:
        """Note a fault where what was found is not the verdict, after the screen at the end of `path`.

        `whole`: what it should be like is a path of its own, from the dial string on.
        """
        if found is None:
            return
        match verdict:
            case "refused":
                fits, should = isinstance(found, int) and 400 <= found < 500, "a 4xx"
            case Ends(ends=said):
                fits, should = isinstance(found, Reply) and found.ends and said in found.text, f"an end with {said}"
            case Asks(asks=said):
                fits = isinstance(found, Reply) and not found.ends and said in found.text
                should = f"a question with {said}"
            case "note" | "same" | As():
                wanted = await self.screen(_path(verdict, path, whole=whole))
                fits, should = found == wanted, repr(wanted)
        if not fits:
            self.faults.append(f"{self.gate.name}: {it}: {found!r}, and not {should}")

    def watched(self, it: str, leg: Leg, typed: Iterable[str] = ()) -> None:
        """Note what went beyond its limits, and what was logged that should not be."""
        errors, written = self.front.log.new()
        texts = {text for text in (leg.session, *typed) if len(text) > 4 and text not in MENU}
        written_down = Canaries({leg.msisdn, CANARY}, texts=texts).found_in({"the log": written})
        errors += [f"{place} says {canary[:40]!r}" for place, canary in written_down]
        self.faults += [f"{self.gate.name}: {it}: {fault}" for fault in (*errors, *self.front.faults)]
        self.front.faults.clear()

    def end(self) -> None:
        """Fail with all faults, if there are any."""
        if self.faults:
            pytest.fail("\n".join(self.faults), pytrace=False)

    async def anew(self) -> None:
        """Forget all sessions, so that what is kept is what this entry left."""
        if await self._sent_anything():
            self.faults.append(f"{self.gate.name}: a screen that nobody asked for")
        await self.front.redis.flushdb()


def _path(verdict: Verdict, path: Path, *, whole: bool) -> Path:
    match verdict:
        case As():
            return verdict.path() if whole else (*path, *verdict.path())
        case "note":
            return (*path, _UNLIKELY)
        case _:
            return path
