"""Whatever is typed or dialled gets a screen or a 4xx, through every gateway in its own wire format."""

from dataclasses import replace

import pytest

from tests.conftest import ENTITLED
from tests.corpus.front import Front
from tests.corpus.gate import gate
from tests.corpus.judge import MENU, Judge
from tests.corpus.reading import Dialled, Typed, Verdict, entries, octets
from ussd.callback import Phase
from ussd.doors import formats

pytestmark = pytest.mark.asyncio(loop_scope="package")

OF_EACH = pytest.mark.parametrize("name", formats())
CODE = f"{MENU[:-1]}*1*2#"
GOES_ON = {"menu": (MENU, "2"), "code": (CODE, "0")}
"""Where each is typed, and what goes on from there without asking anybody."""


@OF_EACH
@pytest.mark.parametrize("family", ["menu_input", "encodings"])
async def test_whatever_is_typed_gets_a_screen_or_is_refused(front: Front, family: str, name: str) -> None:
    judge = Judge(front, gate(name))
    for entry in entries(family, Typed):
        await judge.anew()
        for where in GOES_ON if entry.where == "both" else [entry.where]:
            await _typed(judge, entry, where)
    judge.end()


async def _typed(judge: Judge, entry: Typed, where: str) -> None:
    dialled, good = GOES_ON[where]
    text, it = octets(entry.typed).decode(), f"{entry.it} ({where})"
    begun = judge.leg(dialled)
    await judge.ask_rightly(begun)
    verdict = entry.verdict({f"{trait} {where}" for trait in judge.gate.traits} | judge.gate.traits)
    bad = replace(begun, phase=Phase.CONTINUE, typed=(text,))
    await judge.judged(it, verdict, await judge.ask(bad), (dialled,))
    if verdict in ("note", "same", "refused"):
        # What was refused or not heard is no part of what was typed so far.
        typed = (text, good) if verdict == "note" else (good,)
        right = replace(bad, typed=typed)
        await judge.judged(f"{it}, and then", "same", await judge.ask_rightly(right), (dialled, good))
    judge.watched(it, begun, (text,))


@OF_EACH
async def test_whatever_is_dialled_gets_a_screen_or_is_refused(front: Front, name: str) -> None:
    judge = Judge(front, gate(name))
    for entry in entries("dial_strings", Dialled):
        await judge.anew()
        leg = judge.leg(octets(entry.dialled).decode())
        verdict: Verdict = entry.verdict(judge.gate.traits)
        await judge.judged(entry.it, verdict, await judge.ask(leg), (leg.dialled,), whole=True)
        if verdict == "refused" and (kept := await front.kept()):
            judge.faults.append(f"{name}: {entry.it}: it left {kept}")
        judge.watched(entry.it, leg, (leg.dialled,))
    judge.end()


async def test_a_right_code_is_still_answered_after_all_that(front: Front) -> None:
    for name in formats():
        judge = Judge(front, gate(name))
        assert "برخوردار" in repr(await judge.screen((MENU, "x", "1", "2", "1111111111", ENTITLED)))
    _, written = front.log.new()
    assert b"callback_answered" in written
