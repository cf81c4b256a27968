"""Many schedules, in this process or in two of their own: `python -m tests.promises.simulation.many FIRST COUNT`."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.promises.scale import LONG, SEED, many
from tests.promises.simulation.checker import judged
from tests.promises.simulation.plan import plan_of
from tests.promises.simulation.run import quiet, run
from ussd.core.strict_yaml import read

_ROOT = Path(__file__).parents[3]
_SEEDS = Path(__file__).parents[1] / "seeds.yaml"
_SCHEDULES = many(300, 100_000)
_PROMISES = ("P1", "P2", "P19", "P20", "P21")
_AT_ONCE = 2
_WITHIN = 480.0
"""Seconds; what was not tried by then is not counted."""


@dataclass(slots=True)
class Total:
    """What many schedules came to."""

    schedules: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, str, str]] = field(default_factory=list)
    """Seeds, promises, and what breaks them."""

    def add(self, other: "Total") -> None:
        """Take another's into this one."""
        self.schedules += other.schedules
        self.counts += other.counts
        self.broken += other.broken

    def of(self, promise: str) -> list[str]:
        """What breaks a promise, a line a seed, with how to see it again."""
        return [
            f"seed {seed}: {what} (python -m tests.promises.simulation {seed})"
            for seed, broken, what in self.broken
            if broken == promise
        ]


def tried(seeds: Iterable[int], within: float = _WITHIN) -> Total:
    """The schedules of these seeds, one after another."""
    total, until = Total(), time.monotonic() + within
    with quiet():
        for seed in seeds:
            if time.monotonic() > until:
                break
            plan = plan_of(seed)
            found = judged(plan, run(plan))
            total.add(Total(1, found.counts, [(seed, *broken) for broken in found.broken]))
    return total


def schedules_for(promise: str) -> Total:
    """Those that tell of a promise: all of them in the long form, else a part; and always those that once failed."""
    if LONG:
        return _all()
    part, place = _SCHEDULES // len(_PROMISES), _PROMISES.index(promise)
    first = _first() + place * part
    return tried([*kept_seeds(), *range(first, first + part)])


@cache
def _all() -> Total:
    """The schedules of the long form, which all promises share."""
    total, part = tried(kept_seeds()), _SCHEDULES // _AT_ONCE
    command = (sys.executable, "-m", "tests.promises.simulation.many")
    started = [
        subprocess.Popen((*command, str(_first() + place * part), str(part)), stdout=subprocess.PIPE, cwd=_ROOT)
        for place in range(_AT_ONCE)
    ]
    try:
        for process in started:
            said = json.loads(process.communicate(timeout=_WITHIN * 2)[0])
            total.add(Total(said["schedules"], Counter(said["counts"]), [tuple(one) for one in said["broken"]]))
    finally:
        for process in started:
            process.kill()
            process.wait()
    _keep(seed for seed, _, _ in total.broken)
    return total


def kept_seeds() -> list[int]:
    """Seeds that failed once."""
    return [int(seed) for seed in read(_SEEDS).data["seeds"] or ()]


def _keep(failed: Iterable[int]) -> None:
    """Write down which seeds failed, for all runs to come."""
    if fresh := sorted({*failed} - {*kept_seeds()}):
        with _SEEDS.open("a") as seeds:
            seeds.writelines(f"- {seed}\n" for seed in fresh)


def _first() -> int:
    return SEED * 1_000_000


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    total = tried(range(first, first + count))
    print(json.dumps({"schedules": total.schedules, "counts": total.counts, "broken": total.broken}))
