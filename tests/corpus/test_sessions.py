"""Callbacks that should not come like this get a screen or a 4xx, and disturb no other session."""

from dataclasses import dataclass, field, replace

import pytest

from simulator.operators import Leg
from tests.corpus.front import Front
from tests.corpus.gate import gate
from tests.corpus.judge import Judge, Path
from tests.corpus.reading import As, Scenario, Step, Whose, entries, octets
from ussd.callback import Phase
from ussd.doors import formats

pytestmark = pytest.mark.asyncio(loop_scope="package")

OF_EACH = pytest.mark.parametrize("name", formats())
ELSEWHERE = ("reference", "hubtel")
"""The gateway through which others' sessions are asked for, and the one for the sessions of that one."""


@dataclass(slots=True)
class Caller:
    """One call of a scenario, as its gateway tells of it."""

    judge: Judge
    leg: Leg
    typed: Path = ()
    lines: dict[str, str] = field(default_factory=dict)

    async def step(self, it: str, step: Step) -> None:
        """Take a step, and note what is wrong with what comes back."""
        before = self.leg
        self._moved(step)
        if self.judge.gate.spoken(self.leg) is None:
            return
        verdict = step.verdict(self.judge.gate.traits) or As(like=[self.leg.dialled, *self.leg.typed])
        if step.hangs_up:
            await self.judge.end_of(it, self.leg)
            return
        await self.judge.judged(it, verdict, await self.judge.ask(self.leg), (), whole=True)
        if verdict == "refused":
            self.leg = before

    def _moved(self, step: Step) -> None:
        leg = self.leg
        if step.dials is not None:
            self.leg = replace(leg, dialled=step.dials, phase=Phase.BEGIN, typed=())
        elif step.hangs_up:
            self.leg = replace(leg, phase=Phase.ABORT)
        else:
            typed = step.all_typed if step.all_typed is not None else [*leg.typed, step.types or ""]
            self.leg = replace(leg, phase=Phase.CONTINUE, typed=tuple(typed))


@OF_EACH
async def test_whatever_comes_when_it_should_not_disturbs_nobody(front: Front, name: str) -> None:
    judge = Judge(front, gate(name))
    other = Judge(front, gate(next(each for each in ELSEWHERE if each != name)))
    for scenario in entries("sessions", Scenario):
        if judge.gate.traits.isdisjoint(scenario.but):
            await judge.anew()
            await _played(scenario, judge, other)
    judge.faults += other.faults
    judge.end()


async def _played(scenario: Scenario, judge: Judge, other: Judge) -> None:
    common, lines = judge.leg(), {"one": judge.leg().msisdn, "two": judge.leg().msisdn}
    callers: dict[str, Caller] = {}
    for step in scenario.steps:
        if step.call not in callers:
            whose = scenario.calls.get(step.call, Whose(id="" if step.call == "one" else step.call))
            id = ("" if whose.alone else common.session) + octets(whose.id).decode()
            leg = replace(common, session=id, msisdn=lines[whose.line])
            callers[step.call] = Caller(other if whose.elsewhere else judge, leg)
        caller = callers[step.call]
        await caller.step(f"{scenario.it} ({step.call})", step)
        judge.watched(scenario.it, caller.leg, (caller.leg.session,))
