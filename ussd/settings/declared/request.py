"""Where a declared format's callbacks have their fields, and how they tell what they mean."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

STRICT = ConfigDict(extra="forbid", frozen=True)

Loc = tuple[str | int, ...]
Found = Iterator[tuple[Loc, str]]
"""Faults in our own words, each with its place in the part that is looked at."""


def fault(said: str) -> PydanticCustomError:
    """A fault of a declaration in our own words."""
    return PydanticCustomError("declared", "{said}", {"said": said})


def refuse(found: Found) -> None:
    """Raise ValidationError with all faults, if there are any."""
    if faults := [InitErrorDetails(type=fault(said), loc=loc, input=None) for loc, said in found]:
        raise ValidationError.from_exception_data("declared", faults)


def _at(written: object) -> object:
    if not isinstance(written, str | dict | At):
        raise fault("a name, or `{at: name}`")
    return {"at": written} if isinstance(written, str) else written


def _values(written: object) -> object:
    return [written] if isinstance(written, str) else written


Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$")]
"""The name of a field; in JSON and XML the names from the outermost in, `header.session`; in XML `@session` last."""
Values = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(min_length=1)]
OneOrMore = Annotated[Values, BeforeValidator(_values)]


class At(BaseModel):
    """Where a field is; a name alone says the same as `{at: name}`."""

    model_config = STRICT

    at: Name
    number: bool = False
    """A whole number, as JSON's or as text."""
    most: int | None = Field(None, ge=1, le=4096)
    """Characters, where the format has fewer than are taken otherwise."""

    @model_validator(mode="after")
    def _has_one_measure(self) -> Self:
        if self.number and self.most:
            raise fault("a number has no `most`")
        return self


class MaybeAt(At):
    """Where a field is that may be left out."""

    optional: bool = False


Place = Annotated[At, BeforeValidator(_at)]
MaybePlace = Annotated[MaybeAt, BeforeValidator(_at)]


class FieldsGiven(BaseModel):
    """Where everything is that the engine reads."""

    model_config = STRICT

    session: Place
    msisdn: Place
    dialled: Place | None = None
    """The dial string, with or without its leading star and its final hash."""
    service_code: Place | None = None
    """The shortcode alone, where a format splits the dial string,"""
    behind: MaybePlace | None = None
    """and what was dialled behind it."""
    input: MaybePlace
    request: MaybePlace | None = None
    """What a retry repeats and no other request has."""

    @model_validator(mode="after")
    def _have_one_dial_string(self) -> Self:
        refuse(self._faults())
        return self

    def _faults(self) -> Found:
        if self.dialled and self.service_code:
            yield ("service_code",), "the dial string is either whole, `dialled`, or split, `service_code`"
        if not (self.dialled or self.service_code):
            yield (), "missing field: dialled, or service_code"
        if self.behind and not self.service_code:
            yield ("behind",), "what is behind a `service_code`, which is not there"


class ByValue(BaseModel):
    """A field says by its value what a callback means."""

    model_config = STRICT

    by: Literal["value"]
    field: Name
    number: bool = False
    capitals: Literal["exact", "any"] = "exact"
    begin: OneOrMore
    goes_on: OneOrMore = Field(alias="continue")
    abort: OneOrMore = ()

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        every = [self.folded(one) for one in (*self.begin, *self.goes_on, *self.abort)]
        if len(set(every)) < len(every):
            raise fault("one value has two meanings")
        if self.number and not all(one.isascii() and one.isdigit() for one in every):
            raise fault("a value is no whole number")
        if self.capitals == "any" and not all(one.isascii() for one in every):
            raise fault("values with or without capitals are in ASCII")
        return self

    def folded(self, value: str) -> str:
        """A value as it is looked up."""
        return value.lower() if self.capitals == "any" else value


class ByFlag(BaseModel):
    """JSON's true or false says whether a request is the first of its session."""

    model_config = STRICT

    by: Literal["flag"]
    field: Name
    begin: bool = True


class ByEmpty(BaseModel):
    """The first request of a session has an empty input."""

    model_config = STRICT

    by: Literal["empty"]


class ByPresence(BaseModel):
    """The first request of a session has a field that later ones do not have."""

    model_config = STRICT

    by: Literal["presence"]
    field: Name


class BySession(BaseModel):
    """The first request of a session is told by nothing but a session id that nobody has seen."""

    model_config = STRICT

    by: Literal["session"]


def _way(written: object) -> str | None:
    told = written.get("by") if isinstance(written, dict) else getattr(written, "by", None)
    return f"<{told}>" if told in ("value", "flag", "empty", "presence", "session") else None


# The tags are put in brackets, so that in the place of a fault they cannot be taken for a key of the file.
Phases = Annotated[
    Annotated[ByValue, Tag("<value>")]
    | Annotated[ByFlag, Tag("<flag>")]
    | Annotated[ByEmpty, Tag("<empty>")]
    | Annotated[ByPresence, Tag("<presence>")]
    | Annotated[BySession, Tag("<session>")],
    Discriminator(
        _way,
        custom_error_type="declared",
        custom_error_message="told `by` one of: value, flag, empty, presence, session",
    ),
]


class AbortGiven(BaseModel):
    """A callback of another form that says that a session is over: a clean-up call, a notification."""

    model_config = STRICT

    has: Name
    """The field that tells it,"""
    values: OneOrMore = ()
    """which then holds one of these;"""
    lacks: Name | None = None
    """a field that it does not have,"""
    needs: tuple[Name, ...] = ()
    """and further fields that it must have."""
    session: Place | None = None
    msisdn: Place | None = None
    """Where these are elsewhere than in other callbacks."""
