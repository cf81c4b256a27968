"""An SMPP gateway as the configuration says it: where its SMSC is, how we bind, and the dialect that it speaks."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FilePath, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from ussd.settings.auth import Secret
from ussd.settings.values import Seconds

DialectName = Literal["default", "tata", "sixdee", "mica", "huawei"]
Alphabet = Literal["gsm7", "ascii", "latin1", "ucs2", "ucs2_language"]
SessionBy = Literal["its_session_info", "user_message_reference", "msisdn"]
Units = Literal["opaque", "theirs", "ours"]
DialledIn = Literal["short_message", "destination_addr", "either", "joined"]
TextIn = Literal["short_message", "message_payload"]

_STRICT = ConfigDict(extra="forbid", frozen=True)


def _fault(said: str) -> PydanticCustomError:
    return PydanticCustomError("smpp", "{said}", {"said": said})


def _number(written: object) -> object:
    """A number as specifications write it, `0x81`, or in decimal."""
    try:
        return int(written, 16) if isinstance(written, str) and written.lower().startswith("0x") else written
    except ValueError:
        return written


def _password(held: SecretStr) -> SecretStr:
    """SMPP 3.4, 5.2.2: at most eight characters."""
    password = held.get_secret_value()
    if len(password) > 8 or not all("!" <= character <= "~" for character in password):
        raise _fault("what this variable holds is to be at most 8 visible ASCII characters")
    return held


def _tls(written: object) -> object:
    return {"true": {}, "false": None}.get(written, written) if isinstance(written, str) else written


Octet = Annotated[int, BeforeValidator(_number), Field(ge=0, le=0xFF)]
Octets = frozenset[Octet]
_Mask = Annotated[int, BeforeValidator(_number), Field(ge=1, le=0xFFFE)]


class Tls(BaseModel):
    """TLS to the SMSC; its certificate is always verified."""

    model_config = _STRICT

    ca: FilePath | None = None
    """Who signs its certificate; the system's authorities where nothing is said."""
    certificate: FilePath | None = None
    """Our own, where the SMSC asks for one."""
    key: FilePath | None = None
    server_name: str | None = Field(None, min_length=1)
    """The name in its certificate, where that is not `host`."""

    @model_validator(mode="after")
    def _has_its_certificate(self) -> Self:
        if self.key and not self.certificate:
            raise _fault("key needs certificate")
        return self


class CodingGiven(BaseModel):
    """The data_coding values of an SMSC, where they are not its dialect's."""

    model_config = _STRICT

    gsm7: Octet | None = None
    ucs2: Octet | None = None
    alphabets: dict[Octet, Alphabet] | None = None
    """What further values, or these, stand for: `{0: latin1}`."""


class DialectGiven(BaseModel):
    """The parts of a dialect that an SMSC has otherwise; gateways/smpp/dialects.py says what each of them is."""

    model_config = _STRICT

    begin: Octets | None = Field(None, min_length=1)
    input: Octets | None = Field(None, min_length=1)
    abort: Octets | None = None
    release: Octets | None = None
    ignore: Octets | None = None
    unmarked: bool | None = None
    ask: Octet | None = None
    end: Octet | None = None
    session: SessionBy | None = None
    mask: _Mask | None = None
    units: Units | None = None
    end_bit: bool | None = None
    dialled_in: DialledIn | None = None
    text_in: TextIn | None = None
    service_type: str | None = Field(None, pattern=r"^[!-~]{0,5}$")
    coding: CodingGiven | None = None


class Smpp(BaseModel):
    """The link to one SMSC. The lengths are those of SMPP 3.4, 5.2, without the NUL."""

    model_config = _STRICT

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    system_id: str = Field(pattern=r"^[!-~]{1,15}$")
    password: Annotated[Secret, AfterValidator(_password)] = Field(alias="password_env")
    system_type: str = Field("", pattern=r"^[ -~]{0,12}$")
    bind: Literal["transceiver", "pair"] = "transceiver"
    """`pair` is a receiver and a transmitter, each with a connection of its own."""
    address_range: str = Field("", pattern=r"^[ -~]{0,40}$")
    tls: Annotated[Tls | None, BeforeValidator(_tls)] = None
    window: int = Field(10, ge=1, le=1000)
    """Messages of ours that the SMSC has not answered yet."""
    enquire_link: Seconds = Field(30.0, ge=0.1, le=600)
    """Of silence, after which the SMSC is asked whether it is there."""
    response_timeout: Seconds = Field(5.0, ge=0.1, le=60)
    country_code: str = Field("", pattern=r"^(?:[1-9][0-9]{0,2})?$")
    """Put before numbers that come without one: needed where the SMSC sends national numbers."""
    dialect: DialectName = "default"
    over: DialectGiven = DialectGiven()
