"""What the API answers. A body is written once, and kept byte for byte for whoever asks again."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from ussd.backends import Subject
from ussd.core.messages import Messages, filled
from ussd.ledger import Entry
from ussd.paid import Paid
from ussd.web.api.given import no_default

Entitled = Annotated[bool, Field(description="Whether the person is entitled to treatment outside of hospitals.")]
Text = Annotated[str, Field(description="The answer in Persian, to be shown to a person as it is.")]
TrackingCode = Annotated[str, Field(description="By which the organization finds the inquiry.", examples=["n570134"])]
Seconds = Annotated[int, Field(ge=0, description="For how many seconds the code can be used.")]
Remaining = Annotated[int, Field(ge=0, description="Inquiries that the credit code is still good for.")]


class Answer(BaseModel):
    """Any answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def octets(self) -> bytes:
        """The body: JSON in UTF-8, its fields in the order of the model, without those that are not set."""
        return self.model_dump_json(exclude_unset=True).encode()


class CodeSent(Answer):
    """A code is on its way by SMS."""

    expires_in: Seconds


class CreditLeft(Answer):
    """The credit code is right."""

    remaining: Remaining


class InquiryAnswer(Answer):
    """What the organization says of a person."""

    entitled: Entitled
    text: Text
    tracking_code: TrackingCode
    remaining: Remaining

    @classmethod
    def of(cls, paid: Paid, messages: Messages) -> Self:
        """The answer that was paid for."""
        text = _text(messages, paid.subject, paid.entitled, paid.tracking_code)
        return cls(entitled=paid.entitled, text=text, tracking_code=paid.tracking_code, remaining=paid.remaining)


class PastInquiry(Answer):
    """An inquiry that was answered; it has the number that was asked about."""

    national_code: str = Field("", json_schema_extra=no_default)
    insurance_number: str = Field("", json_schema_extra=no_default)
    entitled: Entitled
    text: Text
    tracking_code: TrackingCode
    asked_at: datetime

    @classmethod
    def of(cls, entry: Entry, messages: Messages) -> Self:
        """One of the history."""
        return cls(
            **{str(entry.subject.kind): entry.subject.number},
            entitled=entry.entitled,
            text=_text(messages, entry.subject, entry.entitled, entry.tracking_code),
            tracking_code=entry.tracking_code,
            asked_at=entry.asked_at.astimezone(UTC).replace(microsecond=0),
        )


class InquiryHistory(Answer):
    """What was asked with a credit code, in the order asked."""

    inquiries: tuple[PastInquiry, ...]


class HistoryDeleted(Answer):
    """The history is empty now."""

    deleted: int = Field(ge=0, description="How many inquiries were taken off the list.")


class OneTimeCodeRight(Answer):
    """The one-time code is right, and used up by this."""

    verified: Literal[True]


class Problem(BaseModel):
    """Why not, as RFC 9457 has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["about:blank"]
    title: str = Field(description="The status in words.")
    status: int = Field(ge=400, le=599)
    detail: str = Field("", description="What to do about it.", json_schema_extra=no_default)
    faults: list[str] = Field([], description="Each wrong field, and why.", json_schema_extra=no_default)
    text: str = Field("", description="In Persian, to be shown to a person as it is.", json_schema_extra=no_default)


def _text(messages: Messages, subject: Subject, entitled: bool, tracking_code: str) -> str:
    named = {"national_code": messages.national_code, "insurance_number": messages.insurance_number}
    return filled(
        messages.entitled if entitled else messages.not_entitled,
        number_name=named[subject.kind],
        number=subject.number,
        tracking_code=tracking_code,
    )
