"""A menu as a picture shows it: its screens, the ways between them, and what is wrong with which of them."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from ussd.core.checks import Finding
from ussd.core.machine import moves, option
from ussd.core.menu import Ask, Choose, End, LookUp, Menu
from ussd.core.text import printable

Kind = Literal["choose", "ask", "look_up", "end"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a screen: what its option says, the rule that an answer must pass, or an outcome."""

    label: str
    goto: str


@dataclass(frozen=True, slots=True)
class Node:
    """A screen."""

    name: str
    kind: Kind
    text: tuple[str, ...]
    """Its lines, or the backend that is asked."""
    ways: tuple[Way, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """A menu. A way may lead to a screen that is not there: that is a fault, and a picture shows it."""

    code: str
    start: str
    nodes: Mapping[str, Node]
    faults: tuple[str, ...]
    """Those that are of no screen."""

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The screens that ways lead to and that are not there."""
        wanted = [self.start, *(way.goto for node in self.nodes.values() for way in node.ways)]
        return tuple(dict.fromkeys(name for name in wanted if name not in self.nodes))

    @cached_property
    def ranks(self) -> tuple[tuple[str, ...], ...]:
        """The screens by their distance from the start, each rank in the order of the ways to it.

        Those that no way leads to are the last rank.
        """
        distance = {self.start: 0} if self.start in self.nodes else {}
        ahead = deque(distance)
        while ahead:
            name = ahead.popleft()
            for way in self.nodes[name].ways:
                if way.goto in self.nodes and way.goto not in distance:
                    distance[way.goto] = distance[name] + 1
                    ahead.append(way.goto)
        ranks: list[list[str]] = [[] for _ in range(max(distance.values(), default=-1) + 1)]
        for name, rank in distance.items():
            ranks[rank].append(name)
        unreached = [name for name in self.nodes if name not in distance]
        return tuple(map(tuple, [*ranks, unreached] if unreached else ranks))


def graph_of(menu: Menu, found: Iterable[Finding] = ()) -> Graph:
    """The graph of a menu in its language, and what was found wrong with it. Its links need not be whole."""
    ways: dict[str, list[Way]] = {name: [] for name in menu.screens}
    for source, trigger, target in moves(menu):
        ways[source].append(Way(printable(_label(menu.screens[source], trigger)), target))
    faults: dict[str, list[str]] = {name: [] for name in ("", *menu.screens)}
    for one in found:
        faults[_screen_of(menu, one)].append(printable(one.message))
    nodes = {
        name: Node(name, _kind(screen), _lines(screen), tuple(ways[name]), tuple(dict.fromkeys(faults[name])))
        for name, screen in menu.screens.items()
    }
    return Graph(menu.code, menu.start, nodes, tuple(dict.fromkeys(faults[""])))


def _screen_of(menu: Menu, finding: Finding) -> str:
    """The screen that a finding is in; empty where it is in none."""
    match finding.loc:
        case ("screens", str(name), *_) if name in menu.screens:
            return name
        case _:
            return ""


def _kind(screen: Choose | Ask | LookUp | End) -> Kind:
    match screen:
        case Choose():
            return "choose"
        case Ask():
            return "ask"
        case LookUp():
            return "look_up"
        case End():
            return "end"


def _lines(screen: Choose | Ask | LookUp | End) -> tuple[str, ...]:
    match screen:
        case Choose(choose=text) | Ask(ask=text) | LookUp(look_up=text) | End(end=text):
            return tuple(line for line in map(printable, text.splitlines()) if line.strip())


def _label(screen: Choose | Ask | LookUp | End, trigger: str) -> str:
    """What a trigger of the machine is called on the screen."""
    match screen:
        case Choose(options=options):
            one = options[[option(place) for place in range(len(options))].index(trigger)]
            return f"{one.key}-{one.label}" if one.key else one.label
        case Ask(check=rule):
            return rule
        case _:
            return trigger
