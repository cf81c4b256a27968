"""Dial strings: those that are published lead where they led, and no shortcode hides what another one leads to."""

from collections.abc import Iterator, Mapping, Sequence

from ussd.core.checks.finding import Contract, Finding, Lines, Loc
from ussd.core.checks.lines import lines_in
from ussd.core.dial import parse
from ussd.core.engine import Dialled, Effect, Engine, Fetch, LookedUp, Show, Typed
from ussd.core.machine import Moves
from ussd.core.menu import Ask, Choose, Menu
from ussd.core.session import Session

Contracts = Mapping[str, Contract]
Arrival = tuple[str, tuple[str, ...]]
"""A screen, and the answers of a dial string that it does not take."""


def misled(menu: Menu, contracts: Contracts, lines: Lines) -> Iterator[Finding]:
    """Published dial strings that are not answered to their end, or that lead elsewhere than the file says."""
    engines = _engines(menu, lines) if menu.published else []
    for place, (dialled, wanted) in enumerate(menu.published.items()):
        loc: Loc = ("published", dialled if wanted else place)
        dial = parse(dialled, (menu.code,))
        if dial is None:
            said = f"{dialled} is not a dial string of this menu"
            yield Finding(loc, said, "published", f"one is digits between stars, and begins with {menu.code[:-1]}")
            continue
        for found in sorted({one for engine in engines for one in _arrivals(engine, contracts, dial.answers)}):
            yield from _compared(loc, dialled, wanted, found, menu)


def _compared(loc: Loc, dialled: str, wanted: str | None, found: Arrival, menu: Menu) -> Iterator[Finding]:
    screen, left = found
    hint = "what is printed stays printed: bring its way back, or pin the keys of it, or publish it no more"
    if left:
        live = getattr(menu.screens[screen], "live", False)
        why = "which no dial string answers" if live else f"which does not take {left[0]}"
        yield Finding(loc, f"{dialled} goes no further than the screen {screen}, {why}", "published", hint)
    elif wanted not in (None, screen):
        yield Finding(loc, f"{dialled} leads to the screen {screen}, not to {wanted}", "published", hint)


def clashes(menus: Sequence[Menu], contracts: Contracts, lines: Lines) -> Iterator[tuple[Menu, Finding]]:
    """Menus that have their shortcode from another, or hide by it what another one leads to, and what they do wrong."""
    known: dict[str, Menu] = {}
    for menu in menus:
        if menu.code in known:
            hint = "give one of the two another shortcode"
            yield menu, Finding(("code",), f"the shortcode {menu.code} has a menu already", "shortcode-twice", hint)
        known.setdefault(menu.code, menu)
    for menu in known.values():
        if shorter := parse(menu.code, known.keys() - {menu.code}):
            found = _hidden(known[shorter.code], shorter.answers, contracts, lines)
            yield from ((menu, one) for one in found)
        yield from ((menu, one) for one in _taken_over(menu, known))


def _hidden(shorter: Menu, answers: Sequence[str], contracts: Contracts, lines: Lines) -> Iterator[Finding]:
    """What a shorter shortcode leads to by the digits that a longer one has behind it."""
    for language in shorter.languages or ("",):
        for engine in _engines(shorter.spoken(language), lines_in(language, lines)):
            for screen, left in _arrivals(engine, contracts, answers):
                if not left:
                    said = f"hides what {'*'.join(answers)} leads to in the menu of {shorter.code}: the screen {screen}"
                    hint = "take another shortcode, or pin another key there"
                    yield Finding(("code",), said, "shortcode-hides", hint)
                    return


def _taken_over(menu: Menu, known: Mapping[str, Menu]) -> Iterator[Finding]:
    """Dial strings that one menu publishes and another one answers."""
    for place, (dialled, wanted) in enumerate(menu.published.items()):
        dial = parse(dialled, known)
        if dial and dial.code != menu.code:
            said = f"{dialled} is answered by the menu of {dial.code}"
            loc: Loc = ("published", dialled if wanted else place)
            yield Finding(loc, said, "shortcode-hides", "take another shortcode there, or publish it no more")


def _engines(menu: Menu, lines: Lines) -> list[Engine]:
    """A menu on each line, in the language that it is in."""
    menu, moves = menu.model_copy(update={"languages": ()}), Moves(menu)
    return [Engine(menu, moves, profile) for profile in lines.values()]


def _arrivals(engine: Engine, contracts: Contracts, answers: Sequence[str]) -> Iterator[Arrival]:
    """Where answers lead that are dialled at once, whatever the lookups on their way come to."""
    yield from _on(engine, contracts, *engine.step(engine.start(), Dialled()), tuple(answers))


def _on(
    engine: Engine, contracts: Contracts, session: Session, effect: Effect, left: tuple[str, ...]
) -> Iterator[Arrival]:
    screen = engine.menu.screens[session.screen]
    match effect, screen:
        case _ if not left:
            yield session.screen, ()
        case Fetch(backend=backend), _:
            for outcome, facts in contracts[backend].outcomes.items():
                came = LookedUp(outcome, {name: "1" * contracts[backend].widths[name] for name in facts})
                yield from _on(engine, contracts, *engine.step(session, came), left)
        case Show(), Choose(live=False) | Ask(live=False):
            heard, then = engine.step(session, Typed(left[0]))
            if heard.mistakes:
                yield session.screen, left
            else:
                yield from _on(engine, contracts, heard, then, left[1:])
        case _:
            yield session.screen, left
