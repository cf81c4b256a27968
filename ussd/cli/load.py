"""`ussd load`: load through a gateway, with every screen checked."""

import asyncio
import json
import sys
from collections.abc import Mapping
from secrets import randbits
from urllib.parse import urlsplit

import click

from simulator.call import CallFailed, OverHttp
from simulator.load import Found, Plan, over_http, over_smpp
from ussd.cli.calling import HEADERS, LISTEN, Address, headers_of, is_loopback
from ussd.cli.running import told
from ussd.cli.smsc import DIALECT, bound
from ussd.doors import SMPP, formats
from ussd.log import configure

_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


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
@click.option("--seed", type=int, help="For the same session ids as another load with it; otherwise they are new.")
@click.option("--yes-elsewhere", is_flag=True, help="The server is not on this machine, and its owner has agreed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def load(
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
    seed: int | None,
    yes_elsewhere: bool,
    as_json: bool,
) -> None:
    """Load a running server with dialogues, and compare all they read with what the first of them reads.

    Each dialogue has a line of its own, from 989120100000 on; the first goes alone, and its times do not count. Exit 1
    where any failed or read something else.
    """
    configure("readable", "error")
    plan = Plan(dialogues, at_once, code, tuple(inputs.split()), randbits(64) if seed is None else seed, seconds)
    if gateway == SMPP:
        run = _over_smpp(plan, listen, dialect)
    else:
        run = over_http(plan, OverHttp(_here(url, yes_elsewhere), gateway, headers_of(headers)), listen)
    with told(CallFailed):
        found = asyncio.run(run)
        click.echo(json.dumps(_object(found)) if as_json else _table(found))
        sys.exit(0 if found.sound else 1)


async def _over_smpp(plan: Plan, listen: Address | None, dialect: str) -> Found:
    async with bound(listen, dialect, plan.seed) as smsc:
        return await over_smpp(plan, smsc)


def _here(url: str | None, elsewhere: bool) -> str:
    if not url:
        raise click.UsageError("--url is missing: start `ussd serve`, and add --url http://127.0.0.1:8080")
    if not elsewhere and not is_loopback(urlsplit(url).hostname or ""):
        raise click.UsageError("that server is not on this machine: --yes-elsewhere says that its owner has agreed")
    return url


def _object(found: Found) -> Mapping[str, object]:
    return {
        "dialogues": found.dialogues,
        "callbacks": len(found.times),
        "seconds": round(found.seconds, 3),
        "callbacks_per_second": round(found.rate, 1),
        "ms": {name: round(found.ms(share), 1) for name, share in _SHARES.items()},
        "failed": found.failed,
        "wrong": found.wrong,
    }


def _table(found: Found) -> str:
    took = ", ".join(f"{name} {found.ms(share):.1f}" for name, share in _SHARES.items())
    rows = {
        "dialogues": str(found.dialogues),
        "callbacks": f"{len(found.times)} in {found.seconds:.1f} s: {found.rate:.1f} a second",
        "answered": f"{took} ms",
        "failed": _counted(found.failed),
        "wrong": _counted(found.wrong),
    }
    return "\n".join(f"{name:<11}{said}" for name, said in rows.items())


def _counted(kinds: Mapping[str, int]) -> str:
    return f"{sum(kinds.values())}" + "".join(f"; {kind}: {count}" for kind, count in sorted(kinds.items()))
