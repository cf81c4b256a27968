"""Where screens lead: every link leads somewhere, every screen is led to, and from every screen one gets to an end."""

from collections.abc import Iterable, Iterator, Mapping, Set
from difflib import get_close_matches

from ussd.core.checks.finding import Finding, Loc
from ussd.core.machine import moves
from ussd.core.menu import Ask, Choose, End, LookUp, Menu

Edges = Mapping[str, Set[str]]


def dead_links(menu: Menu) -> Iterator[Finding]:
    """Every name of a screen that there is none of."""
    for loc, target in (*_named(menu), *_published(menu)):
        if target not in menu.screens:
            hint = like(target, menu.screens) or "write that screen, or lead to another one"
            yield Finding(loc, f"no such screen: {target}", "dead-link", hint)


def _named(menu: Menu) -> Iterator[tuple[Loc, str]]:
    yield ("start",), menu.start
    for name, screen in menu.screens.items():
        here: Loc = ("screens", name)
        match screen:
            case Choose(options=options):
                yield from (((*here, "options", place, "goto"), one.goto) for place, one in enumerate(options))
            case Ask(goto=goto):
                yield (*here, "goto"), goto
            case LookUp(outcomes=outcomes):
                yield from (((*here, "outcomes", outcome), goto) for outcome, goto in outcomes.items())


def _published(menu: Menu) -> Iterator[tuple[Loc, str]]:
    return ((("published", path), goto) for path, goto in menu.published.items() if goto is not None)


def like(wrong: str, names: Iterable[str]) -> str:
    """A hint at the name that was meant; empty where none is like it."""
    near = get_close_matches(wrong, list(names), 1)
    return f"was {near[0]} meant?" if near else ""


def unreached(menu: Menu) -> Iterator[Finding]:
    """Screens that nobody comes to."""
    reached = _closure({menu.start}, edges(menu))
    for name in menu.screens.keys() - reached:
        hint = "let an option, an answer or an outcome lead to it, or take it away"
        yield Finding(("screens", name), f"no way leads to the screen {name}", "unreached", hint)


def endless(menu: Menu) -> Iterator[Finding]:
    """Screens that one gets to no end from."""
    backwards: dict[str, set[str]] = {name: set() for name in menu.screens}
    for source, _, target in moves(menu):
        backwards[target].add(source)
    ending = _closure({name for name, screen in menu.screens.items() if isinstance(screen, End)}, backwards)
    for name in menu.screens.keys() - ending:
        hint = "let one of its ways lead on to a screen with `end`"
        yield Finding(("screens", name), f"no way leads from the screen {name} to an end", "no-end", hint)


def waiting_in_circles(menu: Menu) -> Iterator[Finding]:
    """A callback that goes from lookup to lookup and comes back to the first would never be answered."""
    waits = {name for name, screen in menu.screens.items() if isinstance(screen, LookUp)}
    between = {name: targets & waits for name, targets in edges(menu).items() if name in waits}
    for name in sorted(waits):
        if name in _closure(between[name], between):
            said = f"the lookup {name} leads back to itself with no screen between"
            yield Finding(("screens", name), said, "lookup-circle", "put a screen between that somebody answers")


def edges(menu: Menu) -> dict[str, set[str]]:
    """The screens that each screen leads to."""
    found: dict[str, set[str]] = {name: set() for name in menu.screens}
    for source, _, target in moves(menu):
        found[source].add(target)
    return found


def _closure(start: Set[str], edges: Edges) -> set[str]:
    reached, ahead = set(start), list(start)
    while ahead:
        new = edges[ahead.pop()] - reached
        reached |= new
        ahead.extend(new)
    return reached
