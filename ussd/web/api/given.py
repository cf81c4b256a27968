"""What the API's clients give: numbers are folded as typed input is, and matched whole by the rules of the screens."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ussd.backends import Subject
from ussd.core import inputs
from ussd.core.text import fold_in

LONGEST = 64
"""Characters of a number as it is written, with all its spaces and marks."""

_DIGITS = "Digits may be Persian or Arabic, too; spaces and marks that nobody sees are dropped"
_EITHER = ("national_code", "insurance_number")


def _kept(accept: Callable[[str], str | None], otherwise: str) -> AfterValidator:
    def keep(written: str) -> str:
        kept = accept(fold_in(written))
        if kept is None:
            raise PydanticCustomError("refused", "{otherwise}", {"otherwise": otherwise})
        return kept

    return AfterValidator(keep)


def _digits(count: int) -> Callable[[str], str | None]:
    """Exactly so many digits; hyphens between them, as a credit code is shown with, are let be."""
    rule = inputs.rule(f"digits({count})")
    if rule is None:
        raise ValueError(count)
    return lambda folded: rule(folded.replace("-", ""))


def _number(least: int, description: str, example: str) -> Any:
    return Field(
        min_length=least,
        max_length=LONGEST,
        description=f"{description}. {_DIGITS}.",
        examples=[example],
        repr=False,
    )


def no_default(schema: dict[str, Any]) -> None:
    """Take a field's default out of its schema: it stands for a field that is not there."""
    del schema["default"]


Mobile = Annotated[
    str,
    _number(10, "An Iranian mobile number: 09…, 989…, +989… or 00989…", "09120000001"),
    _kept(inputs.mobile, "not a mobile number"),
]
NationalCode = Annotated[
    str,
    _number(10, "A person's national code: ten digits, the last of them its check digit", "0007569602"),
    _kept(inputs.national_code, "not a national code"),
]
InsuranceNumber = Annotated[
    str,
    _number(8, "A person's insurance number: eight to ten digits", "00123456"),
    _kept(inputs.insurance_number, "not an insurance number"),
]
CreditCode = Annotated[
    str,
    _number(16, "A credit code: sixteen digits, in groups of four or not; hyphens are dropped", "1234-5678-9012-3456"),
    _kept(_digits(16), "not sixteen digits"),
]
OneTimeCode = Annotated[
    str,
    _number(5, "A one-time code: five digits; hyphens are dropped", "12345"),
    _kept(_digits(5), "not five digits"),
]
Purpose = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_.-]{0,39}$",
        description="What the code is for, in the client's own words: a code for one purpose is none for another.",
        examples=["login"],
    ),
]


class Given(BaseModel):
    """Any request. Its `repr` shows nobody's numbers."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class CreditCodeRequest(Given):
    """Where to send a credit code."""

    mobile: Mobile


class CreditCodeHeld(Given):
    """A credit code, and the mobile number that got it."""

    mobile: Mobile
    code: CreditCode


class InquiryRequest(CreditCodeHeld):
    """Whom to ask about, by exactly one of two numbers, and the credit code that pays for it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in _EITHER]})

    national_code: NationalCode = Field("", json_schema_extra=no_default)
    insurance_number: InsuranceNumber = Field("", json_schema_extra=no_default)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set & set(_EITHER)) != 1:
            raise PydanticCustomError("either", "exactly one of national_code and insurance_number")
        return self

    @property
    def subject(self) -> Subject:
        """Whom it is about."""
        if self.national_code:
            return Subject("national_code", self.national_code)
        return Subject("insurance_number", self.insurance_number)


class OneTimeCodeRequest(Given):
    """Where to send a one-time code, and what for."""

    mobile: Mobile
    purpose: Purpose


class OneTimeCodeHeld(OneTimeCodeRequest):
    """A one-time code as it was typed in."""

    code: OneTimeCode


def faults_of(error: ValidationError) -> Iterator[str]:
    """What is wrong with a request, by field; never what was in it."""
    for one in error.errors(include_input=False, include_url=False):
        name = str(one["loc"][0]) if one["loc"] else "body"
        match one["type"]:
            case "extra_forbidden":  # its name is the client's, and may be anything
                yield "body: a field that is not known here"
            case "missing":
                yield f"{name}: missing"
            case "string_too_short" | "string_too_long":
                yield f"{name}: too {'short' if one['type'].endswith('short') else 'long'}"
            case "refused" | "either":
                yield f"{name}: {one['msg']}"
            case "string_pattern_mismatch":
                yield f"{name}: not of the form {one['ctx']['pattern']}"
            case _:
                yield f"{name}: not a text"
