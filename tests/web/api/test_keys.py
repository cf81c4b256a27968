"""Who has no key is told nothing, and always the same."""

import pytest

from tests.web.api.conftest import MOBILE, Api, is_problem
from ussd.ledger import Ledger


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nobody",
        "Basic bm9ib2R5OngK",
        "Bearer two words",
        f"Bearer {'x' * 201}",
        "Bearer ۱۲۳",
        "nobody",
    ],
)
async def test_no_key_or_a_wrong_one_gets_one_document_before_the_body_is_looked_at(
    nobody: Api, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    bad = await nobody.ask("POST", "/inquiries", headers, data=b"{")
    good = await nobody.ask("GET", "/inquiries", headers)
    assert is_problem(bad, 401)
    assert bad.headers["WWW-Authenticate"] == "Bearer"
    assert bad.octets == good.octets


async def test_two_keys_are_no_key(api: Api) -> None:
    twice = [("Authorization", f"Bearer {api.key}")] * 2
    async with api.client.get("/api/v1/inquiries", headers=twice) as reply:
        assert reply.status == 401


async def test_the_key_of_a_client_that_was_removed_opens_nothing(api: Api, ledger: Ledger) -> None:
    await ledger.clients.remove("دفترچه")
    assert (await api.post("/credit-codes", MOBILE)).status == 401
