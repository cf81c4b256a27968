"""A menu as its author writes it: screens of four kinds, and the words that they share."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    StringConstraints,
    Tag,
)

from ussd.core.dial import CODE

MINUTES = "{minutes}"
"""The one placeholder of the shared words, in those that say how long to wait."""
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\n]+$")]
Note = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=12, pattern=r"^[^\n]+$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
"""ISO 639."""


def _distinct(languages: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(languages)) < len(languages):
        raise ValueError("a language is here twice")
    return languages


Languages = Annotated[tuple[Language, ...], AfterValidator(_distinct)]
Code = Annotated[str, StringConstraints(pattern=f"^{CODE.pattern}$")]


def _written_truth(value: object) -> object:
    """Scalars come as written; of all that YAML 1.1 calls a truth value, only these two are one here."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Truth = Annotated[bool, BeforeValidator(_written_truth), Field(strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Translated(_Part):
    """What is the same in each language but for its texts."""

    languages: Languages = ()
    """The first is spoken unless another is chosen. Where none is listed, there is one, without a name."""
    _versions: Mapping[str, Self] = PrivateAttr(default_factory=dict)

    def translated(self, versions: Mapping[str, Self]) -> Self:
        """This, with what it is in other languages."""
        self._versions = versions
        return self

    def spoken(self, language: str) -> Self:
        """This in one of its languages, or as it is where it has no such language."""
        return self._versions.get(language, self)


class Option(_Part):
    """One line of a choosing screen."""

    label: Label
    goto: Name
    key: Key | None = None
    """Pins the key, on every page of the screen; otherwise the option is numbered by its place on its page."""
    language: Language | None = None
    """The language that is spoken from here on."""


class Choose(_Part):
    """A screen to choose from."""

    choose: Text
    options: tuple[Option, ...] = Field(min_length=1)
    live: Truth = False
    """Never answered from a dial string."""


class Ask(_Part):
    """A screen to type an answer into."""

    ask: Text
    save_as: Name
    check: str
    goto: Name
    sorry: Note | None = None
    live: Truth = False


class LookUp(_Part):
    """A screen that one waits in: a question to the outside world. Its outcomes lead on."""

    look_up: Name
    given: tuple[Name, ...] = ()
    outcomes: dict[Name, Name]


class End(_Part):
    """A last screen."""

    end: Text


_KINDS = ("choose", "ask", "look_up", "end")


def _kind(written: Any) -> str | None:
    fields = type(written).model_fields if isinstance(written, BaseModel) else written
    kinds = [kind for kind in _KINDS if isinstance(fields, dict) and kind in fields]
    return f"<{kinds[0]}>" if len(kinds) == 1 else None


# The tags are put in brackets, so that in the place of a fault they cannot be taken for a key of the file.
Screen = Annotated[
    Annotated[Choose, Tag("<choose>")]
    | Annotated[Ask, Tag("<ask>")]
    | Annotated[LookUp, Tag("<look_up>")]
    | Annotated[End, Tag("<end>")],
    Discriminator(
        _kind,
        custom_error_type="screen_kind",
        custom_error_message="a screen has exactly one of: choose, ask, look_up, end",
    ),
]


class Words(_Translated):
    """What menus share: the words and keys of getting about, and the screens that no menu writes."""

    next: Word
    back: Word
    home: Word
    back_key: Key
    home_key: Key
    wrong_key: Note
    wrong_answer: Note
    go_on: Text
    go_on_yes: Label
    go_on_no: Label
    too_many: Text
    ended: Text
    expired: Text
    unknown_code: Text
    apology: Text
    too_often: Text
    """A line has dialled too often. `{minutes}`, here and in `paused`, is how long it is to wait."""
    too_many_people: Text
    """A line has asked about too many people today."""
    paused: Text
    """A line has typed too many codes with wrong check digits."""
    busy: Text
    """More is dialled through a gateway than was agreed on."""


class Menu(_Translated):
    """One shortcode's menu."""

    code: Code
    start: Name
    resume: Literal["ask", "continue", "restart"] = "ask"
    published: tuple[str, ...] = ()
    screens: dict[Name, Screen] = Field(min_length=1)
    words: Words


def texts(screen: Choose | Ask | LookUp | End) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of a screen that may hold placeholders, with its place within the screen."""
    match screen:
        case Choose():
            yield ("choose",), screen.choose
            yield from ((("options", place, "label"), option.label) for place, option in enumerate(screen.options))
        case Ask():
            yield ("ask",), screen.ask
        case End():
            yield ("end",), screen.end


def placeholders(text: str) -> frozenset[str]:
    """The names that a text wants filled in."""
    return frozenset(PLACEHOLDER.findall(text))
