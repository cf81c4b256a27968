"""A gateway's wire format as the configuration describes it, without code: `format: declared`.

`gateways.declared` makes a gateway of it. All that can be wrong with a description is said at the start, at its place.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from ussd.settings.declared import checks
from ussd.settings.declared.reply import ReplyGiven
from ussd.settings.declared.request import STRICT, AbortGiven, FieldsGiven, Phases, refuse
from ussd.settings.values import Seconds

MediaType = Annotated[
    str, Field(pattern=r"^(any|[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+)$", max_length=128), AfterValidator(str.lower)
]


class DeclaredGiven(BaseModel):
    """One wire format."""

    model_config = STRICT

    method: Literal["GET", "POST", "PUT"] | None = None
    body: Literal["form", "json", "xml", "query"]
    media_type: MediaType | None = None
    """What requests say that they are, where that is not what they should; or `any`."""
    root: str | None = Field(None, pattern=r"^[^\x00-\x20<>/@.:]{1,128}$")
    """The name of XML's outermost element, without a namespace."""
    fields: FieldsGiven
    phase: Phases
    abort: AbortGiven | None = None
    accumulates: bool = False
    """Whether a callback has all that was typed so far, joined by stars."""
    line_once: bool = False
    """Whether only the first request of a session names the line."""
    reply: ReplyGiven
    max_octets: int | None = Field(None, ge=80, le=160)
    max_chars: int | None = Field(None, ge=40, le=182)
    deadline: Seconds | None = Field(None, ge=1, le=60)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        refuse(checks.faults(self))
        return self

    @property
    def verb(self) -> str:
        """The HTTP method of its requests."""
        return self.method or ("GET" if self.body == "query" else "POST")
