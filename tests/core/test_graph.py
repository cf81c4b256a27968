"""The graph of a menu: that of its machine, and the faults where they are."""

import pytest

from tests.core.build import BYE, CONTRACTS, WORDS, ask, choose, look_up, menu, public_menu
from ussd.core.checks import findings
from ussd.core.graph import Graph, Way, graph_of
from ussd.core.machine import moves
from ussd.core.menu import Menu

SMALL = menu(
    {
        "main": choose("Main\nmenu", "a>code", "b>main>9", "c>bye"),
        "code": ask("Code?", "look"),
        "look": look_up("main", "bye", "bye", ("code",)),
        "bye": BYE,
    }
)


def with_faults(screens: dict[str, object]) -> Graph:
    given = {"code": "*1#", "start": "main", "words": WORDS, "screens": screens}
    broken = Menu.model_validate(given)
    return graph_of(broken, findings(broken, CONTRACTS))


@pytest.mark.parametrize("menu", [SMALL, public_menu()], ids=["small", "public"])
def test_the_ways_of_a_graph_are_the_moves_of_the_machine(menu: Menu) -> None:
    ways = [(name, way.goto) for name, node in graph_of(menu).nodes.items() for way in node.ways]
    assert ways == [(source, target) for source, _, target in moves(menu)]


def test_a_way_is_called_as_its_option_is_or_its_rule_or_its_outcome() -> None:
    nodes = graph_of(SMALL).nodes
    assert nodes["main"].ways == (Way("a", "code"), Way("9-b", "main"), Way("c", "bye"))
    assert nodes["code"].ways == (Way("digits(5)", "look"),)
    assert nodes["look"].ways == (Way("found", "main"), Way("missing", "bye"), Way("unavailable", "bye"))
    assert nodes["bye"].ways == ()


def test_a_node_has_the_kind_and_the_lines_of_its_screen() -> None:
    nodes = graph_of(SMALL).nodes
    assert {name: node.kind for name, node in nodes.items()} == {
        "main": "choose",
        "code": "ask",
        "look": "look_up",
        "bye": "end",
    }
    assert nodes["main"].text == ("Main", "menu")
    assert nodes["look"].text == ("registry",)


def test_options_of_one_label_keep_their_own_ways() -> None:
    twice = menu({"main": choose("Main", "a>main", "a>bye"), "bye": BYE})
    assert graph_of(twice).nodes["main"].ways == (Way("a", "main"), Way("a", "bye"))


def test_screens_stand_by_their_distance_from_the_start() -> None:
    assert graph_of(SMALL).ranks == (("main",), ("code", "bye"), ("look",))


def test_a_fault_is_on_its_screen_and_said_once() -> None:
    graph = with_faults({"main": choose("Main", "a>nowhere", "b>nowhere", "c>bye"), "bye": BYE})
    assert graph.nodes["main"].faults == ("no such screen: nowhere",)
    assert graph.nodes["bye"].faults == ()
    assert graph.missing == ("nowhere",)


def test_a_screen_that_no_way_leads_to_is_there_too() -> None:
    graph = with_faults({"main": BYE, "lonely": BYE})
    assert graph.ranks == (("main",), ("lonely",))
    assert graph.nodes["lonely"].faults == ("no way leads to the screen lonely",)


def test_a_start_that_is_not_there_is_a_fault_of_no_screen() -> None:
    graph = with_faults({"other": BYE})
    assert graph.faults == ("no such screen: main",)
    assert graph.ranks == (("other",),)
    assert graph.missing == ("main",)


def test_what_is_written_can_break_no_line() -> None:
    odd = menu({"main": choose("a\u202eb\x07", "c\u2028d>bye"), "bye": BYE})
    node = graph_of(odd).nodes["main"]
    assert node.text == ("ab",)
    assert node.ways[0].label == "c d"
