"""`ussd load`: load through a gateway, with every screen checked."""

import asyncio
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from secrets import randbits
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from simulator.call import CallFailed, OverHttp
from simulator.load import CONNECTIONS, FIRST_LINE, Found, Mix, Plan, Step, over_http, over_smpp
from simulator.load.report import as_object, as_table
from ussd.cli.calling import HEADERS, LISTEN, Address, headers_of, is_loopback
from ussd.cli.running import settings_of, told
from ussd.cli.smsc import DIALECT, bound
from ussd.core.loader import COMMON, load_words
from ussd.doors import SMPP, formats
from ussd.settings.sending import ASYNCHRONOUS

_MOST = 100_000.0
"""Dialogues a second: more than any machine begins."""
_STEP = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?::([0-9]+(?:\.[0-9]+)?)(ms|s|m)?)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


class _Rate(click.ParamType[tuple[Step, ...]]):
    """Steps of a rate; one that has no duration is alone, and lasts as long as --seconds says."""

    name = "rate"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Step, ...]:
        written = str(value).split(",")
        found = [match for one in written if (match := _STEP.fullmatch(one))]
        steps = tuple(Step(float(one[1]), float(one[2] or 0) * _UNITS[one[3] or "s"]) for one in found)
        alone = len(found) == 1 and found[0][2] is None
        if len(found) < len(written) or not all(0 < rate <= _MOST and (lasts or alone) for rate, lasts in steps):
            self.fail(
                "dialogues a second, 50; or steps of it, each with its duration, 50:10s,500:10s,50:10s", param, ctx
            )
        return steps


_SHARE = click.FloatRange(0.0, 1.0)


@click.command()
@click.option("--url", help="The running server; one without a path gets the gateway's path.")
@click.option(
    "--gateway", default="reference", show_default=True, type=click.Choice([*formats(), SMPP]), help="The wire format."
)
@HEADERS
@LISTEN
@DIALECT
@click.option("--code", default="*4*1420#", show_default=True, help="What is dialled.")
@click.option("--inputs", default="1 2 0007569602", show_default=True, help="What is typed, divided by spaces.")
@click.option("--dialogues", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many.")
@click.option("--at-once", default=64, show_default=True, type=click.IntRange(1, 10_000), help="Under way at a time.")
@click.option(
    "--seconds", default=60.0, show_default=True, type=click.FloatRange(0.1, 86_400), help="Then none starts."
)
@click.option(
    "--rate",
    "steps",
    type=_Rate(),
    help="Open loop: so many dialogues begin each second, whatever the server does; or steps, 50:10s,500:10s,50:10s.",
)
@click.option("--evenly", is_flag=True, help="With --rate: at equal distances, and not by chance.")
@click.option("--think", default=0.0, type=click.FloatRange(0, 600), help="With --rate: seconds before one types.")
@click.option("--duplicates", default=0.0, type=_SHARE, help="Share of callbacks that are sent twice at once.")
@click.option("--drops", default=0.0, type=_SHARE, help="Share of dialogues that stop somewhere without a word.")
@click.option("--leave", default=0.0, type=_SHARE, help="Share of callbacks that are left unread, and sent again.")
@click.option(
    "--connections",
    type=click.IntRange(1, 10_000),
    help=f"To the server, at the most; {CONNECTIONS} unless told, or --at-once where that is more.",
)
@click.option(
    "--histogram",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write how long callbacks took, for HdrHistogram's plotters: FILE-dial.hgrm, FILE-going-on.hgrm, ...",
)
@click.option("--seed", type=int, help="For the same session ids and chances as another load with it.")
@click.option(
    "--lines-from",
    default=FIRST_LINE,
    show_default=True,
    type=click.IntRange(1_000_000, 99_999_999_999_999),
    help="The line of the first dialogue; the others have those that follow.",
)
@click.option("--yes-elsewhere", is_flag=True, help="The server is not on this machine, and its owner has agreed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def load(
    ctx: click.Context,
    url: str | None,
    gateway: str,
    headers: tuple[str, ...],
    listen: Address | None,
    dialect: str,
    code: str,
    inputs: str,
    dialogues: int,
    at_once: int,
    seconds: float,
    steps: tuple[Step, ...] | None,
    evenly: bool,
    think: float,
    duplicates: float,
    drops: float,
    leave: float,
    connections: int | None,
    histogram: Path | None,
    seed: int | None,
    lines_from: int,
    yes_elsewhere: bool,
    as_json: bool,
) -> None:
    """Load a running server with dialogues, and compare all they read with what the first of them reads.

    Each dialogue has a line of its own; the first goes alone, and its times do not count. Exit 1 where any failed or
    read something else; or, without --rate, was turned away.
    """
    _usage(ctx, gateway, steps or (), histogram)
    with told(CallFailed):
        plan = Plan(
            dialogues,
            at_once,
            code,
            tuple(inputs.split()),
            randbits(64) if seed is None else seed,
            seconds,
            steps=tuple(Step(rate, lasts or seconds) for rate, lasts in steps or ()),
            evenly=evenly,
            think=think,
            mix=Mix(duplicates, drops, leave),
            connections=connections or max(CONNECTIONS, 0 if steps else at_once),
            lines_from=lines_from,
            words=load_words(settings_of("readable").menus / COMMON),
        )
        if gateway == SMPP:
            run = _over_smpp(plan, listen, dialect)
        else:
            run = over_http(plan, OverHttp(_here(url, yes_elsewhere), gateway, headers_of(headers)), listen)
        found = asyncio.run(run)
        click.echo(json.dumps(as_object(found)) if as_json else as_table(found))
        if histogram:
            _write(found, histogram)
        sys.exit(0 if found.sound else 1)


async def _over_smpp(plan: Plan, listen: Address | None, dialect: str) -> Found:
    async with bound(listen, dialect, plan.seed) as smsc:
        return await over_smpp(plan, smsc)


def _usage(ctx: click.Context, gateway: str, steps: tuple[Step, ...], histogram: Path | None) -> None:
    """Refuse what does not go together, before anything is asked of the server."""
    given = {name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    if steps and (closed := given & {"dialogues", "at_once"}):
        raise click.UsageError(f"--rate says how many dialogues begin, and when: {_options(closed)} goes without it")
    if steps and steps[0].seconds and "seconds" in given:
        raise click.UsageError("the steps of --rate say how long they last: --seconds goes without them")
    if not steps and (opened := given & {"evenly", "think"}):
        raise click.UsageError(f"{_options(opened)} goes with --rate")
    if gateway in (SMPP, *ASYNCHRONOUS) and (mixed := given & {"duplicates", "leave"}):
        raise click.UsageError(f"{_options(mixed)}: the screens of {gateway} are no answers that could be compared")
    if gateway == SMPP and "connections" in given:
        raise click.UsageError("--connections: over SMPP the server comes to the operator")
    if histogram and not histogram.parent.is_dir():
        raise click.UsageError(f"--histogram: {histogram.parent} is no folder")


def _options(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))


def _here(url: str | None, elsewhere: bool) -> str:
    if not url:
        raise click.UsageError("--url is missing: start `ussd serve`, and add --url http://127.0.0.1:8080")
    if not elsewhere and not is_loopback(urlsplit(url).hostname or ""):
        raise click.UsageError("that server is not on this machine: --yes-elsewhere says that its owner has agreed")
    return url


def _write(found: Found, path: Path) -> None:
    for kind, times in found.total.kinds.items():
        named = path.with_name(f"{path.stem}-{kind.replace('_', '-')}{path.suffix or '.hgrm'}")
        named.write_text(times.hgrm())
