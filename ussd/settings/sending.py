"""How the screens of an asynchronous gateway are sent: where to, in whose name, and for how long it is tried."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, model_validator
from pydantic_core import PydanticCustomError

from ussd.settings.auth import Secret
from ussd.settings.values import Seconds

ASYNCHRONOUS = frozenset({"parlayx"})
"""The formats whose screens go out by a call of ours."""


def _without_secrets(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise PydanticCustomError("send", "no user and no password in a URL: secrets are not in the file")
    return url


class Sending(BaseModel):
    """The operator's end of an asynchronous gateway."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[HttpUrl, AfterValidator(_without_secrets)]
    sp_id: str | None = Field(None, min_length=1, max_length=64)
    password: Secret | None = Field(None, alias="password_env")
    """Of the account; without one nothing says who we are, as on a network that knows its callers."""
    service_id: str | None = Field(None, min_length=1, max_length=64)
    """Otherwise the one that the notification was for."""
    grace: Seconds = Field(5.0, ge=0, le=30)
    """Seconds beyond the line's deadline for which a screen is still sent."""
    at_once: int = Field(1000, ge=1, le=100_000)
    """Screens under way; beyond them a callback is refused, so that the operator tries again."""
    end_operation: int = Field(3, ge=1, le=4)
    """ussdOpType of a last screen."""
    gsm7_scheme: int = Field(15, ge=0, le=255)
    ucs2_scheme: int = Field(72, ge=0, le=255)
    """codeScheme of a screen in either alphabet."""

    @model_validator(mode="after")
    def _is_an_account(self) -> Self:
        if (self.sp_id is None) != (self.password is None):
            raise PydanticCustomError("send", "sp_id and password_env belong together")
        return self


SANDBOX = Sending(url=HttpUrl("http://127.0.0.1:8090/"))
"""Where `ussd dial` listens, for the gateways that answer where nothing is configured."""
