"""What a gateway must prove, as the configuration says it. Secrets are not in the file: it names their variables."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    SecretStr,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

_STRICT = ConfigDict(extra="forbid", frozen=True)


def _fault(said: str) -> PydanticCustomError:
    return PydanticCustomError("auth", "{said}", {"said": said})


def _of_environment(name: object) -> object:
    held = os.environ.get(name, "") if isinstance(name, str) else ""
    if not held.strip():  # the name is not repeated: it may be the secret itself, written in the wrong place
        raise _fault("the environment has no variable of this name, or an empty one")
    return held


def _visible(token: SecretStr) -> SecretStr:
    if not all("!" <= character <= "~" for character in token.get_secret_value()):
        raise _fault("what this variable holds is to be of visible ASCII characters")
    return token


def _network(written: object) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(str(written))
    except ValueError:
        raise _fault("no network, as 10.1.0.0/16 is one") from None
    if not network.prefixlen:
        raise _fault("this network is everybody's: if that is meant, say `auth: none`")
    return network


def _fingerprint(written: str) -> str:
    digits = written.replace(":", "").lower()
    if len(digits) not in (40, 64) or not set(digits) <= set("0123456789abcdef"):
        raise _fault("no fingerprint: 64 hexadecimal digits of SHA-256, or 40 of SHA-1, with or without colons")
    return digits


def _said(value: object) -> object:
    """Refuse a key with nothing behind it, which would ask for nothing."""
    if value is None:
        raise _fault("nothing is written here")
    return value


Secret = Annotated[SecretStr, BeforeValidator(_of_environment)]
"""Written as the name of a variable, read as what it holds when the program starts."""
Networks = Annotated[tuple[Annotated[IPv4Network | IPv6Network, PlainValidator(_network)], ...], Field(min_length=1)]
Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Said = BeforeValidator(_said)


class BasicGiven(BaseModel):
    """A user and a password, RFC 7617."""

    model_config = _STRICT

    user: str = Field(pattern=r"^[^:\x00-\x1f\x7f]+$")
    password: Secret = Field(alias="password_env")


class BearerGiven(BaseModel):
    """A token, RFC 6750."""

    model_config = _STRICT

    token: Annotated[Secret, AfterValidator(_visible)] = Field(alias="token_env")


class HmacGiven(BaseModel):
    """A shared secret that signs every request, and the headers that tell when, which, and the signature."""

    model_config = _STRICT

    secret: Secret = Field(alias="secret_env")
    timestamp_header: Header = "X-Ussd-Timestamp"
    nonce_header: Header = "X-Ussd-Nonce"
    signature_header: Header = "X-Ussd-Signature"

    @model_validator(mode="after")
    def _are_three(self) -> Self:
        if len({name.lower() for name in (self.timestamp_header, self.nonce_header, self.signature_header)}) < 3:
            raise _fault("timestamp, nonce and signature each need a header of their own")
        return self


class CertificateGiven(BaseModel):
    """A client's certificate, of which a proxy that ends TLS tells the fingerprint or the subject in a header."""

    model_config = _STRICT

    header: Header
    fingerprints: Annotated[tuple[Annotated[str, AfterValidator(_fingerprint)], ...], Field(min_length=1)] | None = None
    subject: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.fingerprints is None) == (self.subject is None):
            raise _fault("exactly one of fingerprints and subject")
        return self


class AuthGiven(BaseModel):
    """Everything that a caller must prove; all that is given must hold."""

    model_config = _STRICT

    networks: Networks = ()
    behind: Networks = ()
    """Proxies of ours: the caller's address is then the right-most of X-Forwarded-For that is none of theirs."""
    basic: Annotated[BasicGiven | None, _Said] = None
    bearer: Annotated[BearerGiven | None, _Said] = None
    hmac: Annotated[HmacGiven | None, _Said] = None
    client_certificate: Annotated[CertificateGiven | None, _Said] = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if not (self.networks or self.behind or self.basic or self.bearer or self.hmac or self.client_certificate):
            raise _fault("at least one of: networks, basic, bearer, hmac, client_certificate")
        if self.basic and self.bearer:
            raise _fault("basic and bearer share one header: give one of them")
        if self.client_certificate and not self.networks:
            raise _fault("client_certificate needs networks: anyone else could write its header")
        if self.behind and not self.networks:
            raise _fault("behind needs networks: those of the callers in front of the proxy")
        return self


def _kind(written: object) -> str | None:
    return "<none>" if isinstance(written, str) else "<proofs>" if isinstance(written, dict | AuthGiven) else None


# The tags are put in brackets, so that in the place of a fault they cannot be taken for a key of the file.
Auth = Annotated[
    Annotated[Literal["none"], Tag("<none>")] | Annotated[AuthGiven, Tag("<proofs>")],
    Discriminator(_kind, custom_error_type="auth", custom_error_message="`none`, or what a caller must prove"),
]
"""`none`, said out loud, lets anyone who reaches the port call as this gateway."""
