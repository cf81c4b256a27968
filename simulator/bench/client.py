"""The load of one turn, in a process of its own: so many connections, each with one callback under way.

It shares a core with Redis and must cost little, or it would be what is measured: so there is no HTTP client here, but
requests that were written before, and answers told apart by their Content-Length.

`python -m simulator.bench.client` reads a plan from its standard input, and writes what it found.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import ceil

from simulator.bench.connection import Connection
from simulator.bench.flow import LINE, SESSION, Flow, requests
from simulator.bench.judge import Judge
from simulator.bench.processes import cpu_seconds
from ussd.web.loop import new_loop

_TICK = 0.25
_FIRST_LINE = 989120100000


@dataclass(frozen=True, slots=True)
class Plan:
    """One turn."""

    port: int
    flow: Flow
    connections: int
    seconds: float
    first: int = 0
    """The number of its first dialogue. None may be given out twice: a line that left one is offered to go on."""
    seed: int = 0
    """Of the session ids."""
    pids: Sequence[int] = ()
    """Processes whose use of a core is of interest."""
    patience: float = 5.0
    """Seconds that a line waits for its screen."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a turn; what was answered after its end is looked at, and counted nowhere else."""

    seconds: float
    answered: int
    """Callbacks that were answered rightly."""
    p50: float
    """Milliseconds, as `p99`."""
    p99: float
    dialogues: int
    """How many were begun."""
    wrong: dict[str, int]
    failed: dict[str, int]
    too_long: int
    """Answers of more than 160 octets."""
    cpu: list[float | None]
    """Seconds of the processes that were of interest, and at last this one's own."""
    codes: list[tuple[str, float]] = field(default_factory=list)
    """The tracking codes that were shown, each with when, in Unix seconds."""


class Load:
    """What all connections share."""

    def __init__(self, plan: Plan) -> None:
        """Nothing has been asked."""
        self.plan, self.judge = plan, Judge(plan.flow)
        self.times: list[float] = []
        self.wrong: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.too_long = self.dialogues = 0
        self.goes_on = True
        self._requests = [_cut(request) for request in requests(plan.port, plan.flow.typed)]

    @property
    def steps(self) -> int:
        """Callbacks of a dialogue."""
        return len(self._requests)

    def dialogue(self) -> tuple[bytes, bytes]:
        """The session id and the line of a new dialogue."""
        number = self.plan.first + self.dialogues
        self.dialogues += 1
        return b"%016x%016x" % (self.plan.seed, number), b"%d" % (_FIRST_LINE + number)

    def request(self, place: int, session: bytes, line: bytes) -> bytes:
        """A callback of a dialogue."""
        before, between, after = self._requests[place]
        return b"".join((before, session, between, line, after))

    def answered(self, place: int, body: bytes, seconds: float) -> bool:
        """Look at an answer; whether it is right, and the dialogue can go on. Only right ones are counted."""
        if self.judge.too_long(place, body):
            self.too_long += 1
        if fault := self.judge.fault(place, body):
            self.wrong[fault] += 1
        elif self.goes_on:
            self.times.append(seconds)
        return not fault


def _cut(request: bytes) -> tuple[bytes, bytes, bytes]:
    before, _, rest = request.partition(SESSION.encode())
    between, _, after = rest.partition(LINE.encode())
    return before, between, after


async def load(plan: Plan) -> Found:
    """Do as planned, and give those who are still waited for a few seconds more. Raises OSError."""
    shared = Load(plan)
    connections = [Connection(shared, plan.port) for _ in range(plan.connections)]
    await asyncio.gather(*(connection.open() for connection in connections))
    began, before = time.perf_counter(), _cpu(plan)
    for connection in connections:
        connection.begin()
    await _until(began + plan.seconds, connections, plan.patience)
    shared.goes_on = False
    took, after = time.perf_counter() - began, _cpu(plan)
    await _until(time.perf_counter() + plan.patience + _TICK, connections, plan.patience, or_idle=True)
    for connection in connections:
        connection.close()
    return _found(shared, took, [None if a is None or b is None else a - b for a, b in zip(after, before, strict=True)])


async def _until(then: float, connections: Sequence[Connection], patience: float, *, or_idle: bool = False) -> None:
    """Wait, and give up the answers that do not come."""
    while (left := then - time.perf_counter()) > 0:
        if or_idle and not any(connection.waits for connection in connections):
            return
        await asyncio.sleep(min(left, 0.01 if or_idle else _TICK))
        for connection in connections:
            connection.give_up_after(patience)


def _cpu(plan: Plan) -> list[float | None]:
    return [*(cpu_seconds(pid) for pid in plan.pids), time.process_time()]


def _found(shared: Load, seconds: float, cpu: list[float | None]) -> Found:
    times = sorted(shared.times)
    return Found(
        seconds=seconds,
        answered=len(times),
        p50=_rank(times, 0.5),
        p99=_rank(times, 0.99),
        dialogues=shared.dialogues,
        wrong=dict(shared.wrong),
        failed=dict(shared.failed),
        too_long=shared.too_long,
        cpu=cpu,
        codes=[(code.decode(), at) for code, at in shared.judge.codes],
    )


def _rank(times: Sequence[float], share: float) -> float:
    """Milliseconds, by the nearest rank."""
    return 1000 * times[max(ceil(share * len(times)), 1) - 1] if times else 0.0


def main() -> None:
    """Read a plan, and write what came of it."""
    given = json.load(sys.stdin)
    plan = Plan(**given | {"flow": Flow(**given["flow"])})
    with asyncio.Runner(loop_factory=new_loop("auto")) as runner:
        json.dump(asdict(runner.run(load(plan))), sys.stdout)


if __name__ == "__main__":
    main()
