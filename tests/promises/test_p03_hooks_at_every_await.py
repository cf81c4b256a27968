"""P3: a process that is killed between any two awaits loses no finished step and repeats none."""

import json
import random
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.promises.simulation.crash import DIALOGUES, Point, Said
from tests.promises.simulation.hooks import CRASHED
from ussd.keys import Keys
from ussd.ledger import opened

ROOT = Path(__file__).parents[2]
SEEDS = many(1, 3)
AT_ONCE = many(1, 2)
SAMPLE = 24
"""Hooks of the quick form."""
LINGER = 0.02
"""Seconds; Redis and SQLite have done by then what they were asked."""
CODE = re.compile(r"n[0-9]{6}|(?:[0-9]{4}-){3}[0-9]{4}|(?<=\n)[0-9]{5}(?=\n)")
SECONDS = re.compile(r"[0-9]+ ثانیه")
Screens = Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    said: Said | None


class Forker:
    """Forks the processes of points, one after another, in a home of its own."""

    def __init__(self, home: Path, fresh: Path, redis: str) -> None:
        self.home, self._fresh, self._redis = home, fresh, redis
        home.mkdir()
        pipe = subprocess.PIPE
        command = (sys.executable, "-m", "tests.promises.simulation.crash")
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)

    def point(self, menu: str, callback: int, seed: int) -> Point:
        """A point of an installation that nobody has used yet."""
        for file in self.home.iterdir():
            file.unlink()
        shutil.copy(self._fresh, self.home / "ledger.sqlite3")
        return Point(menu, callback, str(self.home), self._redis, secrets.token_hex(32), seed)

    def run(self, point: Point) -> Ended:
        """Be there until its process has ended."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(point)) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Ended(told["code"], told["said"] and Said(**told["said"]))

    def close(self) -> None:
        """No more."""
        self._process.communicate(timeout=40)


@contextmanager
def forkers(folder: Path, fresh: Path, redis: str, number: int) -> Iterator[list[Forker]]:
    """So many at once."""
    with ExitStack() as stack:
        made = [Forker(folder / f"home-{one}", fresh, redis) for one in range(number)]
        for one in made:
            stack.callback(one.close)
        yield made


async def empty_ledger(folder: Path) -> Path:
    """A ledger that is migrated, and closed."""
    file = folder / "fresh.sqlite3"
    async with opened(f"sqlite:///{file}", Keys(secrets.token_bytes(32)), samples=False):
        pass
    return file


def killed(forker: Forker, menu: str, callback: int, seed: int, hook: int, clean: Screens) -> str | None:
    """What is wrong after a kill at a hook; empty where nothing is, None where the callback was over before it."""
    point = replace(forker.point(menu, callback, seed), hook=hook, linger=LINGER if hook % 2 else 0.0)
    ended = forker.run(point)
    if ended.code == 0:
        return None
    if ended.code != CRASHED:
        return f"ended with {ended.code}"
    after = forker.run(replace(point, hook=0, again=True))
    if after.said is None:
        return f"the next process ended with {after.code}"
    return wrong(after.said, callback, clean)


def wrong(said: Said, callback: int, clean: Screens) -> str:
    """How what came after a kill differs from what would have come."""
    if plain(said.screens) != plain(clean[callback:]):
        return f"screens {said.screens}"
    if said.version != len(clean):
        return f"{said.version} steps for {len(clean)} callbacks"
    if said.effects != 1:
        return f"{said.effects} rows in the ledger"
    if said.code not in said.screens[-1][0]:
        return "the last screen's code is not the ledger's"
    return ""


def plain(screens: Screens) -> list[tuple[str, bool]]:
    """Screens without what chance decides."""
    return [(SECONDS.sub("", CODE.sub("CODE", text)), ends) for text, ends in screens]


@dataclass(frozen=True, slots=True)
class Course:
    """One callback of a dialogue, which is killed at each of its hooks."""

    menu: str
    callback: int
    seed: int
    clean: Screens
    hooks: int
    """Of one run; another may have a few more or less, as things come together or apart."""


def courses(forker: Forker) -> Iterator[Course]:
    """All callbacks of all menus."""
    for menu, (_, _, typed) in DIALOGUES.items():
        whole = screens(forker, menu, len(typed), 0).screens
        for seed in range(SEEDS):
            for callback in range(1 + len(typed)):
                yield Course(menu, callback, seed, whole, screens(forker, menu, callback, seed).hooks)


def screens(forker: Forker, menu: str, callback: int, seed: int) -> Said:
    """A dialogue that nobody cuts off, up to a callback."""
    said = forker.run(forker.point(menu, callback, seed)).said
    assert said
    return said


def all_hooks(forker: Forker, course: Course) -> list[str | None]:
    """Kill at each, until the callback is over before one is reached, and there were as many as in the first run."""
    found: list[str | None] = []
    while len(found) < course.hooks or found[-1] is not None:
        found.append(_named(forker, course, len(found) + 1))
    return found


def _named(forker: Forker, course: Course, hook: int) -> str | None:
    said = killed(forker, course.menu, course.callback, course.seed, hook, course.clean)
    return f"{course.menu}, callback {course.callback}, seed {course.seed}, hook {hook}: {said}" if said else said


def drawn(forker: Forker, course: Course, chance: random.Random) -> str | None:
    """Kill at one of them."""
    return _named(forker, course, chance.randint(1, course.hooks))


def share(known: Sequence[Course], forker: Forker, place: int) -> list[str | None]:
    """What came of all hooks of its part of the courses, or in the quick form of some hooks of any."""
    if LONG:
        return [said for course in known[place::AT_ONCE] for said in all_hooks(forker, course)]
    chance = random.Random(SEED + place)
    chosen = chance.choices(known, [course.hooks for course in known], k=SAMPLE)
    return [drawn(forker, course, chance) for course in chosen]


async def test_p3_a_kill_at_any_await_loses_no_step_and_repeats_none(
    kept: Kept, tmp_path: Path, redis_url: str
) -> None:
    fresh = await empty_ledger(tmp_path)
    with forkers(tmp_path, fresh, redis_url, AT_ONCE) as ready, ThreadPoolExecutor(AT_ONCE) as pool:
        known = list(courses(ready[0]))
        shares = pool.map(partial(share, known), ready, range(AT_ONCE))
        found = [said for part in shares for said in part if said is not None]
    broken, hooks = [said for said in found if said], sum(course.hooks for course in known)
    kept.seen(
        f"the process ends where any task is halted or goes on, and at any statement of the ledger; {SEEDS} seeds",
        f"{len(found):,} kills, of {hooks:,} hooks in {len(known)} callbacks of 4 menus",
        f"{len(broken)} steps lost or repeated",
    )
    assert len(found) > SAMPLE / 2
    assert not broken, "\n".join(broken[:5])
