"""Rounds: everybody has a turn in each, and the order is turned about from one to the next."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from simulator.bench.client import Found, Plan
from simulator.bench.contenders import Contender, Field, serving_all
from simulator.bench.peers import Peer
from simulator.bench.processes import BenchFailed, Cores, cores, pinned, reason
from simulator.bench.redis_facts import redis_facts
from simulator.codes import Codes
from ussd.redis_server import own_server

WARM_UP = 1.0
"""Seconds of a turn before all rounds, in which answers are looked at and nothing else is counted."""
SETTLE = 5.0
"""Seconds that all have been up for before that: an engine that has just been started takes few dials at first."""
_SLACK = 60.0
"""Seconds beyond its turn after which the load is given up."""

Say = Callable[[str], None]
"""Told how far it has come."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for all."""

    rounds: int = 5
    seconds: float = 4.0
    connections: int = 64


@dataclass(frozen=True, slots=True)
class Turn:
    """What one server did with one core in one round."""

    rate: float
    """Callbacks a second."""
    p50: float
    """Milliseconds, as `p99`."""
    p99: float
    per_cpu_second: float | None
    """Callbacks for each second that the server's processes ran; None where that cannot be known, as in those below."""
    redis_per_cpu_second: float | None
    server_busy: float | None
    """The server's share of a core."""
    load_busy: float | None
    """That of the load and of Redis, which have one between them."""


@dataclass(slots=True)
class Result:
    """What one of them did in all rounds."""

    contender: Contender
    turns: list[Turn] = field(default_factory=list)
    answered: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    too_long: int = 0
    _codes: Codes = field(default_factory=Codes)
    _shown: int = 0

    @property
    def sound(self) -> bool:
        """Whether every callback was answered, and rightly."""
        return not self.wrong and not self.failed and bool(self.answered)

    def count(self, found: Found) -> None:
        """Count what came of a turn; each of its codes must be new, as each dialogue shows one once."""
        self.answered += found.answered
        self.wrong += Counter(found.wrong)
        self.failed += Counter(found.failed)
        self.too_long += found.too_long
        for number, (code, at) in enumerate(found.codes, self._shown):
            if self._codes.is_anothers(code, number, at):
                self.wrong["another dialogue's code"] += 1
        self._shown += len(found.codes)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of all."""

    terms: Terms
    cores: Cores
    field: Field
    results: Sequence[Result]
    redis: str
    """Its version."""
    load_average: float
    """What the machine had to do before, in processes that ran or waited for a core."""

    @property
    def right(self) -> bool:
        """Whether no answer was wrong."""
        return not any(result.wrong for result in self.results)


@dataclass(slots=True)
class _Redis:
    url: str
    pid: int
    version: str


def compare(terms: Terms, peers: Sequence[Peer], cache: Path, say: Say) -> Compared:
    """Have all of them run. Raises BenchFailed, NoServer."""
    here, (load_average, *_) = cores(), os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="ussd-") as folder, _redis(Path(folder), here) as redis:
        say("starting")
        with serving_all(Path(folder), redis.url, here, peers, cache) as field_:
            results = [Result(contender) for contender in field_.present]
            time.sleep(SETTLE)
            _Rounds(terms, here, redis, results, say).run()
        return Compared(terms, here, field_, results, redis.version, load_average)


@contextmanager
def _redis(home: Path, here: Cores) -> Iterator[_Redis]:
    with pinned(here.load), own_server(home) as url:
        facts = redis_facts(url)
        name = facts.get("server_name", "redis")
        version = f"{name} {facts.get('valkey_version') or facts['redis_version']}"
        yield _Redis(url, int(facts["process_id"]), version)


class _Rounds:
    """One run."""

    def __init__(self, terms: Terms, here: Cores, redis: _Redis, results: Sequence[Result], say: Say) -> None:
        self._terms, self._cores, self._redis, self._results, self._say = terms, here, redis, results, say
        self._seed = time.time_ns() % 2**63
        self._dialogues = 0

    def run(self) -> None:
        for result in self._results:
            self._turn(result, min(WARM_UP, self._terms.seconds))
        for number in range(self._terms.rounds):
            self._say(f"round {number + 1} of {self._terms.rounds}")
            for result in reversed(self._results) if number % 2 else self._results:
                found = self._turn(result, self._terms.seconds)
                result.turns.append(_summed(found))

    def _turn(self, result: Result, seconds: float) -> Found:
        found = self._load(result.contender, seconds)
        result.count(found)
        return found

    def _load(self, contender: Contender, seconds: float) -> Found:
        server, pids = contender.server, (contender.server.pid, self._redis.pid)
        plan = Plan(server.port, contender.flow, self._terms.connections, seconds, self._dialogues, self._seed, pids)
        found = _client(plan, self._cores)
        self._dialogues += found.dialogues
        return found


def _client(plan: Plan, here: Cores) -> Found:
    command = [sys.executable, "-m", "simulator.bench.client"]
    given, patience = json.dumps(asdict(plan)), plan.seconds + _SLACK
    with pinned(here.load):
        try:
            done = subprocess.run(  # noqa: S603
                command, input=given, capture_output=True, text=True, timeout=patience, check=False
            )
        except subprocess.TimeoutExpired:
            raise BenchFailed("the load does not end") from None
    if done.returncode:
        raise BenchFailed(f"the load failed: {reason(done.stderr.encode())}")
    return Found(**json.loads(done.stdout))


def _summed(found: Found) -> Turn:
    server, redis, load = found.cpu
    return Turn(
        rate=found.answered / found.seconds,
        p50=found.p50,
        p99=found.p99,
        per_cpu_second=_per(found.answered, server),
        redis_per_cpu_second=_per(found.answered, redis),
        server_busy=None if server is None else server / found.seconds,
        load_busy=None if redis is None or load is None else (redis + load) / found.seconds,
    )


def _per(answered: int, seconds: float | None) -> float | None:
    return answered / seconds if seconds else None
