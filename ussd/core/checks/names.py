"""What a menu names: input rules, languages, backends with their outcomes, and the answers and facts in its texts."""

from collections import deque
from collections.abc import Iterator, Mapping

from ussd.core.checks.finding import UNAVAILABLE, Contract, Finding, Loc
from ussd.core.checks.ways import like
from ussd.core.inputs import NAMED, rule
from ussd.core.machine import moves
from ussd.core.menu import Ask, Choose, LookUp, Menu, placeholders, texts

Contracts = Mapping[str, Contract]


def switches(menu: Menu) -> Iterator[Finding]:
    """Options that switch to a language that the menu does not have."""
    for name, screen in menu.screens.items():
        for place, option in enumerate(screen.options if isinstance(screen, Choose) else ()):
            if option.language and option.language not in menu.languages:
                loc: Loc = ("screens", name, "options", place, "language")
                said = f"not one of the languages: {option.language}"
                yield Finding(loc, said, "language", "list it under `languages`, with a text in it everywhere")


def rules(menu: Menu) -> Iterator[Finding]:
    """Input rules that there are none of."""
    for name, screen in menu.screens.items():
        if isinstance(screen, Ask) and rule(screen.check) is None:
            there = f"there are {', '.join(NAMED)}, digits(5) and digits(4-8)"
            hint = like(screen.check, NAMED) or there
            yield Finding(("screens", name, "check"), f"no such input rule: {screen.check}", "rule-unknown", hint)


def lookups(menu: Menu, contracts: Contracts) -> Iterator[Finding]:
    """Backends that there are none of, and outcomes that are not handled or never come."""
    for name, screen in menu.screens.items():
        if not isinstance(screen, LookUp):
            continue
        contract = contracts.get(screen.look_up)
        if contract is None:
            hint = like(screen.look_up, contracts) or f"there are {', '.join(sorted(contracts))}"
            loc: Loc = ("screens", name, "look_up")
            yield Finding(loc, f"no such backend: {screen.look_up}", "backend-unknown", hint)
        else:
            yield from _outcomes(("screens", name, "outcomes"), screen, contract)


def _outcomes(here: Loc, screen: LookUp, contract: Contract) -> Iterator[Finding]:
    for outcome in sorted(contract.outcomes.keys() - screen.outcomes.keys()):
        late = " for an answer that is late or never comes" if outcome == UNAVAILABLE else ""
        hint = f"add `{outcome}:` and the screen{late}"
        yield Finding(here, f"the outcome {outcome} leads nowhere", "outcome-unhandled", hint)
    for outcome in sorted(screen.outcomes.keys() - contract.outcomes.keys()):
        hint = like(outcome, contract.outcomes) or f"its outcomes are {', '.join(sorted(contract.outcomes))}"
        yield Finding((*here, outcome), f"{screen.look_up} has no outcome {outcome}", "outcome-unknown", hint)


def braces(menu: Menu) -> Iterator[Finding]:
    """What looks like a placeholder and is none."""
    said = "a brace that belongs to no placeholder such as {tracking_code}"
    hint = "a placeholder is the name of an answer or a fact alone, in small letters"
    for name, screen in menu.screens.items():
        for loc, text in texts(screen):
            bare = text
            for placeholder in placeholders(text):
                bare = bare.replace(f"{{{placeholder}}}", "")
            if "{" in bare or "}" in bare:
                yield Finding(("screens", name, *loc), said, "brace", hint)


def unbound(menu: Menu, contracts: Contracts) -> Iterator[Finding]:
    """Placeholders, and names given to a lookup, that some way to their screen does not fill in."""
    bound = _bound(menu, contracts)
    names = frozenset[str]().union(*bound.values(), *(gives for *_, gives in _gifts(menu, contracts)))
    for name, screen in menu.screens.items():
        for loc, text in texts(screen):
            for one in sorted(placeholders(text) - bound[name]):
                said = f"not every way here fills in {{{one}}}"
                yield Finding(("screens", name, *loc), said, "placeholder-unbound", _mending(one, names))
        for place, given in enumerate(screen.given if isinstance(screen, LookUp) else ()):
            if given not in bound[name]:
                where: Loc = ("screens", name, "given", place)
                yield Finding(where, f"not every way here asks for {given}", "given-unbound", _mending(given, names))


def _mending(name: str, names: frozenset[str]) -> str:
    if name in names:
        return f"write a screen of its own for the ways that pass {name} by"
    return like(name, names) or "an answer has the name that its question gives it by `save_as`, a fact its backend's"


def _bound(menu: Menu, contracts: Contracts) -> dict[str, frozenset[str]]:
    """What every way to a screen has bound: the greatest solution, found by taking away until nothing changes."""
    ahead: dict[str, list[tuple[str, frozenset[str]]]] = {name: [] for name in menu.screens}
    for source, target, gives in _gifts(menu, contracts):
        ahead[source].append((target, gives))
    everything = frozenset[str]().union(*(gives for ways in ahead.values() for _, gives in ways))
    bound = dict.fromkeys(menu.screens, everything) | {menu.start: frozenset()}
    changed = deque([menu.start])
    while changed:
        source = changed.popleft()
        for target, gives in ahead[source]:
            narrowed = bound[target] & (bound[source] | gives)
            if narrowed != bound[target]:
                bound[target] = narrowed
                changed.append(target)
    return bound


def _gifts(menu: Menu, contracts: Contracts) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every move, with the names that it binds."""
    for source, trigger, target in moves(menu):
        match menu.screens[source]:
            case Ask(save_as=answer):
                yield source, target, frozenset({answer})
            case LookUp(look_up=backend):
                yield source, target, frozenset(contracts[backend].outcomes[trigger])
            case _:
                yield source, target, frozenset()
