"""`ussd dial`: the handset."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from importlib import import_module
from typing import cast

import click

from simulator import handset
from simulator.call import Call, CallFailed, Carrier, Dialogue, InProcess, OverHttp
from simulator.listening import both_ways
from simulator.operators import Operator
from ussd.app import redis_url, running
from ussd.cli.calling import HEADERS, LISTEN, Address, aside, headers_of
from ussd.cli.running import settings_of, told
from ussd.cli.smsc import DIALECT, bound
from ussd.core.inputs import mobile
from ussd.core.text import fold_in
from ussd.doors import SMPP, AppError, formats
from ussd.log import configure


@click.command()
@click.argument("code")
@click.option("--msisdn", default="989120000001", show_default=True, help="The line that dials, with country code.")
@click.option(
    "--gateway", default="reference", show_default=True, type=click.Choice([*formats(), SMPP]), help="The wire format."
)
@click.option("--url", help="A running server, in place of the engine in this process.")
@HEADERS
@LISTEN
@DIALECT
@click.option("--inputs", help="What is typed, divided by spaces; then the handset hangs up.")
@click.option("--plain", "form", flag_value="plain", help="Screens as they are.")
@click.option("--json", "form", flag_value="json", help="One JSON object a screen: text, ends, alphabet, octets.")
def dial(
    code: str,
    msisdn: str,
    gateway: str,
    url: str | None,
    headers: tuple[str, ...],
    listen: Address | None,
    dialect: str,
    inputs: str | None,
    form: str | None,
) -> None:
    """Dial CODE, a shortcode with or without answers behind it: '*4*1420#'."""
    line = mobile(fold_in(msisdn)) or fold_in(msisdn).removeprefix("+")
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty() and form is None
    shows = {"json": handset.show_json, "plain": handset.show_plain, None: handset.show_plain}
    show = handset.show_terminal if on_terminal else shows[form]
    if inputs is not None:
        typed = iter(inputs.split())
    else:
        typed = handset.keypad("> ") if sys.stdin.isatty() else handset.lines(sys.stdin)
    with told(AppError, CallFailed):
        if gateway == SMPP:
            with _over_smpp(line, code, listen, dialect) as (wait, dialogue):
                handset.converse(dialogue, typed, show, wait)
            return
        operator = cast(Operator, import_module(f"simulator.operators.{gateway}"))
        with _carrier(gateway, url, headers, listen) as (runner, carrier):
            handset.converse(Call(operator, carrier, line, code), typed, show, runner.run)


@contextmanager
def _over_smpp(line: str, code: str, listen: Address | None, dialect: str) -> Iterator[tuple[handset.Wait, Dialogue]]:
    """A call from an SMSC of ours, which goes on answering the server that is bound to it."""
    configure("readable", "error")
    with aside() as loop:
        stack = AsyncExitStack()
        try:
            smsc = loop.run(stack.enter_async_context(bound(listen, dialect)))
            yield loop.run, smsc.call(line, code)
        finally:
            loop.run(stack.aclose())


@contextmanager
def _carrier(
    gateway: str, url: str | None, headers: tuple[str, ...], listen: Address | None
) -> Iterator[tuple[asyncio.Runner, Carrier]]:
    """The way to the engine: a server, or one started here for as long as the call lasts."""
    settings = settings_of("readable")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        if url:
            carrier = both_ways(OverHttp(url, gateway, headers_of(headers)), gateway, listen)
            try:
                yield runner, runner.run(stack.enter_async_context(carrier))
            finally:
                runner.run(stack.aclose())
            return
        with redis_url(settings) as redis:
            try:
                app = runner.run(stack.enter_async_context(running(settings, redis, limited=False)))
                yield runner, InProcess(app.door(gateway), app.service)
            finally:
                runner.run(stack.aclose())
