"""Every backend keeps the contract of its folder."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import ussd.backends
from ussd.backends import Lookup, World, backends, checked
from ussd.lookups import Answer, Question

FOUND = sorted(backends().items())


def test_every_file_of_the_folder_is_a_backend_by_its_name() -> None:
    folder = Path(ussd.backends.__file__).parent
    assert [name for name, _ in FOUND] == sorted(path.stem for path in folder.glob("*.py") if path.stem[0] != "_")
    assert "entitlement" in dict(FOUND)


@pytest.mark.parametrize(("name", "backend"), FOUND, ids=[name for name, _ in FOUND])
def test_a_backend_can_say_that_it_knows_nothing(name: str, backend: Lookup) -> None:
    assert backend.OUTCOMES["unavailable"] == frozenset()


@pytest.mark.parametrize(("name", "backend"), FOUND, ids=[name for name, _ in FOUND])
def test_a_backend_gives_the_width_of_each_of_its_facts_and_of_no_other(name: str, backend: Lookup) -> None:
    assert frozenset().union(*backend.OUTCOMES.values()) == set(backend.FACTS)
    assert all(width > 0 for width in backend.FACTS.values())


async def _look_up(question: Question, world: World) -> Answer:
    return Answer("known", {"name": question.given["national_code"]})


GOOD: dict[str, object] = {
    "OUTCOMES": {"known": frozenset({"name"}), "unavailable": frozenset()},
    "FACTS": {"name": 20},
    "look_up": _look_up,
}


def test_what_keeps_the_contract_is_a_backend() -> None:
    assert checked("good", SimpleNamespace(**GOOD))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"OUTCOMES": {"known": frozenset({"name"})}}, "needs the outcome unavailable"),
        ({"OUTCOMES": {"known": frozenset(), "unavailable": frozenset({"name"})}}, "needs the outcome unavailable"),
        ({"FACTS": {}}, "not the same"),
        ({"FACTS": {"name": 20, "age": 3}}, "not the same"),
        ({"look_up": lambda question, world: None}, "not an async function"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_name(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint) as refused:
        checked("broken", SimpleNamespace(**{**GOOD, **change}))
    assert "broken" in str(refused.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(TypeError, match="backend empty has no OUTCOMES, FACTS, look_up"):
        checked("empty", SimpleNamespace())
