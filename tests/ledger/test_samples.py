"""The sample people and lines, and the registry that answers for them."""

import pytest
from sqlalchemy import func, select

from ussd.backends import Person
from ussd.core.inputs import national_code as checked
from ussd.keys import Keys
from ussd.ledger import Ledger, RegistryFault, opened
from ussd.ledger.samples import LINES, PEOPLE, SampleRegistry
from ussd.ledger.schema import sample_lines, sample_people


@pytest.mark.parametrize(
    ("national_code", "person"),
    [
        ("0007569602", Person(True, "insured")),
        ("0092000304", Person(False, "insured")),
        ("0109136756", Person(True, "pensioner")),
        ("0127998802", Person(True, "dependant")),
        ("7407268940", Person(True, "insured")),
        ("7559200151", None),
        ("7705705001", None),
        ("9990579792", Person(True, "insured")),
        ("0000000000", None),
    ],
)
async def test_the_registry_knows_the_sample_people(ledger: Ledger, national_code: str, person: Person | None) -> None:
    assert await ledger.registry.inquire(national_code) == person


async def test_one_person_takes_twelve_seconds(ledger: Ledger, keys: Keys) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    registry = SampleRegistry(ledger.database, keys, wait)
    assert await registry.inquire("9904829039") == Person(True, "insured")
    assert await registry.inquire("0007569602") == Person(True, "insured")
    assert waited == [12]


async def test_for_one_person_the_registry_fails_every_time(ledger: Ledger) -> None:
    for _ in range(3):
        with pytest.raises(RegistryFault):
            await ledger.registry.inquire("9959321576")


async def test_every_sample_code_has_its_right_check_digit() -> None:
    assert all(checked(person.national_code) == person.national_code for person in PEOPLE)


async def test_planting_twice_plants_once_and_keeps_what_was_changed(ledger: Ledger, url: str, keys: Keys) -> None:
    async with ledger.database.writing() as connection:
        await connection.execute(sample_people.update().values(sso="lapsed"))
    async with opened(url, keys) as again, again.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(sample_people)) == len(PEOPLE) == 10
        assert await connection.scalar(select(func.count()).select_from(sample_lines)) == len(LINES) == 2
        assert await again.registry.inquire("0007569602") == Person(False, "insured")


async def test_a_line_names_its_owner_as_the_people_do(ledger: Ledger, keys: Keys) -> None:
    async with ledger.database.reading() as connection:
        lines = {row.line_hash: row for row in await connection.execute(select(sample_lines))}
    assert lines[keys.name("line", "989120001666")].role == "centre"
    assert lines[keys.name("line", "989120000001")].owner_hash == keys.name("person", "0007569602")
