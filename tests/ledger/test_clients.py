"""Who may call the API."""

import pytest
from sqlalchemy import select

from ussd.ledger import ClientKnown, Ledger
from ussd.ledger.schema import clients


async def test_a_key_opens_for_its_client_alone(ledger: Ledger) -> None:
    keys = {name: await ledger.clients.add(name) for name in ("medical.tamin.ir", "my.gov.ir")}
    for name, key in keys.items():
        found = await ledger.clients.of_key(key)
        assert found is not None
        assert found.name == name
    assert await ledger.clients.of_key("ussd_nobody") is None
    assert await ledger.clients.of_key("") is None


async def test_a_name_is_one_clients(ledger: Ledger) -> None:
    await ledger.clients.add("one")
    with pytest.raises(ClientKnown, match="one"):
        await ledger.clients.add("one")


async def test_a_removed_clients_key_opens_nothing_any_more(ledger: Ledger) -> None:
    key = await ledger.clients.add("one")
    assert await ledger.clients.remove("one")
    assert not await ledger.clients.remove("one")
    assert await ledger.clients.of_key(key) is None
    assert await ledger.clients.all() == []


async def test_added_again_it_is_the_same_client_with_another_key(ledger: Ledger) -> None:
    key = await ledger.clients.add("one")
    first = await ledger.clients.of_key(key)
    await ledger.clients.remove("one")
    again = await ledger.clients.add("one")
    assert again != key
    assert await ledger.clients.of_key(again) == first
    assert await ledger.clients.of_key(key) is None


async def test_the_ledger_keeps_no_key(ledger: Ledger) -> None:
    key = await ledger.clients.add("one")
    [row] = await ledger.database.read(lambda connection: connection.execute(select(clients)).all())
    assert key not in str(row)
    assert key.removeprefix("ussd_") not in str(row)
