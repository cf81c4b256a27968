"""The menu as a machine: every move that it declares, and no other."""

import pytest

from tests.core.build import BYE, ask, choose, look_up, menu, public_menu
from ussd.core.machine import ENTERED, IllegalStep, Moves, moves, option
from ussd.core.menu import Menu

SMALL = menu(
    {
        "main": choose("main", "a>code", "b>main", "c>bye"),
        "code": ask("code?", "look"),
        "look": look_up("main", "bye", "bye", ("code",)),
        "bye": BYE,
    }
)


@pytest.mark.parametrize("menu", [SMALL, public_menu()], ids=["small", "public"])
def test_every_declared_move_is_made_and_every_other_is_refused(menu: Menu) -> None:
    machine = Moves(menu)
    declared = {(source, trigger): target for source, trigger, target in moves(menu)}
    triggers = {trigger for _, trigger in declared} | {ENTERED, option(99), "to_main", "nothing", ""}
    for screen in menu.screens:
        assert machine.triggers(screen) == {trigger for source, trigger in declared if source == screen}
        for trigger in triggers:
            if (screen, trigger) in declared:
                assert machine.to(screen, trigger) == declared[screen, trigger]
            else:
                with pytest.raises(IllegalStep):
                    machine.to(screen, trigger)


def test_the_moves_of_a_small_menu() -> None:
    assert list(moves(SMALL)) == [
        ("main", "option 0", "code"),
        ("main", "option 1", "main"),
        ("main", "option 2", "bye"),
        ("code", "entered", "look"),
        ("look", "found", "main"),
        ("look", "missing", "bye"),
        ("look", "unavailable", "bye"),
    ]


def test_a_screen_that_is_not_in_the_menu_has_no_moves() -> None:
    with pytest.raises(IllegalStep):
        Moves(SMALL).to("nowhere", "option 0")


def test_a_move_leaves_nothing_behind_in_the_machine() -> None:
    machine = Moves(SMALL)
    assert [machine.to("main", "option 0") for _ in range(100)] == ["code"] * 100
    assert [machine.to("main", "option 1") for _ in range(100)] == ["main"] * 100
