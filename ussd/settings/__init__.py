"""Settings: `USSD_*` variables, or one YAML file, or nothing at all."""

import os
import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ussd.core.strict_yaml import Document, Fault, FileError, read
from ussd.limits import Allowed
from ussd.redis_url import parsed
from ussd.settings.gateway import GatewayGiven
from ussd.settings.values import Seconds


class SettingsError(FileError):
    """What is wrong with the configuration, all of it, each with its place or its variable."""


RegistryName = Literal["entitlement", "health_insurance", "line_owner"]


def _redis_url(url: str) -> str:
    try:
        parsed(url)
    except ValueError as fault:
        raise PydanticCustomError("redis_url", "{said}", {"said": str(fault)}) from None
    return url


class Remote(NamedTuple):
    """A registry, or the SMS gateway, over HTTP."""

    url: str
    token: str | None


class Settings(BaseSettings):
    """One installation. Each field is the variable `USSD_<FIELD>`, and a key of the file."""

    model_config = SettingsConfigDict(env_prefix="USSD_", extra="ignore", frozen=True)

    home: Path = Path(".ussd")
    menus: Path = Path(__file__).resolve().parents[2] / "menus"
    watch: bool = True
    secret: SecretStr | None = Field(None, min_length=32)
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = None
    database_url: str | None = None
    migrate: bool = True
    entitlement_url: HttpUrl | None = None
    entitlement_token: SecretStr | None = None
    health_insurance_url: HttpUrl | None = None
    health_insurance_token: SecretStr | None = None
    line_owner_url: HttpUrl | None = None
    line_owner_token: SecretStr | None = None
    overlap: Literal["flag", "deny"] = "flag"
    sms_url: HttpUrl | None = None
    sms_token: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)
    loop: Literal["auto", "asyncio", "uvloop"] = "auto"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    admin_host: str = "127.0.0.1"
    admin_port: int = Field(8081, ge=0, le=65535)
    drain: Seconds = Field(1.0, ge=0, le=60)
    log_level: Literal["debug", "info", "warning", "error"] | None = None
    dials_per_minute: int = Field(10, ge=0)
    dials_per_hour: int = Field(120, ge=0)
    people_per_day: int = Field(200, ge=0)
    wrong_codes: int = Field(5, ge=0)
    wrong_codes_pause: Seconds = Field(900.0, ge=1, le=86_400)
    gateways: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")], GatewayGiven] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """A variable is nearer to the process than the file, so it wins."""
        return env_settings, init_settings

    def make_home(self) -> None:
        """Make the home where it is not there yet, for its owner alone."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)

    def key(self) -> bytes:
        """The installation's secret: the one that is set, or one that is made once and kept in the home."""
        return self.secret.get_secret_value().encode() if self.secret else _kept_secret(self.home)

    def remote(self, name: RegistryName | Literal["sms"]) -> Remote | None:
        """Where a registry or the SMS gateway is; None where nothing is set."""
        url, token = getattr(self, f"{name}_url"), getattr(self, f"{name}_token")
        return Remote(str(url).rstrip("/"), token and token.get_secret_value()) if url else None

    @property
    def allowed(self) -> Allowed:
        """What a line may do."""
        return Allowed(
            self.dials_per_minute, self.dials_per_hour, self.people_per_day, self.wrong_codes, self.wrong_codes_pause
        )

    @property
    def ledger(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'ledger.sqlite3'}"

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the callbacks' port."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class _File(Settings):
    """The file's keys; here, unlike among the environment's variables, an unknown one is a fault."""

    model_config = SettingsConfigDict(extra="forbid")


def load(path: Path | None = None, **told: Any) -> Settings:
    """The settings of the variables and of the file, and over both what the command line told. Raises SettingsError."""
    document = _document(path)
    data = document.data
    if not isinstance(data, dict):
        raise SettingsError([Fault(document.file, 1, 1, "the configuration is a mapping")])
    given = {name: value for name, value in told.items() if value is not None}
    try:
        settings = _File(**cast(dict[str, Any], data))
        return settings.model_copy(update=given)
    except ValidationError as error:
        raise SettingsError(_faults(document, data, error)) from None


def _document(path: Path | None) -> Document:
    try:
        return read(path) if path else Document("", {})
    except FileError as error:
        raise SettingsError(error.faults) from None


def _faults(document: Document, data: Mapping[str, object], error: ValidationError) -> list[Fault]:
    found = document.faults_of(error)
    for place, one in enumerate(error.errors(include_url=False)):
        name = str(one["loc"][0])
        if name not in data:
            found[place] = Fault(f"USSD_{name.upper()}", 1, 1, one["msg"])
    return found


def _kept_secret(home: Path) -> bytes:
    """Written under another name first, and linked: two processes that start at once agree on one secret."""
    kept = home / "secret"
    if not kept.exists():
        draft = home / f"secret.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        try:
            kept.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return kept.read_text().strip().encode()
