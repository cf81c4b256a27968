"""What most tests stand on: a real Redis-compatible server, a real ledger, and the engine that is shipped."""

import gc
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from simulator.call import Call, InProcess
from simulator.operators import reference
from tests import postgres
from tests.homes import a_home
from ussd.app import App, running
from ussd.callback import Callback, Phase, Reply
from ussd.redis_server import own_server
from ussd.settings import Settings

# `async def` tests and fixtures are run by pytest-asyncio, which pyproject.toml sets to `auto`: no marks are needed.

# `make thorough` asks ten times as much of every property. None has a deadline: what is measured is measured alone.
hypothesis_settings.register_profile("quick", max_examples=50, deadline=None)
hypothesis_settings.register_profile("thorough", max_examples=500, deadline=None)
hypothesis_settings.load_profile(os.environ.get("USSD_TEST_PROFILE", "quick"))

LINE = "989120000001"
ENTITLED, LAPSED, SLOW, FAILING, UNKNOWN = "0007569602", "0092000304", "9904829039", "9959321576", "7705705001"
MAIN_MENU = "تأمین اجتماعی\n1-استعلام\n2-خدمات\n3-نوبتدهی بیمهای\n4-نوبتدهی درمانی\n5-بعدي"
PROMPT = "کد ملی خود را وارد نمایید:"


def pytest_collection_finish() -> None:
    """Thousands of tests are a quarter of a million objects, and are here to stay."""
    _keep()


@pytest.fixture(autouse=True, scope="module")
def _what_stays_is_not_looked_through_again() -> Iterator[None]:
    """To do so stops everybody for half a second, in the midst of a test that measures one."""
    yield
    _keep()


def _keep() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture
def home() -> Iterator[Path]:
    """An installation of its own, for servers that may be killed."""
    with a_home() as home:
        yield home


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """One server for all tests; each test has a secret of its own, so none sees another's sessions."""
    with a_home() as home, own_server(home) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One PostgreSQL for all tests of this process that want it."""
    with postgres.server() as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was tested on: that all is green says less without PostgreSQL."""
    there = "SQLite and PostgreSQL" if postgres.PRESENT else "SQLite only, as PostgreSQL is not installed"
    terminalreporter.write_line(f"The ledger was tested on {there}.")


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    """An installation that nobody has used yet."""
    return Settings(home=tmp_path, redis_url=redis_url, secret=secrets.token_hex(32))  # type: ignore[arg-type]


@pytest.fixture
async def app(settings: Settings, redis_url: str) -> AsyncIterator[App]:
    """The engine with the menus that are shipped."""
    async with running(settings, redis_url) as app:
        yield app


class Handset:
    """A line that dials the engine in this process."""

    def __init__(self, app: App, msisdn: str = LINE, gateway: str = "reference") -> None:
        self.carrier = InProcess(app.door(gateway), app.service)
        self.msisdn = msisdn

    def call(self, dialled: str = "*4*1420#") -> Call:
        """A new session, not dialled yet."""
        return Call(reference, self.carrier, self.msisdn, dialled)  # type: ignore[arg-type]


@pytest.fixture
def handset(app: App) -> Handset:
    """The sample subscriber's handset."""
    return Handset(app)


@pytest.fixture
def app_reply(handset: Handset) -> Callable[[str], Awaitable[Reply]]:
    """The first screen of anything dialled, past the gateways: none of them would let all of it through."""

    async def reply(dialled: str) -> Reply:
        callback = Callback("s1", handset.msisdn, Phase.BEGIN, dialled=dialled)
        return await handset.carrier.service.answer(handset.carrier.door.line, callback)

    return reply
