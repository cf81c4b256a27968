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
from pydantic_core import PydanticCustomError

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


def _by_path(published: object) -> object:
    """A plain list of dial strings as what it says: each is to be answered to its end, wherever that is."""
    if isinstance(published, list | tuple) and all(isinstance(path, str) for path in published):
        return dict.fromkeys(published)
    if not isinstance(published, dict):
        raise PydanticCustomError("published", "dial strings are a list, or each has the screen that it leads to")
    return published


def _written_truth(value: object) -> object:
    """Scalars come as written; of all that YAML 1.1 calls a truth value, only these two are one here."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Truth = Annotated[bool, BeforeValidator(_written_truth), Field(strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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
    """What the line says."""
    goto: Name
    """The screen that it leads to."""
    key: Key | None = None
    """Pins the key, on every page of the screen; otherwise the option is numbered by its place on its page."""
    language: Language | None = None
    """The language that is spoken from here on."""


class Choose(_Part):
    """A screen to choose from."""

    choose: Text
    """What stands above the options. `{name}`, here and in every other text, is an answer or a fact."""
    options: tuple[Option, ...] = Field(min_length=1)
    """The lines, numbered by their place; what one page does not hold is on the next."""
    live: Truth = False
    """Never answered from a dial string."""


class Ask(_Part):
    """A screen to type an answer into."""

    ask: Text
    """The question."""
    save_as: Name
    """The name that the answer has from here on."""
    check: str
    """The input rule that the answer must pass."""
    goto: Name
    """The screen that it then leads to."""
    sorry: Note | None = None
    """What stands above the question once an answer was refused; otherwise the shared words say it."""
    live: Truth = False
    """Never answered from a dial string."""


class LookUp(_Part):
    """A screen that one waits in: a question to the outside world. Its outcomes lead on."""

    look_up: Name
    """The backend that is asked."""
    given: tuple[Name, ...] = ()
    """The answers and facts that it is asked with."""
    outcomes: dict[Name, Name]
    """Each outcome of the backend, and the screen that it leads to."""


class End(_Part):
    """A last screen."""

    end: Text
    """What is said last."""


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
    """The word of the line that leads to the next page."""
    back: Word
    """The word of the line that leads back."""
    home: Word
    """The word of the line that leads to the start."""
    back_key: Key
    """What is typed to go back a page, then a screen."""
    home_key: Key
    """What is typed to go to the start."""
    wrong_key: Note
    """The note above a screen where what was typed is none of its keys."""
    wrong_answer: Note
    """The same above a question that has no `sorry`."""
    go_on: Text
    """The question whether to go on with a call that was cut off."""
    go_on_yes: Label
    """The first answer to it."""
    go_on_no: Label
    """The second."""
    too_many: Text
    """The end after three wrong answers in a row."""
    ended: Text
    """The end where the line is gone."""
    expired: Text
    """The end of a session that nobody answered in time."""
    unknown_code: Text
    """The end where no menu has the shortcode."""
    apology: Text
    """The end where all else fails."""
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
    """The shortcode: what is dialled."""
    start: Name
    """The first screen."""
    resume: Literal["ask", "continue", "restart"] = "ask"
    """What becomes of a session that was cut off less than two minutes ago."""
    published: Annotated[
        dict[str, Name | None],
        BeforeValidator(_by_path, json_schema_input_type=tuple[str, ...] | dict[str, Name | None]),
    ] = {}
    """Dial strings that are printed somewhere, and the screen that each leads to, or all of them in a list.

    They must go on being answered to their end, and lead there.
    """
    pages: int | None = Field(None, ge=1, le=99)
    """The most pages that a screen may take; if not said, 3 for those to choose from, and 2 for the others."""
    screens: dict[Name, Screen] = Field(min_length=1)
    """Every screen by its name."""
    words: Words
    """What this menu says otherwise than the others."""


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
