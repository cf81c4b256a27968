"""P17: a deploy during live sessions breaks none of them, and each ends in the menus in which it began."""

import asyncio
import json
import random
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from aiohttp import ClientError

from tests.conftest import ENTITLED
from tests.homes import a_home
from tests.promises.balancer import Balancer, Machine, balanced
from tests.promises.report import Kept
from tests.promises.scale import SEED, many
from tests.server import Server
from ussd.redis_server import own_server
from ussd.settings import Settings

RESTARTS = many(2, 100)
CALLERS = 12
THINK = 0.8
"""Seconds, at most, before a line answers: about what a restart takes, so that many dialogues go on across one."""
DRAIN = 0.5
GATE = 5.0
"""Seconds from SIGTERM to the end."""
_SHIPPED = Settings.model_fields["menus"].default
_LABEL, _PROMPT = "استحقاق درمان", "کد ملی خود را وارد نمایید:"
_INQUIRY = re.compile(r"استعلام\n1-سوابق بیمه\n2-درمان ([0-9]+)\n3-حقوق مستمری\n0-بازگشت")
_ASKED = re.compile(r"کد ملی ([0-9]+):")
_ANSWER = re.compile(r"از حمایت درمانی برخوردار میباشید\.\nکد پیگیری: (n[0-9]{6})")


@dataclass(slots=True)
class Callers:
    """Lines that dial, answer and dial again, each dialogue from a line of its own."""

    balancer: Balancer
    chance: random.Random
    going: bool = True
    finished: int = 0
    across: int = 0
    """Dialogues that more than one machine had a part in."""
    outlived: int = 0
    """Dialogues that ended after a newer edition of their menu was shown to others."""
    newest: int = 0
    wrong: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def call(self) -> None:
        """One dialogue after the other."""
        while self.going:
            number = next(self._numbers)
            try:
                await self._talk(number)
            except (ClientError, TimeoutError) as fault:
                self.wrong.append(f"dialogue {number} got no answer: {type(fault).__name__}")

    async def _talk(self, number: int) -> None:
        edition, machines = -1, set()
        for sent, screen in (
            ({"event": "begin", "dialled": "*4*1420*1#"}, _INQUIRY),
            ({"event": "continue", "input": "2"}, _ASKED),
            ({"event": "continue", "input": ENTITLED}, _ANSWER),
        ):
            machine, text = await self._shown(number, sent)
            machines.add(machine)
            read = screen.fullmatch(text)
            if read is None or (screen is _ASKED and int(read[1]) != edition):
                self.wrong.append(f"dialogue {number} of edition {edition} read {text!r} of {machine}")
                return
            if screen is _INQUIRY:
                edition = int(read[1])
                self.newest = max(self.newest, edition)
            await asyncio.sleep(self.chance.uniform(0, THINK) if screen is not _ANSWER else 0)
        self.codes.add(read[1])
        self.finished += 1
        self.across += len(machines) > 1
        self.outlived += edition < self.newest

    async def _shown(self, number: int, sent: dict[str, str]) -> tuple[str, str]:
        wire = {"session": f"s{number}", "msisdn": f"98912{number:07}", **sent}
        machine, status, body = await self.balancer.post("/gateways/reference", wire)
        return machine, str(json.loads(body)["text"]) if status == 200 else f"HTTP {status}"


@dataclass(slots=True)
class Installation:
    """What the machines share, and what each of them has."""

    folder: Path
    redis: str
    secret: str = field(default_factory=lambda: secrets.token_hex(32))

    def deploy(self, machine: Machine, edition: int) -> None:
        """Put an edition of the menus there, and start a server with it."""
        home = self.folder / machine.name
        shutil.rmtree(home / "menus", ignore_errors=True)
        shutil.copytree(_SHIPPED, home / "menus")
        file = home / "menus" / "1420.yaml"
        text = file.read_text()
        assert _LABEL in text
        assert _PROMPT in text
        file.write_text(text.replace(_LABEL, f"درمان {edition}").replace(_PROMPT, f"کد ملی {edition}:"))
        database = f"sqlite:///{self.folder / 'ledger.sqlite3'}"
        machine.server = Server(
            home, menus=str(home / "menus"), watch="false", drain=f"{DRAIN}s", redis_url=self.redis,
            database_url=database, secret=self.secret,
        )  # fmt: skip


@contextmanager
def installation() -> Iterator[Installation]:
    with a_home() as home, own_server(home) as redis:
        yield Installation(home, redis)


async def restarted(there: Installation, balancer: Balancer, machine: Machine, edition: int) -> float:
    """Stop a machine, put another edition there, and start it; the seconds that the stop took."""
    assert machine.server
    began = time.monotonic()
    code = await asyncio.to_thread(machine.server.stop)
    took = time.monotonic() - began
    assert code == 0
    machine.server, machine.ready = None, False
    await asyncio.to_thread(there.deploy, machine, edition)
    await balancer.is_ready(machine)
    return took


async def rolled(there: Installation, machines: tuple[Machine, Machine]) -> tuple[Callers, list[float]]:
    """Restart one machine after the other, with a new edition each time, while dialogues go on."""
    async with balanced(*machines) as balancer:
        callers = Callers(balancer, random.Random(SEED))
        for machine in machines:
            await balancer.is_ready(machine)
        calls = [asyncio.create_task(callers.call()) for _ in range(CALLERS)]
        await asyncio.sleep(THINK)
        stops = []
        for number in range(RESTARTS):
            stops.append(await restarted(there, balancer, machines[number % 2], number + 1))
            await asyncio.sleep(THINK / 2)
        callers.going = False
        await asyncio.gather(*calls)
        return callers, stops


def test_p17_a_deploy_breaks_no_session_and_each_ends_in_the_menus_in_which_it_began(kept: Kept) -> None:
    machines = (Machine("one"), Machine("two"))
    with installation() as there:
        for machine in machines:
            there.deploy(machine, 0)
        try:
            callers, stops = asyncio.run(rolled(there, machines))
        finally:
            for machine in machines:
                if machine.server:
                    with closing(machine.server):
                        machine.server.stop()
    kept.seen(
        fault="rolling restarts of two machines under load, with other menus each time",
        count=f"{len(stops)} restarts, {callers.finished} dialogues, of which {callers.across} on both machines and "
        f"{callers.outlived} outlived their menus; {callers.balancer.refused} connections refused and sent elsewhere",
        result=f"{len(callers.wrong)} sessions failed; the slowest stop took {max(stops):.1f} s of {GATE:.0f} allowed",
    )
    assert callers.wrong == []
    assert len(callers.codes) == callers.finished
    assert callers.across, "dialogues did go on from one machine to the other"
    assert callers.outlived, "dialogues did go on in menus that new ones do not get"
    assert max(stops) <= GATE
