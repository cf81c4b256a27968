"""What is proven of a menu before anyone dials it: that no session can come to a place where there is no way on."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from ussd.core.inputs import rule
from ussd.core.machine import moves
from ussd.core.menu import MINUTES, PLACEHOLDER, Ask, Choose, End, LookUp, Menu, Words, placeholders, texts
from ussd.core.profile import Profile
from ussd.core.text import fits, fold_in, fold_out

Loc = tuple[str | int, ...]
UNAVAILABLE = "unavailable"
"""The outcome of a backend that did not answer, or not in time; every lookup must say where it leads."""
_LONGEST_WAIT = "1440"
"""Minutes."""
_EMPTY = "may come out as an empty screen: it has no words of its own"


@dataclass(frozen=True, slots=True)
class Contract:
    """What a backend declares: its outcomes, the facts that each gives, and the facts' widths in characters."""

    outcomes: Mapping[str, Set[str]]
    widths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in the meaning of a menu, and the part of the file that it is in."""

    loc: Loc
    message: str


def findings(menu: Menu, contracts: Mapping[str, Contract]) -> list[Finding]:
    """Everything wrong with a menu whose shape is right."""
    found = [
        *_links(menu),
        *_switches(menu),
        *_rules(menu),
        *_keys(menu),
        *_lookups(menu, contracts),
        *_braces(menu),
        *_blank(menu),
    ]
    if not found:
        found = [*_unreached(menu), *_endless(menu), *_waiting_in_circles(menu), *_unbound(menu, contracts)]
    return found


def word_findings(words: Words) -> list[Finding]:
    """The shared screens are shown when all else fails, so each of them must fit one screen as it is."""
    names = (
        "too_many",
        "ended",
        "expired",
        "unknown_code",
        "apology",
        "too_often",
        "too_many_people",
        "paused",
        "busy",
    )
    screens = {name: str(getattr(words, name)).replace(MINUTES, _LONGEST_WAIT) for name in names}
    screens["go_on"] = f"{words.go_on}\n1-{words.go_on_yes}\n2-{words.go_on_no}"
    found = [Finding((name,), _EMPTY) for name, text in screens.items() if not _visible(text)]
    for name, text in screens.items():
        if not fits(fold_out(text, Profile()), Profile()):
            found.append(Finding((name,), "does not fit one screen of 160 octets"))
    if words.back_key == words.home_key:
        found.append(Finding(("home_key",), f"the key {words.home_key} is the one that goes back"))
    return found


def _links(menu: Menu) -> Iterator[Finding]:
    if menu.start not in menu.screens:
        yield Finding(("start",), f"no such screen: {menu.start}")
    for name, screen in menu.screens.items():
        targets: list[tuple[Loc, str]] = []
        match screen:
            case Choose():
                targets = [(("options", place, "goto"), one.goto) for place, one in enumerate(screen.options)]
            case Ask():
                targets = [(("goto",), screen.goto)]
            case LookUp():
                targets = [(("outcomes", outcome), goto) for outcome, goto in screen.outcomes.items()]
        for loc, target in targets:
            if target not in menu.screens:
                yield Finding(("screens", name, *loc), f"no such screen: {target}")


def _switches(menu: Menu) -> Iterator[Finding]:
    for name, screen in menu.screens.items():
        for place, option in enumerate(screen.options if isinstance(screen, Choose) else ()):
            if option.language and option.language not in menu.languages:
                loc = ("screens", name, "options", place, "language")
                yield Finding(loc, f"not one of the languages: {option.language}")


def _rules(menu: Menu) -> Iterator[Finding]:
    for name, screen in menu.screens.items():
        if isinstance(screen, Ask) and rule(screen.check) is None:
            yield Finding(("screens", name, "check"), f"no such input rule: {screen.check}")


def _keys(menu: Menu) -> Iterator[Finding]:
    for name, screen in menu.screens.items():
        pinned: set[str] = set()
        for place, one in enumerate(screen.options if isinstance(screen, Choose) else ()):
            if one.key in pinned:
                yield Finding(("screens", name, "options", place, "key"), f"the key {one.key} is pinned twice")
            if one.key:
                pinned.add(one.key)


def _lookups(menu: Menu, contracts: Mapping[str, Contract]) -> Iterator[Finding]:
    for name, screen in menu.screens.items():
        if not isinstance(screen, LookUp):
            continue
        here: Loc = ("screens", name)
        contract = contracts.get(screen.look_up)
        if contract is None:
            yield Finding((*here, "look_up"), f"no such backend: {screen.look_up}")
            continue
        for outcome in sorted(contract.outcomes.keys() - screen.outcomes.keys()):
            yield Finding((*here, "outcomes"), f"the outcome {outcome} leads nowhere")
        for outcome in sorted(screen.outcomes.keys() - contract.outcomes.keys()):
            yield Finding((*here, "outcomes", outcome), f"{screen.look_up} has no outcome {outcome}")


def _braces(menu: Menu) -> Iterator[Finding]:
    for name, screen in menu.screens.items():
        for loc, text in texts(screen):
            bare = text
            for placeholder in placeholders(text):
                bare = bare.replace(f"{{{placeholder}}}", "")
            if "{" in bare or "}" in bare:
                yield Finding(("screens", name, *loc), "a brace that belongs to no placeholder such as {tracking_code}")


def _blank(menu: Menu) -> Iterator[Finding]:
    """A screen without options shows its text alone, and what a placeholder stands for may be nothing."""
    for name, screen in menu.screens.items():
        if not isinstance(screen, Choose):
            yield from (Finding(("screens", name, *loc), _EMPTY) for loc, text in texts(screen) if not _visible(text))


def _visible(text: str) -> str:
    return fold_in(PLACEHOLDER.sub("", text))


def _unreached(menu: Menu) -> Iterator[Finding]:
    reached = _closure({menu.start}, _edges(menu))
    for name in menu.screens.keys() - reached:
        yield Finding(("screens", name), f"no way leads to the screen {name}")


def _endless(menu: Menu) -> Iterator[Finding]:
    backwards: dict[str, set[str]] = {name: set() for name in menu.screens}
    for source, _, target in moves(menu):
        backwards[target].add(source)
    ending = _closure({name for name, screen in menu.screens.items() if isinstance(screen, End)}, backwards)
    for name in menu.screens.keys() - ending:
        yield Finding(("screens", name), f"no way leads from the screen {name} to an end")


def _waiting_in_circles(menu: Menu) -> Iterator[Finding]:
    """A callback that goes from lookup to lookup and comes back to the first would never be answered."""
    waits = {name for name, screen in menu.screens.items() if isinstance(screen, LookUp)}
    edges = {name: targets & waits for name, targets in _edges(menu).items() if name in waits}
    for name in sorted(waits):
        if name in _closure(edges[name], edges):
            yield Finding(("screens", name), f"the lookup {name} leads back to itself with no screen between")


def _edges(menu: Menu) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {name: set() for name in menu.screens}
    for source, _, target in moves(menu):
        edges[source].add(target)
    return edges


def _closure(start: Set[str], edges: Mapping[str, Set[str]]) -> set[str]:
    reached, ahead = set(start), list(start)
    while ahead:
        new = edges[ahead.pop()] - reached
        reached |= new
        ahead.extend(new)
    return reached


def _unbound(menu: Menu, contracts: Mapping[str, Contract]) -> Iterator[Finding]:
    bound = _bound(menu, contracts)
    for name, screen in menu.screens.items():
        for loc, text in texts(screen):
            for placeholder in sorted(placeholders(text) - bound[name]):
                yield Finding(("screens", name, *loc), f"not every way here fills in {{{placeholder}}}")
        for place, given in enumerate(screen.given if isinstance(screen, LookUp) else ()):
            if given not in bound[name]:
                yield Finding(("screens", name, "given", place), f"not every way here asks for {given}")


def _bound(menu: Menu, contracts: Mapping[str, Contract]) -> dict[str, frozenset[str]]:
    """What every way to a screen has bound: the greatest solution, found by taking away until nothing changes."""
    everything = frozenset[str]().union(*(gives for *_, gives in _gifts(menu, contracts)))
    bound = dict.fromkeys(menu.screens, everything) | {menu.start: frozenset()}
    changed = True
    while changed:
        changed = False
        for source, target, gives in _gifts(menu, contracts):
            narrowed = bound[target] & (bound[source] | gives)
            changed |= narrowed != bound[target]
            bound[target] = narrowed
    return bound


def _gifts(menu: Menu, contracts: Mapping[str, Contract]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every move, with the names that it binds."""
    for source, trigger, target in moves(menu):
        match menu.screens[source]:
            case Ask(save_as=answer):
                yield source, target, frozenset({answer})
            case LookUp(look_up=backend):
                yield source, target, frozenset(contracts[backend].outcomes[trigger])
            case _:
                yield source, target, frozenset()
