"""The API's document: the committed one is this code's, and the API keeps to it whatever is thrown at it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import positive_data_acceptance

from tests.web.api.conftest import KEYS, Api, desks_of, serving
from ussd import web
from ussd.ledger import opened
from ussd.web.api.document import document
from ussd.web.api.operations import OPERATIONS

COMMITTED = Path(web.__path__[0]) / "api/openapi.json"
SCHEMA = schemathesis.openapi.from_dict(json.loads(document()))
# The lengths and kinds of the fields are in the schema, and their grammars (check digits, Persian digits) in words.
UNFAIR = [positive_data_acceptance]


def test_the_committed_document_is_not_stale() -> None:
    assert COMMITTED.read_bytes() == document(), "run `make openapi`"


async def test_the_document_is_open_to_all(nobody: Api) -> None:
    said = await nobody.ask("GET", "/openapi.json")
    assert (said.status, said.octets) == (200, document())
    assert said.headers["Content-Type"].startswith("application/json")


def test_every_operation_is_in_it() -> None:
    paths = json.loads(document())["paths"]
    named = {one["operationId"] for path in paths.values() for one in path.values()}
    assert named == {one.name for one in OPERATIONS}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Where the API is, in a thread of its own, and a key of it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('api') / 'ledger.sqlite3'}"
    ready: list[tuple[str, str]] = []
    here, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with opened(url, KEYS) as ledger, serving(desks_of(ledger)) as client:
            ready.append((str(client.make_url("/")).rstrip("/"), await ledger.clients.add("one")))
            here.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert here.wait(20)
    yield ready[0]
    over.set()
    thread.join(20)


@SCHEMA.parametrize()
@settings(max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_to_its_document(case: Case, place: tuple[str, str]) -> None:
    url, key = place
    case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {key}"}, excluded_checks=UNFAIR)
