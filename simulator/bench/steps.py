"""What a pure step costs: those of every path of the menus that are shipped, without a server and without Redis."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from gateways.africastalking import PROFILE
from simulator.bench.right import MENUS
from simulator.crawl import crawl
from ussd.backends import backends, contracts_of
from ussd.core.engine import Effect, Engine, Event
from ussd.core.loader import load_all
from ussd.core.machine import Moves
from ussd.core.menu import Menu
from ussd.core.session import Session

MOST = 200
"""Steps of a menu that are timed; of more, every so manieth."""
TIMES = 50
"""How often each is."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one menu, in microseconds, each the median of many equal ones."""

    timed: int
    median: float
    slowest: float


class _Walked(Engine):
    """An engine that keeps what it was asked."""

    def __init__(self, menu: Menu) -> None:
        super().__init__(menu, Moves(menu), PROFILE)
        self.asked: list[tuple[Session, Event]] = []

    def step(self, session: Session, event: Event) -> tuple[Session, Effect]:
        self.asked.append((session, event))
        return super().step(session, event)


def steps(most: int = MOST, times: int = TIMES) -> Mapping[str, Steps]:
    """What a step costs, menu by menu."""
    contracts = contracts_of(backends())
    found = {}
    for code, menu in sorted(load_all(MENUS, contracts).items()):
        walked = _Walked(menu)
        crawl(walked, contracts)
        found[code] = _timed(Engine(menu, Moves(menu), PROFILE), _some(walked.asked, most), times)
    return found


def _some(asked: Sequence[tuple[Session, Event]], most: int) -> Sequence[tuple[Session, Event]]:
    return asked[:: -(-len(asked) // most)]


def _timed(engine: Engine, asked: Sequence[tuple[Session, Event]], times: int) -> Steps:
    costs = [_median(lambda one=one: engine.step(*one), times) for one in asked]  # type: ignore[misc]
    return Steps(len(costs), median(costs), max(costs))


def _median(timed: Callable[[], object], times: int) -> float:
    took = []
    timed()
    for _ in range(times):
        began = time.perf_counter_ns()
        timed()
        took.append(time.perf_counter_ns() - began)
    return median(took) / 1000
