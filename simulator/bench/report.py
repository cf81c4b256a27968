"""What a run found, for those who read it: on a terminal, and in a file."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulator.bench.figures import middle, ratios, versions
from simulator.bench.peers import Peer
from simulator.bench.rounds import Compared, Result
from simulator.bench.steps import Steps


class Table(NamedTuple):
    """Columns and rows; all but the first column is figures."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(compared: Compared, steps: Mapping[str, Steps]) -> tuple[Table, Table, Table]:
    """What each did, how the engine compares with each, and what its pure steps cost."""
    engine, menus, *others = compared.results
    return (
        Table(
            (
                "",
                "best req/s",
                "core",
                "p50 ms",
                "p99 ms",
                "req/CPU s",
                "req/Redis CPU s",
                "wrong",
                "failed",
                ">160 octets",
            ),
            [_did(result) for result in compared.results],
        ),
        Table(
            ("", "req/s", "in each round", "req/CPU s", "p99"),
            [_against(ours, result) for ours in (engine, menus) for result in others],
        ),
        Table(
            ("pure step", "steps", "median us", "slowest us"),
            [(code, str(one.timed), f"{one.median:.1f}", f"{one.slowest:.0f}") for code, one in steps.items()],
        ),
    )


def facts(compared: Compared) -> dict[str, str]:
    """Under what it was measured."""
    terms = compared.terms
    named = (f"{name} {number or 'not installed'}" for name, number in versions(compared.redis).items())
    return {
        "load": f"rounds: {terms.rounds}, of {terms.seconds:g} s each; {terms.connections} connections, a closed loop",
        "cores": str(compared.cores),
        "others": f"load average of {compared.load_average:.1f} as it began",
        "versions": ", ".join(named),
        **{absent.name: f"not compared: {absent.why}" for absent in compared.field.absent},
        **{f"wrong, {result.contender.name}": _kinds(result.wrong) for result in compared.results if result.wrong},
        **{f"failed, {result.contender.name}": _kinds(result.failed) for result in compared.results if result.failed},
    }


def as_text(compared: Compared, steps: Mapping[str, Steps]) -> str:
    """For a terminal."""
    given = facts(compared)
    wide = max(map(len, given)) + 2
    head = "\n".join(f"{name:<{wide}}{said}" for name, said in given.items())
    return "\n\n".join([head, *(_aligned(table) for table in tables(compared, steps))])


def as_markdown(compared: Compared, steps: Mapping[str, Steps], peers: Sequence[Peer], day: str, how: str) -> str:
    """For a file, `day` and `how` it was made with it."""
    did, against, pure = (_piped(table) for table in tables(compared, steps))
    given = "\n".join(f"- {name}: {said}" for name, said in facts(compared).items())
    mended = "\n".join(f"- {peer.name}: {' '.join(peer.patched.split())}" for peer in peers)
    parts = [_HEAD.format(day=day, how=how), given, _DID, did, _AGAINST, against, _STEPS, pure]
    return "\n\n".join([*parts, *([_PEERS, mended] if mended else [])]) + "\n"


def _did(result: Result) -> tuple[str, ...]:
    turns = result.turns
    return (
        result.contender.name,
        f"{max(turn.rate for turn in turns):.0f}",
        _share(middle(turn.server_busy for turn in turns)),
        _number(middle(turn.p50 for turn in turns), 1),
        _number(middle(turn.p99 for turn in turns), 1),
        _number(middle(turn.per_cpu_second for turn in turns)),
        _number(middle(turn.redis_per_cpu_second for turn in turns)),
        str(sum(result.wrong.values())),
        str(sum(result.failed.values())),
        str(result.too_long),
    )


def _against(engine: Result, other: Result) -> tuple[str, ...]:
    rate, p99, cpu = ratios(engine, other).values()
    each = ", ".join(_number(one, 2) for one in rate.all)
    return (
        f"{engine.contender.name} over {other.contender.name}" + ("" if other.sound else " (not all right)"),
        _number(rate.median, 2),
        each,
        _number(cpu.median, 2),
        _number(p99.median, 2),
    )


def _number(value: float | None, places: int = 0) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _kinds(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items()))


def _aligned(table: Table) -> str:
    lines = [table.heads, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    (name, wide), *others = zip(cells, widths, strict=True)
    return "  ".join([f"{name:<{wide}}", *(f"{cell:>{width}}" for cell, width in others)])


def _piped(table: Table) -> str:
    rule = ["---", *("---:" for _ in table.heads[1:])]
    lines = (table.heads, rule, *table.rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("*", "\\*")  # which shortcodes have


_HEAD = """\
# The benchmark's last run

{day} (UTC), by `{how}`, which writes this file.

How far to trust it: everybody serves on one core, and has a turn in each round; the load and Redis have another core.
Absolute figures tell of the machine, which may be twice as fast a minute later: only ratios within a round mean
anything, and even their median is good to about a quarter on a machine that others share. The loop is closed, its
callers ask again at once: p50 and p99 are those of a server at its limit, not of one at ease. Every answer is
compared with the right one, text and octets, no two dialogues may get the same tracking code, and only right answers
are counted."""
_DID = """\
## What each did with one core

The best round, and the medians of all rounds for the rest. `core` is how much of its core the server got: where that
is far from 100 %, others had the rest. `req/CPU s` is callbacks for each second that the server's processes ran, which
depends less on what else the machine did."""
_AGAINST = """\
## The engine against each

Ratios within a round; the median of all rounds, and each. Of p99 less is better. `engine` is the dialogue that all of
them have, in which ours ends with an inquiry: a registry is asked, and a row with a tracking code is stored in SQL
before the screen is shown, which none of the others do. `menus alone` is the same server in a dialogue without one."""
_STEPS = """\
## A pure step

Microseconds, without a server and without Redis: the median over the steps of all paths of a menu, wrong answers and
ways back among them."""
_PEERS = """\
## What had to be mended in the others"""
