"""`ussd centres`: the contracted inpatient centres, and what they asked."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from ussd.cli.running import CONFIG, settings_of, told
from ussd.core.text import fold_in
from ussd.keys import Keys
from ussd.ledger import (
    CentreBook,
    CentreFileError,
    CentreKnown,
    ContractError,
    LinesTaken,
    Listed,
    Written,
    day_of,
    opened,
    read_centres,
    read_contract,
)

Result = TypeVar("Result")


def _code(_: click.Context, __: click.Parameter, written: str) -> str:
    """A code as the ledger has it: in ASCII digits."""
    return fold_in(written)


_CODE = click.argument("code", callback=_code)


@click.group()
def centres() -> None:
    """Say whose lines may ask for any inpatient: the contracted centres'."""


@centres.command()
@_CODE
@click.option("--name", required=True, help="What it is called.")
@click.option("--line", "lines", required=True, multiple=True, help="A mobile number of its own; may be repeated.")
@click.option("--from", "valid_from", default="", help="The first Jalali day, 1405-08-30; today unless told.")
@click.option("--to", "valid_to", default="", help="The last Jalali day; until further notice unless told.")
@CONFIG
def add(code: str, name: str, lines: tuple[str, ...], valid_from: str, valid_to: str, config: Path | None) -> None:
    """Add the centre CODE."""
    with told(), _refused():
        contract = read_contract(Written(code, name, lines, valid_from, valid_to), _today())
        _run(config, lambda book: book.add(contract))
        click.echo(f"centre {code} is added, with {_number(len(contract.lines), 'line')}")


@centres.command()
@_CODE
@CONFIG
def remove(code: str, config: Path | None) -> None:
    """Remove the centre CODE and its lines; what it asked is kept."""
    with told():
        if not _run(config, lambda book: book.remove(code)):
            _fail(f"there is no centre {code}")
        click.echo(f"centre {code} is removed")


@centres.command(name="list")
@click.option("--show-lines", is_flag=True, help="Show the numbers of the lines in clear.")
@CONFIG
def list_(show_lines: bool, config: Path | None) -> None:
    """List the centres: code, name, number of lines, first and last day."""
    with told():
        for listed in _run(config, lambda book: book.all(reveal=show_lines)):
            click.echo(_told_of(listed))
            for line in listed.contract.lines:
                click.echo(f"\t{line}")


@centres.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@CONFIG
def import_(file: Path, config: Path | None) -> None:
    """Take the centres of FILE, each in the place of what was known of it: all of them, or none.

    FILE is CSV in UTF-8 with the header name,code,lines,valid_from,valid_to; a space or ; divides lines.
    """
    with told(), _refused():
        read = read_centres(file, _today())
        try:
            _run(config, lambda book: book.replace([contract for _, contract in read.values()]))
        except LinesTaken as taken:
            held = [(read[code][0], f"one of its lines is centre {taken.holders[code]}'s") for code in taken.holders]
            raise CentreFileError(file, held) from None
        click.echo(f"{_number(len(read), 'centre')} taken")


@centres.command()
@click.argument("centre", callback=_code)
@CONFIG
def report(centre: str, config: Path | None) -> None:
    """Say how many inquiries of CENTRE had which outcome, by Jalali day."""
    with told():
        counts = _run(config, lambda book: _counts(book, centre))
        if counts is None:
            _fail(f"there is no centre {centre}")
        for day, outcomes in counts.items():
            click.echo("\t".join([day, *(f"{outcome} {number}" for outcome, number in outcomes.items())]))


async def _counts(book: CentreBook, code: str) -> Mapping[str, Mapping[str, int]] | None:
    """The report of a centre, also of one that was removed; None where there was none."""
    counts = await book.report(code)
    known = counts or code in {listed.contract.code for listed in await book.all()}
    return counts if known else None


def _run(config: Path | None, do: Callable[[CentreBook], Awaitable[Result]]) -> Result:
    settings = settings_of("readable", config)
    settings.make_home()

    async def run() -> Result:
        # Whoever keeps centres of its own needs no samples planted for it.
        async with opened(settings.ledger, Keys(settings.key()), migrate=settings.migrate, samples=False) as ledger:
            return await do(ledger.centres)

    return asyncio.run(run())


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what is wrong with a contract into lines on stderr and the exit code 1."""
    try:
        yield
    except ContractError as error:
        _fail("\n".join(error.faults))
    except (CentreFileError, CentreKnown, LinesTaken) as error:
        _fail(str(error))


def _fail(said: str) -> NoReturn:
    click.echo(said, err=True)
    sys.exit(1)


def _today() -> str:
    return day_of(datetime.now(UTC))


def _told_of(listed: Listed) -> str:
    contract = listed.contract
    until = f"to {contract.valid_to}" if contract.valid_to else "until further notice"
    return "\t".join(
        [contract.code, contract.name, _number(listed.line_count, "line"), f"{contract.valid_from} {until}"]
    )


def _number(count: int, name: str) -> str:
    return f"{count} {name}{'s' if count != 1 else ''}"
