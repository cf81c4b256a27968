"""A menu as a finite-state machine: "may I, and where to". The only importer of `transitions`.

Screens are states; an option's place, `entered` and a lookup's outcomes are triggers. One machine is compiled a menu
and shared by all its sessions, none of which is registered as a model: registering one costs hundreds of
microseconds and pastes dozens of attributes on it. `Event.trigger` on a throwaway cursor does neither.
`auto_transitions` would let a session jump from anywhere to anywhere, so they are off.
"""

from collections.abc import Iterator

from transitions import Machine, MachineError, State

from ussd.core.menu import Ask, Choose, End, LookUp, Menu

ENTERED = "entered"


class IllegalStep(Exception):
    """A move that the menu does not have: a fault of ours, never the subscriber's."""


class _Cursor:
    __slots__ = ("screen",)

    def __init__(self, screen: str) -> None:
        self.screen = screen


def option(place: int) -> str:
    """The trigger of a screen's option, by its place in the menu, which does not change with the page."""
    return f"option {place}"


def moves(menu: Menu) -> Iterator[tuple[str, str, str]]:
    """Every (screen, trigger, screen) of a menu."""
    for name, screen in menu.screens.items():
        match screen:
            case Choose():
                yield from ((name, option(place), one.goto) for place, one in enumerate(screen.options))
            case Ask():
                yield name, ENTERED, screen.goto
            case LookUp():
                yield from ((name, outcome, goto) for outcome, goto in screen.outcomes.items())


class Moves:
    """The machine of one menu."""

    def __init__(self, menu: Menu) -> None:
        """Compile it; the menu's links are known to be whole."""
        self._machine = Machine(
            model=None,
            model_attribute="screen",
            states=[State(name, final=isinstance(screen, End)) for name, screen in menu.screens.items()],
            transitions=[{"source": source, "trigger": trigger, "dest": dest} for source, trigger, dest in moves(menu)],
            initial=menu.start,
            auto_transitions=False,
        )
        self._made: dict[tuple[str, str], str] = {}

    def to(self, screen: str, trigger: str) -> str:
        """The screen that `trigger` leads to, or IllegalStep. The machine is asked once for each of its moves."""
        if (screen, trigger) not in self._made:
            self._made[screen, trigger] = self._asked(screen, trigger)
        return self._made[screen, trigger]

    def _asked(self, screen: str, trigger: str) -> str:
        cursor = _Cursor(screen)
        try:
            self._machine.events[trigger].trigger(cursor)
        except (KeyError, ValueError, MachineError):  # no such trigger, no such screen, not from there
            raise IllegalStep(f"{trigger} from {screen}") from None
        return cursor.screen

    def triggers(self, screen: str) -> frozenset[str]:
        """All moves that a screen has."""
        return frozenset(self._machine.get_triggers(screen))
