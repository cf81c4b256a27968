"""One gateway as the configuration says it: its format, its profile, and who may call."""

from dataclasses import replace
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ussd.core.profile import Digits, Letters, Profile, Zwnj
from ussd.settings.auth import Auth
from ussd.settings.declared import DeclaredGiven
from ussd.settings.sending import ASYNCHRONOUS, Sending
from ussd.settings.smpp import Smpp
from ussd.settings.values import Seconds


class ProfileGiven(BaseModel):
    """The parts of a gateway's profile that an installation says otherwise than the gateway's module."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_octets: int | None = Field(None, ge=80, le=160)
    max_chars: int | None = Field(None, ge=40, le=182)
    zwnj: Zwnj | None = None
    letters: Letters | None = None
    digits: Digits | None = None
    deadline: Seconds | None = Field(None, ge=1, le=60)

    def over(self, profile: Profile) -> Profile:
        """The gateway's own profile with these parts in place of its own."""
        return replace(profile, **self.model_dump(exclude_none=True))


class GatewayGiven(BaseModel):
    """One gateway of an installation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    auth: Auth | None = None
    profile: ProfileGiven = ProfileGiven()
    rate: int = Field(0, ge=0, le=100_000)
    """Dials a second; 0 for any number."""
    send: Sending | None = None
    smpp: Smpp | None = None
    declared: DeclaredGiven | None = None

    @model_validator(mode="after")
    def _sends_where_it_must(self) -> Self:
        if self.format in ASYNCHRONOUS and self.send is None:
            raise PydanticCustomError("send", "this format needs `send`: its screens go out by a call of ours")
        if self.format not in ASYNCHRONOUS and self.send is not None:
            raise PydanticCustomError("send", "this format has no `send`: its screens are the answers to its callbacks")
        return self

    @model_validator(mode="after")
    def _binds_where_it_must(self) -> Self:
        if self.format == "smpp" and self.smpp is None:
            raise PydanticCustomError("smpp", "this format needs `smpp`: where its SMSC is")
        if self.format != "smpp" and self.smpp is not None:
            raise PydanticCustomError("smpp", "this format has no `smpp`: it is called over HTTP")
        return self

    @model_validator(mode="after")
    def _is_described_where_it_must(self) -> Self:
        if self.format == "declared" and self.declared is None:
            raise PydanticCustomError("declared", "this format needs `declared`: how its callbacks look")
        if self.format != "declared" and self.declared is not None:
            raise PydanticCustomError("declared", "this format has no `declared`: say `format: declared`")
        return self
