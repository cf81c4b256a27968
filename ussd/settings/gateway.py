"""One gateway as the configuration says it: its format, its profile, and who may call."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from ussd.core.profile import Digits, Letters, Profile, Zwnj
from ussd.settings.auth import Auth
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
