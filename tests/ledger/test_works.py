"""Works: many callers' in one transaction, each line's in turn."""

import asyncio

import pytest
from sqlalchemy import event, literal, select, update

from ussd.ledger import Ledger, LedgerAway
from ussd.ledger.schema import guards
from ussd.ledger.works import Scene, Works


@pytest.fixture
def works(ledger: Ledger) -> Works:
    return Works(ledger.database)


def count_one(scene: Scene) -> int:
    """Read, wait for an answer and write: what goes wrong unless the line is locked."""
    scene.connection.execute(select(literal(1)))
    counted = update(guards).where(guards.c.line_hash == scene.guard.line_hash).values(wrong=scene.guard.wrong + 1)
    scene.connection.execute(counted)
    return scene.guard.wrong + 1


async def wrong(ledger: Ledger) -> dict[str, int]:
    return await ledger.database.read(
        lambda connection: {row.line_hash: row.wrong for row in connection.execute(select(guards))}
    )


async def test_works_of_a_line_come_one_after_the_other_also_from_two_processes(ledger: Ledger) -> None:
    two = Works(ledger.database), Works(ledger.database)
    counted = await asyncio.gather(*(two[number % 2].locked(f"line-{number % 3}", count_one) for number in range(60)))
    assert sorted(counted) == sorted(list(range(1, 21)) * 3)
    assert await wrong(ledger) == {f"line-{number}": 20 for number in range(3)}


async def test_works_that_come_at_once_share_their_commits(ledger: Ledger, works: Works) -> None:
    commits: list[object] = []
    event.listen(ledger.database.engine, "commit", commits.append)
    await asyncio.gather(*(works.locked(f"line-{number}", count_one) for number in range(40)))
    assert len(commits) <= 3


async def test_a_work_that_fails_leaves_nothing_and_no_other_pays_for_it(ledger: Ledger, works: Works) -> None:
    def fail(scene: Scene) -> int:
        count_one(scene)
        raise ZeroDivisionError

    begun = [works.locked(f"line-{number}", fail if number == 5 else count_one) for number in range(10)]
    done = await asyncio.gather(*begun, return_exceptions=True)
    assert [number for number, each in enumerate(done) if isinstance(each, ZeroDivisionError)] == [5]
    assert await wrong(ledger) == {f"line-{number}": 1 for number in range(10) if number != 5}


async def test_the_results_are_those_of_their_works(works: Works) -> None:
    def name(scene: Scene) -> str:
        return scene.guard.line_hash

    names = [f"line-{number}" for number in (3, 1, 2, 9, 0)]
    assert await asyncio.gather(*(works.locked(each, name) for each in names)) == names


async def test_closed_it_takes_no_more(works: Works) -> None:
    await works.close()
    with pytest.raises(LedgerAway):
        await works.locked("line", count_one)
