"""The command line: `ussd dial`, `serve`, `check`, `track`, `migrate`.

Every command exits 0; or 2 for a usage error; or 1, with a line on stderr for each thing that is wrong.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import click

from simulator import handset
from simulator.call import Call, CallFailed, Carrier, InProcess, OverHttp
from simulator.operators import Operator
from ussd import __version__
from ussd.app import AppError, contracts_of, formats, redis_url, running
from ussd.backends import LedgerAway, backends
from ussd.core.inputs import mobile
from ussd.core.loader import COMMON, MenuError, load_menu, load_words, menu_files
from ussd.core.strict_yaml import FileError
from ussd.core.text import fold_in
from ussd.keys import Keys, Unsealable
from ussd.ledger import Found, day_of, opened, read_code, read_day, upgrade
from ussd.log import Form, configure
from ussd.redis_server import NoServer
from ussd.settings import Settings, load
from ussd.web.server import serve as serve_until_stopped

_TEHRAN = ZoneInfo("Asia/Tehran")
_CONFIG = click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A YAML file.")


@click.group()
@click.version_option(__version__, prog_name="ussd")
def main() -> None:
    """A USSD menu session engine."""


@contextmanager
def _told() -> Iterator[None]:
    """Turn what may go wrong into the exit code 1 and what is to be said about it."""
    try:
        yield
    except (FileError, AppError, NoServer, LedgerAway, CallFailed) as fault:
        click.echo(str(fault), err=True)
    except Unsealable:
        click.echo("that row was sealed under another secret", err=True)
    except OSError as fault:
        click.echo(f"{fault.strerror or fault}: {fault.filename or ''}".removesuffix(": "), err=True)
    else:
        return
    sys.exit(1)


def _settings(form: Form, config: Path | None = None, **told: object) -> Settings:
    settings = load(config, **told)
    configure(form, settings.log_level or ("info" if form == "json" else "error"))
    return settings


@main.command()
@click.argument("code")
@click.option("--msisdn", default="989120000001", show_default=True, help="The line that dials, with country code.")
@click.option(
    "--gateway", default="reference", show_default=True, type=click.Choice(formats()), help="The wire format."
)
@click.option("--url", help="A running server, in place of the engine in this process.")
@click.option("--inputs", help="What is typed, divided by spaces; then the handset hangs up.")
@click.option("--plain", "form", flag_value="plain", help="Screens as they are.")
@click.option("--json", "form", flag_value="json", help="One JSON object a screen: text, ends, alphabet, octets.")
def dial(code: str, msisdn: str, gateway: str, url: str | None, inputs: str | None, form: str | None) -> None:
    """Dial CODE, a shortcode with or without answers behind it: '*4*1420#'."""
    line = mobile(fold_in(msisdn)) or fold_in(msisdn).removeprefix("+")
    operator = cast(Operator, import_module(f"simulator.operators.{gateway}"))
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty() and form is None
    shows = {"json": handset.show_json, "plain": handset.show_plain, None: handset.show_plain}
    show = handset.show_terminal if on_terminal else shows[form]
    if inputs is not None:
        typed = iter(inputs.split())
    else:
        typed = handset.keypad("> ") if sys.stdin.isatty() else handset.lines(sys.stdin)
    with _told(), _carrier(gateway, url) as (runner, carrier):
        handset.converse(Call(operator, carrier, line, code), typed, show, runner.run)


@contextmanager
def _carrier(gateway: str, url: str | None) -> Iterator[tuple[asyncio.Runner, Carrier]]:
    """The way to the engine: a server, or one started here for as long as the call lasts."""
    settings = _settings("readable")
    with asyncio.Runner() as runner:
        if url:
            yield runner, OverHttp(url, gateway)
            return
        with redis_url(settings) as redis:
            stack = AsyncExitStack()
            try:
                app = runner.run(stack.enter_async_context(running(settings, redis)))
                yield runner, InProcess(app.door(gateway), app.service)
            finally:
                runner.run(stack.aclose())


@main.command()
@click.option("--host", help="Where callbacks are taken; 127.0.0.1 unless told.")
@click.option("--port", type=click.IntRange(0, 65535), help="Their port; 8080 unless told, 0 for any that is free.")
@click.option("--admin-port", type=click.IntRange(0, 65535), help="The administration port; 8081 unless told.")
@_CONFIG
def serve(host: str | None, port: int | None, admin_port: int | None, config: Path | None) -> None:
    """Serve the gateways' callbacks, and /healthz and /readyz on the administration port."""
    with _told():
        settings = _settings("json", config, host=host, port=port, admin_port=admin_port)
        with redis_url(settings) as redis:
            asyncio.run(_serve(settings, redis))


async def _serve(settings: Settings, redis: str) -> None:
    async with running(settings, redis) as app:
        await serve_until_stopped(app, settings)


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Prove what can be proven of menus: of FILES, or of all that are served."""
    with _told():
        settings = _settings("readable")
        checked = files or tuple(menu_files(settings.menus))
        faults = [fault for path in checked for fault in _faults(path)]
        for fault in faults:
            click.echo(fault)
        if faults:
            sys.exit(1)
        click.echo(f"{len(checked)} menu{'s' if len(checked) != 1 else ''}, no fault")


def _faults(path: Path) -> list[str]:
    """The faults of one menu; the words that it shares stand beside it, or are those of this program."""
    shared = path.parent / COMMON
    try:
        words = load_words(shared if shared.exists() else Settings().menus / COMMON)
        if path.name != COMMON:
            load_menu(path, words, contracts_of(backends()))
    except MenuError as error:
        return [str(fault) for fault in error.faults]
    return []


def _read(
    reader: Callable[[str], str], wanted: str
) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback of click's that reads an argument, or says what it should have been."""

    def read(_: click.Context, __: click.Parameter, written: str | None) -> str | None:
        try:
            return None if written is None else reader(written)
        except ValueError:
            raise click.BadParameter(f"{written} is not {wanted}") from None

    return read


@main.command()
@click.argument("code", callback=_read(read_code, "a letter and six digits, n570134"))
@click.option(
    "--date",
    "day",
    callback=_read(read_day, "a Jalali day, 1405-08-30"),
    help="The code's Jalali day; today unless told.",
)
@click.option("--show-person", is_flag=True, help="Show in clear whose national code it was and which line asked.")
@_CONFIG
def track(code: str, day: str | None, show_person: bool, config: Path | None) -> None:
    """Say what the tracking code CODE stands for."""
    with _told():
        day = day or day_of(datetime.now(UTC))
        found = asyncio.run(_find(_settings("readable", config), code, day, show_person))
        if found is None:
            click.echo(f"no {code} on {day}", err=True)
            sys.exit(1)
        for name, value in _told_of(found).items():
            click.echo(f"{name:14}{value}")


async def _find(settings: Settings, code: str, day: str, reveal: bool) -> Found | None:
    settings.make_home()
    async with opened(settings.ledger, Keys(settings.key()), migrate=settings.migrate) as ledger:
        return await ledger.tracker.find(code, day, reveal=reveal)


def _told_of(found: Found) -> dict[str, str]:
    told = {
        "code": found.code,
        "date": found.day,
        "time": f"{found.asked_at.astimezone(_TEHRAN):%H:%M:%S} Asia/Tehran",
        "gateway": found.gateway,
        "shortcode": found.shortcode,
        "asked": found.kind,
        "outcome": found.outcome,
    }
    person = {"national code": found.national_code, "line": found.msisdn}
    return told | {name: value for name, value in person.items() if value}


@main.command()
@_CONFIG
def migrate(config: Path | None) -> None:
    """Bring the ledger's schema to this version."""
    with _told():
        settings = _settings("readable", config)
        settings.make_home()
        asyncio.run(upgrade(settings.ledger))
        click.echo("the ledger is at this version's schema")
