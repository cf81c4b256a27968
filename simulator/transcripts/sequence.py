"""What may follow what in a transcript."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from simulator.transcripts import placeholders
from simulator.transcripts.steps import UNWRITTEN, Dial, Note, Screen, Setting, Step, Trouble, Typed, Wait

_UNANSWERED = "no screen follows, and neither @lose before it nor @drop or @hang-up behind it says why"
_UNDER_WAY = "a call is under way: it ends with `=`, @drop or @hang-up"
_NO_CALL = "no call is under way: dial first"


def faults(steps: Iterable[tuple[int, Step]]) -> Iterator[tuple[int, str]]:
    """What stands where it cannot; `steps` come with their lines, and so does what is wrong with them."""
    state = _State()
    for line, step in steps:
        yield from state.after(line, step)
    yield from state.at_the_end()


@dataclass(slots=True)
class _State:
    """A call, as far as a transcript tells."""

    open: bool = False
    unsure: bool = False
    """Whether it may have ended: its last screen is still to be written."""
    sent: bool = False
    """Whether there is a callback that could come again."""
    unanswered: int = 0
    """The line of a callback whose screen is to follow."""
    may_show: bool = False
    armed: dict[str, int] = field(default_factory=dict)
    """What befalls the next callback, and the line that says so."""
    held: bool = False
    """Whether a callback is late."""
    known: set[str] = field(default_factory=set)

    def after(self, line: int, step: Step) -> Iterator[tuple[int, str]]:
        """What is wrong with a step."""
        yield from self._left_open(step)
        match step:
            case Screen():
                yield from self._shown(line, step)
            case Setting() if self.open and not self.unsure:
                yield line, _UNDER_WAY
            case Dial(code):
                yield from self._called(line, code, _UNDER_WAY if self.open and not self.unsure else "")
            case Typed(text):
                yield from self._called(line, text, "" if self.open else _NO_CALL)
            case Trouble(name):
                yield from self._troubled(line, name)

    def at_the_end(self) -> Iterator[tuple[int, str]]:
        """What is missing where nothing follows any more."""
        yield from self._left_open(None)
        yield from ((line, f"no callback follows @{name}") for name, line in self.armed.items())

    def _left_open(self, step: Step | None) -> Iterator[tuple[int, str]]:
        """The fault of a callback that no screen follows."""
        match step:
            case Screen() | Note() | Wait() | Trouble("drop" | "hang-up"):
                return
        if self.unanswered:
            yield self.unanswered, _UNANSWERED
        self.unanswered = 0
        self.may_show = False

    def _shown(self, line: int, screen: Screen) -> Iterator[tuple[int, str]]:
        if not self.may_show:
            yield line, "nothing is shown here: no callback was sent, or its screen is lost or late"
        self.may_show, self.unanswered = False, 0
        self.open = self.open and not screen.ends
        self.unsure = screen == UNWRITTEN
        self.known |= placeholders.numbered(screen.text)

    def _called(self, line: int, text: str, fault: str) -> Iterator[tuple[int, str]]:
        if fault:
            yield line, fault
        if unknown := sorted(placeholders.numbered(text) - self.known):
            yield line, f"no screen has shown {', '.join(unknown)} by then"
        if placeholders.unnumbered(text):
            yield line, "what is typed or dialled may have a placeholder with a number, {tracking_code:1}, and no other"
        seen = not self.armed.keys() & {"lose", "late"}
        self.may_show, self.unanswered = seen, line if seen else 0
        self.held = self.held or "late" in self.armed
        self.open, self.unsure, self.sent = True, False, True
        self.armed.clear()

    def _troubled(self, line: int, name: str) -> Iterator[tuple[int, str]]:
        match name:
            case "drop" | "hang-up":
                if not self.open:
                    yield line, _NO_CALL
                self.open, self.unanswered, self.may_show = False, 0, False
            case "again" if not self.sent:
                yield line, "nothing was sent that could come again"
            case "arrives" if not self.held:
                yield line, "nothing is late: @late stands before the callback that is"
            case "late" if self.held:
                yield line, "one callback is late already: @arrives first"
            case "again" | "arrives":
                self.may_show, self.held = True, self.held and name != "arrives"
            case _:
                self.armed[name] = line
