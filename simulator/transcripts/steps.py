"""What a transcript is made of."""

from dataclasses import dataclass
from typing import Literal

TroubleName = Literal["drop", "hang-up", "again", "lose", "twice", "late", "arrives"]
SettingName = Literal["line", "gateway"]


@dataclass(frozen=True, slots=True)
class Note:
    """A line that nothing is done about: a comment, or an empty one."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Whose calls follow, or through which gateway they come."""

    name: SettingName
    value: str


@dataclass(frozen=True, slots=True)
class Dial:
    """A dial string."""

    code: str


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer to the screen that is shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the network or the subscriber does that a good one would not."""

    name: TroubleName


@dataclass(frozen=True, slots=True)
class Wait:
    """Time that passes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown, with placeholders for what varies, and whether it ends the dialogue."""

    text: str
    ends: bool = False


UNWRITTEN = Screen("?")
"""What an author writes in the place of a screen that `ussd test --update` is to write; it may be a last one."""

Step = Note | Setting | Dial | Typed | Trouble | Wait | Screen
