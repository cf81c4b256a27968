"""The sample people and lines, and the registries that answer for them."""

import pytest
from sqlalchemy import Connection, event, func, select

from tests.ledger.conftest import about
from ussd.backends import Centre, Person
from ussd.core.inputs import insurance_number
from ussd.core.inputs import national_code as checked
from ussd.keys import Keys
from ussd.ledger import Contract, Ledger, RegistryFault, opened
from ussd.ledger.sample_registries import SamplePeople, SampleSso
from ussd.ledger.samples import LINES, PEOPLE, plant
from ussd.ledger.schema import sample_lines, sample_people

CENTRES_LINE, SUBSCRIBERS_LINE, OWNER = "989120001666", "989120000001", "0007569602"


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
async def test_sso_knows_the_sample_people(ledger: Ledger, national_code: str, person: Person | None) -> None:
    assert await ledger.sso.inquire(about(national_code)) == person


@pytest.mark.parametrize(
    ("national_code", "person"),
    [
        ("0007569602", None),
        ("7407268940", Person(True)),
        ("7559200151", Person(True)),
        ("7705705001", None),
        ("0000000000", None),
    ],
)
async def test_health_insurance_knows_whom_it_insures(
    ledger: Ledger, national_code: str, person: Person | None
) -> None:
    assert await ledger.health_insurance.inquire(about(national_code)) == person


NUMBERS = [(person.insurance_number, person.national_code) for person in PEOPLE if person.insurance_number]
ANSWERS = [(number, code) for number, code in NUMBERS if code not in ("9904829039", "9959321576")]


@pytest.mark.parametrize(("number", "national_code"), ANSWERS)
async def test_sso_says_the_same_by_insurance_number(ledger: Ledger, number: str, national_code: str) -> None:
    person = await ledger.sso.inquire(about(number, "insurance_number"))
    assert person is not None
    assert person == await ledger.sso.inquire(about(national_code))


@pytest.mark.parametrize("number", ["00000106", "00000107", "00000000", "0007569602"])
async def test_sso_knows_nobody_by_a_number_that_is_nobodys(ledger: Ledger, number: str) -> None:
    assert await ledger.sso.inquire(about(number, "insurance_number")) is None


@pytest.mark.parametrize("number", ["00000101", "0007569602"])
async def test_an_insurance_number_is_no_national_code(ledger: Ledger, number: str) -> None:
    known = await ledger.sso.inquire(about(number))
    assert (known is not None) == (number == "0007569602")


@pytest.mark.parametrize("number", ["00000105", "00000109", "00000110", "7407268940"])
async def test_health_insurance_knows_nobody_by_insurance_number(ledger: Ledger, number: str) -> None:
    assert await ledger.health_insurance.inquire(about(number, "insurance_number")) is None


async def test_by_insurance_number_too_sso_fails_for_one_and_takes_long_for_another(ledger: Ledger, keys: Keys) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    people = SamplePeople(ledger.database, keys)
    assert await SampleSso(people, wait).inquire(about("00000108", "insurance_number")) == Person(True, "insured")
    assert waited == [12]
    with pytest.raises(RegistryFault):
        await ledger.sso.inquire(about("00000109", "insurance_number"))
    await people.close()


async def test_one_person_takes_sso_twelve_seconds(ledger: Ledger, keys: Keys) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    sso = SampleSso(SamplePeople(ledger.database, keys), wait)
    assert await sso.inquire(about("9904829039")) == Person(True, "insured")
    assert await sso.inquire(about("0007569602")) == Person(True, "insured")
    assert waited == [12]


async def test_who_takes_sso_long_takes_health_insurance_no_time(ledger: Ledger) -> None:
    assert await ledger.health_insurance.inquire(about("9904829039")) is None


async def test_for_one_person_sso_fails_every_time(ledger: Ledger) -> None:
    for _ in range(3):
        with pytest.raises(RegistryFault):
            await ledger.sso.inquire(about("9959321576"))


@pytest.mark.parametrize("national_code", ["9959321576", "9990579792"])
async def test_for_two_people_health_insurance_fails_every_time(ledger: Ledger, national_code: str) -> None:
    for _ in range(3):
        with pytest.raises(RegistryFault):
            await ledger.health_insurance.inquire(about(national_code))


@pytest.mark.parametrize(
    ("msisdn", "national_code", "owns"),
    [
        (SUBSCRIBERS_LINE, OWNER, True),
        (SUBSCRIBERS_LINE, "0092000304", False),
        (CENTRES_LINE, OWNER, False),
        ("989120000002", OWNER, False),
    ],
)
async def test_a_line_is_its_owners_only(ledger: Ledger, msisdn: str, national_code: str, owns: bool) -> None:
    assert await ledger.owners.owns("op-1", msisdn, national_code) is owns


async def test_the_sample_centre_has_its_line_and_no_subscribers(ledger: Ledger) -> None:
    centre = await ledger.centres.of_line(CENTRES_LINE)
    assert centre is not None
    assert centre.code == "sample"
    assert await ledger.centres.of_line(SUBSCRIBERS_LINE) is None


async def test_the_line_of_the_sample_centre_may_become_a_real_ones(ledger: Ledger) -> None:
    await ledger.centres.add(Contract("17", "مرکز", (CENTRES_LINE,), "1405-01-01"))
    assert await ledger.centres.of_line(CENTRES_LINE) == Centre("17", "مرکز")


async def test_every_sample_code_has_its_right_check_digit() -> None:
    assert all(checked(person.national_code) == person.national_code for person in PEOPLE)


async def test_every_sample_insurance_number_is_one_and_nobody_elses() -> None:
    numbers = [number for number, _ in NUMBERS]
    assert numbers == [insurance_number(number) for number in numbers]
    assert len({*numbers}) == len(numbers) == 8


async def test_people_of_an_earlier_version_get_their_insurance_numbers_and_keep_what_was_changed(
    ledger: Ledger, url: str, keys: Keys
) -> None:
    earlier = sample_people.update().values(sso="lapsed", insurance_hash=None)
    await ledger.database.write(lambda connection: connection.execute(earlier))
    assert await ledger.sso.inquire(about("00000101", "insurance_number")) is None
    async with opened(url, keys) as again:
        assert await again.sso.inquire(about("00000101", "insurance_number")) == Person(False, "insured")
        assert await planted(again) == (len(PEOPLE), len(LINES))


async def test_a_start_that_has_nothing_to_plant_writes_nothing(ledger: Ledger, keys: Keys) -> None:
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(ledger.database.engine, "before_cursor_execute", note)
    await plant(ledger.database, keys)
    assert statements
    assert all(statement.startswith("SELECT") for statement in statements)


async def test_planting_twice_plants_once_and_keeps_what_was_changed(ledger: Ledger, url: str, keys: Keys) -> None:
    changed = sample_people.update().values(sso="lapsed")
    await ledger.database.write(lambda connection: connection.execute(changed))
    async with opened(url, keys) as again:
        assert await planted(again) == (len(PEOPLE), len(LINES)) == (10, 2)
        assert await again.sso.inquire(about(OWNER)) == Person(False, "insured")


async def test_without_samples_nothing_is_planted(url: str, keys: Keys) -> None:
    async with opened(url, keys, samples=False) as ledger:
        assert await planted(ledger) == (0, 0)


async def test_samples_that_were_planted_once_answer_nobody_who_opens_without_them(
    ledger: Ledger, url: str, keys: Keys
) -> None:
    async with opened(url, keys, samples=False) as bare:
        for registry in (bare.sso, bare.health_insurance):
            with pytest.raises(RegistryFault):
                await registry.inquire(about("7407268940"))
        assert not await bare.owners.owns("op-1", SUBSCRIBERS_LINE, OWNER)
        assert await bare.centres.of_line(CENTRES_LINE) is None
        assert await bare.centres.all() == []


async def planted(ledger: Ledger) -> tuple[int | None, int | None]:
    def counted(connection: Connection) -> tuple[int | None, int | None]:
        people = connection.scalar(select(func.count()).select_from(sample_people))
        lines = connection.scalar(select(func.count()).select_from(sample_lines))
        return people, lines

    return await ledger.database.read(counted)
