"""Figures of a run: what is printed, written and read by programs is all made of them."""

import platform
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from statistics import median

from simulator.bench.rounds import Compared, Result, Turn
from simulator.bench.steps import Steps

_PACKAGES = ("ussd-menu-engine", "aiohttp", "redis", "hiredis", "uvloop")
Figure = Callable[[Turn], float | None]
RATIOS: Mapping[str, Figure] = {
    "rate": lambda turn: turn.rate,
    "p99": lambda turn: turn.p99,
    "per_cpu_second": lambda turn: turn.per_cpu_second,
}
"""What the engine is compared by, round by round; of `p99` less is better."""
_OF_ALL: Mapping[str, Figure] = {
    "p50": lambda turn: turn.p50,
    "p99": lambda turn: turn.p99,
    "per_cpu_second": lambda turn: turn.per_cpu_second,
    "redis_per_cpu_second": lambda turn: turn.redis_per_cpu_second,
    "server_busy": lambda turn: turn.server_busy,
    "load_busy": lambda turn: turn.load_busy,
}


def figures(compared: Compared, steps: Mapping[str, Steps]) -> dict[str, object]:
    """All that is known, as one object."""
    engine, menus, *others = compared.results
    return {
        "date": datetime.now(UTC).date().isoformat(),
        **asdict(compared.terms),
        "cores": asdict(compared.cores),
        "load_average": compared.load_average,
        "versions": versions(compared.redis),
        "contenders": {result.contender.name: _of_one(result) for result in compared.results},
        "absent": {absent.name: absent.why for absent in compared.field.absent},
        "ratios": {result.contender.name: _ratios(engine, result) for result in others},
        "ratios_of_menus_alone": {result.contender.name: _ratios(menus, result) for result in others},
        "step_microseconds": {code: asdict(one) for code, one in steps.items()},
    }


def versions(redis: str) -> dict[str, str]:
    """What it was measured with; empty where it is not installed."""
    return {
        "Python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "server": redis,
        "Node": _node(),
    }


@dataclass(frozen=True, slots=True)
class Ratio:
    """One of the engine's figures over another's."""

    median: float | None
    all: Sequence[float | None]
    """Round by round."""


def ratios(engine: Result, other: Result) -> Mapping[str, Ratio]:
    """The engine's figures over another's, by their names in RATIOS."""
    return {name: _ratio(figure, engine.turns, other.turns) for name, figure in RATIOS.items()}


def _ratios(engine: Result, other: Result) -> dict[str, object]:
    return {name: asdict(ratio) for name, ratio in ratios(engine, other).items()}


def middle(values: Iterable[float | None]) -> float | None:
    """The median of those that are known."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _of_one(result: Result) -> dict[str, object]:
    return {
        "kind": result.contender.kind,
        "answered": result.answered,
        "wrong": dict(result.wrong),
        "failed": dict(result.failed),
        "too_long": result.too_long,
        "rate": {"best": max(turn.rate for turn in result.turns), "all": [turn.rate for turn in result.turns]},
        **{name: middle(figure(turn) for turn in result.turns) for name, figure in _OF_ALL.items()},
    }


def _ratio(figure: Figure, ours: Sequence[Turn], theirs: Sequence[Turn]) -> Ratio:
    pairs = ((figure(our), figure(their)) for our, their in zip(ours, theirs, strict=True))
    each = [our / their if our is not None and their else None for our, their in pairs]
    return Ratio(middle(each), each)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _node() -> str:
    program = shutil.which("node")
    if program is None:
        return ""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
