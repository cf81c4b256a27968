"""The promises' report, and who writes it."""

import time
from collections.abc import Iterator

import pytest

from tests.promises.report import Kept, Report
from tests.promises.scale import LONG

REPORT = pytest.StashKey[Report]()


@pytest.fixture
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    """The row of a test named `test_p7_what_is_promised`: the number is its promise, and the name its claim."""
    number, claim = request.node.originalname.removeprefix("test_p").split("_", 1)
    variant = f" ({request.node.callspec.id})" if hasattr(request.node, "callspec") else ""
    row = Kept(f"P{int(number)}", claim.replace("_", " ") + variant)
    request.config.stash.setdefault(REPORT, Report()).rows.append(row)
    failed, began = request.session.testsfailed, time.perf_counter()
    yield row
    row.seconds, row.kept = time.perf_counter() - began, bool(row.result) and request.session.testsfailed == failed


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only the long form is worth a report."""
    if LONG and (report := session.config.stash.get(REPORT, None)):
        report.write()
